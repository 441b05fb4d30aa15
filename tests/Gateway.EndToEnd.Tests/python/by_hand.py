"""A worker that nobody asked for comes in through the gateway's port by server name: it counts, works, and is left alone."""
import os
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

import gw

only_by_hand = os.environ.get("WORKERS") == "none"
name = gw.create()
c = gw.client(name)
paths = gw.credentials(name)
worker = subprocess.Popen(
    ["dask-worker", f"tls://{urlsplit(gw.URL).netloc}", "--scheduler-sni", "daskgateway-" + name, "--name", "mine", "--no-nanny", "--nthreads", "1",
     "--tls-ca-file", paths["tls_cert"], "--tls-cert", paths["tls_cert"], "--tls-key", paths["tls_key"]],
    cwd=tempfile.mkdtemp(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    gw.wait_workers(c, 1)
    assert {w["name"] for w in gw.workers(c).values()} == {"mine"}
    assert c.submit(lambda x: x * 2, 21).result(timeout=60) == 42
    gw.scale(name, 1)
    time.sleep(3)  # long enough for a wrong start to show
    assert len(gw.workers(c)) == 1, "it counts: none is started beside it"
    assert gw.workers_of(name) == []
    if only_by_hand:
        gw.scale(name, 3)
        time.sleep(2)
        assert len(gw.workers(c)) == 1
    else:
        gw.scale(name, 2)
        gw.wait_workers(c, 2)
        assert "mine" in {w["name"] for w in gw.workers(c).values()}
    assert worker.poll() is None
    c.close()
    gw.stop(name)
    gw.until("stopped", lambda: gw.status(name) == "STOPPED")
finally:
    worker.kill()
    worker.wait()
gw.say("ok")
