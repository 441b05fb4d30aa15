"""Our plugin with real processes when things go wrong: the gateway away or unwilling, workers that hang, bad input."""

from __future__ import annotations

import signal
import time

from harness import CLUSTER, PATIENCE, TOKEN, ClusterCase, FakeGateway, command, eventually, free_port


def running(client) -> dict[str, str]:
    return {w["name"]: w["status"] for w in client.scheduler_info()["workers"].values()}


class RetirementTests(ClusterCase):
    def test_retirement_waits_for_the_gateway_and_does_not_stop_heartbeats(self):
        gateway = self.gateway()
        scheduler = self.scheduler(gateway.url, "--dg-heartbeat-period", "0.2")
        first = gateway.heartbeat(lambda h: True, "first heartbeat", process=scheduler)
        api, address = first["api_address"], first["scheduler_address"]
        command(api, {"op": "scale", "count": 2})
        workers = {name: self.worker(address, name) for name in ("w1", "w2")}
        client = self.client(address)
        client.wait_for_workers(2, timeout=30)
        # w2 holds less and is the cheaper one to let go.
        held = client.scatter([bytes(2_000_000)], workers=["w1"], hash=False)
        held += client.scatter([bytes(1000)], workers=["w2"], hash=False)

        gateway.answer = lambda request: 503 if request["body"]["closing_workers"] else 200
        seen = len(gateway.heartbeats)
        command(api, {"op": "scale", "count": 1})
        gateway.wait(lambda: sum(h["_status"] == 503 for h in gateway.heartbeats[seen:]) >= 2,
                     "two refusals", scheduler)
        self.assertEqual(running(client), {"w1": "running", "w2": "running"})

        # A worker that hangs cannot hand over its data: it retires for as long as it is stopped.
        workers["w2"].signal(signal.SIGSTOP)
        gateway.answer = lambda request: 200
        seen = len(gateway.heartbeats)
        gateway.wait(lambda: sum(h["closing_workers"] == ["w2"] and h["active_workers"] == ["w1"]
                                 for h in gateway.heartbeats[seen:]) >= 4, "heartbeats while w2 retires", scheduler)
        workers["w2"].signal(signal.SIGCONT)
        seen = len(gateway.heartbeats)
        gateway.heartbeat(lambda h: h["closed_workers"] == ["w2"] and not h["closing_workers"],
                          "w2 gone", seen, scheduler)
        self.assertEqual(workers["w2"].ended(), 0)
        self.assertEqual([len(x) for x in client.gather(held)], [2_000_000, 1000])

        with self.subTest("a name that was acknowledged three times is not repeated"):
            gateway.heartbeat(lambda h: not h["closed_workers"], "closed forgotten", len(gateway.heartbeats), scheduler)
            self.assertEqual(sum("w2" in h["closed_workers"] for h in gateway.heartbeats), 3)

        with self.subTest("the last copy of data is kept until it is released"):
            seen = len(gateway.heartbeats)
            command(api, {"op": "scale", "count": 0})
            gateway.heartbeat(lambda h: h["closing_workers"] == ["w1"], "asked to leave", seen, scheduler)
            gateway.heartbeat(lambda h: h["active_workers"] == ["w1"] and h["count"] == 0, "stays", seen, scheduler)
            self.assertEqual(len(client.gather(held)[0]), 2_000_000)
            client.cancel(held)
            gateway.heartbeat(lambda h: h["closed_workers"] == ["w1"], "w1 gone", seen, scheduler)
            self.assertEqual(workers["w1"].ended(), 0)

        sequences = [h["sequence"] for h in gateway.heartbeats]
        self.assertEqual(sequences, list(range(1, len(sequences) + 1)))
        self.assertEqual({h["incarnation"] for h in gateway.heartbeats}, {first["incarnation"]})

    def test_worker_whose_time_ends_works_on_until_its_replacement_has_its_data(self):
        gateway = self.gateway()
        scheduler = self.scheduler(gateway.url, "--dg-heartbeat-period", "1")
        first = gateway.heartbeat(lambda h: True, "the first heartbeat", process=scheduler)
        command(first["api_address"], {"op": "scale", "count": 1})
        old = self.worker(first["scheduler_address"], "old", "--no-nanny", "--lifetime", "20s",
                          DASK_GATEWAY_REPLACE_AHEAD="18")
        gateway.heartbeat(lambda h: h["active_workers"] == ["old"], "the worker", process=old)
        client = self.client(first["scheduler_address"])
        data = client.scatter(b"held by one worker alone")
        gateway.heartbeat(lambda h: h["closing_workers"] == ["old"], "that it will leave", process=scheduler)
        self.assertEqual(client.submit(lambda x: x + 1, 41, workers=["old"]).result(timeout=PATIENCE), 42)
        new = self.worker(first["scheduler_address"], "new")
        gateway.heartbeat(lambda h: h["active_workers"] == ["new"] and "old" in h["closed_workers"], "the change", process=new)
        self.assertEqual(data.result(timeout=PATIENCE), b"held by one worker alone")
        self.assertEqual(old.ended(), 0)

    def test_worker_under_a_nanny_ends_for_good(self):
        gateway = self.gateway()
        scheduler = self.scheduler(gateway.url, "--dg-heartbeat-period", "3600")
        first = gateway.heartbeat(lambda h: True, "first heartbeat", process=scheduler)
        command(first["api_address"], {"op": "scale", "count": 1})
        worker = self.worker(first["scheduler_address"], "n1", "--nanny")
        arrival = gateway.heartbeat(lambda h: h["active_workers"] == ["n1"], "arrival told unasked", process=worker)
        self.assertEqual(arrival["count"], 1)
        command(first["api_address"], {"op": "scale", "count": 0})
        gateway.heartbeat(lambda h: h["closed_workers"] == ["n1"], "n1 gone", process=scheduler)
        self.assertEqual(worker.ended(), 0)


class GatewayAwayTests(ClusterCase):
    def test_computation_goes_on_and_heartbeats_return(self):
        (self.folder / "token").write_text(TOKEN + "\n")
        port = free_port()
        scheduler = self.scheduler(
            f"https://127.0.0.1:{port}/services/dask-gateway/api/", "--dg-heartbeat-period", "0.2",
            DASK_GATEWAY_API_TOKEN=str(self.folder / "token"), DASK_GATEWAY_CA_FILE=str(self.folder / "cert.pem"),
            https_proxy="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", all_proxy="http://127.0.0.1:9")
        gateway = self.gateway(port=port, tls=self.folder)
        first = gateway.heartbeat(lambda h: True, "heartbeat once the gateway is there", process=scheduler)
        self.assertEqual(gateway.requests[0]["headers"]["Authorization"], f"token {TOKEN}")
        self.assertEqual(gateway.requests[0]["path"], f"/services/dask-gateway/api/v1/clusters/{CLUSTER}/heartbeat")
        address = first["scheduler_address"]
        self.worker(address, "w1")
        client = self.client(address)
        client.wait_for_workers(1, timeout=30)
        # Nobody has said how many workers there should be: one that came by itself is left alone.
        for wrong in (500, 302, None):
            with self.subTest("the gateway answers", status=wrong):
                gateway.answer = lambda request, wrong=wrong: wrong
                seen = len(gateway.heartbeats)
                gateway.heartbeat(lambda h: h["_status"] == wrong, "failure", seen, scheduler)
                self.assertEqual(client.submit(pow, 2, 10, pure=False).result(timeout=30), 1024)
                gateway.answer = lambda request: 200
                gateway.heartbeat(lambda h: h["_status"] == 200, "recovery", seen, scheduler)
        gateway.close()
        self.assertEqual(client.submit(pow, 3, 3, pure=False).result(timeout=30), 27)
        again = FakeGateway(port=port, tls=self.folder)
        self.addCleanup(again.close)
        last = again.heartbeat(lambda h: h["active_workers"] == ["w1"], "a new gateway", process=scheduler)
        self.assertEqual(last["incarnation"], first["incarnation"])
        self.assertGreater(last["sequence"], gateway.heartbeats[-1]["sequence"])
        self.assertNotIn(TOKEN, scheduler.log())
        self.assertIn("HTTP 500, 'as the test wants it'", scheduler.log())

    def test_refused_token_ends_the_scheduler_only_when_it_persists(self):
        gateway = self.gateway()
        statuses = iter([401, 401, 200])
        gateway.answer = lambda request: next(statuses, 401)
        scheduler = self.scheduler(gateway.url, "--dg-heartbeat-period", "0.2", DASK_GATEWAY_REJECT_LIMIT="3",
                                   DASK_GATEWAY_REJECT_PERIOD="0.3")
        self.assertEqual(scheduler.ended(), 0)
        self.assertEqual([h["_status"] for h in gateway.heartbeats[:3]], [401, 401, 200])
        self.assertGreaterEqual(len(gateway.heartbeats), 6)
        self.assertIn("has refused its token 3 times", scheduler.log())
        self.assertNotIn(TOKEN, scheduler.log())
        self.assertEqual({r["method"] for r in gateway.requests}, {"POST"})

    def test_orphan_with_nothing_to_do_ends_where_that_is_wanted(self):
        scheduler = self.scheduler(f"http://127.0.0.1:{free_port()}/api", "--dg-orphan-timeout", "0.5")
        self.assertEqual(scheduler.ended(), 0)
        self.assertIn("no answer from the gateway", scheduler.log())


class IdleTests(ClusterCase):
    def test_idle_cluster_is_ended_but_never_a_busy_one(self):
        gateway = self.gateway()
        answers = iter([500, None])
        gateway.answer = lambda r: 200 if r["method"] == "POST" else next(answers, 204)
        deletes = lambda: [r for r in gateway.requests if r["method"] == "DELETE"]  # noqa: E731
        scheduler = self.scheduler(gateway.url, "--dg-idle-timeout", "1.2", "--dg-heartbeat-period", "3600")
        first = gateway.heartbeat(lambda h: True, "first heartbeat", process=scheduler)
        client = self.client(first["scheduler_address"])
        # Waiting for a worker is work to do: nobody ends a cluster whose workers are still in the batch queue.
        future = client.submit(time.sleep, 2.0)
        eventually(lambda: client.run_on_scheduler(
            lambda dask_scheduler: len(dask_scheduler.unrunnable) + len(dask_scheduler.queued)), "a waiting task")
        command(first["api_address"], {"op": "scale", "count": 1})
        waiting = gateway.heartbeat(lambda h: h["count"] == 1, "count 1", process=scheduler)
        self.assertIsNone(waiting["idle_since"])
        self.worker(first["scheduler_address"], "w1")
        future.result(timeout=30)
        client.run(time.sleep, 2.0)
        self.assertEqual(deletes(), [])
        gateway.wait(lambda: len(deletes()) >= 3, "three requests to end the cluster", scheduler)
        self.assertEqual(deletes()[0]["path"], f"/services/dask-gateway/api/v1/clusters/{CLUSTER}")
        self.assertEqual(deletes()[0]["headers"]["Authorization"], f"token {TOKEN}")
        self.assertTrue(scheduler.running())


class InputTests(ClusterCase):
    def test_bad_commands_get_a_sentence_and_change_nothing(self):
        gateway = self.gateway()
        scheduler = self.scheduler(gateway.url, "--dg-heartbeat-period", "3600")
        api = gateway.heartbeat(lambda h: True, "first heartbeat", process=scheduler)["api_address"]
        scale = {"op": "scale"}
        for body in (
            "", "{", "null", "[]", '"scale"', "[" * 30_000, b"\xff\xfe", {}, {"op": None}, {"op": ["scale"]},
            scale, *({**scale, "count": c} for c in (None, True, 1.0, -1, "2", [], {}, 10**30)),
            '{"op":"scale","count":NaN}', '{"op":"scale","count":' + "9" * 5000 + "}",
            *({"op": "adapt", **d} for d in ({"active": 1}, {"active": None}, {"minimum": "1"}, {"maximum": 2.5},
                                             {"minimum": -1}, {"minimum": True}, {"minimum": 3, "maximum": 2})),
        ):
            with self.subTest(body=str(body)[:60]):
                status, answer = command(api, body)
                self.assertEqual(status, 422)
                self.assertIn('{"error": "', answer)
        with self.subTest("a body that is too large"):
            try:
                self.assertEqual(command(api, " " * 200_000)[0], 400)
            except OSError:
                pass  # the connection was closed under our writing
        self.assertEqual(command(api, {}, method="GET")[0], 405)
        self.assertEqual(command(api, {}, path="/api/other")[0], 404)
        for token in ("token", "", "token " + TOKEN + "x", "token " + TOKEN[:-1], "token \xe9\xe8", "Token " + TOKEN):
            self.assertEqual(command(api, {**scale, "count": 1}, token=token)[0], 403, token)
        self.assertEqual(command(api, {**scale, "count": 4}, content_type="text/plain")[0], 200)
        told = gateway.heartbeat(lambda h: h["sequence"] == 2, "second heartbeat", process=scheduler)
        self.assertEqual(told["count"], 4)
        self.assertNotIn("Traceback", scheduler.log())

    def test_wrong_start_ends_with_the_reason(self):
        gateway = self.gateway()
        cases = {
            "DASK_GATEWAY_CLUSTER_NAME": self.scheduler(gateway.url, DASK_GATEWAY_CLUSTER_NAME=""),
            "DASK_GATEWAY_API_URL must be": self.scheduler("gateway:8000/api"),
            "No such file": self.scheduler(gateway.url, DASK_GATEWAY_API_TOKEN="/nowhere/token"),
            "'8787' is not host:port": self.scheduler(gateway.url, "--dg-api-address", "8787"),
            "nan is not a number of seconds": self.scheduler(gateway.url, "--dg-idle-timeout", "nan"),
        }
        for sentence, process in cases.items():
            with self.subTest(sentence):
                self.assertNotEqual(process.ended(), 0)
                self.assertIn(sentence, process.log())
        self.assertEqual(gateway.requests, [])
