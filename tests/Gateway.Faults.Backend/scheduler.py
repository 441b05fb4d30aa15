"""A scheduler without Dask: it heartbeats over HTTP to any replica, follows what its owner asks for, and retires workers."""
import json
import os
import random
import select
import socket
import time

cluster = os.environ["DASK_GATEWAY_CLUSTER_NAME"]
gateways = [g.rsplit("/", 1)[-1] for g in os.environ["FAULTS_GATEWAYS"].split()]
token = open(os.environ["DASK_GATEWAY_API_TOKEN"]).read()
jobs = os.path.join(os.environ["FAULTS_ROOT"], "jobs")
incarnation = os.urandom(8).hex()
period = 1.0
rng = random.Random(cluster)


def talk(host, port, path, body, patience):
    """One request of HTTP/1.1; the status, or 0 when nothing (readable) came back."""
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: token {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    try:
        with socket.create_connection((host, port), patience) as s:
            s.settimeout(patience)
            s.sendall(head.encode() + data)
            return int(s.recv(64).split(b" ", 2)[1])
    except (OSError, ValueError, IndexError):
        return 0


def workers():
    """Names and processes of this cluster's workers that run now."""
    found = {}
    for folder in os.listdir(jobs):
        name, of, kind, _ = folder.split("@")
        if of == cluster and kind == "Worker":
            try:
                pid = int(open(f"{jobs}/{folder}/pid").read())
                if os.readlink(f"/proc/{pid}/cwd").endswith("/" + folder):
                    found[name] = pid
            except (OSError, ValueError):
                pass
    return found


listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
address = f"127.0.0.1:{port}"
count = sequence = 0
known = set()
closed = set()
clients = []
late = []  # heartbeats that are overtaken on their way


def beat(closing=()):
    global sequence
    sequence += 1
    active = workers()
    closed.update(known - active.keys())
    closed.difference_update(active)
    known.update(active)
    body = {
        "scheduler_address": f"tls://{address}", "dashboard_address": "", "api_address": f"http://{address}", "count": count,
        "active_workers": [w for w in active if w not in closing], "closing_workers": list(closing), "closed_workers": sorted(closed),
        "incarnation": incarnation, "sequence": sequence, "idle_since": None,
    }
    if not closing and rng.random() < 0.15:
        late.append((time.monotonic() + rng.uniform(0.5, 2.5), body))
    return send(body)


def send(body):
    for gateway in rng.sample(gateways, len(gateways)):
        host, at = gateway.split(":")
        status = talk(host, int(at), f"/api/v1/clusters/{cluster}/heartbeat", body, 1.5)
        if status == 200:
            return True
        if status not in (0, 503):
            print("heartbeat", sequence, "was answered with", status, flush=True)
    return False


def obey(connection):
    """Takes one command; true when it changed something."""
    global count
    connection.settimeout(1.5)
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            if data[:1] == b"\x16":  # a client, by TLS: it is told where it is, and nothing more is expected of it
                connection.sendall(cluster.encode())
                clients.append(connection)
                return False
            data += connection.recv(4096) or (_ for _ in ()).throw(OSError())
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.lower().split(b"\r\n")
        length = int(next((l.split(b":")[1] for l in lines if l.startswith(b"content-length")), b"0"))
        while len(body) < length:
            body += connection.recv(4096) or (_ for _ in ()).throw(OSError())
        allowed = f"authorization: token {token}".lower().encode() in lines
        command = json.loads(body) if allowed else {}
        if command.get("op") == "scale":
            count = command["count"]
        connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (b"200 OK" if allowed else b"403 Forbidden"))
        return allowed
    except (OSError, ValueError):
        return False
    finally:
        if connection not in clients:
            connection.close()


def heard(client):
    """Whether it is still there."""
    try:
        return bool(client.recv(65536))
    except OSError:
        return False


next_beat = time.monotonic() + 0.1
while True:
    readable, _, _ = select.select([listener, *clients], [], [], max(0.0, min(0.25, next_beat - time.monotonic())))
    for client in [c for c in clients if c in readable and not heard(c)]:
        clients.remove(client)
        client.close()
    if listener in readable and obey(listener.accept()[0]):
        next_beat = 0
    now = time.monotonic()
    for due, body in [entry for entry in late if entry[0] <= now]:
        late.remove((due, body))
        send(body)
    if now >= next_beat:
        running = workers()
        excess = sorted(running)[count:]
        if excess:
            if beat(excess):
                for name in excess:
                    try:
                        os.kill(running[name], 15)
                    except OSError:
                        pass
        else:
            beat()
        next_beat = time.monotonic() + period
