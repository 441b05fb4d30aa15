# launch.sh ROOT HANDLE NAME COMMAND...: takes a prepared job into the queue and starts it, whatever becomes of who asked.
root=$1 handle=$2 name=$3
shift 3
mv "$root/new/$handle" "$root/jobs/$handle" || exit 1
cd "$root/jobs/$handle" || exit 1
echo "$name $handle" >>"$root/starts.log"
setsid "$@" </dev/null >output 2>&1 &
echo $! >pid.tmp && mv pid.tmp pid
