"""What goes over the wire, for our plugin and, where it can be imported, for the standard one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unittest

from harness import CLUSTER, STANDARD_PLUGIN, TOKEN, ClusterCase, command


class WireTests:
    """One life of a cluster. Ordinary heartbeats are an hour apart: all that is seen was told for a reason."""

    preload: str
    period = "3600"

    def check_first(self, first: dict) -> None:
        self.assertEqual((first["count"], first["active_workers"], first["closing_workers"], first["closed_workers"]),
                         (0, [], [], []))
        self.assertRegex(first["scheduler_address"], r"^tls://127\.0\.0\.1:\d+$")
        self.assertRegex(first["dashboard_address"], r"^http://127\.0\.0\.1:\d+$")
        self.assertRegex(first["api_address"], r"^http://127\.0\.0\.1:\d+$")

    def test_cluster_lives_as_the_protocol_says(self):
        gateway = self.gateway()
        scheduler = self.scheduler(
            gateway.url, "--dg-api-address", ":0", "--dg-heartbeat-period", self.period,
            "--dg-adaptive-period", "0.3", "--dg-idle-timeout", "0", **self.preload_options())
        first = gateway.heartbeat(lambda h: True, "first heartbeat", process=scheduler)
        self.check_first(first)
        request = gateway.requests[0]
        self.assertEqual((request["method"], request["path"]),
                         ("POST", f"/services/dask-gateway/api/v1/clusters/{CLUSTER}/heartbeat"))
        self.assertEqual(request["headers"]["Authorization"], f"token {TOKEN}")
        self.assertEqual(request["headers"]["Content-Type"].lower(), "application/json")
        api, address = first["api_address"], first["scheduler_address"]

        with self.subTest("health and tokens"):
            self.assertEqual(command(api, "", method="GET", path="/api/health", token=None)[0], 200)
            for wrong in ("token wrong", f"Bearer {TOKEN}", None):
                self.assertEqual(command(api, {"op": "scale", "count": 9}, token=wrong)[0], 403, wrong)
            self.assertEqual(command(api, {"op": "fly"})[0], 422)

        with self.subTest("scale is told at once, workers join"):
            self.assertEqual(command(api, {"op": "scale", "count": 2})[0], 200)
            gateway.heartbeat(lambda h: h["count"] == 2, "count 2", process=scheduler)
            workers = {name: self.worker(address, name) for name in ("w1", "w2")}
            client = self.client(address)
            client.wait_for_workers(2, timeout=30)
            self.assertEqual(sorted(client.gather(client.map(abs, range(-20, 0)))), list(range(1, 21)))

        with self.subTest("a killed worker is told soon"):
            seen = len(gateway.heartbeats)
            workers["w1"].signal(signal.SIGKILL)
            lost = gateway.heartbeat(lambda h: h["closed_workers"] == ["w1"], "w1 closed", seen, scheduler)
            self.assertEqual((lost["count"], lost["active_workers"]), (2, ["w2"]))

        with self.subTest("its name leaves the list when it comes back"):
            workers["w1"] = self.worker(address, "w1")
            client.wait_for_workers(2, timeout=30)
            seen = len(gateway.heartbeats)
            command(api, {"op": "scale", "count": 3})
            back = gateway.heartbeat(lambda h: h["count"] == 3, "count 3", seen, scheduler)
            self.assertEqual((sorted(back["active_workers"]), back["closed_workers"]), (["w1", "w2"], []))

        with self.subTest("scale down lists workers before it retires them, and they end"):
            seen = len(gateway.heartbeats)
            command(api, {"op": "scale", "count": 1})
            closing = gateway.heartbeat(lambda h: h["closing_workers"], "closing", seen, scheduler)
            self.assertEqual((closing["count"], len(closing["closing_workers"]), closing["closed_workers"]), (1, 1, []))
            gone = closing["closing_workers"][0]
            self.assertNotIn(gone, closing["active_workers"])
            self.assertEqual(workers[gone].ended(), 0)
            self.assertEqual(client.submit(abs, -7).result(timeout=30), 7)

        with self.subTest("adapt keeps its minimum and grows with the work; active false keeps the count"):
            seen = len(gateway.heartbeats)
            self.assertEqual(command(api, {"op": "adapt", "minimum": 2, "maximum": 4, "active": True})[0], 200)
            gateway.heartbeat(lambda h: h["count"] == 2, "minimum", seen, scheduler)
            seen = len(gateway.heartbeats)
            import time
            futures = client.map(time.sleep, [1.5] * 40, pure=False)
            gateway.heartbeat(lambda h: h["count"] == 4, "maximum", seen, scheduler)
            self.assertEqual(command(api, {"op": "adapt", "active": False})[0], 200)
            client.cancel(futures)
            seen = len(gateway.heartbeats)
            self.assertEqual(command(api, {"op": "scale", "count": 5})[0], 200)
            after = gateway.heartbeat(lambda h: h["count"] != 4, "scale after adapt", seen, scheduler)
            self.assertEqual(after["count"], 5)

        client.close()
        with self.subTest("a signal closes the scheduler, and nothing special is told"):
            told = [r for r in gateway.requests if r["method"] != "POST"]
            scheduler.signal(signal.SIGTERM)
            self.assertIn(scheduler.ended(), (0, -signal.SIGTERM, 128 + signal.SIGTERM))
            self.assertEqual(told, [])
            self.assertEqual([r for r in gateway.requests if r["method"] != "POST"], [])
        self.assertNotIn(TOKEN, scheduler.log())

    def preload_options(self) -> dict:
        return {"preload": self.preload} if hasattr(self, "preload") else {}


class OurWireTests(WireTests, ClusterCase):
    def check_first(self, first: dict) -> None:
        super().check_first(first)
        self.assertEqual((first["plugin"], first["sequence"]), (1, 1))
        self.assertRegex(first["incarnation"], r"^[0-9a-f]{32}$")
        self.assertGreaterEqual(first["idle_since"], 0)


class StandardWireTests(WireTests, ClusterCase):
    preload = STANDARD_PLUGIN
    # It tells of losses only three seconds later, and sends its first heartbeat only where a period is set.

    @classmethod
    def setUpClass(cls):
        found = subprocess.run([sys.executable, "-c", f"import {STANDARD_PLUGIN}"], capture_output=True, env=os.environ)
        if found.returncode:
            raise unittest.SkipTest("the standard plugin: dask_gateway cannot be imported here")
