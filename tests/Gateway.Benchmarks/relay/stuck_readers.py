#!/usr/bin/env python3
"""Readers that stop with data on the way: which of the four sockets between far end and client holds how much of the kernel's memory.

  stuck_readers.py [--readers 500] [--mb 10] [--relays gateway,haproxy,haproxy-splice,nginx,go]

Every reader asks for so many MB and reads nothing, until nothing moves any more; then all read to the end, and every byte is counted.
Needs what relay_bench.py needs, and ss.
"""
import argparse
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

import far_end
import proxies
import relay_bench

PLACES = ["far end sends", "relay receives", "relay sends", "client receives"]


def held(target, relay):
    """Kilobytes by place, from the kernel's own account (allocated for receiving, and queued for sending)."""
    kb = dict.fromkeys(PLACES, 0)
    out = subprocess.run(["ss", "-tnmHO"], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        fields = line.split()
        here, there = (int(fields[i].rpartition(":")[2]) for i in (3, 4))
        place = "far end sends" if here == target else "relay receives" if there == target else "relay sends" if here == relay else "client receives" if there == relay else None
        memory = re.search(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f\d+,w(\d+)", line)
        if place and memory:
            kb[place] += sum(map(int, memory.groups())) / 1024
    return kb


def tcp_pages():
    with open("/proc/net/sockstat") as f:
        return int(re.search(r"^TCP:.* mem (\d+)", f.read(), re.M).group(1))


def measure(relay, target, readers, size):
    before, stuck = tcp_pages(), []
    with far_end.echo(relay.address, relay_bench.GREETING) as other:
        for _ in range(readers):
            sock = far_end.connect(relay.address)
            sock.sendall(relay_bench.GREETING + struct.pack(">cQ", b"D", size))
            stuck.append(sock)
        most, last, worst = 0, -1, 0.0
        while True:
            for _ in range(200):
                began = time.perf_counter()
                other.sendall(b"x")
                far_end.exact(other, 1)
                worst = max(worst, time.perf_counter() - began)
                time.sleep(0.005)
            now = tcp_pages()
            most = max(most, now)
            if abs(now - last) < 50:
                break
            last = now
        kb = held(target, relay.address[1])
        complete = []

        def read(sock):
            count, buffer = 0, bytearray(1 << 18)
            try:
                while moved := sock.recv_into(buffer):
                    count += moved
            except OSError:
                pass
            complete.append(count == size)

        threads = [threading.Thread(target=read, args=(sock,)) for sock in stuck]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for sock in stuck:
            sock.close()
    each = " | ".join(f"{kb[place] / readers:.0f}" for place in PLACES)
    total = (most - before) * resource.getpagesize() / readers / 1024
    print(f"| {relay.name} | {each} | {total:.0f} | {worst * 1000:.1f} | {sum(complete)} of {readers} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--mb", type=int, default=10)
    parser.add_argument("--relays", default="gateway,haproxy,haproxy-splice,nginx,go")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.stack_size(256 * 1024)
    port, _ = relay_bench.far_end_process()
    with tempfile.TemporaryDirectory() as folder:
        relays = []
        try:
            proxies.start(folder, port, options.relays.split(","), relays)
            print(f"| kB each | {' | '.join(PLACES)} | all, at most | slowest round trip beside it, ms | complete |\n|---|{'---|' * 7}")
            for relay in relays:
                measure(relay, port, options.readers, options.mb << 20)
                time.sleep(1)
        finally:
            for relay in relays:
                relay.stop()


if __name__ == "__main__":
    main()
