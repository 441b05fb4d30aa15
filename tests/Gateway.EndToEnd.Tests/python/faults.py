"""What goes wrong: a worker dies, another name is lost, the scheduler dies."""
import os
import signal

import gw

name = gw.create()
c = gw.client(name)
gw.scale(name, 2)
gw.wait_workers(c, 2)
before = {w["name"] for w in gw.workers(c).values()}
pids = list(c.run(lambda: (__import__("os").getppid(), __import__("os").getpid())).values())[0]
for pid in pids:
    os.kill(pid, signal.SIGKILL)
gw.until("a replacement", lambda: len(gw.workers(c)) == 2 and {w["name"] for w in gw.workers(c).values()} != before, 90)
assert c.submit(lambda x: x + 1, 1).result(timeout=60) == 2
gw.until("the loss in the timeline", lambda: any(e["kind"] == "worker.failed" for e in gw.events(name)))
gw.say("worker replaced")

pid = c.run_on_scheduler(lambda: __import__("os").getpid())
os.kill(pid, signal.SIGKILL)
gw.until("failed", lambda: gw.status(name) == "FAILED", 60)
assert "scheduler" in gw.told(name).lower()
code, answer = gw.call("POST", f"/api/v1/clusters/{name}/scale", {"count": 1})
assert code == 409 and "error" in answer, (code, answer)
c.close()
gw.say("ok")
