"""The main job: a real computation on a real file, scaled up, down and adaptively."""
import collections
import random
import re
import sys
import tempfile

import gw

rng = random.Random(7)
stems = ["muon", "jet", "vertex", "track", "photon", "tau", "lepton", "boson", "quark", "gluon"]
corpus = tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False)
for _ in range(60_000):
    corpus.write(" ".join(rng.choice(stems) + rng.choice(["", "s", "ic"]) for _ in range(10)) + "\n")
corpus.close()


def count(path, start, size):
    import collections as c
    import re as r

    with open(path, "rb") as file:
        file.seek(start)
        if start:
            file.readline()
        words = c.Counter()
        while file.tell() <= start + size:
            line = file.readline()
            if not line:
                break
            words.update(r.findall(r"\w+", line.decode()))
        return words


def merge(parts):
    total = parts[0].copy()
    for part in parts[1:]:
        total.update(part)
    return total


name = gw.create()
c = gw.client(name)
assert len(gw.workers(c)) == 0
gw.scale(name, 3)
gw.wait_workers(c, 3)
gw.say("3 workers")

import os

size = os.path.getsize(corpus.name)
assert size > 3_000_000, size
step = size // 16
parts = [c.submit(count, corpus.name, start, step - 1 if start + step < size else size, pure=False) for start in range(0, size, step)]
counted = c.submit(merge, parts).result(timeout=90)
with open(corpus.name) as file:
    expected = collections.Counter(re.findall(r"\w+", file.read()))
assert counted == expected, (sum(counted.values()), sum(expected.values()))
gw.say(f"counted {sum(counted.values())} words")
del parts

gw.scale(name, 1)
gw.wait_workers(c, 1)
gw.say("1 worker")

gw.adapt(name, 0, 3)
futures = c.map(lambda x: __import__("time").sleep(0.5), range(60), pure=False)
gw.wait_workers(c, 3)
c.gather(futures)
del futures
gw.wait_workers(c, 0, 120)
gw.say("adapted up and down")

reported = {w["name"]: w["status"] for w in gw.workers_of(name)}
assert len(reported) >= 3, reported
c.close()
gw.stop(name)
gw.until("stopped", lambda: gw.status(name) == "STOPPED")
assert gw.call("GET", "/api/v1/clusters/")[1] == {}
gw.say("ok")
sys.exit(0)
