"""Streams up, and up and down at once: messages leave as soon as they are whole, and no faster than the service reads."""

import contextlib
import json
import os
import re
import time
import uuid

import pytest

from harness import http1, http2
from harness.process import eventually

UPLOAD, CHAT = "sidespan.test.v1.Streams.Upload", "sidespan.test.v1.Streams.Chat"
RULES = [
    {
        **{"selector": UPLOAD, "post": "/upload", "body": "*", "max_message_bytes": 1 << 25},
        "additional_bindings": [{"post": "/upload/{key}", "body": "*"}, {"post": "/upload/{key}/{sleep_ms}", "body": "*"}],
    },
    {"selector": CHAT, "post": "/chat", "body": "*"},
    {"selector": "sidespan.test.v1.Cases.Upload", "post": "/bytes", "body": "*"},
]
NDJSON, ARRAY = "application/x-ndjson", "application/json"


@pytest.fixture(scope="module")
def sidespan(routed):
    # What has been freed counts as memory when the sanitizer holds it back.
    return routed(RULES, {"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"] + ":quarantine_size_mb=1"})


class Chunked:
    """A request over HTTP/1.1 whose body comes piece by piece."""

    def __init__(self, sidespan, target, content_type, *headers):
        self.connection = http1.Connection(sidespan.address())
        self.connection.send(
            "\r\n".join(
                [f"POST {target} HTTP/1.1", "Host: localhost", f"Content-Type: {content_type}", "Transfer-Encoding: chunked", *headers]
            )
            + "\r\n\r\n"
        )

    def send(self, data):
        self.connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.connection.send(b"0\r\n\r\n")

    def answer(self):
        response = self.connection.read_response("POST")
        return response.status, response.body

    def close(self):
        self.connection.close()


class Frames:
    """The same over HTTP/2."""

    def __init__(self, sidespan, target, content_type, *headers):
        self.connection = http2.Connection(sidespan.address())
        fields = [tuple(part.strip().lower() for part in header.split(":", 1)) for header in headers]
        self.stream = self.connection.start("POST", target, headers=[("content-type", content_type), *fields], end=False)

    def send(self, data):
        self.connection.send(self.stream, data)

    def end(self):
        self.connection.send(self.stream, b"", end=True)

    def answer(self):
        state = self.connection.wait(self.stream)
        return state.status, state.body

    def close(self):
        self.connection.close()


@pytest.fixture(params=[Chunked, Frames], ids=["http/1.1", "h2c"])
def begin(request, sidespan):
    """begin(target, content type, header…): a request whose body is open."""
    opened = []

    def make(*arguments):
        opened.append(request.param(sidespan, *arguments))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def read(services, key):
    """How many messages the service has read under the key."""
    return services.stats(key)["finished"]


@pytest.mark.parametrize(
    "content_type, pieces",
    [
        (NDJSON, [b'{"text":"a","key":"%s"}\n', b'{"text":"b","key":"%s"}\n', b'{"text":"c","key":"%s"}\n']),
        (NDJSON, [b'{"text":"a","key":"%s"}\r\n\n', b'{"text":"b","key":"%s"}\n', b'\n{"text":"c","key":"%s"}\n']),
        (ARRAY, [b'[{"text":"a","key":"%s"}', b' , {"text":"b","key":"%s"}', b'\n,{"text":"c","key":"%s"}']),
    ],
    ids=["lines", "lines and blanks", "array"],
)
def test_a_message_goes_up_when_it_is_whole(begin, services, content_type, pieces):
    key = uuid.uuid4().hex
    upload = begin("/upload", content_type)
    for number, piece in enumerate(pieces):
        piece = piece % key.encode()
        upload.send(piece[:-9])
        time.sleep(0.05)
        assert read(services, key) == number
        upload.send(piece[-9:])
        eventually(lambda: read(services, key) == number + 1, timeout=5)
    if content_type == ARRAY:
        upload.send(b"]")
    upload.end()
    status, answer = upload.answer()
    assert status == 200 and json.loads(answer) == {"count": 3, "text": "abc"}


def test_a_body_may_come_byte_by_byte(begin):
    upload = begin("/upload", ARRAY)
    for byte in b'[{"text":"a]}\\"\xc3\xa4"},{"text":"{b"}]':
        upload.send(bytes([byte]))
    upload.end()
    status, answer = upload.answer()
    assert status == 200 and json.loads(answer) == {"count": 2, "text": 'a]}"ä{b'}


@pytest.mark.parametrize("last", [b'{"text":"b"}', b'{"text":"b"}\n'])
def test_the_last_line_needs_no_end(begin, last):
    upload = begin("/upload", NDJSON)
    upload.send(b'{"text":"a"}\n' + last)
    upload.end()
    assert json.loads(upload.answer()[1]) == {"count": 2, "text": "ab"}


def test_one_object_is_one_message(begin):
    upload = begin("/upload", ARRAY)
    upload.send(b'{"text":"alone"}')
    upload.end()
    assert json.loads(upload.answer()[1]) == {"count": 1, "text": "alone"}


@pytest.mark.parametrize("content_type, body", [(NDJSON, b""), (NDJSON, b"\n\n"), (ARRAY, b"[]"), (ARRAY, b" [ ]\n")])
def test_a_stream_may_have_no_message(begin, services, content_type, body):
    request_id = uuid.uuid4().hex
    upload = begin("/upload/dropped", content_type, f"X-Request-Id: {request_id}")
    if body:
        upload.send(body)
    upload.end()
    status, answer = upload.answer()
    assert status == 200 and json.loads(answer).get("count", 0) == 0
    assert services.received(request_id)["messages"] == []


def test_bindings_go_into_the_first_message_only(begin, services):
    request_id = uuid.uuid4().hex
    upload = begin("/upload/k/1", NDJSON, f"X-Request-Id: {request_id}")
    upload.send(b'{"text":"a"}\n{"text":"b"}\n')
    upload.end()
    assert upload.answer()[0] == 200
    first, second = services.received(request_id)["messages"]
    assert first == {"text": "a", "key": "k", "sleepMs": 1} and second == {"text": "b"}


@pytest.mark.parametrize("bad", [b'{"nope":1}\n', b'{"text":\n', b'{"text":5}\n', b"]\n"])
def test_a_bad_message_cancels_the_call_and_is_never_taken_for_an_end(begin, services, bad):
    key = uuid.uuid4().hex
    upload = begin(f"/upload/{key}", NDJSON)
    upload.send(b'{"text":"a"}\n')
    eventually(lambda: read(services, key) == 1)
    upload.send(bad)
    status, answer = upload.answer()
    assert status == 400 and json.loads(answer)["code"] == 3
    eventually(lambda: services.stats(key)["cancelled"] == 1)


@pytest.mark.parametrize(
    "content_type, body",
    [(NDJSON, b'{"text":"a"}\n{"nope":1}\n'), (ARRAY, b'[{"text":"a"},{"nope":1}]')],
)
def test_a_bad_message_is_named_by_its_number(begin, content_type, body):
    upload = begin("/upload", content_type)
    upload.send(body)
    upload.end()
    answer = json.loads(upload.answer()[1])
    (violation,) = answer["details"][0]["fieldViolations"]
    assert violation["field"] == "nope" and violation["description"].startswith("message 2: unknown field")
    assert "line 1, column 2" in violation["description"] and "message 2: " in answer["message"]


@pytest.mark.parametrize("version", [1, 2])
def test_a_rule_without_a_body_does_not_wait_for_one_for_ever(routed, version):
    rules = [{"selector": "sidespan.test.v1.Streams.Upload", "get": "/bare/{key}"}]
    process = routed(rules, limits={"body_timeout": "500ms"})
    if version == 1:
        with http1.Connection(process.address()) as connection:
            connection.send("GET /bare/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
            assert connection.read_response().status == 408
    else:
        with http2.Connection(process.address()) as connection:
            stream = connection.start("GET", "/bare/k", b"{", end=False)
            assert connection.wait(stream).status == 408


def test_the_service_may_end_before_the_request_does(begin):
    """A deadline, here."""
    upload = begin("/upload", NDJSON, "Grpc-Timeout: 300m")
    upload.send(b'{"text":"a"}\n')
    assert upload.answer()[0] == 504


def test_bytes_go_up_as_they_come(begin, services):
    request_id = uuid.uuid4().hex
    upload = begin("/bytes", "audio/ogg", f"X-Request-Id: {request_id}")
    for number in range(3):
        upload.send(b"\x00\xff" * 500)
        eventually(lambda: len((services.received(request_id) or {"messages": []})["messages"]) == number + 1)
    upload.end()
    status, answer = upload.answer()
    assert status == 200
    assert json.loads(answer) == {"messages": 3, "bytes": "3000", "contentType": "audio/ogg", "name": ""}


# ---- both ways ----


def test_a_chat_is_full_duplex_over_http2(sidespan):
    chat = Frames(sidespan, "/chat", NDJSON)
    for number in range(5):
        chat.send(b'{"text":"%d"}\n' % number)
        state = chat.connection.wait(chat.stream, lambda state: state.body.count(b"\n") > number)
        assert json.loads(state.body.splitlines()[number])["text"] == str(number) and not state.ended
    chat.end()
    state = chat.connection.wait(chat.stream)
    assert state.trailers["grpc-status"] == "0"
    chat.close()


def test_a_chat_is_half_duplex_over_http1(sidespan):
    chat = Chunked(sidespan, "/chat", NDJSON)
    for number in range(5):
        chat.send(b'{"text":"%d"}\n' % number)
    chat.end()
    status, body = chat.answer()
    assert status == 200 and [json.loads(line)["text"] for line in body.splitlines()] == list("01234")
    chat.close()


def test_a_bad_message_in_a_chat_ends_it_in_its_form(sidespan):
    chat = Frames(sidespan, "/chat", NDJSON)
    chat.send(b'{"text":"0"}\n')
    chat.connection.wait(chat.stream, lambda state: state.body)
    chat.send(b'{"nope":1}\n')
    state = chat.connection.wait(chat.stream)
    assert json.loads(state.body.splitlines()[1])["error"]["code"] == 3 and state.trailers["grpc-status"] == "3"
    chat.close()


# ---- flow control ----

LINE = b'{"text":"%s"}\n' % (b"x" * 10_000)


def push_until_blocked(upload, limit):
    """Sends lines until nothing more is taken for a second; how many bytes were."""
    sent, quiet = 0, 0
    if isinstance(upload, Chunked):
        piece = b"%x\r\n%s\r\n" % (len(LINE), LINE)
        upload.connection.socket.settimeout(1)
        rest = b""
        while sent < limit:
            rest = rest or piece
            try:
                n = upload.connection.socket.send(rest)
            except TimeoutError:
                return sent, rest
            sent, rest = sent + n, rest[n:]
        return sent, rest
    connection, stream = upload.connection, upload.stream
    connection.socket.settimeout(0.25)
    left = b""
    while sent < limit and quiet < 4:
        left = left or LINE
        room = min(connection.h2.local_flow_control_window(stream), connection.h2.max_outbound_frame_size, len(left))
        if room:
            connection.send(stream, left[:room])
            sent, left, quiet = sent + room, left[room:], 0
            continue
        try:
            assert connection.read()
        except TimeoutError:
            quiet += 1
    return sent, left


@pytest.mark.slow
def test_a_service_that_does_not_read_stops_the_client_and_memory_stays_flat(begin, sidespan, services):
    limit = 256 << 20
    key = uuid.uuid4().hex
    upload = begin(f"/upload/{key}/6000", NDJSON)
    before = sidespan.rss_kib()
    sent, rest = push_until_blocked(upload, limit)
    grown = sidespan.rss_kib() - before
    print(f"\n{sent >> 10} KiB taken before the client was stopped; sidespan grew by {grown} KiB")
    assert sent < 32 << 20 and grown < 24 << 10
    # When the service reads on, all of it arrives.
    upload.connection.socket.settimeout(20)
    if isinstance(upload, Chunked):
        upload.connection.send(rest)
    else:
        while rest:
            room = min(upload.connection.h2.local_flow_control_window(upload.stream), 16384, len(rest))
            if room:
                upload.send(rest[:room])
                rest = rest[room:]
            else:
                assert upload.connection.read()
    upload.end()
    status, answer = upload.answer()
    assert status == 200
    lines = json.loads(answer)["count"]
    framing = 8 if isinstance(upload, Chunked) else 0
    assert abs(lines * (len(LINE) + framing) - sent) <= 2 * len(LINE)  # the last of them may have been begun only
    assert re.fullmatch("x*", json.loads(answer)["text"])


@pytest.mark.slow
def test_a_chat_whose_client_does_not_read_is_stopped(sidespan):
    before = sidespan.rss_kib()
    with contextlib.closing(Frames(sidespan, "/chat", NDJSON)) as chat:
        chat.connection.consume = False
        sent, _ = push_until_blocked(chat, 256 << 20)
        grown = sidespan.rss_kib() - before
        print(f"\n{sent >> 10} KiB taken before the client was stopped; sidespan grew by {grown} KiB")
        assert sent < 32 << 20 and grown < 24 << 10
