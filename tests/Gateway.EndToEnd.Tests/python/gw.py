"""Talks to a gateway over REST, and to its clusters with `distributed` alone: what a client needs, in one small file.

GATEWAY is the gateway's URL, GATEWAY_USER the user's name (alice). Every wait is bounded.
"""
import base64
import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

URL = os.environ["GATEWAY"].rstrip("/")
USER = os.environ.get("GATEWAY_USER", "alice")
PASSWORD = os.environ.get("GATEWAY_PASSWORD", "")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def say(*words):
    print(*words, flush=True)


def pause_for(marker):
    """Tells the test that a point is reached and waits until it says go."""
    say(marker)
    line = sys.stdin.readline()
    assert line.strip() == "go", f"expected go, got {line!r}"


def call(method, path, body=None, headers=None, user=None):
    """One request; returns status and decoded body."""
    login = base64.b64encode(f"{user or USER}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        URL + path,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": "Basic " + login, "Content-Type": "application/json", **(headers or {})},
        method=method,
    )
    try:
        with OPENER.open(request, timeout=60) as answer:
            status, data = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, data = error.code, error.read()
    try:
        return status, json.loads(data) if data else None
    except ValueError:
        return status, data


def until(what, condition, seconds=60):
    """Waits for a condition; returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def submit(**options):
    status, answer = call("POST", "/api/v1/clusters/", {"cluster_options": options})
    assert status == 201, (status, answer)
    return answer["name"]


def get(name, wait=False):
    return call("GET", f"/api/v1/clusters/{name}" + ("?wait" if wait else ""))


def status(name):
    code, answer = get(name)
    assert code == 200, (code, answer)
    return answer["status"]


def create(**options):
    """A running cluster's name."""
    name = submit(**options)
    end = time.monotonic() + 90
    while True:
        code, answer = get(name, wait=True)
        assert code == 200, (code, answer)
        if answer["status"] == "RUNNING":
            return name
        assert answer["status"] == "PENDING" and time.monotonic() < end, answer


def scale(name, count):
    code, answer = call("POST", f"/api/v1/clusters/{name}/scale", {"count": count})
    assert code == 200, (code, answer)
    return answer


def adapt(name, minimum, maximum, active=True):
    code, answer = call("POST", f"/api/v1/clusters/{name}/adapt", {"minimum": minimum, "maximum": maximum, "active": active})
    assert code == 200, (code, answer)
    return answer


def stop(name):
    code, answer = call("DELETE", f"/api/v1/clusters/{name}")
    assert code == 204, (code, answer)


def events(name):
    """The timeline, oldest first."""
    code, answer = call("GET", f"/api/v1/clusters/{name}/events")
    assert code == 200, (code, answer)
    return answer["events"]


def workers_of(name):
    """The gateway's own workers, newest first, ended ones included."""
    code, answer = call("GET", f"/api/v1/clusters/{name}/workers")
    assert code == 200, (code, answer)
    return answer["workers"]


def told(name):
    """The timeline as text."""
    return "\n".join(e["message"] for e in events(name))


def credentials(name):
    """Paths of a folder with the cluster's certificate and key."""
    _, report = get(name)
    folder = tempfile.mkdtemp(prefix="gw-test-")
    paths = {}
    for key in ("tls_cert", "tls_key"):
        paths[key] = os.path.join(folder, key)
        with open(os.open(paths[key], os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(report[key])
    return paths


def client(name, address=None):
    """A `distributed` client connected through the gateway's port by server name."""
    from distributed import Client
    from distributed.security import Security

    class NamedSecurity(Security):
        def get_connection_args(self, role):
            return {**super().get_connection_args(role), "server_hostname": "daskgateway-" + name}

    paths = credentials(name)
    security = NamedSecurity(
        require_encryption=True,
        tls_ca_file=paths["tls_cert"],
        tls_client_cert=paths["tls_cert"],
        tls_client_key=paths["tls_key"],
    )
    target = address or f"tls://{urlsplit(os.environ.get('GATEWAY_PROXY', URL)).netloc}"
    return Client(target, security=security, timeout=30, set_as_default=False)


def workers(c):
    """By address: what the scheduler knows of its workers."""
    return c.sync(c.scheduler.identity)["workers"]


def wait_workers(c, count, seconds=90):
    until(f"{count} workers", lambda: len(workers(c)) == count, seconds)
