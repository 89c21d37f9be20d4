"""WebSocket: one JSON message a text frame, both ways, and the close codes."""

import json
import socket
import struct
import time
import uuid

import pytest

from harness import faults
from harness.process import PATIENCE, eventually
from harness.websocket import BINARY, CLOSE, PING, PONG, TEXT, Extended, WebSocket, frame

RULES = [
    {
        "selector": "sidespan.test.v1.Streams.Count",
        "post": "/count",
        "body": "*",
        "additional_bindings": [
            {"get": "/count/{count}"},
            {"post": "/counted/{count}", "body": "*"},
            {"get": "/pinged/{count}", "websocket": {"ping": "200ms"}},
        ],
    },
    {
        "selector": "sidespan.test.v1.Streams.Upload",
        "post": "/upload",
        "body": "*",
        "additional_bindings": [{"put": "/upload/{key}", "body": "*"}, {"get": "/bare/{key}"}],
    },
    {
        "selector": "sidespan.test.v1.Streams.Chat",
        "post": "/chat",
        "body": "*",
        "additional_bindings": [
            {"patch": "/chats/{text}", "body": "*"},
            {"post": "/pinged", "body": "*", "websocket": {"ping": "200ms"}},
            {"post": "/idle", "body": "*", "idle_timeout": "500ms"},
            {"post": "/unpinged", "body": "*", "websocket": {"ping": 0}},
        ],
    },
    {"selector": "sidespan.test.v1.Cases.Upload", "post": "/bytes", "body": "*"},
    {
        "selector": "sidespan.test.v1.Cases.StoreAll",
        "post": "/store",
        "body": "*",
        "additional_bindings": [{"post": "/store/file", "body": "file"}, {"post": "/store/data", "body": "data"}],
    },
    {"selector": "sidespan.test.v1.Cases.Download", "get": "/download"},
    {"selector": "sidespan.test.v1.Echo.Metadata", "get": "/metadata"},
    {"selector": "sidespan.test.v1.Echo.Unary", "post": "/echo", "body": "*"},
]


@pytest.fixture(scope="module")
def sidespan(routed):
    return routed(RULES, limits={"max_request_bytes": 100000})


@pytest.fixture
def connect(sidespan):
    opened = []

    def make(target, *headers, **options):
        opened.append(WebSocket(sidespan.address(), target, *headers, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def test_both_directions_at_once(connect):
    ws = connect("/chat").open()
    for text in ("one", "two", "drei €"):
        ws.send({"text": text})
        assert ws.read()["text"] == text  # the answer comes while the request is still open
    ws.half_close()
    assert ws.read_close() == (1000, "")


def test_a_client_stream_has_one_answer(connect):
    ws = connect("/upload").open()
    for text in "abc":
        ws.send({"text": text})
    ws.half_close()
    assert ws.read() == {"count": 3, "text": "abc"}
    assert ws.read_close() == (1000, "")


def test_the_path_binds_into_the_first_message(connect):
    ws = connect("/chats/bound").open()
    ws.send({"key": "k"})
    ws.send({"text": "free"})
    assert [ws.read()["text"], ws.read()["text"]] == ["bound", "free"]


def test_no_message_at_all_is_an_empty_stream(connect):
    ws = connect("/upload/dropped").open()
    ws.half_close()
    assert ws.read() == {"count": 0, "text": ""}
    assert ws.read_close()[0] == 1000


def test_the_first_frame_is_the_request_of_a_server_stream(connect):
    ws = connect("/count").open()
    ws.send({"count": 3})
    assert [ws.read()["number"] for _ in range(3)] == [0, 1, 2]
    assert ws.read_close() == (1000, "")


def test_a_server_stream_without_a_body_needs_no_frame(connect):
    ws = connect("/count/2").open()
    assert [ws.read()["number"] for _ in range(2)] == [0, 1]
    assert ws.read_close() == (1000, "")


def test_without_a_body_in_the_rule_and_without_a_frame_path_and_query_are_the_message(connect):
    ws = connect("/bare/k?text=bound").open()
    ws.half_close()
    assert ws.read() == {"count": 1, "text": "bound"}
    assert ws.read_close() == (1000, "")


def test_a_frame_that_nobody_expects_is_told_why(connect):
    for target, first, why in (
        ("/count/5?delay_ms=1000", {}, "takes its request from path and query"),
        ("/count", {"count": 5, "delayMs": 1000}, "is one message"),
        ("/upload", None, "no more comes"),
    ):
        ws = connect(target).open()
        if first is None:
            ws.send({"sleepMs": 1000})
            ws.half_close()
        elif first:
            ws.send(first)
        ws.send({})
        while (frame_ := ws.read_frame())[0] == TEXT:
            pass
        assert frame_[0] == CLOSE and frame_[1][:2] == struct.pack("!H", 4003) and why in frame_[1].decode("utf-8", "replace")


def test_an_empty_frame_is_the_empty_request_of_a_server_stream(connect):
    ws = connect("/counted/1").open()
    ws.half_close()
    assert ws.read()["number"] == 0
    assert ws.read_close() == (1000, "")


def test_a_failure_is_4000_and_the_code_with_its_message(connect):
    ws = connect("/count").open()
    ws.send({"count": 5, "failAfter": 2, "code": 9})
    assert [ws.read()["number"] for _ in range(2)] == [0, 1]
    assert ws.read_close() == (4009, "failed after 2")
    ws = connect("/count").open()
    ws.send({"failAtOnce": True, "code": 7})
    assert ws.read_close() == (4007, "failed at once")


@pytest.mark.parametrize("bad", [b"{", b'{"unknown": 1}', b"[]", b'{"text": 1}'])
def test_a_bad_message_closes_with_4003(connect, bad):
    ws = connect("/chat").open()
    ws.send({"text": "good"})
    ws.read()
    ws.send_frame(TEXT, bad)
    code, reason = ws.read_close()
    assert code == 4003 and reason


def test_a_message_behind_the_last_closes_with_4003(connect):
    ws = connect("/count").open()
    ws.send({"count": 1, "firstDelayMs": 5000})
    ws.send({"count": 1})
    assert ws.read_close()[0] == 4003
    ws = connect("/chat").open()
    ws.send({"text": "x", "sleepMs": 5000})
    ws.half_close()
    ws.half_close()  # says nothing new
    ws.send({"text": "y"})
    assert ws.read_close()[0] == 4003


def test_binary_frames_are_bytes(connect):
    for target, name in (("/bytes", ""), ("/store/file", ""), ("/store/data", "")):
        ws = connect(target).open()
        ws.send_frame(BINARY, b"\x00\xff" * 10)
        ws.send_frame(BINARY, b"")
        ws.half_close()
        answer = ws.read()
        assert (answer["messages"], answer["bytes"], answer["name"]) == (2, "20", name), target
        assert ws.read_close()[0] == 1000


def test_binary_frames_where_there_are_no_bytes_close_with_4003(connect):
    for target in ("/chat", "/store"):  # the second has two such fields
        ws = connect(target).open()
        ws.send_frame(BINARY, b"x")
        assert ws.read_close()[0] == 4003


def test_an_http_body_comes_as_a_binary_frame(connect):
    ws = connect("/download?chunks=AAE=&chunks=_w==").open()
    assert ws.read_frame() == (BINARY, b"\x00\x01")
    assert ws.read_frame() == (BINARY, b"\xff")
    assert ws.read_close() == (1000, "")


def test_text_and_binary_may_alternate(connect):
    ws = connect("/bytes").open()
    ws.send({"contentType": "a/b", "data": "AAAA"})
    ws.send_frame(BINARY, b"12")
    ws.half_close()
    assert ws.read() == {"messages": 2, "bytes": "5", "contentType": "a/b", "name": ""}


def test_pings_are_answered_also_between_fragments(connect):
    ws = connect("/chat").open()
    ws.send_frame(PING, b"1")
    assert ws.read_frame() == (PONG, b"1")
    ws.send_frame(TEXT, b'{"text": ', fin=False)
    ws.send_frame(PING, b"2")
    assert ws.read_frame() == (PONG, b"2")
    ws.send_frame(0, b'"in ', fin=False)
    ws.send_frame(0, b'pieces"}')
    assert ws.read()["text"] == "in pieces"


def test_a_quiet_client_is_asked_whether_it_is_there(connect):
    ws = connect("/pinged").open()
    for _ in range(5):
        assert ws.read_frame() == (PING, b"")
        ws.send_frame(PONG)
    ws.send({"text": "still here"})
    assert ws.read()["text"] == "still here"
    ws.half_close()
    assert ws.read_close() == (1000, "")


def test_a_client_that_does_not_answer_is_gone(connect, services):
    key = str(uuid.uuid4())
    ws = connect(f"/pinged/9?delay_ms=20000&key={key}").open()
    assert ws.read()["number"] == 0
    assert ws.read_frame() == (PING, b"")
    assert ws.connection.closed_by_peer(3)
    eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_a_client_that_sends_is_not_asked(connect):
    ws = connect("/pinged").open()
    for number in range(15):
        time.sleep(0.05)
        ws.send({"text": str(number)})
        assert ws.read()["text"] == str(number)


def test_a_client_that_is_held_back_need_not_answer(connect, services):
    key = str(uuid.uuid4())
    ws = connect(f"/pinged/2000?size=20000&key={key}", receive_buffer=4096).open()
    time.sleep(1.5)
    assert services.stats(key)["cancelled"] == 0
    numbers = []
    while len(numbers) < 2000:
        opcode, payload = ws.read_frame()
        if opcode == TEXT:
            numbers.append(json.loads(payload)["number"])
        else:
            assert opcode == PING
            ws.send_frame(PONG, payload)
    assert numbers == list(range(2000))


def test_nobody_is_asked_when_it_is_off(connect):
    ws = connect("/unpinged").open()
    assert not ws.connection.closed_by_peer(0.7) and not ws.connection.buffer


def test_frames_may_come_with_the_handshake_and_byte_by_byte(connect):
    ws = connect("/chat")
    ws.send({"text": "early"})
    ws.open()
    assert ws.read()["text"] == "early"
    for byte in frame(TEXT, b'{"text": "slow"}'):
        ws.connection.send(bytes([byte]))
    assert ws.read()["text"] == "slow"


@pytest.mark.parametrize(
    "bytes_, code",
    [
        (frame(TEXT, b"{}", masked=False), 1002),
        (frame(TEXT, b"{}", reserved=0x40), 1002),
        (frame(3, b""), 1002),
        (frame(0, b"{}"), 1002),
        (frame(TEXT, b'{"text": "\xff"}'), 1007),
        (frame(TEXT, b'{"text": "' + b"x" * 100000 + b'"}'), 1009),
        (frame(TEXT, b"x" * 60000, fin=False) + frame(0, b"x" * 60000), 1009),
    ],
    ids=["unmasked", "reserved bit", "unknown opcode", "stray piece", "bad UTF-8", "large", "large in pieces"],
)
def test_what_breaks_the_protocol_is_told_so_and_cancels(connect, services, bytes_, code):
    key = str(uuid.uuid4())
    ws = connect("/upload").open()
    ws.send({"key": key, "sleepMs": 10000})
    eventually(lambda: services.stats(key)["started"])
    ws.connection.send(bytes_)
    assert ws.read_close()[0] == code
    eventually(lambda: services.stats(key).get("cancelled"))


def test_the_largest_message_passes(connect):
    ws = connect("/chat").open()
    text = "x" * (100000 - len('{"text": ""}'))
    ws.send({"text": text})
    assert ws.read()["text"] == text


def test_the_client_may_close(connect, services):
    key = str(uuid.uuid4())
    ws = connect("/upload").open()
    ws.send({"key": key, "sleepMs": 10000})
    eventually(lambda: services.stats(key)["started"])
    ws.send_frame(CLOSE, struct.pack("!H", 1001) + b"bye")
    opcode, payload = ws.read_frame()
    assert opcode == CLOSE and payload[:2] == struct.pack("!H", 1001)
    assert ws.connection.closed_by_peer()
    eventually(lambda: services.stats(key).get("cancelled"))


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest.mark.parametrize("when", ["idle", "half a frame"])
def test_a_client_that_vanishes_cancels_the_call(connect, services, how, when):
    key = str(uuid.uuid4())
    ws = connect("/upload").open()
    ws.send({"key": key, "sleepMs": 10000})
    eventually(lambda: services.stats(key)["started"])
    if when == "half a frame":
        ws.connection.send(frame(TEXT, b"{}")[:3])
    if how == "reset":
        ws.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    left = time.monotonic()
    ws.close()
    eventually(lambda: services.stats(key).get("cancelled"))
    assert services.cancelled_at(key) - left < 1


def test_the_bearer_subprotocol_becomes_authorization(connect, services):
    request_id = str(uuid.uuid4())
    ws = connect(
        "/count/1", "Sec-WebSocket-Protocol: bearer, tok.en", "Authorization: Basic x", f"X-Request-Id: {request_id}"
    ).open()
    assert ws.headers["sec-websocket-protocol"] == "bearer"
    ws.read()
    metadata = services.received(request_id)["metadata"]
    assert metadata["authorization"] == ["Bearer tok.en"]
    assert not [name for name in metadata if name.startswith("sec-")]


def test_other_subprotocols_are_not_chosen(connect):
    assert "sec-websocket-protocol" not in connect("/count/1", "Sec-WebSocket-Protocol: chat").open().headers


@pytest.mark.parametrize(
    "target, headers, status",
    [
        ("/nothing", (), 404),
        ("/metadata", (), 400),  # unary
        ("/echo", (), 400),  # unary, and of another method, which a WebSocket cannot choose
        ("/chat?unknown=1", (), 400),
        ("/count/many", (), 400),
        ("/count/1", ("Sec-WebSocket-Version: 8",), 426),
        ("/count/1", ("Sec-WebSocket-Key: second",), 400),
        ("/count/1", ("X-Request-Timeout: soon",), 400),
        ("/count/1", ("Origin: https://elsewhere.example",), 403),
        ("/count/1", ("Origin: null",), 403),
    ],
)
def test_what_is_wrong_before_the_upgrade_is_an_ordinary_error(connect, target, headers, status):
    ws = connect(target, *headers)
    response = ws.refusal()
    assert response.status == status, response
    assert response.json()["message"]
    if status == 426:
        assert response.header("sec-websocket-version") == "13"
        assert response.header("upgrade") == "websocket"
    # and the connection is still of use
    assert ws.connection.request("GET", "/count/1?$alt=array").json()[0]["number"] == 0


def test_a_page_of_the_same_origin_may_connect(connect):
    ws = connect("/count/1", "Origin: http://localhost").open()
    assert ws.read()["number"] == 0


def test_other_upgrades_and_requests_with_a_body_are_ordinary(connect):
    ws = connect("/count/1?$alt=array", "Content-Length: 2")
    ws.connection.send("{}")
    assert ws.refusal().json()[0]["number"] == 0
    other = ("Upgrade: other", "Connection: upgrade")
    assert ws.connection.request("GET", "/count/1?$alt=array", headers=other).json()[0]["number"] == 0


def test_a_client_that_does_not_read_holds_the_service_back(connect, services):
    key = str(uuid.uuid4())
    ws = connect(f"/count/4000?size=16000&key={key}", receive_buffer=65536).open()
    time.sleep(1)
    sent = services.stats(key)["sent"]
    time.sleep(0.5)
    assert services.stats(key)["sent"] - sent < 10 and sent < 2000
    for number in range(4000):
        assert ws.read()["number"] == number
    assert ws.read_close()[0] == 1000


def test_a_service_that_does_not_read_holds_the_client_back(connect):
    ws = connect("/upload").open()
    ws.send({"sleepMs": 3000})
    rest = b"".join(frame(TEXT, b'{"key": "' + b"x" * 60000 + b'"}') for _ in range(400))
    ws.connection.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        while rest:
            rest = rest[ws.connection.socket.send(rest) :]
    assert len(rest) > 4 << 20
    ws.connection.socket.settimeout(PATIENCE)
    ws.connection.send(rest)  # now it reads
    ws.half_close()
    assert ws.read()["count"] == 401
    assert ws.read_close() == (1000, "")


def test_empty_messages_count_too_when_a_service_does_not_read(routed):
    listener = faults.silent_service()
    process = routed(RULES, upstreams={"test": {"target": f"127.0.0.1:{listener.port}", "plaintext": True}})
    ws = WebSocket(process.address(), "/bytes", receive_buffer=65536).open()
    before = process.rss_kib()
    ws.connection.socket.settimeout(1)
    empty = frame(BINARY) * 10_000
    sent = 0
    with ws.connection, pytest.raises(TimeoutError):
        while sent < 64 << 20:
            sent += ws.connection.socket.send(empty)
    assert process.rss_kib() - before < 32 << 10
    listener.close()


def test_pings_without_reading_are_not_read_for_ever(connect, sidespan):
    ws = connect("/chat", receive_buffer=4096).open()
    ws.connection.socket.settimeout(1)
    pings = frame(PING, b"x" * 125) * 400
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 64 << 20:
            ws.connection.socket.sendall(pings)
            sent += len(pings)


def test_many_messages_arrive_in_order(connect):
    ws = connect("/chat").open()
    for number in range(500):
        ws.send({"text": str(number)})
    ws.half_close()
    assert [ws.read()["text"] for _ in range(500)] == [str(number) for number in range(500)]
    assert ws.read_close() == (1000, "")


def test_an_absent_service_closes_with_4014(routed):
    process = routed(RULES, upstreams={"test": {"target": "127.0.0.1:1", "plaintext": True, "connect_timeout": "1s"}})
    ws = WebSocket(process.address(), "/chat", "X-Request-Timeout: 3").open()
    code, _ = ws.read_close()
    assert code in (4014, 4004)
    ws.close()


def test_over_http2_it_is_an_extended_connect(sidespan):
    ws = Extended(sidespan.address(), "/chat", ("sec-websocket-protocol", "bearer, abc")).open()
    with ws.connection:
        assert ws.connection.streams[ws.stream].headers["sec-websocket-protocol"] == "bearer"
        for text in (b"one", b"two"):
            ws.send_frame(TEXT, b'{"text": "%s"}' % text)
            opcode, payload = ws.read_frame()
            assert opcode == TEXT and json.loads(payload)["text"].encode() == text
        ws.send_frame(PING, b"p")
        assert ws.read_frame() == (PONG, b"p")
        assert ws.connection.request("GET", "/count/1?$alt=array").json()[0]["number"] == 0  # beside it
        ws.send_frame(TEXT)
        assert ws.read_frame() == (CLOSE, struct.pack("!H", 1000))
        assert ws.connection.wait(ws.stream).reset in (None, 0)
        assert ws.connection.request("GET", "/count/1?$alt=array").status == 200


def test_over_http2_errors_before_are_ordinary_and_after_are_closes(sidespan):
    for target, version, status in (("/nothing", "13", 404), ("/metadata", "13", 400), ("/chat", "8", 400)):
        ws = Extended(sidespan.address(), target, version=version)
        with ws.connection:
            state = ws.connection.wait(ws.stream)
            assert state.status == status and state.json()["message"], (target, state)
    ws = Extended(sidespan.address(), "/count").open()
    with ws.connection:
        ws.send_frame(TEXT, b'{"failAtOnce": true, "code": 5}')
        assert ws.read_frame() == (CLOSE, struct.pack("!H", 4005) + b"failed at once")


@pytest.mark.parametrize("reply", ["nothing", "a flood", "end of stream", "a close"])
def test_over_http2_the_end_waits_for_the_clients_close(sidespan, reply):
    ws = Extended(sidespan.address(), "/count").open()
    with ws.connection as connection:
        ws.send_frame(TEXT, b'{"count": 0}')
        assert ws.read_frame() == (CLOSE, struct.pack("!H", 1000))
        begin = time.monotonic()
        if reply == "a close":
            ws.send_frame(CLOSE, struct.pack("!H", 1000))
        elif reply == "end of stream":
            connection.send(ws.stream, b"", end=True)
        elif reply == "a flood":
            for _ in range(100):
                ws.send_frame(TEXT, b'{"count": 1}' * 50)
        state = connection.wait(ws.stream)
        waited = time.monotonic() - begin
        assert state.reset in (None, 0) and len(state.body) == ws.taken  # nothing behind the close
        assert (waited > 1.5) == (reply in ("nothing", "a flood")), waited
        assert connection.request("GET", "/count/1?$alt=array").status == 200


def test_over_http2_a_content_length_does_not_hide_the_end(sidespan, services):
    key = str(uuid.uuid4())
    ws = Extended(sidespan.address(), f"/count/9?delay_ms=20000&key={key}", ("content-length", "0")).open()
    with ws.connection:
        assert ws.read_frame()[0] == TEXT
        ws.connection.send(ws.stream, b"", end=True)
        eventually(lambda: services.stats(key)["cancelled"])


def test_a_websocket_on_which_nothing_moves_closes_with_4004(connect):
    ws = connect("/idle").open()
    ws.send({"text": "a"})
    assert ws.read()["text"] == "a"
    begin = time.monotonic()
    code, reason = ws.read_close()
    assert code == 4004 and "idle" in reason and time.monotonic() - begin > 0.3


@pytest.mark.parametrize("how", ["reset", "end", "connection"])
def test_over_http2_a_client_that_vanishes_cancels_the_call(sidespan, services, how):
    key = str(uuid.uuid4())
    ws = Extended(sidespan.address(), "/upload").open()
    with ws.connection:
        ws.send_frame(TEXT, json.dumps({"key": key, "sleepMs": 10000}).encode())
        eventually(lambda: services.stats(key)["started"])
        if how == "reset":
            ws.connection.reset(ws.stream)
        elif how == "end":
            ws.connection.send(ws.stream, b"", end=True)
        else:
            ws.connection.close()
        left = time.monotonic()
        eventually(lambda: services.stats(key)["cancelled"])
        assert services.cancelled_at(key) - left < 1


def test_over_http2_a_client_that_does_not_read_holds_the_service_back(sidespan, services):
    key = str(uuid.uuid4())
    ws = Extended(sidespan.address(), f"/count/4000?size=16000&key={key}")
    with ws.connection:
        ws.connection.consume = False
        ws.open()
        while services.stats(key)["sent"] == 0:
            ws.connection.read()
        time.sleep(1)
        sent = services.stats(key)["sent"]
        time.sleep(0.5)
        assert services.stats(key)["sent"] - sent < 10 and sent < 2000
    eventually(lambda: services.stats(key)["cancelled"])


@pytest.mark.parametrize("how", ["close", "vanish"])
def test_over_tls(sidespan, services, client_tls, how):
    key = str(uuid.uuid4())
    ws = WebSocket(sidespan.address(1), "/upload", tls=client_tls()).open()
    ws.send({"key": key, "sleepMs": 0 if how == "close" else 10000})
    eventually(lambda: services.stats(key)["started"])
    if how == "close":
        ws.half_close()
        assert ws.read()["count"] == 1
        assert ws.read_close() == (1000, "")
    ws.close()
    if how == "vanish":
        left = time.monotonic()
        eventually(lambda: services.stats(key)["cancelled"])
        assert services.cancelled_at(key) - left < 1
