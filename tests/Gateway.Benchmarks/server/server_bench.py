#!/usr/bin/env python3
"""Measures the gateway, and the Python dask-gateway server beside it where it can be run: start, memory, processor time per request, create to RUNNING.

  server_bench.py [--runs 3] [--seconds 4] [--only gateway|python|proxied]

The Python server is found by PEER_PATH (folder that holds the package dask_gateway_server), PEER_PYTHON (/usr/bin/python3) and PEER_ROOT (a chroot to run it in); its Go
proxy is the program PEER_PROXY. Without them only the gateway is measured.
Needs wrk. Prints a table in Markdown; processor times are the server's own, from /proc, and say more than rates where client and server share the cores.
"""
import argparse, contextlib, glob, json, os, platform, re, statistics, subprocess, sys, threading, time

from servers import BASIC, HERE, Gateway, ProxiedPythonServer, PythonServer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--seconds", type=int, default=4)
parser.add_argument("--only", choices=["gateway", "python", "proxied"])
ARGS = parser.parse_args()
FIGURES = {}


def figure(label, what, value):
    FIGURES.setdefault(what, {})[label] = value
    print(f"  {label}: {what}: {value}", file=sys.stderr, flush=True)


def wrk(server, path, seconds, **request):
    """One run: requests a second, processor time of each in us, median and 99 % in ms, how many failed."""
    before = server.cpu()
    done = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "--timeout", "10s", "-s", f"{HERE}/request.lua", f"http://127.0.0.1:{server.port}{path}"],
        env={**os.environ, **request}, capture_output=True, text=True)
    measured = re.search(r"MEASURED (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if measured is None:
        sys.exit(done.stdout + done.stderr)
    count, duration, status, lost, p50, p99 = map(int, measured.groups())
    return count / duration * 1e6, (server.cpu() - before) / count * 1e6, p50 / 1e3, p99 / 1e3, status + lost


def warm_up(server, path, **request):
    """Until the just-in-time compiler has settled: by requests and not by time, for on a busy machine seconds say little."""
    done = 0
    for _ in range(10):
        done += wrk(server, path, 5, **request)[0] * 5
        if done > (200_000 if isinstance(server, Gateway) else 20_000):  # an interpreter has nothing to settle
            break


def compare(servers, what, request):
    """Asks each server in turn, run by run: what changes on the machine meanwhile, changes for all of them. `request(server)` is a path and what request.lua reads."""
    asked = [(server, *request(server)) for server in servers]
    for server, path, values in asked:
        warm_up(server, path, **values)
    runs = [[wrk(server, path, ARGS.seconds, **values) for server, path, values in asked] for _ in range(ARGS.runs)]
    for server, measured in zip(servers, zip(*runs)):
        rate, cpu, p50, p99, _ = map(statistics.median, zip(*measured))
        figure(server.label, f"{what}, CPU us", f"{cpu:.0f}")
        figure(server.label, f"{what}, /s", f"{rate:.0f}")
        figure(server.label, f"{what}, p50 / p99 ms", f"{p50:.1f} / {p99:.1f}")
        if failed := sum(run[-1] for run in measured):
            figure(server.label, f"{what}, failed", str(failed))


def create(server):
    status, made = server.call("POST", "/api/v1/clusters/", {"cluster_options": {}})
    if status != 201:
        sys.exit(f"{server.label}: {status} {made}")
    while True:
        status, cluster = server.call("GET", f"/api/v1/clusters/{made['name']}?wait")
        if status != 200 or cluster["status"] not in ("PENDING", "RUNNING"):
            sys.exit(f"{server.label}: {status} {cluster}")
        if cluster["status"] == "RUNNING":
            return made["name"]


def alone(at_once):
    """Milliseconds that so many stand-ins take to start where no server is in the way, each under a shell as a job has it."""
    begun = time.perf_counter()
    subprocess.run(["sh", "-c", f"for i in {' '.join(map(str, range(at_once)))}; do (perl {HERE}/dummy.pl nothing; :) & done; wait"], check=True)
    return (time.perf_counter() - begun) * 1e3


def create_together(server, at_once):
    """Seconds until the last of so many is RUNNING."""
    begun = time.perf_counter()
    threads = [threading.Thread(target=create, args=(server,)) for _ in range(at_once)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    last = time.perf_counter() - begun
    server.stop_clusters()
    return last


def compare_creates(servers, at_once, rounds):
    """Creates by each server in turn, and beside them the stand-ins alone: a round's difference is what the server adds."""
    runs = [(alone(at_once), [create_together(server, at_once) * 1e3 for server in servers]) for _ in range(rounds)]
    for i, server in enumerate(servers):
        lasts = [measured[i] for _, measured in runs]
        figure(server.label, f"create to RUNNING, {at_once} at once, last one, ms", f"{statistics.median(lasts):.0f} ({min(lasts):.0f}-{max(lasts):.0f})")
        added = statistics.median(measured[i] - without for without, measured in runs)
        figure(server.label, f"the same without the stand-ins' own start, {at_once} at once, ms", f"{added:.0f}")


def wait_for_workers(server):
    deadline = time.perf_counter() + 120
    while len(glob.glob(f"{server.folder}/dummies/worker-*")) < 100:
        if time.perf_counter() > deadline:
            sys.exit(f"{server.label}: 100 workers did not start")
        time.sleep(0.1)


def heartbeat(server, name):
    scheduler = json.load(open(f"{server.folder}/dummies/scheduler-{name}"))
    workers = [os.path.basename(f)[len("worker-"):] for f in glob.glob(f"{server.folder}/dummies/worker-*")]
    body = {**scheduler["addresses"], "count": len(workers), "active_workers": workers, "closing_workers": [], "closed_workers": []}
    with open(f"{server.folder}/heartbeat.json", "w") as f:
        json.dump(body, f)
    return f"/api/v1/clusters/{name}/heartbeat", {"BENCH_METHOD": "POST", "BENCH_AUTHORIZATION": "token " + scheduler["token"], "BENCH_BODY": f"{server.folder}/heartbeat.json"}


@contextlib.contextmanager
def started(kinds, **arguments):
    servers = []
    try:
        for kind in kinds:
            servers.append(kind(**arguments))
        yield servers
    finally:
        for server in servers:
            server.close()


def boots(kinds):
    times, again = {kind: [] for kind in kinds}, []
    for _ in range(ARGS.runs):
        for kind in kinds:
            with started([kind]) as (server,):
                times[kind].append(server.boot)
                if kind is Gateway:
                    again.append(server.restart())
    if again:
        figure(Gateway.label, "start on its database to first 200 of /api/health, s", f"{statistics.median(again):.2f}")
    for kind in kinds:
        figure(kind.label, "first start to first 200 of /api/health, s", f"{statistics.median(times[kind]):.2f} ({min(times[kind]):.2f}-{max(times[kind]):.2f})")


def memory(servers, what):
    for server in servers:
        figure(server.label, what, "{:.0f} / {:.0f}".format(*server.memory()))


def measure(kinds):
    boots(kinds)
    user = {"BENCH_AUTHORIZATION": BASIC}
    with started(kinds) as servers:
        time.sleep(15)
        memory(servers, "idle, Rss / Pss MB")
        for what, path in (("GET /api/version", "/api/version"), ("GET options, Basic", "/api/v1/options"), ("GET clusters, none, Basic", "/api/v1/clusters/")):
            compare(servers, what, lambda server: (path, user))
        compare_creates(servers, 1, 5 * ARGS.runs)
        compare_creates(servers, 10, ARGS.runs)
        memory(servers, "after the load, Rss / Pss MB")

    with started(kinds, workers=100) as servers:
        names = {}
        for server in servers:
            names[server] = create(server)
            wait_for_workers(server)
        compare(servers, "GET one running cluster, Basic", lambda server: (f"/api/v1/clusters/{names[server]}", user))
        compare(servers, "heartbeat, 100 workers listed", lambda server: heartbeat(server, names[server]))
        for server in servers:
            server.stop_clusters()


def table(labels):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{os.cpu_count()} cores ({cpu}), {platform.freedesktop_os_release()['PRETTY_NAME']}, load {os.getloadavg()[1]:.1f}\n")
    print("| | " + " | ".join(labels) + " |\n|---|" + "---|" * len(labels))
    for what, values in FIGURES.items():
        print(f"| {what} | " + " | ".join(values.get(label, "") for label in labels) + " |")


one, ten = (statistics.median(alone(at_once) for _ in range(15)) for at_once in (1, 10))
print(f"The stand-in for Dask takes {one:.1f} ms to start, ten at once {ten:.1f} ms; that is part of create to RUNNING.\n", flush=True)
kinds = []
for name, kind in (("gateway", Gateway), ("proxied", ProxiedPythonServer), ("python", PythonServer)):
    if ARGS.only not in (None, name):
        continue
    if kind is not Gateway and (why := kind.missing()):
        print(f"{kind.label} is not measured: {why} (see PEER_PATH, PEER_PYTHON, PEER_ROOT, PEER_PROXY).\n")
    else:
        kinds.append(kind)
measure(kinds)
table([k.label for k in kinds])
