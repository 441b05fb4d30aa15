"""Both ends of a relayed connection, for measuring the relay between them.

A relay looks at the ClientHello only. So the client sends a true one, then plain bytes: both ends stay cheap, and what the
relay itself costs shows. After the hello come one letter and a number: S n (sink n bytes), D n (send n bytes), E 0 (echo),
I 0 (echo one byte, then be idle until the client closes).
"""
import selectors
import socket
import ssl
import struct
import threading

CHUNK = 1 << 18


def hello(server_name):
    out = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=server_name).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def exact(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def connect(address):
    sock = socket.create_connection(address)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Idle:
    """Holds connections on which nothing more is to come; one thread for all of them."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        threading.Thread(target=self.close_those_that_end, daemon=True).start()

    def hold(self, sock):
        self.selector.register(sock, selectors.EVENT_READ)

    def close_those_that_end(self):
        while True:
            for key, _ in self.selector.select(1):
                self.selector.unregister(key.fileobj)
                key.fileobj.close()


def serve_one(sock, idle):
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exact(sock, struct.unpack(">xxxH", exact(sock, 5))[0])
        kind, left = struct.unpack(">cQ", exact(sock, 9))
        buffer = memoryview(bytearray(CHUNK))
        if kind == b"S":
            while left > 0:
                count = sock.recv_into(buffer)
                if not count:
                    raise EOFError
                left -= count
            sock.sendall(b"k")
        elif kind == b"D":
            while left > 0:
                left -= sock.send(buffer[: min(left, CHUNK)])
        elif kind == b"I":
            sock.sendall(exact(sock, 1))
            idle.hold(sock)
            return
        else:
            while count := sock.recv_into(buffer):
                sock.sendall(buffer[:count])
        sock.close()
    except (EOFError, OSError):
        sock.close()


def serve(listener):
    idle = Idle()
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve_one, args=(sock, idle), daemon=True).start()


def stream(address, greeting, up, count):
    with connect(address) as sock:
        sock.sendall(greeting + struct.pack(">cQ", b"S" if up else b"D", count))
        buffer = memoryview(bytearray(CHUNK))
        left = count
        while left > 0:
            moved = sock.send(buffer[: min(left, CHUNK)]) if up else sock.recv_into(buffer)
            assert moved
            left -= moved
        if up:
            assert sock.recv(1) == b"k"


def echo(address, greeting, kind=b"E"):
    """A connection through which one byte has come back."""
    sock = connect(address)
    sock.sendall(greeting + struct.pack(">cQ", kind, 0) + b"x")
    assert sock.recv(1) == b"x"
    return sock
