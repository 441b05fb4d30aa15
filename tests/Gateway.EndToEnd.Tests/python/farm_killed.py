"""A gateway that is killed again and again while it hands workers to the farm: in the end there are as many as were asked for."""
import urllib.error

import gw

name = gw.create()
c = gw.client(name)
gw.say(f"cluster {name}")


def scale(count):
    try:
        gw.scale(name, count)
    except (OSError, urllib.error.URLError, AssertionError):
        pass  # killed while it answered, or while it asked the scheduler


for count in (4, 9, 3, 8, 6):
    gw.pause_for("scale")
    scale(count)
gw.pause_for("last")
gw.until("the last count to be taken", lambda: gw.call("POST", f"/api/v1/clusters/{name}/scale", {"count": 6})[0] == 200, 60)
gw.until(f"6 workers\n{gw.told(name)}", lambda: len(gw.workers(c)) == 6, 180)
assert sorted(c.gather(c.map(lambda x: x + 1, range(50)))) == list(range(1, 51))
gw.until("all others ended", lambda: sum(w["job"] != "ENDED" for w in gw.workers_of(name)) == 6, 120)
gw.pause_for("counted")
c.close()
gw.stop(name)
gw.until("stopped", lambda: gw.status(name) == "STOPPED", 120)
gw.say("ok")
