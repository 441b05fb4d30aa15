"""The farm ends jobs after a while: workers leave before it, hand over what they hold, and others take their place."""
import gw

name = gw.create()
c = gw.client(name)
gw.scale(name, 2)
gw.wait_workers(c, 2, 120)
first = {w["name"] for w in gw.workers(c).values()}
pieces = c.scatter([bytes([i]) * 100_000 for i in range(20)])  # which nobody could compute again
lowest = [2]


def all_replaced():
    now = {w["name"] for w in gw.workers(c).values()}
    lowest[0] = min(lowest[0], len(now))
    return len(now) == 2 and not now & first


gw.until("every worker to be another one", all_replaced, 240)
assert [p[0] for p in c.gather(pieces)] == list(range(20))
gw.until("the timeline to tell that they were retired", lambda: gw.told(name).count("It was retired") >= 2, 60)
told = gw.told(name)
assert "Its time was over" not in told and "lost it" not in told, told
gw.say(f"replaced; never fewer than {lowest[0]} workers")
c.close()
gw.stop(name)
gw.until("stopped", lambda: gw.status(name) == "STOPPED", 120)
gw.say("ok")
