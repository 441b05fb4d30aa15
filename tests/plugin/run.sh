#!/bin/sh
# Tests of the scheduler plugin: tests/plugin/run.sh [test …]
#   PYTHON      the Python to test with (default: the first that has distributed)
#   PYTHONPATH  may name a dask_gateway, whose own plugin then passes the same wire tests
cd "$(dirname "$0")" || exit 1
for python in ${PYTHON:-python3 /usr/bin/python3}; do
  if "$python" -c 'import distributed' 2>/dev/null; then
    exec "$python" run.py "$@"
  fi
done
if [ -n "${PYTHON:-}" ]; then
  echo "$PYTHON has no distributed"
  exit 1
fi
echo "skipped: plugin tests: no Python here has distributed (apt-get install python3-distributed)"
echo "0 passed, 0 failed, 1 skipped"
