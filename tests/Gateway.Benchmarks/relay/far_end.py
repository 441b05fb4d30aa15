"""Both ends of a relayed connection, for measuring the relay between them.

A relay looks at the ClientHello only. So the client sends a true one, then plain bytes: both ends stay cheap, and what the
relay itself costs shows. After the hello come one letter and a number: S n (sink n bytes), D n (send n bytes), E 0 (echo).
"""
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


def serve_one(sock):
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exact(sock, struct.unpack(">xxxH", exact(sock, 5))[0])
        kind, left = struct.unpack(">cQ", exact(sock, 9))
        buffer = memoryview(bytearray(CHUNK))
        if kind == b"S":
            while left > 0:
                count = sock.recv_into(buffer)
                if not count:
                    return
                left -= count
            sock.sendall(b"k")
        elif kind == b"D":
            while left > 0:
                left -= sock.send(buffer[: min(left, CHUNK)])
        else:
            while count := sock.recv_into(buffer):
                sock.sendall(buffer[:count])
    except (EOFError, OSError):
        pass
    finally:
        sock.close()


def serve(listener):
    threading.stack_size(128 * 1024)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve_one, args=(sock,), daemon=True).start()


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


def echo(address, greeting):
    """A connection through which one byte has come back."""
    sock = connect(address)
    sock.sendall(greeting + struct.pack(">cQ", b"E", 0) + b"x")
    assert sock.recv(1) == b"x"
    return sock
