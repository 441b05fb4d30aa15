"""Workers from a real batch farm: as jobs of the user's own account, up and down, adaptive, and replaced when user code kills one."""
import os
import pwd

import gw

account = pwd.getpwnam(gw.USER)
name = gw.create()
c = gw.client(name)


def identity():
    import os

    return os.getuid(), "_CONDOR_SCRATCH_DIR" in os.environ


gw.scale(name, 8)
gw.wait_workers(c, 8, 120)
gw.say("8 workers")
assert set(c.run(identity).values()) == {(account.pw_uid, True)}, c.run(identity)
assert sum(c.gather(c.map(lambda x: x * x, range(500)))) == sum(x * x for x in range(500))
gw.scale(name, 2)
gw.wait_workers(c, 2, 120)
gw.say("2 workers")

# User code that takes its worker down: another takes its place, and the timeline tells of it.
victim = list(gw.workers(c))[0]
before = {w["name"] for w in gw.workers(c).values()}


def kill_yourself():
    import os

    for pid in (os.getppid(), os.getpid()):
        os.kill(pid, 9)


try:
    c.run(kill_yourself, workers=[victim])
except Exception as error:  # its connection breaks with it: that is what is wanted
    gw.say(f"killed: {type(error).__name__}")
gw.until("a replacement", lambda: len(gw.workers(c)) == 2 and {w["name"] for w in gw.workers(c).values()} != before, 120)
assert c.submit(lambda x: x + 1, 1).result(timeout=60) == 2
gw.say("replaced")

gw.adapt(name, 0, 4)
futures = c.map(lambda x: __import__("time").sleep(0.5), range(80), pure=False)
gw.wait_workers(c, 4, 120)
c.gather(futures)
del futures
gw.wait_workers(c, 0, 180)
gw.say("adapted up and down")
c.close()
gw.stop(name)
gw.until("stopped", lambda: gw.status(name) == "STOPPED", 120)
assert all(w["job"] == "ENDED" for w in gw.workers_of(name)), gw.workers_of(name)
gw.say("ok")
