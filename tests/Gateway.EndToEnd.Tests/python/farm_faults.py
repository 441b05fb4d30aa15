"""What happens to workers of a batch farm at night: held, removed by hand, lost with their machine. Each is replaced, and the timeline says why."""
import gw

name = gw.create()
c = gw.client(name)
gw.scale(name, 2)
gw.wait_workers(c, 2, 120)
gw.say(f"cluster {name}")


def names():
    return {w["name"] for w in gw.workers(c).values()}


def replaced(what, told):
    before = names()
    gw.pause_for(what)
    gw.until(f"a replacement after: {what}\n{gw.told(name)}", lambda: len(names()) == 2 and names() != before, 180)
    gw.until(f"the timeline to tell: {told}", lambda: all(words in gw.told(name) for words in told), 60)
    assert c.submit(lambda x: x + 1, 41, pure=False).result(timeout=60) == 42


replaced("hold", ["is held: HTCondor holds it: maintenance at noon", "it was held by hand: ask who held it"])
replaced("remove", ["It was removed via condor_rm (by user"])
replaced("lose", ["It lost its place on"])
gw.say(gw.told(name))
c.close()
gw.stop(name)
gw.until("stopped", lambda: gw.status(name) == "STOPPED", 120)
gw.say("ok")
