"""The servers that are compared, each started in a folder of its own with stand-ins for Dask."""
import base64, contextlib, http.client, json, os, re, shutil, signal, socket, subprocess, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "../../../src/Gateway.Server/bin/Release/net10.0/gateway.dll")
BASIC = "Basic " + base64.b64encode(b"alice:x").decode()
TICK = os.sysconf("SC_CLK_TCK")
TOKEN = "ab" * 32


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One running server. `root` is a chroot in which it and its stand-ins run, or empty."""
    root = ""

    def __init__(self, workers=0):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=(self.root or "") + "/tmp")
        os.mkdir(self.folder + "/dummies", 0o777)
        shutil.copy(f"{HERE}/dummy.pl", self.folder)
        self.inside = self.folder[len(self.root):]
        self.scheduler = ["perl", f"{self.inside}/dummy.pl", "scheduler", f"{self.inside}/dummies", str(workers)]
        self.worker = ["perl", f"{self.inside}/dummy.pl", "worker", f"{self.inside}/dummies"]
        self.log = open(f"{self.folder}/log", "w")
        self.begun = time.perf_counter()
        self.process = self.start()
        self.boot = self.wait_until_healthy() - self.begun

    def wait_until_healthy(self):
        while True:
            try:
                if self.call("GET", "/api/health", timeout=5)[0] == 200:
                    return time.perf_counter()
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() - self.begun > 120:
                raise RuntimeError(f"{self.label} did not start:\n" + open(f"{self.folder}/log").read()[-2000:])
            time.sleep(0.002)

    def call(self, method, path, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), {"Authorization": BASIC, "Content-Type": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data and answer.status < 300 else data

    def processes(self):
        """Those of the server itself, without the jobs it started."""
        return [self.process]

    def cpu(self):
        """Seconds of processor time."""
        fields = [open(f"/proc/{p.pid}/stat").read().rpartition(")")[2].split() for p in self.processes()]
        return sum(int(f[11]) + int(f[12]) for f in fields) / TICK

    def memory(self):
        texts = [open(f"/proc/{p.pid}/smaps_rollup").read() for p in self.processes()]
        return [sum(int(re.search(rf"^{key}:\s+(\d+)", text, re.M).group(1)) for text in texts) / 1024 for key in ("Rss", "Pss")]

    def stop_clusters(self):
        for name in self.call("GET", "/api/v1/clusters/")[1]:
            self.call("DELETE", f"/api/v1/clusters/{name}")
        while self.call("GET", "/api/v1/clusters/?status=pending,running,stopping")[1]:
            time.sleep(0.05)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Gateway(Server):
    label = "gateway"

    def start(self, again=False):
        settings = {"DOTNET_ENVIRONMENT": "Production", "DOTNET_GCgen0size": "1000000", "Server__Listen__0": f"127.0.0.1:{self.port}", "Limits__MaxClustersPerUser": "1000"}
        for kind, command in (("Scheduler", self.scheduler), ("Worker", self.worker)):
            settings |= {f"Backends__local__Dask__{kind}Command__{i}": word for i, word in enumerate(command)}
        return subprocess.Popen(["dotnet", BUILD], cwd=self.folder, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def restart(self):
        """The same gateway, on the database it has made."""
        self.process.terminate()
        self.process.wait()
        self.begun = time.perf_counter()
        self.process = self.start()
        return self.wait_until_healthy() - self.begun


class PythonServer(Server):
    """The Python dask-gateway server, asked directly: its Go proxy is not in the way, so its figures are better than its users'."""
    proxy = ""
    label = "python"
    root = os.environ.get("PEER_ROOT", "").rstrip("/")
    path = os.environ.get("PEER_PATH", "")
    python = os.environ.get("PEER_PYTHON", "/usr/bin/python3")

    @classmethod
    def command(cls, *arguments):
        return [*(["chroot", cls.root] if cls.root else []), "env", f"PYTHONPATH={cls.path}", "LC_ALL=C.UTF-8", cls.python, *arguments]

    @classmethod
    def missing(cls):
        tried = subprocess.run(cls.command("-c", "import dask_gateway_server.app"), capture_output=True, text=True)
        return "" if tried.returncode == 0 else (tried.stderr.strip().splitlines() or ["cannot be run"])[-1]

    def start(self):
        self.own_port = free_port() if self.proxy else self.port
        with open(f"{self.folder}/config.py", "w") as f:
            f.write(f"""
c.DaskGateway.address = "127.0.0.1:{self.own_port}"
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.Backend.api_url = "http://127.0.0.1:{self.port}/api"
c.Proxy.externally_managed = True
c.Proxy.address = "127.0.0.1:{self.port if self.proxy else free_port()}"
c.Proxy.api_token = "{TOKEN}"
c.UnsafeLocalBackend.clusters_directory = "{self.inside}/clusters"
c.ClusterConfig.scheduler_cmd = {self.scheduler!r}
c.ClusterConfig.worker_cmd = {self.worker!r}
""")
        return subprocess.Popen(
            self.command("-c", "import sys; from dask_gateway_server.app import main; sys.argv = ['dask-gateway-server', '-f', sys.argv[1]]; main()", f"{self.inside}/config.py"),
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)


class ProxiedPythonServer(PythonServer):
    """The same as its users meet it, behind its Go proxy: processor time and memory are those of both."""
    label = "python + proxy"
    proxy = os.environ.get("PEER_PROXY", "")

    @classmethod
    def missing(cls):
        return super().missing() or ("" if os.access(cls.proxy, os.X_OK) else "PEER_PROXY names no program")

    def start(self):
        server = super().start()
        self.front = subprocess.Popen(
            [self.proxy, "-address", f"127.0.0.1:{self.port}", "-tcp-address", f"127.0.0.1:{self.port}", "-api-url", f"http://127.0.0.1:{self.own_port}/api/v1/routes", "-log-level", "WARN"],
            env={**os.environ, "DASK_GATEWAY_PROXY_TOKEN": TOKEN}, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        return server

    def processes(self):
        return [self.process, self.front]

    def close(self):
        self.front.terminate()
        self.front.wait()
        super().close()
