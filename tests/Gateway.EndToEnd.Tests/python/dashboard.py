"""A cluster's dashboard and its WebSocket through the gateway: for its owner, and for nobody else."""
import asyncio
import urllib.error
import urllib.request

import gw
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

name = gw.create()
_, report = gw.get(name)
route = report["dashboard_route"]
assert route == f"/clusters/{name}/status", report


def page(path, user="alice"):
    code, _ = gw.call("GET", path, user=user)
    return code


assert page(f"/clusters/{name}/health") == 200
assert page(f"/clusters/{name}/json/counts.json") == 200
assert page(route) == 200
assert page(route, user="bob") == 403
assert page("/clusters/aaaaaaaaaaaaaaaa/status") == 404
with urllib.request.urlopen(urllib.request.Request(f"{gw.URL}/clusters/{name}", headers={"Authorization": "Basic YWxpY2U6"}), timeout=20) as root:
    assert root.geturl() == gw.URL + route, root.geturl()  # its root sends there, and stays below our path
try:
    urllib.request.urlopen(gw.URL + route, timeout=20)
    raise AssertionError("seen without a login")
except urllib.error.HTTPError as error:
    assert error.code == 401, error


async def stream():
    request = HTTPRequest(
        gw.URL.replace("http", "ws") + f"/clusters/{name}/eventstream",
        headers={"Authorization": "Basic YWxpY2U6"}, connect_timeout=20, request_timeout=60)
    socket = await websocket_connect(request)
    c = gw.client(name)
    gw.scale(name, 1)
    gw.wait_workers(c, 1)
    c.submit(lambda: 1).result(timeout=60)
    message = await asyncio.wait_for(socket.read_message(), 60)
    assert message, message
    socket.close()
    c.close()


asyncio.run(stream())
gw.stop(name)
gw.until("the dashboard is gone", lambda: page(route) == 404)
gw.say("ok")
