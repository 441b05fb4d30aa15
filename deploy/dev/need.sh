#!/bin/sh
# need.sh GROUP...: makes sure that what a group needs is installed, with apt-get where that is possible.
# Groups: dask postgres jupyterhub pool python-tests browser bench
set -eu

fail() { echo "$*" >&2; exit 1; }

# Prints the Debian packages a group lacks.
missing() {
    case $1 in
        sdk) [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
            ls /usr/lib/*/libssl.so.3 >/dev/null 2>&1 || echo openssl ;;
        dask) command -v dask-scheduler >/dev/null && command -v dask-worker >/dev/null || echo python3-distributed ;;
        postgres) ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || echo postgresql ;;
        jupyterhub) [ -x /usr/bin/jupyterhub ] || echo jupyterhub python3-aiohttp ;;
        pool) command -v debootstrap >/dev/null || echo debootstrap ;;
        python-tests) for m in distributed:python3-distributed aiohttp:python3-aiohttp; do
                /usr/bin/python3 -c "import ${m%%:*}" 2>/dev/null || echo "${m##*:}"
            done
            command -v openssl >/dev/null || echo openssl ;;
        browser) [ -x /usr/bin/chromium ] || echo chromium ;;
        bench) for p in wrk haproxy nginx; do command -v $p >/dev/null || [ -x /usr/sbin/$p ] || echo $p; done
            [ -e /usr/lib/nginx/modules/ngx_stream_module.so ] || echo libnginx-mod-stream ;;
        *) fail "need.sh: there is no group '$1'" ;;
    esac
}

command -v dotnet >/dev/null || fail "The .NET SDK is missing: install dotnet-sdk-10.0 (see https://learn.microsoft.com/dotnet/core/install/linux-debian)."

packages=
for group in sdk "$@"; do
    lacking=$(missing "$group") || exit 1
    packages="$packages $lacking"
done
packages=$(echo $packages)
[ -n "$packages" ] || exit 0

command -v apt-get >/dev/null || fail "Please install: $packages (there is no apt-get here)."
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || fail "Please install as root: apt-get install $packages"
    as_root="sudo -n"
fi

log=$(mktemp)
echo "Installing $packages" >&2
try() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 "$@" >"$log" 2>&1; }
try install -y --no-install-recommends $packages || { try update && try install -y --no-install-recommends $packages; } || {
    tail -n 5 "$log" >&2
    fail "These packages could not be installed: $packages"
}
rm -f "$log"
