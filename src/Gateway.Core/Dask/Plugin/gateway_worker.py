"""Preload for a worker of the gateway: ``dask-worker --preload ./gateway_worker.py --preload-nanny ./gateway_worker.py``.

On import it applies the guard below where this Python needs it. Where ``DASK_GATEWAY_SCHEDULER_NAME`` is set, the
nanny's own connection to the scheduler names it, as ``--scheduler-sni`` makes only the worker do. Standard library
only, Python 3.9 or newer.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
import os
import random
import socket
import ssl
import sys
import time

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


_guarded = guard_tls()
if _guarded:
    logging.getLogger("distributed.gateway").info(_guarded)


# The topic under which the scheduler's plugin hears of it (gateway_scheduler.py); others ignore it.
LEAVING = "gateway-leaving"


def leave_in_time(server):
    """Has a worker hand over its data and end in time, and say so ahead, so that another comes while it still works.

    Its time is over with its lifetime (``--lifetime``) and when what its job was given (a credential) ends, which
    backends say in ``DASK_GATEWAY_LEAVE_BY`` (seconds since 1970): workers that were started together leave one after
    the other then, spread over a tenth of the time. ``DASK_GATEWAY_REPLACE_AHEAD`` is how many seconds ahead it is
    said, half of the time that is left at most.
    """
    if type(server).__name__ == "Nanny":
        # A worker that is started again goes on with the time of the first one.
        os.environ["DASK_GATEWAY_STARTED"] = str(time.time())
        return
    ends = []
    if server.lifetime:
        began = float(os.environ.get("DASK_GATEWAY_STARTED") or time.time())
        ends.append(server.lifetime - max(0.0, time.time() - began))
    leave_by = os.environ.get("DASK_GATEWAY_LEAVE_BY", "")
    if leave_by.isdigit():
        ends.append((int(leave_by) - time.time()) * random.uniform(0.9, 1.0))
    if not ends:
        return
    left = max(1.0, min(ends))
    ahead = min(float(os.environ.get("DASK_GATEWAY_REPLACE_AHEAD") or 0), left / 2)
    if ahead:
        server.io_loop.call_later(left - ahead, server.log_event, LEAVING, {"seconds": ahead})
    server.io_loop.call_later(left, server.close_gracefully)


def dask_setup(server):
    """Sets up a worker, or its nanny.

    One that reaches its scheduler through the gateway asks for it by name.
    """
    name = os.environ.get("DASK_GATEWAY_SCHEDULER_NAME")
    if name:
        server.connection_args["server_hostname"] = name
    leave_in_time(server)
