#!/bin/bash
# Restores, checks, builds and tests everything; the last line is `N passed, N failed`.
#   tests/run.sh                  all of it
#   tests/run.sh Gateway.X.Tests  one or more test projects only (`plugin` for the scheduler plugin's)
set -u
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
configuration=${CONFIGURATION:-Release}
results=$PWD/TestResults
passed=0 failed=0
limit=${SUITE_LIMIT:-25m} # for each suite: no hang may last until somebody else ends it and with it every trace

step() { # step NAME COMMAND...: one check, counted as a test
    local name=$1
    shift
    echo "== $name"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

rm -rf "$results" && mkdir -p "$results"
deploy/dev/need.sh dask postgres jupyterhub python-tests browser || { failed=1; finish; }
# The pool is made beside the build: it takes about two minutes once, and is kept.
timeout --kill-after=60 "$limit" tests/pool/pool.sh make >"$results/pool.log" 2>&1 &
pool=$!

step "restore with the locked versions" dotnet restore Gateway.sln --locked-mode -v quiet
step "build without a warning" dotnet build Gateway.sln -c "$configuration" --no-restore -nologo -v quiet
[ "$failed" = 0 ] || finish
wait $pool || { echo "The HTCondor pool could not be made; its tests say so. The end of its log:"; tail -n 5 "$results/pool.log"; }

execute() { # execute PROJECT [COMMAND…]: runs one project, by a command such as nice; what it prints goes to a file of its own
    # Interrupted, xunit says which tests were running, and on which line each of them stood. (The shell ignores interrupts for what runs beside it.)
    (cd "tests/$1/bin/$configuration/net10.0" &&
        exec "${@:2}" env --default-signal=INT timeout --foreground --signal=INT --kill-after=60 "$limit" \
            dotnet "$1.dll" -noColor -longRunning 120 -trx "$results/$1.trx") >"$results/$1.log" 2>&1
}

count() { # count PROJECT CODE: the figures come from the result file, so that a host that crashes cannot look like success
    local project=$1 code=$2 trx=$results/$1.trx
    echo "== $project"
    cat "$results/$project.log"
    if [ "$code" = 124 ] || [ "$code" = 137 ]; then # as timeout says it
        failed=$((failed + 1))
        echo "FAILED: $project did not end within $limit"
    fi
    if [ ! -s "$trx" ]; then
        failed=$((failed + 1))
        echo "FAILED: $project wrote no results"
        return
    fi
    local counts
    counts=$(/usr/bin/python3 tests/results.py "$trx") || { failed=$((failed + 1)); echo "FAILED: results of $project"; return; }
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
}

run_plugin() {
    echo "== plugin"
    local line
    line=$(timeout --kill-after=60 "$limit" tests/plugin/run.sh 2>&1 | tee "$results/plugin.log" | tail -n 1)
    grep -E '^(FAIL|ERROR|skipped)' "$results/plugin.log"
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
        [ "${BASH_REMATCH[2]}" = 0 ] || tail -n 60 "$results/plugin.log"
    else
        failed=$((failed + 1))
        tail -n 40 "$results/plugin.log"
    fi
}

wanted=("$@")
if [ $# = 0 ]; then
    wanted=(plugin)
    for folder in tests/Gateway.*.Tests; do wanted+=("$(basename "$folder")"); done
fi
# The batch farm's suite mostly waits for the farm, so it runs beside all else, the suite that kills whole sites at last; what uses the farm too comes after it.
beside= sites= after=
for project in "${wanted[@]}"; do
    if [ "$project" = Gateway.Backends.HTCondor.Tests ]; then
        execute "$project" &
        beside=$!
    fi
done
if [ $# = 0 ]; then
    step "format" dotnet format Gateway.sln --no-restore --verify-no-changes --verbosity quiet
    dotnet tool restore >/dev/null
    for provider in Postgres Sqlite; do
        step "migrations of $provider are complete" dotnet ef migrations has-pending-model-changes \
            --no-build --configuration "$configuration" --project "migrations/$provider"
    done
fi
for project in "${wanted[@]}"; do
    case $project in
        plugin) run_plugin ;;
        Gateway.Backends.HTCondor.Tests) ;;
        Gateway.Faults.Tests) sites=$project ;;
        Gateway.EndToEnd.Tests) after=$project ;;
        *) execute "$project"; count "$project" $? ;;
    esac
done
[ -z "$sites" ] || { execute "$sites" nice; count "$sites" $?; } # it would take all there is from the farm
[ -z "$beside" ] || { wait "$beside"; count Gateway.Backends.HTCondor.Tests $?; }
[ -z "$after" ] || { execute "$after"; count "$after" $?; }
finish
