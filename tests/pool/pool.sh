#!/bin/bash
# A real HTCondor pool in a Debian chroot, for the tests.
#   pool.sh make                     makes the chroot once (about two minutes; root and apt are all it needs)
#   pool.sh start | stop | status    a tuned pool on loopback; start waits until it has a slot
#   pool.sh hold                     makes and starts it for one test run, alone (others wait), and stops it when standard input ends
#   pool.sh exec [-u USER] CMD...    runs a command inside
#   pool.sh clear                    removes all jobs, and waits until the queues are empty
#   pool.sh processes DAEMON         the process ids of a daemon of this pool, such as condor_schedd
#   pool.sh kill DAEMON              kills these processes outright, all at one moment
#   pool.sh remove                   stops the pool, unmounts and removes the chroot
# Environment:
#   DASK_GATEWAY_POOL         the chroot (default: ${XDG_CACHE_HOME:-$HOME/.cache}/dask-gateway-pool)
#   DASK_GATEWAY_POOL_SUITE   Debian suite (default trixie)
#   DASK_GATEWAY_POOL_MIRROR  Debian mirror (default: the one that apt uses here)
#   DASK_GATEWAY_POOL_PACKAGES  instead of HTCondor and Dask
#   POOL_CPUS, POOL_MEMORY_MB what the execute node claims to have (default 64, 64000)
#   POOL_PORT                 the collector's port (default: a free one)
#   POOL_CONFIG               more configuration lines
# Exit code 77: this machine can not have a pool; the reason is on standard error.
set -euo pipefail

ROOT=${DASK_GATEWAY_POOL:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dask-gateway-pool}
SUITE=${DASK_GATEWAY_POOL_SUITE:-trixie}
PACKAGES=${DASK_GATEWAY_POOL_PACKAGES:-minicondor procps iproute2 python3-distributed python3-dask python3-aiohttp python3-cryptography python3-numpy}
PID=/run/condor/master.pid
SECOND=/var/lib/condor-second

cannot() { echo "pool: $*" >&2; exit 77; }
fail() { echo "pool: $*" >&2; exit 1; }

# The network may be slow to wake: three tries before it counts as missing.
retry() {
  local try
  for try in 1 2 3; do
    "$@" && return 0
    echo "pool: try $try of 3 failed: $*" >&2
    sleep $((try * 3))
  done
  return 1
}

mounted() { mountpoint -q "$ROOT/$1"; }

mounts() {
  # The starter makes "/" private in a new mount namespace, which fails unless the chroot's root is a mount point.
  mounted . || { mount --bind "$ROOT" "$ROOT"; mount --make-private "$ROOT"; }
  mounted proc || mount -t proc proc "$ROOT/proc"
  mounted sys || { mount --rbind /sys "$ROOT/sys"; mount --make-rslave "$ROOT/sys"; }
  mounted dev || { mount --rbind /dev "$ROOT/dev"; mount --make-rslave "$ROOT/dev"; }
  cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf" 2>/dev/null || true
}

inside() {
  local user=root home=/root
  if [ "${1:-}" = -u ]; then user=$2; home=/home/$2; shift 2; fi
  local ids
  ids=$(chroot "$ROOT" id -u "$user"):$(chroot "$ROOT" id -g "$user")
  local environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "HOME=$home" "USER=$user" "LOGNAME=$user")
  local name
  for name in http_proxy https_proxy CONDOR_CONFIG; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
  done
  chroot --userspec="$ids" "$ROOT" env -i "${environment[@]}" sh -c 'cd "$HOME" 2>/dev/null || cd /; exec "$@"' sh "$@"
}

master() {
  local pid
  pid=$(cat "$ROOT$PID" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

mirror() {
  local from
  from=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true)
  from=$(grep -oE '^(URIs:|deb( +\[[^]]*\])?) *https?://[^ ]+' <<<"$from" | grep -v security | grep -oE 'https?://[^ ]+' | head -1 || true)
  echo "${DASK_GATEWAY_POOL_MIRROR:-$from}"
}

make_pool() {
  [ "$(id -u)" = 0 ] || cannot "a pool needs root: its jobs run as different users, and its chroot needs mounts"
  # One made by other means will do as well.
  if [ -e "$ROOT/.pool-ready" ] || [ -e "$ROOT/usr/sbin/condor_master" -a ! -e "$ROOT/.pool-base" ]; then
    echo "pool: $ROOT is ready"
    return 0
  fi
  command -v apt-get >/dev/null || command -v debootstrap >/dev/null || cannot "neither debootstrap nor apt-get is here"
  mkdir -p "$(dirname "$ROOT")"
  # Two test runs at once must not make it twice.
  exec 9>"$ROOT.lock"
  flock 9
  [ ! -e "$ROOT/.pool-ready" ] || { echo "pool: $ROOT is ready"; return 0; }
  if ! command -v debootstrap >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=600 install -yq debootstrap >&2 ||
      { retry apt-get -o DPkg::Lock::Timeout=600 update -q >&2 && retry apt-get -o DPkg::Lock::Timeout=600 install -yq debootstrap >&2; } ||
      cannot "debootstrap is missing and apt can not install it"
  fi
  if [ ! -e "$ROOT/.pool-base" ]; then
    local from
    from=$(mirror)
    mkdir -p "$ROOT"
    local script=()
    # An older debootstrap does not know a newer suite by name; all of Debian is made the same way.
    [ -e "/usr/share/debootstrap/scripts/$SUITE" ] || script=(/usr/share/debootstrap/scripts/sid)
    retry debootstrap --variant=minbase "$SUITE" "$ROOT" "$from" "${script[@]}" >"$ROOT.log" 2>&1 ||
      { tail -5 "$ROOT.log" >&2; cannot "debootstrap could not make $SUITE from $from"; }
    touch "$ROOT/.pool-base"
  fi
  mounts
  # No package may start a daemon while it is installed.
  printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
  chmod 755 "$ROOT/usr/sbin/policy-rc.d"
  printf 'APT::Install-Recommends "false";\nAcquire::Check-Valid-Until "false";\nAcquire::Retries "3";\n' >"$ROOT/etc/apt/apt.conf.d/90pool"
  retry inside apt-get -o DPkg::Lock::Timeout=600 update -q >>"$ROOT.log" 2>&1 || cannot "apt-get update fails in the chroot, see $ROOT.log"
  # shellcheck disable=SC2086
  retry inside env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -yq $PACKAGES >>"$ROOT.log" 2>&1 ||
    { tail -5 "$ROOT.log" >&2; cannot "packages are missing ($PACKAGES), see $ROOT.log"; }
  touch "$ROOT/.pool-ready"
  echo "pool: made $ROOT"
}

# What each start needs and a chroot made by other means may lack.
prepare() {
  local user
  for user in alice bob gateway; do
    inside id "$user" >/dev/null 2>&1 || inside useradd -m -s /bin/bash "$user"
  done
  inside sh -c 'for d in RUN LOG LOCK SPOOL EXECUTE; do
      d=$(condor_config_val $d); mkdir -p "$d"; chown condor: "$d"; done
    mkdir -p -m 700 /etc/condor/passwords.d /etc/condor/tokens.d
    for k in POOL GATEWAY; do
      [ -s /etc/condor/passwords.d/$k ] || { head -c 48 /dev/urandom >/etc/condor/passwords.d/$k; chmod 600 /etc/condor/passwords.d/$k; }
    done
    # Every tool looks up the name of the host: without this line it asks DNS each time.
    grep -qw "$(hostname)" /etc/hosts || echo "127.0.0.1 $(hostname)" >>/etc/hosts'
}

configure() {
  cat <<EOF_CONFIG
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
ENABLE_IPV6 = False
ENABLE_KERNEL_TUNING = False
COLLECTOR_HOST = 127.0.0.1:$1
NUM_CPUS = ${POOL_CPUS:-64}
MEMORY = ${POOL_MEMORY_MB:-64000}
EVENT_LOG = \$(LOG)/EventLog
EVENT_LOG_FORMAT_OPTIONS = JSON
EVENT_LOG_MAX_SIZE = 50000000
SCHEDD_INTERVAL = 2
SCHEDD_MIN_INTERVAL = 1
NEGOTIATOR_INTERVAL = 1
NEGOTIATOR_MIN_INTERVAL = 1
NEGOTIATOR_CYCLE_DELAY = 1
UPDATE_INTERVAL = 5
JOB_START_COUNT = 50
JOB_START_DELAY = 0
PERIODIC_EXPR_INTERVAL = 2
MAX_PERIODIC_EXPR_INTERVAL = 5
MASTER_BACKOFF_CONSTANT = 1
MASTER_BACKOFF_CEILING = 3
QUEUE_SUPER_USERS = root, condor, gateway
# Shadows act for the owner too: a pattern that leaves out an owner of jobs keeps those jobs from ever ending.
QUEUE_SUPER_USER_MAY_IMPERSONATE = .*
# What a site may do to jobs, here only to those that ask for it.
PREEMPT = TARGET.PreemptMe =?= True && Activity == "Busy"
WANT_VACATE = False
MAXJOBRETIREMENTTIME = 0
# Proxies go to jobs as they are.
DELEGATE_JOB_GSI_CREDENTIALS = False
SHADOW_CHECKPROXY_INTERVAL = 2
SYSTEM_PERIODIC_HOLD = HoldIfTooBig =?= True && MemoryUsage > RequestMemory
SYSTEM_PERIODIC_HOLD_REASON = "memory usage exceeded request_memory"
${POOL_CONFIG:-}
EOF_CONFIG
}

# A second schedd beside the first, as if it were another access point of the pool.
configure_second() {
  cat "$ROOT"/etc/condor/condor_config "$ROOT"/etc/condor/config.d/* <<EOF_SECOND -
LOCAL_CONFIG_DIR =
LOCAL_CONFIG_FILE =
LOCAL_DIR = $SECOND
LOG = \$(LOCAL_DIR)/log
SPOOL = \$(LOCAL_DIR)/spool
RUN = \$(LOCAL_DIR)/run
LOCK = \$(LOCAL_DIR)/run
EXECUTE = \$(LOCAL_DIR)/execute
DAEMON_LIST = MASTER, SCHEDD
SCHEDD_NAME = second@$(inside hostname)
USE_SHARED_PORT = False
# Its collector is another master's.
SEC_USE_FAMILY_SESSION = False
EOF_SECOND
}

# Below the ports that the system takes for outgoing connections: one of those could sit on it before the collector does.
free_port() {
  inside python3 -c 'import random, socket
for port in random.sample(range(10000, 15000), 5000):
    with socket.socket() as s:
        try: s.bind(("127.0.0.1", port))
        except OSError: continue
    print(port)
    break'
}

start_pool() {
  [ "$(id -u)" = 0 ] || cannot "a pool needs root"
  local pid port try
  if pid=$(master); then echo "pool: runs, pid $pid"; return 0; fi
  [ -e "$ROOT/usr/sbin/condor_master" ] || cannot "$ROOT has no HTCondor: run '$0 make'"
  mounts
  prepare
  port=${POOL_PORT:-$(free_port)}
  configure "$port" >"$ROOT/etc/condor/config.d/90-pool"
  rm -f "$ROOT$PID"
  inside sh -c "for d in log spool run execute; do mkdir -p $SECOND/\$d; chown condor: $SECOND/\$d; done"
  configure_second >"$ROOT/etc/condor/second"
  rm -f "$ROOT$PID.second"
  setsid "$0" master >/dev/null 2>&1 </dev/null 8>&- 9>&- &
  for try in $(seq 1 120); do
    if inside condor_status -af Name 2>/dev/null | grep slot >/dev/null && inside condor_q -totals >/dev/null 2>&1; then
      CONDOR_CONFIG=/etc/condor/second setsid "$0" second >/dev/null 2>&1 </dev/null 8>&- 9>&- &
      for try in $(seq 1 60); do
        ! inside condor_status -schedd -af Name 2>/dev/null | grep second@ >/dev/null || break
        sleep 0.5
      done
      echo "pool: up, pid $(master)"
      return 0
    fi
    sleep 0.5
  done
  fail "it did not come up, see $ROOT/var/log/condor"
}

stop_pool() {
  local pid try
  pid=$(cat "$ROOT$PID.second" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null || true
  rm -f "$ROOT$PID.second"
  pid=$(master) || { echo "pool: not running"; return 0; }
  kill -QUIT "$pid" 2>/dev/null || true
  for try in $(seq 1 120); do
    kill -0 "$pid" 2>/dev/null || { rm -f "$ROOT$PID"; echo "pool: stopped"; return 0; }
    sleep 0.5
  done
  fail "the master, pid $pid, does not end"
}

clear_queues() {
  # A schedd that was killed a moment ago answers in a few seconds.
  inside timeout 90 sh -c 'while :; do
      left=
      for schedd in "" "second@$(hostname)"; do
        jobs=$(condor_q ${schedd:+-name "$schedd"} -allusers -af:j JobStatus 2>&1) && [ -z "$jobs" ] && continue
        left=yes
        condor_rm ${schedd:+-name "$schedd"} -all >/dev/null 2>&1 && condor_rm ${schedd:+-name "$schedd"} -forcex -all >/dev/null 2>&1
      done
      [ -n "$left" ] || exit 0
      sleep 0.25
    done' || fail "the queues do not become empty within 90 seconds"
}

# Zombies have no root any more, so they are none of these.
processes() {
  local at name root
  root=$(readlink -f "$ROOT")
  for at in /proc/[0-9]*; do
    if { read -r name <"$at/comm"; } 2>/dev/null && [ "$name" = "${1:0:15}" ] && [ "$(readlink "$at/root")" = "$root" ]; then
      echo "${at#/proc/}"
    fi
  done
}

# Frozen first, so that none sees another die. Meanwhile one may end by itself, or give birth to another: those are looked for twice.
kill_daemon() {
  local pid pids
  # shellcheck disable=SC2046
  kill -STOP $(processes "$1") 2>/dev/null || true
  pids=$(processes "$1")
  [ -n "$pids" ] || fail "no $1 runs"
  # shellcheck disable=SC2086
  { kill -STOP $pids; kill -KILL $pids; } 2>/dev/null || true
  for pid in $pids; do
    while readlink "/proc/$pid/root" >/dev/null 2>&1; do sleep 0.01; done
  done
}

# One test run after the other: they kill daemons. A run that dies closes our standard input, too.
hold_pool() {
  make_pool
  exec 8>"$ROOT.hold"
  flock 8
  start_pool 8>&-
  clear_queues # of a run that was killed
  echo "pool: held"
  cat >/dev/null || true
  stop_pool
}

remove_pool() {
  stop_pool
  local at
  for at in dev sys proc .; do
    mounted "$at" && umount -R "$ROOT/$at"
  done
  ! mounted . || fail "$ROOT is still mounted"
  rm -rf --one-file-system "$ROOT" "$ROOT.lock" "$ROOT.log" "$ROOT.hold"
}

case ${1:-} in
make) make_pool ;;
start) start_pool ;;
stop) stop_pool ;;
status) master >/dev/null && echo "pool: runs" || { echo "pool: not running"; exit 1; } ;;
hold) hold_pool ;;
exec) shift; mounts; inside "$@" ;;
clear) clear_queues ;;
processes) processes "$2" ;;
kill) kill_daemon "$2" ;;
second) inside sh -c "echo \$\$ >$PID.second; exec condor_master -f" ;;
master) inside sh -c "echo \$\$ >$PID; exec condor_master -f" ;;
remove) remove_pool ;;
*) sed -n '2,18p' "$0" >&2; exit 2 ;;
esac
