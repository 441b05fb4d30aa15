"""Two clusters of two users: each computes for itself, neither can touch the other."""
import gw

first = gw.create()
gw.USER = "bob"
second = gw.create()
for user, name, other in (("alice", first, second), ("bob", second, first)):
    gw.USER = user
    assert list(gw.call("GET", "/api/v1/clusters/")[1]) == [name]
    assert gw.get(other)[0] == 403
    assert gw.call("DELETE", f"/api/v1/clusters/{other}")[0] == 403
    assert gw.call("POST", f"/api/v1/clusters/{other}/scale", {"count": 1})[0] == 403
    c = gw.client(name)
    gw.scale(name, 1)
    gw.wait_workers(c, 1)
    assert c.submit(lambda: user).result(timeout=60) == user
    assert c.run_on_scheduler(lambda: __import__("os").environ["DASK_GATEWAY_CLUSTER_NAME"]) == name
    c.close()
for user, name in (("alice", first), ("bob", second)):
    gw.USER = user
    gw.stop(name)
    gw.until("stopped", lambda: gw.status(name) == "STOPPED")
# Any user name will do where jobs are the gateway's own processes: root (whom the standard client names in a container), and names no account could have.
for user in ("root", "Ann O'Neill@example.org"):
    gw.USER = user
    name = gw.create()
    assert list(gw.call("GET", "/api/v1/clusters/")[1]) == [name]
    gw.stop(name)
gw.say("ok")
