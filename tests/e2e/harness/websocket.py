"""A WebSocket client byte by byte (RFC 6455), over HTTP/1.1 and HTTP/2: also for what a browser never sends."""

import base64
import hashlib
import json
import os
import struct

from . import http1, http2

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0):
    head = bytes([(0x80 if fin else 0) | reserved | opcode])
    bit = 0x80 if masked else 0
    n = len(payload)
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += struct.pack("!BH", bit | 126, n)
    else:
        head += struct.pack("!BQ", bit | 127, n)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    key = (mask * (n // 4 + 1))[:n]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(n, "big")


class WebSocket:
    """status and headers are the handshake's answer; refused: the response when it is not 101."""

    def __init__(self, address, target, *headers, host="localhost", **options):
        self.connection = http1.Connection(address, **options)
        key = base64.b64encode(os.urandom(16))
        hello = ["Upgrade: websocket", "Connection: keep-alive, Upgrade", f"Sec-WebSocket-Key: {key.decode()}"]
        if not any(header.lower().startswith("sec-websocket-version") for header in headers):
            hello.append("Sec-WebSocket-Version: 13")
        lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *hello, *headers]
        self.connection.send("\r\n".join(lines) + "\r\n\r\n")
        self.status, self.headers, self.refused = None, None, None
        self.expected = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()

    def open(self):
        """Reads the handshake, which must succeed."""
        self.status, headers = self.connection.read_head()
        self.headers = dict(headers)
        assert self.status == 101, (self.status, headers)
        assert self.headers["upgrade"] == "websocket" and self.headers["connection"].lower() == "upgrade"
        assert self.headers["sec-websocket-accept"] == self.expected
        return self

    def refusal(self):
        return self.connection.read_response()

    def send_frame(self, *args, **options):
        self.connection.send(frame(*args, **options))

    def send(self, message):
        self.send_frame(TEXT, json.dumps(message).encode())

    def half_close(self):
        self.send_frame(TEXT)

    def read_frame(self):
        """(opcode, payload) of the next frame, which must be whole and unmasked."""
        first, second = self.connection.read_exactly(2)
        assert first & 0xF0 == 0x80, "a fragment, or reserved bits"
        assert second & 0x80 == 0, "a server must not mask"
        n = second
        if n == 126:
            (n,) = struct.unpack("!H", self.connection.read_exactly(2))
        elif n == 127:
            (n,) = struct.unpack("!Q", self.connection.read_exactly(8))
        return first & 0x0F, self.connection.read_exactly(n)

    def read(self):
        opcode, payload = self.read_frame()
        assert opcode == TEXT, (opcode, payload)
        return json.loads(payload)

    def read_close(self):
        """(code, reason); the connection must end behind it."""
        opcode, payload = self.read_frame()
        assert opcode == CLOSE, (opcode, payload)
        self.send_frame(CLOSE, payload[:2])
        assert self.connection.closed_by_peer()
        return struct.unpack("!H", payload[:2])[0], payload[2:].decode()

    def close(self):
        self.connection.close()


class Extended:
    """A WebSocket over a stream of HTTP/2 (RFC 8441)."""

    def __init__(self, address, target, *headers, version="13", **options):
        self.connection = http2.Connection(address, **options)
        self.taken = 0
        while self.connection.h2.remote_settings[8] != 1:  # SETTINGS_ENABLE_CONNECT_PROTOCOL
            assert self.connection.read()
        fields = [(":protocol", "websocket"), ("sec-websocket-version", version), *headers]
        self.stream = self.connection.start("CONNECT", target, headers=fields, end=False)

    def open(self):
        state = self.connection.wait(self.stream, lambda state: state.status)
        assert state.status == 200, state
        return self

    def send_frame(self, *args, **options):
        self.connection.send(self.stream, frame(*args, **options))

    def read_frame(self):
        def take(n):
            end = self.taken + n
            state = self.connection.wait(self.stream, lambda state: len(state.body) >= end or state.ended)
            assert len(state.body) >= end, state
            data, self.taken = state.body[self.taken : end], end
            return data

        first, n = take(2)
        assert first & 0xF0 == 0x80
        if n == 126:
            (n,) = struct.unpack("!H", take(2))
        return first & 0x0F, take(n)
