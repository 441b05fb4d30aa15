#!/usr/bin/env python3
"""A real Dask workload through the relay and without it: workers connect, the client gathers results, checked by their sum.

  dask_workload.py [--workers 50] [--mb 1024]

Needs Python's distributed, openssl, and a Release build of tests/Gateway.Proxy.TestHost.
"""
import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time

import proxies
from distributed import Client
from distributed.security import Security

SERVER_NAME = "daskgateway-bench"
PIECE = 8  # MB


class BySni(Security):
    """Names the scheduler in the TLS handshake, as the gateway's own client does."""

    def get_connection_args(self, role):
        return {**super().get_connection_args(role), "server_hostname": SERVER_NAME}


def wait_for(address):
    for _ in range(600):
        try:
            socket.create_connection(address).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on {address}")


def piece(i, size):
    return bytes([i % 256]) * size


def measure(title, address, security, tls, options, relay):
    before, began = relay.cpu(), time.perf_counter()
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--scheduler-sni", SERVER_NAME, *tls]
    workers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(options.workers)]
    try:
        with Client(address, security=security, timeout="120s") as client:
            client.wait_for_workers(options.workers, timeout=600)
            connected = time.perf_counter() - began
            count = options.mb // PIECE
            futures = client.map(piece, range(count), size=PIECE * 1_000_000, pure=False)
            client.gather(client.map(len, futures))  # all are there; only the way back is measured
            began = time.perf_counter()
            total = 0
            for batch in range(0, count, 16):
                total += sum(data[0] * len(data) for data in client.gather(futures[batch : batch + 16], direct=False))
            took = time.perf_counter() - began
            assert total == sum((i % 256) * PIECE * 1_000_000 for i in range(count)), "wrong result"
        print(f"{title}: {options.workers} workers after {connected:.1f} s; {count * PIECE} MB gathered in {took:.2f} s, {count * PIECE / took:.0f} MB/s; relay CPU {relay.cpu() - before:.2f} s")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--mb", type=int, default=1024)
    parser.add_argument("--relay", default="gateway", help="or another one that relay_bench.py knows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=dask", "-addext", f"subjectAltName=DNS:{SERVER_NAME}", "-keyout", key, "-out", cert],
            check=True, stderr=subprocess.DEVNULL)
        tls = ["--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key]
        port, relays = proxies.free_port(), []
        scheduler = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show", *tls],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(("127.0.0.1", port))
            proxies.start(folder, port, [options.relay], relays)
            security = BySni(tls_ca_file=cert, tls_client_cert=cert, tls_client_key=key, require_encryption=True)
            measure("without relay", f"tls://127.0.0.1:{port}", security, tls, options, relays[0])
            measure("through relay", f"tls://127.0.0.1:{relays[0].address[1]}", security, tls, options, relays[0])
        finally:
            for relay in relays:
                relay.stop()
            scheduler.kill()
            scheduler.wait()


if __name__ == "__main__":
    main()
