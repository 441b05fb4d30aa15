"""What the tests stand on: a gateway that only listens, certificates, and real scheduler and worker processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PLUGIN = Path(__file__).resolve().parents[2] / "src" / "Gateway.Core" / "Dask" / "Plugin"
SCHEDULER_PLUGIN = str(PLUGIN / "gateway_scheduler.py")
WORKER_PLUGIN = str(PLUGIN / "gateway_worker.py")
STANDARD_PLUGIN = "dask_gateway.scheduler_preload"

CLUSTER, TOKEN = "0123abc", "a-token-of-one-cluster"
PATIENCE = 30.0  # seconds before something that must happen is said not to; nothing waits that long when all is well


def make_certificate(folder: Path) -> None:
    """One self-signed certificate as a cluster has it: key, certificate and authority at once."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=dask-internal",
         "-addext", "subjectAltName=DNS:dask-internal,DNS:localhost,IP:127.0.0.1",
         "-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True)


class FakeGateway:
    """Records what schedulers send. ``answer(request)`` may be replaced: it returns a status, None hangs up."""

    def __init__(self, port: int = 0, tls: Path | None = None):
        self.changed = threading.Condition()
        self.requests: list[dict] = []
        self.heartbeats: list[dict] = []  # the acknowledged ones and the others, in order, with "_status"
        self.answer = lambda request: 200 if request["method"] == "POST" else 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = {"method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                           "body": json.loads(body) if body else None, "at": time.monotonic()}
                status = outer.answer(request)
                if status is not None:
                    told = b'{"error": "as the test wants it"}' if status >= 400 else b""
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(told)))
                    if status in (301, 302, 307):
                        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                    self.end_headers()
                    self.wfile.write(told)
                with outer.changed:
                    outer.requests.append(request)
                    if self.path.endswith("/heartbeat"):
                        outer.heartbeats.append({**request["body"], "_status": status})
                    outer.changed.notify_all()

            do_POST = do_DELETE = do_GET = handle_one

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, address):
                if not isinstance(sys.exc_info()[1], OSError):  # a scheduler that was killed is no fault
                    super().handle_error(request, address)

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/services/dask-gateway/api"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, condition, what: str, process: "Process | None" = None, patience: float = PATIENCE):
        """The first true value of ``condition()``, looked at after each request."""
        end = time.monotonic() + patience
        with self.changed:
            while not (result := condition()):
                left = end - time.monotonic()
                if left <= 0:
                    last = json.dumps(self.heartbeats[-3:], indent=1)
                    log = process.log() if process else ""
                    raise AssertionError(f"not seen: {what}; last heartbeats: {last}\n{log}")
                self.changed.wait(left)
            return result

    def heartbeat(self, condition, what: str, since: int = 0, process: "Process | None" = None) -> dict:
        """The first heartbeat after the ``since`` first ones that meets the condition."""
        return self.wait(lambda: next((h for h in self.heartbeats[since:] if condition(h)), None), what, process)


class Process:
    """A child in a process group of its own, its output in a file."""

    def __init__(self, folder: Path, arguments: list[str], environment: dict[str, str]):
        self._file = tempfile.NamedTemporaryFile(dir=folder, suffix=".log", delete=False)
        self._child = subprocess.Popen(
            [sys.executable, "-B", *arguments], cwd=folder, env={**os.environ, **environment},
            stdin=subprocess.DEVNULL, stdout=self._file, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._child.pid

    def log(self) -> str:
        return Path(self._file.name).read_text(errors="replace")

    def running(self) -> bool:
        return self._child.poll() is None

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        try:
            return self._child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the process did not end:\n{self.log()}") from None

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._child.wait()
        self._file.close()


class ClusterCase(unittest.TestCase):
    """Gives each test a folder with a certificate and ends what it started."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="plugin-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        make_certificate(self.folder)

    def gateway(self, **options) -> FakeGateway:
        gateway = FakeGateway(**options)
        self.addCleanup(gateway.close)
        return gateway

    def scheduler(self, gateway_url: str, *arguments: str, preload: str = SCHEDULER_PLUGIN, **environment) -> Process:
        certificate, key = str(self.folder / "cert.pem"), str(self.folder / "key.pem")
        self.tls = {
            "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": certificate,
            **{f"DASK_DISTRIBUTED__COMM__TLS__{role}__{kind}": path
               for role in ("SCHEDULER", "WORKER", "CLIENT") for kind, path in (("CERT", certificate), ("KEY", key))},
        }
        return self.process(
            ["-m", "distributed.cli.dask_scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", "0",
             "--dashboard-address", "127.0.0.1:0", "--preload", preload, *arguments],
            {**self.tls, "DASK_GATEWAY_API_URL": gateway_url, "DASK_GATEWAY_CLUSTER_NAME": CLUSTER,
             "DASK_GATEWAY_API_TOKEN": TOKEN, **environment})

    def worker(self, address: str, name: str, *arguments: str, **environment: str) -> Process:
        return self.process(
            ["-m", "distributed.cli.dask_worker", address, "--name", name, "--nthreads", "1", "--memory-limit", "500MB",
             "--no-dashboard", "--preload", WORKER_PLUGIN, *(arguments or ("--no-nanny",))], {**self.tls, **environment})

    def process(self, arguments: list[str], environment: dict[str, str]) -> Process:
        process = Process(self.folder, arguments, environment)
        self.addCleanup(process.kill)
        return process

    def client(self, address: str):
        from distributed import Client
        from distributed.security import Security

        certificate, key = str(self.folder / "cert.pem"), str(self.folder / "key.pem")
        security = Security(tls_ca_file=certificate, tls_client_cert=certificate, tls_client_key=key,
                            require_encryption=True)
        client = Client(address, security=security, set_as_default=False)
        self.addCleanup(client.close)
        return client


def command(api_address: str, body, token: str | None = f"token {TOKEN}", path: str = "/api/comm",
            method: str = "POST", content_type: str = "application/json") -> tuple[int, str]:
    """Sends a command as the gateway does; text is sent as it is. Returns status and body."""
    parts = urlsplit(api_address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    headers = {"Content-Type": content_type, **({"Authorization": token} if token is not None else {})}
    try:
        connection.request(method, path, body if isinstance(body, (str, bytes)) else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def eventually(condition, what: str) -> None:
    """Looks again and again, for what tells of itself in no heartbeat."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not seen: {what}")
        threading.Event().wait(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
