#!/bin/bash
# One replica under the heartbeats of simulated schedulers: load.sh [CLUSTERS,CLUSTERS...] [SECONDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dotnet build "$here" -c Release -nologo -v quiet
exec dotnet "$here/bin/Release/net10.0/Gateway.Load.dll" "$@"
