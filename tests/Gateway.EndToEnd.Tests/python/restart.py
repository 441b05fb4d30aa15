"""The gateway is killed and comes back while a cluster computes: the computation ends well, the cluster can be scaled afterwards."""
import gw

name = gw.create()
c = gw.client(name)
gw.scale(name, 2)
gw.wait_workers(c, 2)
addresses = set(gw.workers(c))
slow = c.map(lambda x: (__import__("time").sleep(0.25), x)[1], range(80), pure=False)
total = c.submit(sum, slow)
c.submit(lambda: 0).result(timeout=30)
gw.pause_for("computing")  # killed and started again by the test

# The connection that the gateway carried is gone with it; the cluster is not.
c.close()
gw.until("the gateway is back", lambda: gw.get(name)[0] == 200, 60)
assert gw.status(name) == "RUNNING"
c = gw.client(name)
assert set(gw.workers(c)) == addresses, "the workers have not noticed"
gw.say("reconnected")
assert sum(c.gather(c.map(lambda x: x, range(80), pure=False))) == sum(range(80))
gw.scale(name, 4)
gw.wait_workers(c, 4)
gw.scale(name, 1)
gw.wait_workers(c, 1)
c.close()
gw.stop(name)
gw.until("stopped", lambda: gw.status(name) == "STOPPED")
gw.say("ok")
