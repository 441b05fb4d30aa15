"""The plugin's rules one by one, against a scheduler that only says what it is told to."""

from __future__ import annotations

import asyncio
import re
import sys
import unittest
from types import SimpleNamespace
from unittest import mock

from harness import PATIENCE, PLUGIN

sys.path.insert(0, str(PLUGIN))
import gateway_scheduler as plugin  # noqa: E402
import gateway_worker  # noqa: E402
from distributed.core import Status  # noqa: E402


class Scheduler(SimpleNamespace):
    """As much of a scheduler as the plugin looks at."""

    def __init__(self):
        super().__init__(workers={}, handlers={}, transition_counter=0, queued=set(), unrunnable=set(), _comms={},
                         services={}, address="tls://10.0.0.7:8786", target=0, retired=[], release=asyncio.Event())
        self.release.set()

    def add_plugin(self, events, name):
        self.events = events

    def join(self, address, name=None, status=Status.running):
        self.workers[address] = SimpleNamespace(
            name=address if name is None else name, status=status, processing={})
        self.events.add_worker(self, address)

    def leave(self, address):
        del self.workers[address]
        self.events.remove_worker(self, address)

    def workers_to_close(self, n):
        return list(self.workers)[:n]

    async def retire_workers(self, workers, close_workers, remove):
        self.retired.append(workers)
        await self.release.wait()
        for address in workers:
            self.leave(address)

    def adaptive_target(self):
        return self.target


class Gateway:
    """Takes heartbeats; ``refuse`` is an exception to raise, ``hold`` an event to wait for first."""

    cluster = "c"

    def __init__(self):
        self.told, self.refuse, self.hold, self.ends = [], None, None, 0
        self.changed = asyncio.Condition()

    async def heartbeat(self, message):
        async with self.changed:
            self.told.append(message)
            self.changed.notify_all()
        if self.hold is not None:
            await self.hold.wait()
        if self.refuse is not None:
            raise self.refuse

    async def end_cluster(self):
        self.ends += 1

    def close(self):
        pass

    async def wait(self, condition):
        """The first heartbeat, of those from now on and the last one, that meets the condition."""
        seen = max(0, len(self.told) - 1)
        async with self.changed:
            await asyncio.wait_for(
                self.changed.wait_for(lambda: any(condition(m) for m in self.told[seen:])), PATIENCE)
        return next(m for m in self.told[seen:] if condition(m))


class RuleCase(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        level = plugin.logger.level
        plugin.logger.setLevel("ERROR")
        self.addCleanup(plugin.logger.setLevel, level)

    async def until(self, condition):
        async def look():
            while not condition():
                await asyncio.sleep(0)

        await asyncio.wait_for(look(), PATIENCE)

    async def start(self, heartbeat_period=3600.0, adaptive_period=3600.0, **settings):
        self.scheduler, self.gateway = Scheduler(), Gateway()
        options = {"idle_timeout": 0.0, "orphan_timeout": 0.0, "reject_limit": 5, "reject_period": 60.0, **settings}
        self.service = plugin.Service(self.scheduler, self.gateway, plugin.Settings(
            heartbeat_period=heartbeat_period, adaptive_period=adaptive_period, **options))
        self.service.start("127.0.0.1", 0)
        self.addCleanup(self.service.stop)
        return await self.gateway.wait(lambda m: m["sequence"] == 1)


class HeartbeatTests(RuleCase):
    async def test_names_stay_what_they_are(self):
        first = await self.start()
        self.assertEqual(first["api_address"], f"http://127.0.0.1:{self.service.port}")
        for address, name in (("a", 1), ("b", "1"), ("c", ("x", 2)), ("d", True), ("e", "\ud800")):
            self.scheduler.join(address, name)
        told = await self.gateway.wait(lambda m: m["active_workers"])
        self.assertEqual(told["active_workers"], [1, "1", "('x', 2)", "True", "?"])

    async def test_a_name_that_two_workers_have_is_gone_when_both_are(self):
        await self.start()
        self.scheduler.join("a", "w")
        self.scheduler.join("b", "w")
        self.scheduler.leave("a")
        told = await self.gateway.wait(lambda m: m["sequence"] == 2)
        self.assertEqual((told["active_workers"], told["closed_workers"]), (["w"], []))
        self.scheduler.leave("b")
        told = await self.gateway.wait(lambda m: m["sequence"] == 3)
        self.assertEqual((told["active_workers"], told["closed_workers"]), ([], ["w"]))

    async def test_workers_that_come_together_are_told_together(self):
        await self.start()
        for i in range(500):
            self.scheduler.join(f"a{i}", f"w{i}")
        told = await self.gateway.wait(lambda m: m["active_workers"])
        self.assertEqual((told["sequence"], len(told["active_workers"])), (2, 500))

    async def test_nobody_is_retired_before_somebody_asked_for_a_count(self):
        await self.start(heartbeat_period=0.05)
        self.scheduler.join("a")
        self.assertEqual((await self.gateway.wait(lambda m: m["active_workers"]))["closing_workers"], [])
        self.service.scale(0)
        await self.gateway.wait(lambda m: m["closed_workers"])
        self.assertEqual(self.scheduler.retired, [["a"]])

    async def test_raised_count_saves_workers_whose_heartbeat_is_on_its_way(self):
        await self.start()
        self.service.scale(2)
        for address in "abc":
            self.scheduler.join(address)
        self.gateway.hold = asyncio.Event()
        told = await self.gateway.wait(lambda m: m["closing_workers"])
        self.assertEqual(self.scheduler.retired, [])
        self.assertEqual((told["closing_workers"], told["active_workers"]), (["a"], ["b", "c"]))
        self.service.scale(3)
        self.gateway.hold.set()
        told = await self.gateway.wait(lambda m: m["count"] == 3)
        self.assertEqual((told["closing_workers"], told["active_workers"]), ([], ["a", "b", "c"]))
        self.assertEqual(self.scheduler.retired, [])

    async def test_retiring_workers_are_not_chosen_twice(self):
        await self.start(heartbeat_period=0.05)
        self.service.scale(2)
        self.scheduler.release.clear()
        for address in "abc":
            self.scheduler.join(address)
        await self.gateway.wait(lambda m: m["closing_workers"] == ["a"])
        self.service.scale(1)
        await self.gateway.wait(lambda m: m["closing_workers"] == ["a", "b"])
        last = self.gateway.told[-1]["sequence"]
        await self.gateway.wait(lambda m: m["sequence"] > last + 3)
        self.assertEqual(self.scheduler.retired, [["a"], ["b"]])
        self.scheduler.release.set()
        await self.gateway.wait(lambda m: m["closed_workers"] == ["a", "b"] and m["active_workers"] == ["c"])

    async def test_worker_that_leaves_by_itself_is_closing_and_makes_nobody_too_many(self):
        await self.start(heartbeat_period=0.05)
        self.service.scale(1)
        self.scheduler.join("a", status=Status.closing_gracefully)
        self.scheduler.join("b")
        await self.gateway.wait(lambda m: m["closing_workers"] == ["a"] and m["active_workers"] == ["b"])
        last = self.gateway.told[-1]["sequence"]
        await self.gateway.wait(lambda m: m["sequence"] > last + 2)
        self.assertEqual(self.scheduler.retired, [])

    async def test_worker_whose_time_is_nearly_over_works_on_until_another_has_come(self):
        await self.start(heartbeat_period=0.05)
        self.service.scale(2)
        for address in "ab":
            self.scheduler.join(address)
        self.scheduler.events.log_event("gateway-leaving", {"worker": "b", "seconds": 30})
        self.scheduler.events.log_event("gateway-leaving", {"worker": "a", "seconds": 60})
        await self.gateway.wait(lambda m: m["closing_workers"] == ["a", "b"] and not m["active_workers"])
        last = self.gateway.told[-1]["sequence"]
        await self.gateway.wait(lambda m: m["sequence"] > last + 2)
        self.assertEqual(self.scheduler.retired, [])

        self.scheduler.join("c")
        await self.gateway.wait(lambda m: m["closed_workers"] == ["b"] and m["closing_workers"] == ["a"])
        self.scheduler.join("d")
        await self.gateway.wait(lambda m: m["active_workers"] == ["c", "d"] and not m["closing_workers"])
        self.assertEqual(self.scheduler.retired, [["b"], ["a"]])

    async def test_leaving_workers_are_the_first_to_go_when_fewer_are_wanted(self):
        await self.start(heartbeat_period=0.05)
        self.service.scale(2)
        for address in "ab":
            self.scheduler.join(address)
        self.scheduler.events.log_event("gateway-leaving", {"worker": "b", "seconds": 30})
        await self.gateway.wait(lambda m: m["closing_workers"] == ["b"])
        self.service.scale(1)
        await self.gateway.wait(lambda m: m["active_workers"] == ["a"] and not m["closing_workers"])
        self.assertEqual(self.scheduler.retired, [["b"]])

    async def test_what_others_say_under_the_topic_of_leaving_workers_changes_nothing(self):
        await self.start(heartbeat_period=0.05)
        self.service.scale(1)
        self.scheduler.join("a")
        for message in ("text", {}, {"worker": ["a"], "seconds": 1}, {"worker": "a", "seconds": "soon"}, {"worker": "z", "seconds": 1}):
            self.scheduler.events.log_event("gateway-leaving", message)
        self.scheduler.events.log_event("another", {"worker": "a", "seconds": 1})
        last = self.gateway.told[-1]["sequence"]
        told = await self.gateway.wait(lambda m: m["sequence"] > last + 2)
        self.assertEqual((told["active_workers"], told["closing_workers"]), (["a"], []))

    async def test_failing_scheduler_calls_do_not_silence_heartbeats(self):
        await self.start(heartbeat_period=0.05)
        self.scheduler.workers_to_close = mock.Mock(side_effect=KeyError("broken"))
        self.scheduler.adaptive_target = mock.Mock(side_effect=KeyError("broken"))
        self.scheduler.join("a")
        with self.assertLogs("distributed.gateway", "ERROR") as logs:
            self.service.scale(0)
            await self.gateway.wait(lambda m: m["sequence"] > 3 and m["active_workers"] == ["a"])
            self.service.adapt(2, 5, True)
            await self.gateway.wait(lambda m: m["count"] == 2)
        self.assertIn("broken", "\n".join(logs.output))

    async def test_failed_retirement_makes_the_worker_active_again(self):
        await self.start(heartbeat_period=0.05)
        self.scheduler.retire_workers = mock.AsyncMock(side_effect=[OSError("broken"), None])
        self.scheduler.join("a")
        with self.assertLogs("distributed.gateway", "ERROR"):
            self.service.scale(0)
            await self.gateway.wait(lambda m: m["closing_workers"] == ["a"])
            await self.gateway.wait(lambda m: m["active_workers"] == ["a"] and m["count"] == 0)
            await self.gateway.wait(lambda m: m["closing_workers"] == ["a"])

    async def test_closed_names_are_bounded_while_nobody_listens(self):
        await self.start(heartbeat_period=0.05)
        self.gateway.refuse = plugin.GatewayError("away")
        with mock.patch.object(plugin, "CLOSED_REMEMBERED", 3), mock.patch.object(plugin, "RETRY_DELAYS", (0.05,)):
            for i in range(9):
                self.scheduler.join(f"w{i}")
                self.scheduler.leave(f"w{i}")
            await self.gateway.wait(lambda m: m["closed_workers"] == ["w6", "w7", "w8"])

    async def test_name_that_went_again_meanwhile_is_told_anew(self):
        await self.start()
        self.scheduler.join("a")
        self.scheduler.leave("a")
        for count in range(11, 11 + plugin.CLOSED_TELLINGS):
            if count == 10 + plugin.CLOSED_TELLINGS:
                self.gateway.hold = asyncio.Event()
            self.service.scale(count)
            await self.gateway.wait(lambda m, count=count: m["count"] == count)
        self.scheduler.join("a")
        self.scheduler.leave("a")
        self.gateway.hold.set()
        for count in range(1, 6):
            self.service.scale(count)
            await self.gateway.wait(lambda m, count=count: m["count"] == count)
        self.assertEqual(self.gateway.told[-1]["closed_workers"], [])
        # The last acknowledgement of the first time must not count for the second.
        self.assertEqual(sum(m["closed_workers"] == ["a"] for m in self.gateway.told), 2 * plugin.CLOSED_TELLINGS)

    async def test_workers_do_not_shorten_the_pause_after_a_failure_but_commands_do(self):
        with mock.patch.object(plugin, "RETRY_DELAYS", (3600.0,)), \
                mock.patch.object(plugin, "LOSS_TOLD_WITHIN", 0.0), \
                mock.patch.object(plugin, "ARRIVAL_TOLD_WITHIN", 0.0):
            await self.start()
            self.gateway.refuse = plugin.GatewayError("away")
            self.service.scale(1)
            await self.gateway.wait(lambda m: m["sequence"] == 2)
            for i in range(20):
                self.scheduler.join(f"w{i}")
                await asyncio.sleep(0)
            self.gateway.refuse = None
            self.service.scale(50)
            told = await self.gateway.wait(lambda m: m["count"] == 50)
            self.assertEqual((told["sequence"], len(told["active_workers"])), (3, 20))

    async def test_restart_by_a_client_does_not_look_like_lost_workers(self):
        await self.start()
        self.scheduler.join("a", "w")
        await self.gateway.wait(lambda m: m["active_workers"])
        with mock.patch.object(plugin, "LOSS_TOLD_WITHIN_RESTART", 3600.0):
            self.scheduler._comms["client"] = "restart"
            self.scheduler.leave("a")
            self.scheduler.join("b", "w")
            told = await self.gateway.wait(lambda m: m["sequence"] == 3)
        self.assertEqual((told["active_workers"], told["closed_workers"]), (["w"], []))

    async def test_refusals_end_the_scheduler_only_where_a_limit_is_set(self):
        for limit, ends in ((0, False), (2, True)):
            with mock.patch.object(plugin, "RETRY_DELAYS", (0.01,)), self.subTest(limit=limit):
                await self.start(heartbeat_period=0.01, reject_limit=limit, reject_period=0.0)
                self.scheduler.close = mock.AsyncMock()
                self.gateway.refuse = plugin.GatewayError("HTTP 401", 401)
                last = self.gateway.told[-1]["sequence"]
                if ends:
                    await self.until(lambda: self.scheduler.close.await_count)
                else:
                    await self.gateway.wait(lambda m: m["sequence"] > last + 5)
                    self.scheduler.close.assert_not_awaited()
                self.service.stop()

    async def test_idle_is_nothing_to_do_and_nothing_asked(self):
        scheduler = Scheduler()
        asked = mock.Mock(return_value="answer", __name__="gather")
        scheduler.handlers["gather"] = asked
        activity = plugin.Activity(scheduler)
        ws = SimpleNamespace(name="w", processing={"task": 1}, status=Status.running)
        for name, make, undo in (
            ("processing", lambda: scheduler.workers.update(a=ws), lambda: scheduler.workers.clear()),
            ("unrunnable", lambda: scheduler.unrunnable.add("t"), lambda: scheduler.unrunnable.clear()),
            ("queued", lambda: scheduler.queued.add("t"), lambda: scheduler.queued.clear()),
            ("client.run", lambda: scheduler._comms.update(c="broadcast"), lambda: scheduler._comms.clear()),
        ):
            with self.subTest(name):
                make()
                self.assertIsNone(activity.idle_seconds())
                undo()
                self.assertIsNotNone(activity.idle_seconds())
        scheduler._comms.update(worker=None, client="identity")

        def began_anew(act) -> bool:
            activity._last -= 100
            self.assertGreaterEqual(activity.idle_seconds(), 100)
            act()
            return activity.idle_seconds() < 100

        self.assertTrue(began_anew(lambda: setattr(scheduler, "transition_counter", 7)))
        self.assertTrue(began_anew(lambda: self.assertEqual(scheduler.handlers["gather"](keys=[1]), "answer")))
        asked.assert_called_once_with(keys=[1])
        events = plugin.Events(SimpleNamespace(activity=activity, worker_came=lambda a: None))
        self.assertTrue(began_anew(lambda: events.add_client(scheduler, "c")))
        self.assertTrue(began_anew(lambda: events.remove_client(scheduler, "c")))
        self.assertTrue(began_anew(lambda: events.update_graph(scheduler, client="c", keys=set())))
        self.assertFalse(began_anew(lambda: events.add_worker(scheduler, "w")))


class AdaptiveTests(RuleCase):
    """Each call of ``targets`` is one period."""

    def targets(self, *values) -> int:
        for value in values:
            self.scheduler.target = value
            self.service._adapt_once()
        return self.service.count

    async def test_grows_at_once_and_shrinks_when_it_lasts(self):
        await self.start()
        self.service.adapt(None, None, True)
        self.assertEqual(self.targets(5), 5)
        self.assertEqual(self.targets(1, 5, 1, 5, 1, 1), 5)
        self.assertEqual(self.targets(3), 3)
        self.assertEqual(self.targets(0, 0, 0), 0)
        self.assertEqual(self.targets(2), 2)
        told = await self.gateway.wait(lambda m: m["count"] == 2)
        self.assertEqual(told["closing_workers"], [])
        # What was seen before it was turned on again says nothing about now.
        self.assertEqual(self.targets(2, 2), 2)
        self.service.scale(10)
        self.service.adapt(None, None, True)
        self.assertEqual(self.targets(2), 10)
        self.assertEqual(self.targets(2), 2)

    async def test_bounds_hold_at_once(self):
        await self.start()
        self.service.scale(10)
        self.service.adapt(2, 4, True)
        self.assertEqual(self.service.count, 4)
        self.assertEqual(self.targets(100, 100), 4)
        self.service.adapt(6, None, True)
        self.assertEqual(self.service.count, 100)
        self.scheduler.target = 0
        self.service.adapt(120, None, True)
        self.assertEqual(self.service.count, 120)
        self.assertEqual(self.targets(0, 0, 0), 120)

    async def test_off_keeps_the_count_and_scale_turns_it_off(self):
        await self.start(adaptive_period=0.1, heartbeat_period=0.1)
        self.service.adapt(3, 5, True)
        self.service.adapt(None, None, False)
        self.assertEqual(self.service.count, 3)
        self.service.adapt(0, 5, True)
        self.service.scale(1)
        self.scheduler.target = 5
        told = await self.gateway.wait(lambda m: m["count"] == 1)
        later = await self.gateway.wait(lambda m: m["sequence"] > told["sequence"] + 4)
        self.assertEqual(later["count"], 1)
        self.service.adapt(0, 5, True)
        await self.gateway.wait(lambda m: m["count"] == 5)
        self.scheduler.target = 2
        await self.gateway.wait(lambda m: m["count"] == 2)

    async def test_workers_that_retire_are_no_reason_to_grow(self):
        await self.start(heartbeat_period=0.05)
        for address in "abcd":
            self.scheduler.join(address)
        self.scheduler.release.clear()
        self.service.scale(1)
        await self.gateway.wait(lambda m: len(m["closing_workers"]) == 3)
        await self.until(lambda: self.scheduler.retired)
        self.service.adapt(0, 10, True)
        self.assertEqual(self.targets(3), 1)
        self.assertEqual(self.targets(6), 6)


class GuardTests(unittest.TestCase):
    def test_both_files_carry_the_same_guard(self):
        found = [re.search(r"# guard: begin.*?# guard: end", (PLUGIN / name).read_text(), re.S)
                 for name in ("gateway_scheduler.py", "gateway_worker.py")]
        self.assertEqual(found[0].group(), found[1].group())

    def test_a_broken_connection_leaves_healthy_ones_alone(self):
        self.assertFalse(plugin.leaves_stale_tls_errors())
        self.assertEqual((plugin.guard_tls(), gateway_worker.guard_tls()), ("", ""))
