"""Handshakes between a client and a server that both use one cluster's certificate, as Dask does: key, certificate and authority at once."""
import ssl
import sys

certificate, key, name = sys.argv[1:]
STRICT = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN  # what Python 3.13 turns on by itself


def context(purpose, strict, check_name):
    made = ssl.create_default_context(purpose=purpose, cafile=certificate)
    made.load_cert_chain(certificate, key)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    made.check_hostname = check_name
    made.verify_flags = (made.verify_flags | STRICT) if strict else (made.verify_flags & ~STRICT)
    return made


def handshake(strict, check_name, version):
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context(ssl.Purpose.CLIENT_AUTH, strict, False).wrap_bio(to_server, to_client, server_side=True)
    client_context = context(ssl.Purpose.SERVER_AUTH, strict, check_name)
    client_context.maximum_version = version
    client = client_context.wrap_bio(to_client, to_server, server_hostname=f"daskgateway-{name}")
    for _ in range(10):
        waiting = 0
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                waiting += 1
        if not waiting:
            break
    client.write(b"hello")
    assert server.read(5) == b"hello"
    server.write(b"world")
    assert client.read(5) == b"world"
    assert dict(item[0] for item in server.getpeercert()["subject"]) == {"commonName": name}


for strict in (False, True):
    for check_name in (False, True):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            handshake(strict, check_name, version)

print("Python %d.%d: ok" % sys.version_info[:2])
