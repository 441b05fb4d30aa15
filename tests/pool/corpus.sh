#!/bin/bash
# Keeps what a real HTCondor prints, for the tests of what reads it: tests/pool/corpus.sh FOLDER
# The pool is the one of pool.sh (its environment decides which), held for the time this takes. Of another version:
#   DASK_GATEWAY_POOL=/srv/pool-sid DASK_GATEWAY_POOL_SUITE=sid tests/pool/corpus.sh tests/Gateway.Backends.HTCondor.Tests/Corpus/25.14
set -euo pipefail
pool=$(dirname "$0")/pool.sh
to=${1:?a folder to write to}
# The list of JobAd.Attributes; a test compares.
attributes=ClusterId,ProcId,JobStatus,JobPrio,QDate,EnteredCurrentStatus,Owner,RemoteHost,LastRemoteHost,StartdIpAddr,NumJobStarts,HoldReason,HoldReasonCode,HoldReasonSubCode,LastRejMatchReason,LastMatchTime,ExitCode,ExitBySignal,ExitSignal,RemoveReason,VacateReason,VacateReasonCode,JobCurrentStartExecutingDate,RequestMemory,RequestCpus,StreamOut,DaskGatewayJob,DaskGatewayCluster,DaskGatewayKind,DaskGatewayAccount
work=/home/gateway/corpus
cluster=corpus$(date +%s)
mkdir -p "$to"

as() { local user=$1; shift; "$pool" exec -u "$user" "$@"; }
gw() { as gateway "$@"; }

until_() { # until_ WHAT COMMAND...: waits for a command to succeed
  local what=$1 try
  shift
  for try in $(seq 1 300); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
  echo "corpus: never $what" >&2
  return 1
}

said() { # said NAME COMMAND...: keeps what a failing or a terse command says, and its exit code
  local name=$1 code=0
  shift
  { "$@" || code=$?; } >"$to/$name.txt" 2>&1 </dev/null
  echo "exit $code" >>"$to/$name.txt"
}

submit() { # submit NAME LINES...: one job of the gateway's; prints its number
  local name=$1
  shift
  {
    printf '%s\n' 'executable = /bin/sh' 'transfer_executable = False' 'should_transfer_files = YES' 'when_to_transfer_output = ON_EXIT_OR_EVICT' \
      'request_memory = 16' 'request_disk = 1000' "initialdir = $work" "log = $work/user.log" 'transfer_output_files = ""' \
      "output = $name.out" "error = $name.err" "My.DaskGatewayJob = \"$name\"" "My.DaskGatewayCluster = \"$cluster\"" 'My.DaskGatewayKind = "Worker"' 'My.DaskGatewayAccount = "gateway"'
    printf '%s\n' "$@" queue
  } | gw condor_submit -terse - | awk '{ print $1 }'
}

status() { [ "$(gw condor_q "$1" -af JobStatus)" = "$2" ]; }
gone() { [ -z "$(gw condor_q "$1" -af JobStatus)" ]; }

exec 4> >("$pool" hold 4>&- >"$to/.hold" 2>&1)
until_ "a pool" grep -q 'pool: held' "$to/.hold"
trap 'exec 4>&-; rm -f "$to/.hold"' EXIT
gw rm -rf "$work"
gw mkdir -p "$work"
as root sh -c '[ ! -e /var/log/condor/EventLog ] || : >/var/log/condor/EventLog'
gw condor_version | head -1 >"$to/version.txt"
again='requirements = (NumJobStarts ?: 0) == 0'

# How jobs end.
ok=$(submit w-ok 'arguments = "-c '\''exit 0'\''"')
seven=$(submit w-seven 'arguments = "-c '\''exit 7'\''"')
nothing=$(submit w-nothing 'arguments = "-c '\''exec /nonexistent/program'\''"')
killed=$(submit w-killed 'arguments = "-c '\''kill -9 $$'\''"')
crashed=$(submit w-crashed 'arguments = "-c '\''kill -11 $$'\''"')
for job in $ok $seven $nothing $killed $crashed; do until_ "the end of $job" gone "$job"; done
over=$(submit w-over 'arguments = "-c '\''sleep 600'\''"' 'periodic_remove = JobStatus == 2 && time() - JobCurrentStartExecutingDate > 1' 'My.PeriodicRemoveReason = "gateway: wall time over"')
until_ "the end of its time" gone "$over"
removed=$(submit w-removed 'arguments = "-c '\''sleep 600'\''"')
until_ "a running job" status "$removed" 2
as root condor_rm "$removed" >/dev/null
until_ "its removal" gone "$removed"
evicted=$(submit w-evicted 'arguments = "-c '\''sleep 600'\''"' "$again" 'periodic_remove = JobStatus == 1 && NumJobStarts > 0' 'My.PeriodicRemoveReason = "gateway: lost its machine"')
until_ "a running job" status "$evicted" 2
gw condor_vacate_job -fast "$evicted" >/dev/null
until_ "its eviction" gone "$evicted"
starter=$(submit w-starter 'arguments = "-c '\''sleep 600'\''"' "$again" 'periodic_remove = JobStatus == 1 && NumJobStarts > 0' 'My.PeriodicRemoveReason = "gateway: lost its machine"')
until_ "a running job" status "$starter" 2
"$pool" kill condor_starter
until_ "its loss" gone "$starter"
lost=$(submit w-lost 'arguments = "-c '\''sleep 600'\''"' 'job_lease_duration = 20' "$again" 'periodic_remove = JobStatus == 1 && NumJobStarts > 0' 'My.PeriodicRemoveReason = "gateway: lost its machine"')
until_ "a running job" status "$lost" 2
"$pool" kill condor_startd
until_ "the end of its lease" gone "$lost"
until_ "the machine again" sh -c "'$pool' exec condor_status -af Name | grep slot"

# What stays in the queue.
running=$(submit w-running 'arguments = "-c '\''sleep 600'\''"')
until_ "a running job" status "$running" 2
suspended=$(submit w-suspended 'arguments = "-c '\''sleep 600'\''"')
until_ "a running job" status "$suspended" 2
gw condor_suspend "$suspended" >/dev/null
until_ "it to be suspended" status "$suspended" 7
byhand=$(submit w-byhand 'arguments = "-c '\''sleep 600'\''"')
until_ "a running job" status "$byhand" 2
as root condor_hold -reason 'maintenance at noon' "$byhand" >/dev/null
released=$(submit w-released 'hold = true' 'arguments = "-c '\''sleep 600'\''"')
gw condor_release "$released" >/dev/null
noprogram=$(submit w-noprogram 'executable = /nonexistent/program')
gw sh -c "echo x >$work/input"
noinput=$(submit w-noinput 'hold = true' "transfer_input_files = $work/input")
gw rm "$work/input"
gw condor_release "$noinput" >/dev/null
policy=$(submit w-policy 'arguments = "-c '\''sleep 600'\''"' 'periodic_hold = JobStatus == 2' 'periodic_hold_reason = "too much of it"' 'periodic_hold_subcode = 7')
waiting=$(submit w-waiting 'request_memory = 999999999')
nobody=$(submit w-nobody 'requirements = HasWings =?= True')
together=$(submit w-together 'requirements = Memory > 5 && Cpus < 2' 'request_cpus = 4')
for job in $byhand $noprogram $noinput $policy; do until_ "$job to be held" status "$job" 5; done
for job in $waiting $nobody $together; do until_ "$job to be rejected" sh -c "'$pool' exec -u gateway condor_q $job -af LastRejMatchReason | grep -v undefined"; done
gw condor_q -allusers -constraint "DaskGatewayCluster == \"$cluster\"" -json -attributes "$attributes" >"$to/queue.json"
said analyze-memory gw condor_q -better-analyze "$waiting"
said analyze-attribute gw condor_q -better-analyze "$nobody"
said analyze-together gw condor_q -better-analyze "$together"
said analyze-running gw condor_q -better-analyze "$running"
gw condor_history -constraint "DaskGatewayCluster == \"$cluster\"" -limit 100 -json -attributes "$attributes" >"$to/history.json"

# What commands say.
said queue-nothing gw condor_q -json -constraint 'DaskGatewayJob == "none"'
said history-nothing gw condor_history -json -limit 1 -constraint 'DaskGatewayJob == "none"'
said queue-wrong gw condor_q -constraint 'Foo =='
said remove-unknown gw condor_rm 99999.0
said remove-nothing gw condor_rm -constraint 'DaskGatewayJob == "none"'
said remove-foreign as alice condor_rm "$running"
said submit-terse gw sh -c 'printf "%s\n" "executable = /bin/sh" "requirements = False" "queue 3" | condor_submit -terse -'
said submit-wrong gw sh -c 'printf "%s\n" "executable = /bin/sh" "requst_memry = 20MB" "queue" | condor_submit -terse -'
said submit-missing gw sh -c 'printf "%s\n" "executable = /nonexistent/program" "queue" | condor_submit -terse -'
said submit-nobody gw sh -c 'printf "%s\n" "executable = /bin/sh" "My.Owner = \"nosuchuser\"" "queue" | condor_submit -terse -'
said submit-cut gw sh -c 'printf "%s\n" "executable = /bin/sh" "requirements = False" "queue job from (" "one" "tw" | condor_submit -terse -'
said ping gw condor_ping -verbose -type schedd WRITE
gw sh -c "mkdir -p -m 700 $work/tokens && umask 077 && printf '%s' eyJhbGciOiJIUzI1NiIsImtpZCI6IkdBVEVXQVkifQ.eyJzdWIiOiJhbGljZSIsImlzcyI6InZtIiwiaWF0IjoxfQ.AAAA >$work/tokens/t"
said ping-denied gw env _CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS=IDTOKENS "_CONDOR_SEC_TOKEN_DIRECTORY=$work/tokens" condor_ping -verbose -type schedd WRITE
said submit-denied gw env _CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS=IDTOKENS "_CONDOR_SEC_TOKEN_DIRECTORY=$work/tokens" sh -c 'printf "%s\n" "executable = /bin/sh" "queue" | condor_submit -terse -spool -'
said schedds gw condor_status -schedd -af Name RecentDaemonCoreDutyCycle
gw condor_rm -all >/dev/null
as root condor_off -fast -schedd >/dev/null
until_ "no schedd" sh -c "! '$pool' exec condor_q"
said queue-off gw condor_q -json
said submit-off gw sh -c 'printf "%s\n" "executable = /bin/sh" "queue" | condor_submit -terse -'
said remove-off gw condor_rm 1.0
said ping-off gw condor_ping -verbose -type schedd WRITE
as root condor_on -schedd >/dev/null
until_ "the schedd" gw condor_q
gw cat "$work/user.log" >"$to/user.log"
as root cat /var/log/condor/EventLog >"$to/event-log.json"
gw rm -rf "$work"
echo "corpus: $(cat "$to/version.txt") in $to"
