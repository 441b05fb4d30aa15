#!/bin/bash
# Figures of this machine, beside the peers that are installed: the server's, then the relay's. Takes about ten minutes; nothing else should run.
#   tests/Gateway.Benchmarks/run.sh [server|relay] [arguments of the benchmark]
set -eu
cd "$(dirname "$0")/../.."
what=${1:-all}
[ $# = 0 ] || shift
case $what in all | server | relay) ;; *) echo "run.sh: '$what' is neither server nor relay" >&2; exit 2 ;; esac
deploy/dev/need.sh bench
if [ "$what" != relay ]; then
    dotnet build -c Release -nologo -v quiet src/Gateway.Server
    tests/Gateway.Benchmarks/server/server_bench.py "$@"
fi
if [ "$what" != server ]; then
    dotnet build -c Release -nologo -v quiet tests/Gateway.Proxy.TestHost
    tests/Gateway.Benchmarks/relay/relay_bench.py "$@"
fi
