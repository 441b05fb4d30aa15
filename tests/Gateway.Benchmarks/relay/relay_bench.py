#!/usr/bin/env python3
"""Compares the gateway's relay with HAProxy (with and without splice), nginx and the Python server's Go proxy, in one run, with the same far end.

  relay_bench.py [--rounds 5] [--mb 2000] [--idle 9000] [--relays gateway,haproxy,haproxy-splice,nginx,go] [--only bulk,rtt,connect,idle]

Prints a table; every figure is the median of the rounds, in which the relays alternate. CPU is that of the relay alone, from /proc.
Needs a Release build of tests/Gateway.Proxy.TestHost, and `apt-get install haproxy nginx libnginx-mod-stream` for the others;
the Go proxy is found as dask-gateway-proxy, or where GO_PROXY says. To compare two builds, name the other one in --relays as
other=/path/to/Gateway.Proxy.TestHost.dll; what ARGS_gateway or ARGS_other holds is added to its command line.
"""
import argparse
import multiprocessing
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time

import far_end
import proxies

GREETING = far_end.hello("daskgateway-bench")


def far_end_process():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    process = multiprocessing.Process(target=far_end.serve, args=(listener,), daemon=True)
    process.start()
    return listener.getsockname()[1], process


def bulk(relay, up, streams, mb):
    count = mb * 1_000_000 // streams
    before, began = relay.cpu(), time.perf_counter()
    workers = [multiprocessing.Process(target=far_end.stream, args=(relay.address, GREETING, up, count)) for _ in range(streams)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0, f"{relay.name}: a stream failed"
    took = time.perf_counter() - began
    time.sleep(0.1)
    return {"MB/s": mb / took, "CPU s/GB": (relay.cpu() - before) / (mb / 1000)}


def round_trips(relay, size, n):
    with far_end.echo(relay.address, GREETING) as sock:
        message, times, before = b"x" * size, [], relay.cpu()
        for _ in range(n):
            began = time.perf_counter()
            sock.sendall(message)
            far_end.exact(sock, size)
            times.append(time.perf_counter() - began)
        cost = (relay.cpu() - before) / n * 1e6
    times.sort()
    return {"p50 us": times[n // 2] * 1e6, "p99 us": times[n * 99 // 100] * 1e6, "CPU us": cost}


def connections(relay, threads, n):
    def work():
        for _ in range(n // threads):
            far_end.echo(relay.address, GREETING).close()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    before, began = relay.cpu(), time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - began
    time.sleep(0.1)
    return {"/s": n / took, "CPU us": (relay.cpu() - before) / n * 1e6}


def idle(relay, n):
    before, held = relay.memory_kb(), []
    try:
        while len(held) < n:
            held.append(far_end.echo(relay.address, GREETING, b"I"))
    except (OSError, AssertionError):
        print(f"{relay.name} takes no more than {len(held)} idle connections", file=sys.stderr)
    time.sleep(1)
    figures = {"held": len(held)}
    if relay.process.poll() is None:
        after = relay.memory_kb()
        figures.update({"kB each": (after - before) / len(held), "Pss MB": after / 1024})
    else:
        print(f"{relay.name} has died", file=sys.stderr)
    for sock in held:
        sock.close()
    return figures


class Direct:
    """The far end without a relay, for what the ends alone take."""

    def __init__(self, port):
        self.name, self.address = "direct", ("127.0.0.1", port)

    def cpu(self):
        return 0.0

    def stop(self):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mb", type=int, default=2000)
    parser.add_argument("--idle", type=int, default=9000)  # two descriptors each: 10,000 are more than many systems allow
    parser.add_argument("--streams", default="1,8,64")
    parser.add_argument("--relays", default="gateway,haproxy,haproxy-splice,nginx,go")
    parser.add_argument("--only", default="bulk,rtt,connect,idle")
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--round-trips", type=int, default=5000)
    options = parser.parse_args()
    only = options.only.split(",")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the relays are stopped
    cells = []
    if "bulk" in only:
        for streams in map(int, options.streams.split(",")):
            for up in (True, False):
                cells.append((f"{'up' if up else 'down'}, {streams} stream{'s' * (streams > 1)}", lambda r, up=up, s=streams: bulk(r, up, s, options.mb)))
    if "rtt" in only:
        cells.append(("round trip 64 B", lambda r: round_trips(r, 64, options.round_trips)))
        cells.append(("round trip 64 KiB", lambda r: round_trips(r, 65536, options.round_trips // 5)))
    if "connect" in only:
        cells.append(("new connections, one after the other", lambda r: connections(r, 1, options.connections)))
        cells.append(("new connections, 8 at once", lambda r: connections(r, 8, options.connections)))

    port, _ = far_end_process()
    with tempfile.TemporaryDirectory() as folder:
        relays, results = [], {}
        try:
            proxies.start(folder, port, options.relays.split(","), relays)
            everyone = [Direct(port)] + relays
            for relay in relays:
                connections(relay, 8, 2 * options.connections)  # caches, and a compiler that learns while it runs
            for number in range(1, options.rounds + 1):
                for title, measure in cells:
                    for relay in everyone:
                        for unit, value in measure(relay).items():
                            results.setdefault((title, unit), {}).setdefault(relay.name, []).append(value)
                print(f"round {number} of {options.rounds} done", file=sys.stderr, flush=True)
            if "idle" in only:
                for relay in relays:
                    for unit, value in idle(relay, options.idle).items():
                        results.setdefault((f"{options.idle} idle connections", unit), {}).setdefault(relay.name, []).append(value)
        finally:
            for relay in relays:
                relay.stop()

    names = [r.name for r in everyone]
    print(f"| | | {' | '.join(names)} |")
    print(f"| --- | --- |{' --- |' * len(names)}")
    for (title, unit), values in results.items():
        digits = 3 if unit == "CPU s/GB" else 1 if unit == "kB each" else 0
        row = [f"{statistics.median(values[name]):.{digits}f}" if name in values and (name != "direct" or "CPU" not in unit) else "" for name in names]
        print(f"| {title} | {unit} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
