"""What a hostile or a clumsy caller sends to the one port: a clear error or a closed connection, never a 500, and others do not notice."""
import os
import socket
import ssl
import time
from urllib.parse import urlsplit

import gw

HOST, PORT = urlsplit(gw.URL).hostname, urlsplit(gw.URL).port
name = gw.create()


def raw(data, pause=0.0, wait=10):
    s = socket.create_connection((HOST, PORT), timeout=wait)
    try:
        if pause:
            for i in range(len(data)):
                s.sendall(data[i:i + 1])
                time.sleep(pause)
        else:
            s.sendall(data)
        got = b""
        while True:
            piece = s.recv(65536)
            if not piece:
                return got
            got += piece
    except (ConnectionError, socket.timeout):
        return got
    finally:
        s.close()


def hello(server_name):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tls = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


for body in ("", "null", "[]", "{", '{"cluster_options":[]}', '{"cluster_options":{"nope":1}}', '{"cluster_options":{"worker_cores":"x"}}',
             '{"cluster_options":{"worker_cores":1e400}}', "[" * 100_000, '{"cluster_options":{"environment":{"A":1}}}', "\ud800"):
    import base64
    data = body.encode("utf-8", "surrogatepass")
    answer = raw(b"POST /api/v1/clusters/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic " + base64.b64encode(b"alice:")
                 + b"\r\nContent-Type: application/json\r\nContent-Length: " + str(len(data)).encode() + b"\r\n\r\n" + data)
    code = int(answer.split(b" ", 2)[1])
    assert code in (201, 400, 413, 422), (body[:50], answer[:300])
    assert code == 201 or b'"error"' in answer, answer[:300]

for path in ("/api/v1/clusters/..%2f..%2fetc%2fpasswd", "/api/v1/clusters/%00", "/api/v1/clusters/" + "a" * 5000, "/clusters/../api", "/clusters/%2e%2e/x", "/nothing"):
    code, _ = gw.call("GET", path)
    assert code in (400, 404, 414), (path, code)

for headers in ({"Authorization": "token wrong"}, {"Authorization": "token"}, {"Authorization": "Basic !!!"}, {"Authorization": "Basic " + "A" * 9000},
                {"Authorization": "jupyterhub x"}, {"Authorization": "", "Cookie": "dask-gateway=rubbish"}):
    code, _ = gw.call("GET", f"/api/v1/clusters/{name}", headers=headers)
    assert code in (401, 431), (headers, code)
    code, _ = gw.call("POST", f"/api/v1/clusters/{name}/heartbeat", {}, headers=headers)
    assert code in (401, 431), (headers, code)

# Silent connections, and ClientHellos in every kind of pieces.
silent = [socket.create_connection((HOST, PORT), timeout=10) for _ in range(1000)]
assert gw.get(name)[0] == 200
whole = hello("daskgateway-" + name)
answer = raw(whole, pause=0.0005, wait=3)
assert answer[:1] == b"\x16", answer[:20]
assert raw(hello("daskgateway-aaaaaaaaaaaaaaaa"), wait=15) == b""
for broken in (whole[:3] + b"\xff\xff" + whole[5:], whole[:20] + os.urandom(200), b"\x16\x03\x01", os.urandom(300), b"\x80\x2e\x01\x00\x02"):
    raw(broken, wait=3)
for s in silent:
    s.settimeout(30)
    assert s.recv(1) == b"", "a silent connection was answered"
    s.close()
assert gw.get(name)[0] == 200
c = gw.client(name)
gw.scale(name, 1)
gw.wait_workers(c, 1)
c.close()
gw.stop(name)
gw.say("ok")
