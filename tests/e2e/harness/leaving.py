"""Clients that leave, and the moments at which they do: for tests of what becomes of their calls, and for a benchmark of
how soon. A moment is brought about by moment(client, services, key); then client.leave(how)."""

import json
import socket
import struct

from . import http1, http2
from .process import eventually
from .websocket import CLOSE, TEXT, Extended, WebSocket, frame

RULES = [
    {"selector": "sidespan.test.v1.Streams.Upload", "post": "/upload/{key}/{sleep_ms}", "body": "*"},
    {"selector": "sidespan.test.v1.Streams.Count", "post": "/count", "body": "*"},
]
NDJSON = "application/x-ndjson"
LINE = b'{"text":"%s"}' % (b"x" * 10_000)


def abort(sock):
    """Closing it will reset the connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def send_until_blocked(sock, piece):
    sock.settimeout(0.5)
    try:
        while True:
            sock.sendall(piece)
    except TimeoutError:
        pass


class One:
    """A client over HTTP/1.1."""

    ways = ("close", "reset")

    def __init__(self, sidespan, tls=None):
        self.connection = http1.Connection(sidespan.address(1 if tls else 0), tls=tls, receive_buffer=16384)

    def start(self, target, body):
        self.connection.send_request("POST", target, body, ["Content-Type: application/json"])

    def start_upload(self, target):
        """One message whole and one begun; more would follow."""
        head = ["Host: localhost", f"Content-Type: {NDJSON}", "Transfer-Encoding: chunked"]
        self.connection.send("\r\n".join([f"POST {target} HTTP/1.1", *head]) + "\r\n\r\n")
        body = b'{"text":"a"}\n{"te'
        self.connection.send(b"%x\r\n%s\r\n" % (len(body), body))

    def read_some(self):
        self.connection.read_head()
        self.connection.read_chunk()

    def block(self):
        """Sends until nothing is taken any more."""
        line = b'xt":"a"}\n' + (LINE + b"\n") * 5 + b'{"te'
        send_until_blocked(self.connection.socket, b"%x\r\n%s\r\n" % (len(line), line))

    def leave(self, how):
        if how == "reset":
            abort(self.connection.socket)
        self.connection.close()


class Two:
    """A client over HTTP/2."""

    ways = ("close", "reset", "rst_stream")

    def __init__(self, sidespan, tls=None):
        self.connection = http2.Connection(sidespan.address(1 if tls else 0), tls=tls)
        self.connection.consume = False

    def start(self, target, body, kind="application/json", end=True):
        self.stream = self.connection.start("POST", target, body, [("content-type", kind)], end=end)

    def start_upload(self, target):
        self.start(target, b'{"text":"a"}\n{"te', NDJSON, end=False)

    def read_some(self):
        self.connection.wait(self.stream, lambda state: state.body)

    def block(self):
        send_until_out_of_credit(self.connection, self.stream, b'xt":"a"}\n' + LINE + b'\n{"te')

    def leave(self, how):
        if how == "rst_stream":
            self.connection.reset(self.stream)
            return
        if how == "reset":
            abort(self.connection.socket)
        self.connection.close()


def send_until_out_of_credit(connection, stream, piece):
    connection.socket.settimeout(0.5)
    try:
        while True:
            if connection.h2.local_flow_control_window(stream) > len(piece):
                connection.send(stream, piece)
            else:
                connection.read()
    except TimeoutError:
        connection.socket.settimeout(5)


class Socket:
    """A WebSocket over HTTP/1.1."""

    ways = ("close", "reset", "close_frame")

    def __init__(self, sidespan, tls=None):
        self.address, self.tls = sidespan.address(1 if tls else 0), tls

    def open(self, target):
        self.socket = WebSocket(self.address, target, tls=self.tls, receive_buffer=16384).open()
        self.connection = self.socket.connection

    def start(self, target, body):
        self.open(target)
        self.socket.send_frame(TEXT, body)

    def start_upload(self, target):
        self.open(target)
        self.socket.send_frame(TEXT, b'{"text":"a"}')

    def read_some(self):
        self.socket.read()

    def block(self):
        send_until_blocked(self.connection.socket, frame(TEXT, LINE))

    def leave(self, how):
        if how == "close_frame":
            self.socket.send_frame(CLOSE, struct.pack("!H", 1000))
            return
        if how == "reset":
            abort(self.connection.socket)
        self.connection.close()


class SocketTwo:
    """A WebSocket over HTTP/2."""

    ways = ("close", "reset", "rst_stream", "close_frame")

    def __init__(self, sidespan, tls=None):
        self.address, self.tls = sidespan.address(1 if tls else 0), tls

    def open(self, target):
        self.socket = Extended(self.address, target, tls=self.tls).open()
        self.connection, self.stream = self.socket.connection, self.socket.stream
        self.connection.consume = False

    def start(self, target, body):
        self.open(target)
        self.socket.send_frame(TEXT, body)

    start_upload = Socket.start_upload

    def read_some(self):
        self.socket.read_frame()

    def block(self):
        send_until_out_of_credit(self.connection, self.stream, frame(TEXT, LINE))

    def leave(self, how):
        if how == "close_frame":
            self.socket.send_frame(CLOSE, struct.pack("!H", 1000))
        else:
            Two.leave(self, how)


# ---- moments ----


def before_the_request_is_whole(client, services, key):
    client.start_upload(f"/upload/{key}/0")
    eventually(lambda: services.stats(key)["finished"] == 1)


def waiting_for_the_first_message(client, services, key):
    client.start("/count", json.dumps({"count": 1, "firstDelayMs": 10_000, "key": key}).encode())
    eventually(lambda: services.stats(key)["started"] == 1)


def in_mid_stream(client, services, key):
    client.start("/count", json.dumps({"count": 1000, "delayMs": 1000, "key": key}).encode())
    client.read_some()


def blocked_on_the_way_down(client, services, key):
    client.start("/count", json.dumps({"count": 10_000, "size": 50_000, "key": key}).encode())
    last = [None]

    def stopped():
        before, last[0] = last[0], services.stats(key)["sent"]
        return last[0] and last[0] == before

    eventually(stopped, interval=0.3)


def blocked_on_the_way_up(client, services, key):
    client.start_upload(f"/upload/{key}/20000")
    eventually(lambda: services.stats(key)["started"] == 1)
    client.block()


MOMENTS = [
    *(before_the_request_is_whole, waiting_for_the_first_message, in_mid_stream),
    *(blocked_on_the_way_down, blocked_on_the_way_up),
]
# A close frame behind messages that wait for their service waits with them, and over HTTP/2 there is no credit for it.
WAYS = [
    (moment, kind, how)
    for moment in MOMENTS
    for kind in (One, Two, Socket, SocketTwo)
    for how in kind.ways
    if not (how == "close_frame" and moment is blocked_on_the_way_up)
]
