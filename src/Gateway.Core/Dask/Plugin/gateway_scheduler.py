"""Preload for the scheduler of a cluster: ``dask-scheduler --preload ./gateway_scheduler.py --dg-…``.

Tells the gateway how the cluster is (heartbeats) and takes its commands (scale, adapt). A single file that needs
Python 3.9 or newer and what distributed brings along: nothing of the gateway has to be in the image.

Environment: DASK_GATEWAY_API_URL, DASK_GATEWAY_CLUSTER_NAME, DASK_GATEWAY_API_TOKEN (the token, or the path of a
file that holds it), and optionally DASK_GATEWAY_CA_FILE (instead of the system's certificate authorities).
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import ctypes
import functools
import hmac
import ipaddress
import json
import logging
import math
import os
import random
import socket
import ssl
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Container, Union
from urllib.parse import quote, urlsplit

import click
from distributed.core import Status
from distributed.diagnostics.plugin import SchedulerPlugin
from tornado import web
from tornado.httpclient import HTTPError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.simple_httpclient import SimpleAsyncHTTPClient

logger = logging.getLogger("distributed.gateway")

PROTOCOL = 1
Name = Union[str, int]

# Seconds. A change of the count is told at once; what workers do is gathered for a moment, so that a hundred
# of them arriving together cost a few heartbeats and not a hundred.
LOSS_TOLD_WITHIN = 0.25
ARRIVAL_TOLD_WITHIN = 0.5
# Nannies bring their workers back after Client.restart; telling at once would have all of them replaced.
LOSS_TOLD_WITHIN_RESTART = 5.0

RETRY_DELAYS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
CONNECT_TIMEOUT = 5.0
REQUEST_TIMEOUT = 15.0
END_RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
QUIET_PERIOD = 3600.0  # between heartbeats where their period is 0
ENDED_AGAIN_AFTER = 60.0  # a gateway that agreed to end the cluster and did not is asked again

# A name that has gone is told until this many heartbeats with it were acknowledged, and no more than that many
# names are remembered while the gateway cannot be reached.
CLOSED_TELLINGS = 3
CLOSED_REMEMBERED = 50_000

# The topic under which workers say that they will leave, and in how many seconds (gateway_worker.py).
LEAVING = "gateway-leaving"

ADAPTIVE_WINDOW = 3  # the count goes down only when this many targets in a row are below it
MAXIMUM_COUNT = 2**31 - 1
COMMAND_BYTES = 64 * 1024
ANSWER_BYTES = 1024 * 1024

# Requests that a person (or their program) makes through a client and that are not seen as tasks. Looking at
# the cluster (dashboard, repr, the client's own polling) is not among them.
CLIENT_REQUESTS = frozenset(
    "benchmark_hardware broadcast cancel dump_cluster_state_to_url gather proxy rebalance replicate restart "
    "restart_workers retry run_function scatter".split()
)


# guard: begin (kept word for word the same in gateway_scheduler.py and gateway_worker.py)
def leaves_stale_tls_errors() -> bool:
    """Whether a TLS connection that broke makes a healthy one of the same thread fail (seen in Python 3.13.5).

    Measured, not guessed from a version: of two connections inside this process one is broken, then the other,
    which has nothing to read, must say just that. Needs no certificate and no network; takes some milliseconds.
    Raises OSError (SSLError) where this OpenSSL refuses such connections.
    """

    def context(side: int) -> ssl.SSLContext:
        made = ssl.SSLContext(side)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers("aNULL@SECLEVEL=0")
        return made

    client, server = context(ssl.PROTOCOL_TLS_CLIENT), context(ssl.PROTOCOL_TLS_SERVER)
    with contextlib.ExitStack() as stack:

        def connection() -> list[ssl.SSLSocket]:
            pair = socket.socketpair()
            for end in pair:
                stack.callback(end.close)
                end.setblocking(False)
            ends = [client.wrap_socket(pair[0], do_handshake_on_connect=False),
                    server.wrap_socket(pair[1], server_side=True, do_handshake_on_connect=False)]
            for end in ends:
                stack.callback(end.close)
            for end in ends * 3:
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
            return ends

        healthy, broken = connection(), connection()
        broken[1].close()
        with contextlib.suppress(OSError):  # EPIPE is what is wanted
            broken[0].send(b"x")
        try:
            healthy[0].recv(1)
        except ssl.SSLWantReadError:
            return False
        except OSError:
            return True
    return False


def guard_tls() -> str:
    """Keeps one broken TLS connection from breaking healthy ones; applied once, and only where it is needed.

    OpenSSL wants its error queue, one for each thread, to be empty before each call. Python 3.13.5 leaves EPIPE
    in it, and the next read that would only have to wait raises BrokenPipeError. So the queue is cleared before
    each call into OpenSSL that moves bytes. Returns a sentence for the log; empty where nothing had to be done.
    """
    if sys.version_info < (3, 13) or hasattr(ssl, "_gateway_guard"):
        return ""
    try:
        needed = leaves_stale_tls_errors()
    except OSError:
        needed = sys.version_info < (3, 14)  # could not be measured; clearing the queue harms nothing
    if not needed:
        return ""
    try:
        # PyDLL keeps the GIL: the call takes nanoseconds and must not cost a thread switch.
        clear = ctypes.PyDLL("libcrypto.so.3").ERR_clear_error
    except (OSError, AttributeError) as error:
        return f"This Python's TLS error bug is present and could not be worked around: {error}"

    def guarded(method):
        @functools.wraps(method)
        def call(*args, **kwargs):
            clear()
            return method(*args, **kwargs)

        return call

    clear()
    for kind, names in ((ssl.SSLSocket, ("read", "write", "send", "do_handshake", "unwrap")),
                        (ssl.SSLObject, ("read", "write", "do_handshake", "unwrap"))):
        for name in names:
            setattr(kind, name, guarded(getattr(kind, name)))
    ssl._gateway_guard = True
    return "TLS connections are guarded against stale errors, which this Python leaves behind"
# guard: end


class GatewayError(Exception):
    """The gateway could not be reached or refused; ``status`` is its HTTP status, None where there was none."""

    def __init__(self, reason: str, status: int | None = None):
        super().__init__(reason)
        self.status = status


class GatewayClient:
    """Requests to the gateway. Uses no proxy, follows no redirect, and never takes longer than its timeouts."""

    def __init__(self, api_url: str, cluster: str, token: str, ca_file: str | None = None):
        parts = urlsplit(api_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"DASK_GATEWAY_API_URL must be http://… or https://…, got {api_url!r}")
        self.cluster = cluster
        self._url = f"{api_url.rstrip('/')}/v1/clusters/{quote(cluster, safe='')}"
        self._token = token
        self._tls = ssl.create_default_context(cafile=ca_file or None) if parts.scheme == "https" else None
        self._http = SimpleAsyncHTTPClient(force_instance=True, max_body_size=ANSWER_BYTES)

    @classmethod
    def from_environment(cls) -> GatewayClient:
        """Raises ValueError or OSError with a sentence that names the variable at fault."""

        def variable(name: str) -> str:
            value = os.environ.get(name, "").strip()
            if not value:
                raise ValueError(f"the environment variable {name} is missing or empty")
            return value

        token = variable("DASK_GATEWAY_API_TOKEN")
        if "/" in token:
            with open(token, encoding="utf-8") as file:
                token = file.read().strip()
            if not token:
                raise ValueError("the file that DASK_GATEWAY_API_TOKEN names is empty")
        return cls(variable("DASK_GATEWAY_API_URL"), variable("DASK_GATEWAY_CLUSTER_NAME"), token,
                   os.environ.get("DASK_GATEWAY_CA_FILE"))

    def accepts(self, authorization: str) -> bool:
        """Whether a request's Authorization header carries this cluster's token; takes the same time for any."""
        return hmac.compare_digest(authorization.encode("utf-8", "replace"), f"token {self._token}".encode())

    async def heartbeat(self, message: dict[str, Any]) -> None:
        """Returns once the gateway has taken the message (2xx); raises GatewayError else."""
        await self._send("POST", "/heartbeat", json.dumps(message))

    async def end_cluster(self) -> None:
        """Asks the gateway to stop this cluster; raises GatewayError where it did not agree."""
        await self._send("DELETE", "", None)

    def close(self) -> None:
        self._http.close()

    async def _send(self, method: str, path: str, body: str | None) -> None:
        headers = {"Authorization": f"token {self._token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = HTTPRequest(
            self._url + path, method=method, headers=headers, body=body, ssl_options=self._tls,
            connect_timeout=CONNECT_TIMEOUT, request_timeout=REQUEST_TIMEOUT, follow_redirects=False)
        try:
            await self._http.fetch(request)
        except HTTPError as error:
            if error.response is None or error.code == 599:
                raise GatewayError(error.message or "no answer") from None
            raise GatewayError(f"HTTP {error.code}{_told(error.response.body)}", error.code) from None
        except (OSError, ValueError) as error:  # refused, unknown host, bad certificate, not HTTP
            raise GatewayError(f"{type(error).__name__}: {error}") from error


def _told(body: bytes | None) -> str:
    """The sentence of an ``{"error": "…"}`` answer, for the log."""
    try:
        sentence = json.loads(body or b"")["error"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return f", {str(sentence)[:300]!r}"


class Alarm:
    """Wakes one sleeper; of several times that were asked for the earliest counts."""

    def __init__(self):
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> None:
        """The sleeper wakes after this time, or earlier where that was asked before."""
        when = self._loop.time() + seconds
        if self._timer is None or when < self._timer.when():
            self.clear()
            self._timer = self._loop.call_at(when, self._event.set)

    def clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def wait(self) -> None:
        """Returns at that time. Times asked for from then on are for the next wait."""
        await self._event.wait()
        self._event.clear()
        self.clear()


class Activity:
    """How long the cluster has had nothing to do, as far as the scheduler can see.

    Busy is: a task runs or is assigned to a worker, waits in the queue or for a worker that could run it, or a
    request of CLIENT_REQUESTS is under way. Activity is, besides: any change of a task's state (a graph that came
    and went, futures released), such a request, and a client that connects or leaves. Neither is: a client that
    is merely connected, a worker that comes or goes, an open dashboard.
    """

    def __init__(self, scheduler):
        self._scheduler = scheduler
        self._transitions = scheduler.transition_counter
        self._last = time.monotonic()
        for name in CLIENT_REQUESTS & scheduler.handlers.keys():
            scheduler.handlers[name] = self._noticed(scheduler.handlers[name])

    def _noticed(self, handler: Callable) -> Callable:
        # distributed looks at a handler's signature, which wraps() keeps, and awaits what it returns.
        @functools.wraps(handler)
        def call(*args, **kwargs):
            self.notice()
            return handler(*args, **kwargs)

        return call

    def notice(self) -> None:
        """Something was asked of the cluster just now."""
        self._last = time.monotonic()

    def requested(self, names: Container[str]) -> bool:
        """Whether one of these requests is under way."""
        under_way = getattr(self._scheduler, "_comms", {})  # connection → operation, None between two
        return any(operation in names for operation in list(under_way.values()))

    def idle_seconds(self) -> float | None:
        """None while the cluster is busy."""
        scheduler = self._scheduler
        if (
            scheduler.queued
            or scheduler.unrunnable
            or any(ws.processing for ws in scheduler.workers.values())
            or self.requested(CLIENT_REQUESTS)
        ):
            self.notice()
            return None
        if scheduler.transition_counter != self._transitions:
            self._transitions = scheduler.transition_counter
            self.notice()
        return time.monotonic() - self._last


class Events(SchedulerPlugin):
    """Passes on what happens in the scheduler."""

    def __init__(self, service: Service):
        self._service = service

    def add_worker(self, scheduler, worker, **kwargs):
        self._service.worker_came(worker)

    def remove_worker(self, scheduler, worker, **kwargs):
        self._service.worker_left(worker)

    def add_client(self, scheduler, client, **kwargs):
        self._service.activity.notice()

    def remove_client(self, scheduler, client, **kwargs):
        self._service.activity.notice()

    def update_graph(self, scheduler, *args, **kwargs):
        self._service.activity.notice()

    def log_event(self, topic, msg):
        if topic == LEAVING and isinstance(msg, dict):
            self._service.worker_will_leave(msg.get("worker"), msg.get("seconds"))


@dataclass(frozen=True)
class Settings:
    """Times in seconds; 0 as said of each option below."""

    heartbeat_period: float
    adaptive_period: float
    idle_timeout: float
    orphan_timeout: float
    reject_limit: int
    reject_period: float


@dataclass
class Composed:
    """A heartbeat that is to be sent, and what its acknowledgement allows."""

    message: dict[str, Any]
    to_retire: list[str] = field(default_factory=list)
    closed: dict[Name, list[int]] = field(default_factory=dict)


class Service:
    """One cluster's side of the protocol. Lives on the scheduler's event loop; nothing here blocks it."""

    def __init__(self, scheduler, gateway: GatewayClient, settings: Settings):
        self.scheduler = scheduler
        self.gateway = gateway
        self.settings = settings
        self.activity = Activity(scheduler)
        self.count = 0
        self._asked = False  # until somebody says how many workers there should be, none is one too many
        self.port = 0  # distributed shows it beside its own services
        self._api_address = ""
        self._server = None
        self._tasks: set[asyncio.Task] = set()
        self._stopped = False

        self._incarnation = uuid.uuid4().hex
        self._sequence = 0
        self._alarm = Alarm()
        self._acknowledged_at = time.monotonic()
        self._failures = 0
        self._failing_since = 0.0
        self._rejections = 0
        self._rejected_since = 0.0

        self._names: dict[str, Name] = {address: _name(ws) for address, ws in scheduler.workers.items()}
        self._closed: dict[Name, list[int]] = {}  # name → how often it was told; a list, to know it again
        self._retiring: dict[str, object] = {}  # address → the retirement it belongs to
        self._not_before: dict[str, float] = {}  # address → when its retirement may be tried again
        self._leaving: dict[str, float] = {}  # address → when it leaves by itself; until then it works on

        self._bounds: tuple[int, int | float] | None = None  # of adaptive scaling, while it is on
        self._targets: collections.deque[int] = collections.deque(maxlen=ADAPTIVE_WINDOW)

    # Start and end

    def start(self, host: str, port: int) -> None:
        """Listens for commands and sends the first heartbeat. Raises OSError where it cannot listen."""
        sockets = bind_sockets(port, host)
        self.port = sockets[0].getsockname()[1]
        routes = [("/api/comm", CommandHandler), ("/api/health", HealthHandler)]
        self._server = HTTPServer(
            web.Application(routes, service=self), max_body_size=COMMAND_BYTES, max_buffer_size=2 * COMMAND_BYTES,
            idle_connection_timeout=60, body_timeout=30)
        self._server.add_sockets(sockets)
        self._api_address = f"http://{_announced_host(host, self.scheduler.address)}:{self.port}"
        self.scheduler.add_plugin(Events(self), name="gateway")
        self._spawn(self._heartbeats())
        self._spawn(self._watch())
        self._spawn(self._adapt_periodically())
        logger.info("Cluster %s takes commands at %s", self.gateway.cluster, self._api_address)

    def stop(self) -> None:
        """Safe to call more than once; nothing is told to the gateway."""
        self._stopped = True
        self._alarm.clear()
        if self._server is not None:
            self._server.stop()
            self._server = None
            self.gateway.close()
        for task in self._tasks:
            task.cancel()

    def _spawn(self, coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self, reason: str) -> None:
        if not self._stopped:
            logger.error("The scheduler ends: %s", reason)
            self.stop()
            # Not among self._tasks: closing calls stop(), which cancels those.
            self._ending = asyncio.ensure_future(self.scheduler.close())

    # What happens in the cluster

    def worker_came(self, address: str) -> None:
        ws = self.scheduler.workers.get(address)
        if ws is None:
            return
        self._names[address] = name = _name(ws)
        self._closed.pop(name, None)
        self._changed(LOSS_TOLD_WITHIN if self._excess() else ARRIVAL_TOLD_WITHIN)

    def worker_left(self, address: str) -> None:
        name = self._names.pop(address, None)
        self._retiring.pop(address, None)
        self._not_before.pop(address, None)
        self._leaving.pop(address, None)
        if name is None:
            return
        if name not in self._names.values():
            self._closed[name] = [0]
            if len(self._closed) > CLOSED_REMEMBERED:
                self._closed.pop(next(iter(self._closed)))
        restarting = self.activity.requested(("restart", "restart_workers"))
        self._changed(LOSS_TOLD_WITHIN_RESTART if restarting else LOSS_TOLD_WITHIN)

    def worker_will_leave(self, address: Any, seconds: Any) -> None:
        """Its time will be over: it counts as leaving from now on, so that another is started while it still works."""
        if not isinstance(address, str) or not isinstance(seconds, (int, float)):
            return  # somebody else uses the topic
        if address not in self.scheduler.workers:
            return
        logger.info("Worker %s leaves in %.0f s, or once another has come", self._names.get(address, address), seconds)
        self._leaving[address] = time.monotonic() + seconds
        self._changed(ARRIVAL_TOLD_WITHIN)

    def _changed(self, seconds: float) -> None:
        # While the gateway does not answer, workers that come and go must not shorten the pause between attempts.
        if not self._failures:
            self._alarm.within(seconds)

    def _staying(self) -> list[str]:
        """Addresses of the workers that are not about to leave, whoever sent them away."""
        leaving = (Status.closing, Status.closing_gracefully, Status.closed)
        return [address for address, ws in self.scheduler.workers.items()
                if address not in self._retiring and address not in self._leaving and ws.status not in leaving]

    def _replaced(self) -> list[str]:
        """Addresses of the workers that will leave and need not stay any longer, for others have taken their places."""
        if not self._asked:
            return []
        now = time.monotonic()
        waiting = [a for a in self._leaving if a not in self._retiring and self._not_before.get(a, 0) <= now]
        places = max(0, self.count - len(self._staying()))
        return sorted(waiting, key=self._leaving.__getitem__)[:max(0, len(waiting) - places)]

    def _excess(self) -> int:
        return max(0, len(self._staying()) - self.count) if self._asked else 0

    # Heartbeats

    def _compose(self) -> Composed:
        scheduler = self.scheduler
        staying = self._staying()
        to_retire = self._cheapest(self._excess())
        names = {address: _name(ws) for address, ws in scheduler.workers.items()}
        active = {names[address]: None for address in staying if address not in to_retire}
        # Of two workers with one name the one that stays decides what is said of it.
        closing = {name: None for name in names.values() if name not in active}
        idle = self.activity.idle_seconds()
        self._sequence += 1
        message = {
            "scheduler_address": scheduler.address,
            "dashboard_address": self._dashboard_address(),
            "api_address": self._api_address,
            "count": self.count,
            "active_workers": list(active),
            "closing_workers": list(closing),
            "closed_workers": list(self._closed),
            "plugin": PROTOCOL,
            "incarnation": self._incarnation,
            "sequence": self._sequence,
            "idle_since": None if idle is None else round(idle, 3),
        }
        return Composed(message, to_retire, dict(self._closed))

    def _dashboard_address(self) -> str:
        dashboard = self.scheduler.services.get("dashboard")
        return f"http://{_host(self.scheduler.address)}:{dashboard.port}" if dashboard else ""

    def _cheapest(self, number: int) -> list[str]:
        """Addresses of the workers whose leaving costs least, at most this many."""
        if not number:
            return []
        scheduler = self.scheduler
        try:
            order = scheduler.workers_to_close(n=max(0, len(scheduler.workers) - self.count))
        except Exception:
            # A heartbeat without them is better than none at all: silence ends a cluster.
            logger.exception("Could not choose workers to retire")
            return []
        now, staying = time.monotonic(), set(self._staying())
        return [a for a in order if a in staying and self._not_before.get(a, 0) <= now][:number]

    async def _heartbeats(self) -> None:
        self._alarm.within(0)
        while not self._stopped:
            await self._alarm.wait()
            try:
                composed = self._compose()
                await self.gateway.heartbeat(composed.message)
                self._taken(composed)
            except GatewayError as error:
                self._failed(str(error), error.status)
            except Exception as error:
                logger.exception("A heartbeat could not be made")
                self._failed(f"{type(error).__name__}: {error}", None)
            if self._failures:
                delay = RETRY_DELAYS[min(self._failures, len(RETRY_DELAYS)) - 1]
                if self.settings.heartbeat_period:
                    delay = max(RETRY_DELAYS[0], min(delay, self.settings.heartbeat_period))
                self._alarm.clear()
                self._alarm.within(delay * random.uniform(0.75, 1.25))
            else:
                self._alarm.within(self.settings.heartbeat_period or QUIET_PERIOD)

    def _taken(self, composed: Composed) -> None:
        if self._failures:
            logger.info("The gateway answers again, after %d failed heartbeats in %.0f s",
                        self._failures, time.monotonic() - self._failing_since)
        self._failures = self._rejections = 0
        self._acknowledged_at = time.monotonic()
        for name, tellings in composed.closed.items():
            # A name that came back and went again meanwhile is a new fact, in a new list.
            if self._closed.get(name) is tellings:
                tellings[0] += 1
                if tellings[0] >= CLOSED_TELLINGS:
                    del self._closed[name]
        self._retire(composed.to_retire)
        self._send_away(self._replaced())

    def _failed(self, reason: str, status: int | None) -> None:
        now = time.monotonic()
        self._failures += 1
        if self._failures == 1:
            self._failing_since = now
        # Each of the first, then a reminder about every five minutes.
        if self._failures <= len(RETRY_DELAYS) or self._failures % 20 == 0:
            logger.warning("Heartbeat %d was not taken (%d in a row): %s", self._sequence, self._failures, reason)
        if status == 401:
            self._rejections += 1
            if self._rejections == 1:
                self._rejected_since = now
            limit, period = self.settings.reject_limit, self.settings.reject_period
            if limit and self._rejections >= limit and now - self._rejected_since >= period:
                self._end(f"the gateway has refused its token {self._rejections} times "
                          f"in {now - self._rejected_since:.0f} s, so this cluster is over")

    # Retiring

    def _retire(self, addresses: list[str]) -> None:
        """Retires workers that an acknowledged heartbeat listed as closing, as far as they are still too many."""
        still = set(self._staying())
        connected = [a for a in addresses if a in still]
        going = connected[:self._excess()]
        self._send_away(going)
        if len(going) < len(connected):
            self._alarm.within(0)  # the gateway thinks that these are leaving

    def _send_away(self, addresses: list[str]) -> None:
        if addresses:
            retirement = object()
            self._retiring.update(dict.fromkeys(addresses, retirement))
            self._spawn(self._retire_all(addresses, retirement))

    async def _retire_all(self, addresses: list[str], retirement: object) -> None:
        try:
            await self.scheduler.retire_workers(workers=addresses, close_workers=True, remove=True)
        except Exception:
            logger.exception("Workers could not be retired")
        finally:
            kept = [a for a in addresses if self._retiring.get(a) is retirement]
            pause = self.settings.heartbeat_period or RETRY_DELAYS[-1]
            for address in kept:
                del self._retiring[address]
                self._not_before[address] = time.monotonic() + pause
        if kept:
            logger.warning("%d workers stay for now: their data has no other place. Next attempt in %.0f s: %s",
                           len(kept), pause, [str(self._names.get(a, a)) for a in kept[:20]])
            self._alarm.within(pause + 0.1)
            self._changed(LOSS_TOLD_WITHIN)

    # Idle and abandoned clusters

    async def _watch(self) -> None:
        settings = self.settings
        retry, not_before = 0, 0.0
        while not self._stopped:
            await asyncio.sleep(max(0.1, min(1.0, settings.idle_timeout / 4 or 1.0)))
            try:
                idle = self.activity.idle_seconds()
                now = time.monotonic()
                silent = now - self._acknowledged_at
                if settings.orphan_timeout and min(silent, idle or 0) >= settings.orphan_timeout:
                    self._end(f"nothing to do, and no answer from the gateway, for {silent:.0f} s")
                if not settings.idle_timeout or idle is None or idle < settings.idle_timeout:
                    retry, not_before = 0, 0.0
                elif now >= not_before:
                    if not retry:
                        logger.warning("Nothing to do for %.0f s: asking the gateway to end the cluster", idle)
                    delay = END_RETRY_DELAYS[min(retry, len(END_RETRY_DELAYS) - 1)] * random.uniform(0.75, 1.25)
                    retry += 1
                    await self.gateway.end_cluster()
                    retry, not_before = 0, time.monotonic() + ENDED_AGAIN_AFTER
            except GatewayError as error:
                not_before = time.monotonic() + delay
                logger.warning("The gateway did not end the idle cluster, next attempt in %.1f s: %s", delay, error)
            except Exception:
                not_before = time.monotonic() + END_RETRY_DELAYS[-1]
                logger.exception("Could not see to the end of an idle cluster")

    # Commands

    def scale(self, count: int) -> None:
        """Wants this many workers, and no adaptive scaling any more."""
        self._stop_adapting()
        self._want(count)

    def adapt(self, minimum: int | None, maximum: int | None, active: bool) -> None:
        """Turns adaptive scaling on, within bounds that hold at once, or off, which keeps the count as it is."""
        if not active:
            self._stop_adapting()
            return
        self._bounds = (minimum or 0, math.inf if maximum is None else maximum)
        self._targets.clear()
        logger.info("Adaptive scaling is on: %d workers or more, %s at most", minimum or 0, maximum)
        self._want(self._bounded(self.count))
        self._adapt_once()

    def _stop_adapting(self) -> None:
        if self._bounds is not None:
            logger.info("Adaptive scaling is off")
        self._bounds = None

    def _want(self, count: int) -> None:
        if not self._asked:
            self._asked = True
            self._alarm.within(0)  # there may be too many already
        if count != self.count:
            logger.info("Wants %d workers, wanted %d", count, self.count)
            self.count = count
            self._alarm.within(0)

    def _bounded(self, count: int) -> int:
        low, high = self._bounds
        return int(min(max(count, low), high))

    def _adapt_once(self) -> None:
        try:
            target = self.scheduler.adaptive_target()
        except Exception:
            logger.exception("Could not see how many workers are needed")
            return
        if (self._retiring or self._leaving) and target <= len(self.scheduler.workers):
            # Those that are leaving count as needed there: no reason to ask for new ones.
            target = min(target, self.count)
        target = self._bounded(target)
        self._targets.append(target)
        if target > self.count:
            self._want(target)
        elif len(self._targets) == ADAPTIVE_WINDOW:
            self._want(min(self.count, max(self._targets)))

    async def _adapt_periodically(self) -> None:
        while not self._stopped:
            await asyncio.sleep(max(0.1, self.settings.adaptive_period))
            if self._bounds is not None:
                self._adapt_once()


def _name(ws) -> Name:
    """A worker's name as JSON can carry it."""
    name = ws.name
    if isinstance(name, int) and not isinstance(name, bool):
        return name
    return str(name).encode("utf-8", "replace").decode()


def _host(address: str) -> str:
    host = urlsplit(address).hostname or ""
    return f"[{host}]" if ":" in host else host


def _announced_host(listening: str, scheduler_address: str) -> str:
    """Where the gateway reaches a server: where it listens, or with the scheduler where it listens everywhere."""
    try:
        address = ipaddress.ip_address(listening)
    except ValueError:
        return _host(scheduler_address)
    if address.is_unspecified:
        return _host(scheduler_address)
    return f"[{address}]" if address.version == 6 else str(address)


class HealthHandler(web.RequestHandler):
    def get(self):
        self.write({"status": "pass"})


class CommandHandler(web.RequestHandler):
    """403 without the cluster's token, 422 with a sentence for a command that makes no sense, else 200."""

    def prepare(self):
        self.service: Service = self.settings["service"]
        if not self.service.gateway.accepts(self.request.headers.get("Authorization", "")):
            raise CommandError(403, "the cluster's token is wrong or missing")

    def post(self):
        try:
            command = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise CommandError(422, "the body must be JSON") from None
        if not isinstance(command, dict):
            raise CommandError(422, "the body must be a JSON object")
        op = command.get("op")
        if op == "scale":
            self.service.scale(_number(command, "count"))
        elif op == "adapt":
            active = command.get("active", True)
            if not isinstance(active, bool):
                raise CommandError(422, "active must be true or false")
            minimum, maximum = _number(command, "minimum", True), _number(command, "maximum", True)
            if minimum is not None and maximum is not None and minimum > maximum:
                raise CommandError(422, f"minimum ({minimum}) must not be greater than maximum ({maximum})")
            self.service.adapt(minimum, maximum, active)
        else:
            raise CommandError(422, "op must be scale or adapt")

    def write_error(self, status_code, **kwargs):
        error = kwargs.get("exc_info", (None, None, None))[1]
        self.finish({"error": error.sentence if isinstance(error, CommandError) else self._reason})


class CommandError(web.HTTPError):
    """An answer other than 200, with a sentence that says what was wrong and what is allowed."""

    def __init__(self, status: int, sentence: str):
        super().__init__(status, log_message=sentence)
        self.sentence = sentence


def _number(command: dict[str, Any], key: str, optional: bool = False) -> int | None:
    value = command.get(key)
    if value is None and optional:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAXIMUM_COUNT:
        allowed = f"a whole number from 0 to {MAXIMUM_COUNT}" + (" or null" if optional else "")
        raise CommandError(422, f"{key} must be {allowed}")
    return value


def _listening(context, parameter, value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{value!r} is not host:port")
    return host, int(port)


def _seconds(context, parameter, value: float) -> float:
    if not 0 <= value < math.inf:
        raise click.BadParameter(f"{value} is not a number of seconds, 0 or more")
    return value


_guarded = guard_tls()
if _guarded:
    logger.info(_guarded)


@click.command()
@click.option("--dg-api-address", default=":0", callback=_listening,
              help="host:port to take commands at; port 0 chooses one")
@click.option("--dg-heartbeat-period", default=15.0, type=float, callback=_seconds,
              help="Seconds between heartbeats where nothing changes; 0: only when something changes")
@click.option("--dg-adaptive-period", default=3.0, type=float, callback=_seconds,
              help="Seconds between two looks at how many workers are needed, 0.1 or more")
@click.option("--dg-idle-timeout", default=0.0, type=float, callback=_seconds,
              help="Seconds without anything to do after which the cluster is ended; 0: never")
@click.option("--dg-orphan-timeout", default=0.0, type=float, callback=_seconds, envvar="DASK_GATEWAY_ORPHAN_TIMEOUT",
              help="Seconds without an answer from the gateway and without anything to do after which "
                   "the scheduler ends; 0: never")
@click.option("--dg-reject-limit", default=5, type=click.IntRange(min=0), envvar="DASK_GATEWAY_REJECT_LIMIT",
              help="The scheduler ends once the gateway has refused its token this often; 0: never")
@click.option("--dg-reject-period", default=60.0, type=float, callback=_seconds, envvar="DASK_GATEWAY_REJECT_PERIOD",
              help="… and has done so for this many seconds")
def dask_setup(scheduler, dg_api_address, **options):
    try:
        gateway = GatewayClient.from_environment()
        service = Service(scheduler, gateway, Settings(**{k[len("dg_"):]: v for k, v in options.items()}))
        service.start(*dg_api_address)
    except Exception as error:
        # distributed only logs an exception of a preload and would go on without it: nobody would know the cluster.
        logger.critical("The scheduler cannot work with the gateway: %s", error,
                        exc_info=not isinstance(error, (OSError, ValueError)))
        sys.exit(1)
    scheduler.services["gateway"] = service


def dask_teardown(scheduler):
    service = scheduler.services.get("gateway")
    if isinstance(service, Service):
        service.stop()
