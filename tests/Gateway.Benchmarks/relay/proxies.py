"""Starts the relays to be compared, each on a free port of 127.0.0.1, all with the same far end behind them."""
import http.server
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
HOST = os.path.join(ROOT, "tests", "Gateway.Proxy.TestHost")


def free_port():
    """Below the range from which outgoing connections take theirs."""
    while True:
        port = random.randrange(15000, 30000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        found = f.read().split()
    return [str(pid)] + [c for child in found for c in children(child)]


class Relay:
    def __init__(self, name, command, port, env=None):
        self.name, self.address = name, ("127.0.0.1", port)
        self.process = subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(self.address).close()
                break
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {self.process.returncode}")
                time.sleep(0.05)
        self.pids = children(self.process.pid)

    def cpu(self):
        """Seconds of processor time so far."""
        ticks = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_kb(self):
        total = 0
        for pid in self.pids:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        return total

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def fill(template, folder, **values):
    with open(os.path.join(HERE, template)) as f:
        text = f.read()
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    path = os.path.join(folder, f"{values['NAME']}.conf")
    with open(path, "w") as f:
        f.write(text)
    return path


class Routes(http.server.BaseHTTPRequestHandler):
    """What the Python server's Go proxy asks for its routes: one there, and none that ever changes."""

    target = 0

    def do_GET(self):
        watches = "watch" in self.path
        route = {"kind": "SNI", "sni": "bench", "target": f"127.0.0.1:{self.target}"}
        self.send_response(200)
        self.end_headers()
        if watches:
            self.wfile.flush()
            threading.Event().wait()
        self.wfile.write(json.dumps({"Routes": [route], "Id": 1}).encode())

    def log_message(self, *_):
        pass


def route_server(target):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Fixed", (Routes,), {"target": target}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/routes"


def start(folder, target, wanted, relays):
    """Adds those of the wanted relays that are installed here; name=path is another build of the gateway, with further arguments in ARGS_name and a command before it in BEFORE_name."""
    for name in wanted:
        port, env = free_port(), {}
        name, _, build = name.partition("=")
        if name == "gateway" or build:
            dll = build or os.path.join(HOST, "bin", "Release", "net10.0", "Gateway.Proxy.TestHost.dll")
            command = os.environ.get(f"BEFORE_{name}", "").split() + ["dotnet", dll, "--listen", f"127.0.0.1:{port}", "--route", f"bench=127.0.0.1:{target}", "--Logging:LogLevel:Default", "Warning"]
            command += os.environ.get(f"ARGS_{name}", "").split()
        elif name == "go":
            binary = shutil.which(os.environ.get("GO_PROXY", "dask-gateway-proxy"))
            command = binary and [binary, "-address", f"127.0.0.1:{port}", "-log-level", "WARN", "-api-url", route_server(target)]
            env = {"DASK_GATEWAY_PROXY_TOKEN": "none"}
        elif name.startswith("haproxy"):
            binary = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
            option = "splice-request\n    option splice-response" if name == "haproxy-splice" else "clitcpka"
            command = binary and [binary, "-db", "-f", fill("haproxy.cfg.in", folder, NAME=name, PORT=port, TARGET=target, OPTION=option)]
        else:
            binary = shutil.which("nginx", path="/usr/sbin:/usr/bin")
            command = binary and [binary, "-e", os.path.join(folder, "nginx.log"), "-g", "daemon off;", "-c", fill("nginx.conf.in", folder, NAME=name, PORT=port, TARGET=target, RUN=folder)]
        if command:
            relays.append(Relay(name, command, port, env))
            if env:
                time.sleep(1)  # it listens before it has asked for its routes
        else:
            print(f"{name} is not installed: left out", file=sys.stderr)
