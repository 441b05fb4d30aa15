#!/bin/bash
# A storm by one command: users at work while replicas and Postgres are killed, frozen and cut off.
#   tests/Gateway.Faults.Tests/storm.sh [--seconds N] [--seed S]
set -eu
cd "$(dirname "$0")/../.."
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) export FAULTS_SECONDS=$2 ;;
        --seed) export FAULTS_SEED=$2 ;;
        *) echo "unknown: $1; allowed are --seconds N and --seed S" >&2; exit 2 ;;
    esac
    shift 2
done
configuration=${CONFIGURATION:-Release}
dotnet build tests/Gateway.Faults.Tests -c "$configuration" -nologo -v quiet
exec dotnet "tests/Gateway.Faults.Tests/bin/$configuration/net10.0/Gateway.Faults.Tests.dll" -showliveoutput -class Gateway.Faults.Tests.Storms.StormTests
