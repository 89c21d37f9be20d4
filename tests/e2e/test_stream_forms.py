"""What a stream looks like to its client: object, server-sent events, envelope, HttpBody; how each form ends."""

import json
import time
import uuid

import httpx
import pytest

from harness import faults, http1, http2
from harness.process import PATIENCE, eventually

COUNT = "sidespan.test.v1.Streams.Count"
RULES = [
    {
        "selector": COUNT,
        "post": "/count",
        "body": "*",
        "additional_bindings": [
            {"get": "/count/{count}"},
            {"post": "/object", "body": "*", "stream": "object"},
            {"post": "/object/items", "body": "*", "stream": "object", "object": {"max_items": 3}},
            {"post": "/object/bytes", "body": "*", "stream": "object", "object": {"max_bytes": 2000}},
            {"post": "/object/time", "body": "*", "stream": "object", "object": {"max_time": "500ms"}},
            {
                **{"post": "/events", "body": "*", "stream": "sse"},
                "sse": {"event": "text", "id": "number", "done": "[DONE]", "heartbeat": "200ms"},
            },
            {"post": "/zipped", "body": "*", "gzip": {"streams": True}, "sse": {"heartbeat": "200ms"}},
            {"post": "/silent", "body": "*", "stream": "sse", "sse": {"heartbeat": "0s"}},
            {"post": "/envelope", "body": "*", "envelope": True},
            {"post": "/idle", "body": "*", "idle_timeout": "500ms"},
        ],
    },
    {"selector": "sidespan.test.v1.Cases.Download", "post": "/download", "body": "*", "additional_bindings": [{"get": "/downloads"}]},
]
JSON = ("Content-Type: application/json",)
JSON2 = [("content-type", "application/json")]


def body(**fields):
    return json.dumps(fields).encode()


@pytest.fixture(scope="module")
def sidespan(routed):
    return routed(RULES)


@pytest.fixture(params=["http/1.1", "h2c"])
def client(request, sidespan):
    two = request.param == "h2c"
    with httpx.Client(
        base_url=sidespan.url(), http1=not two, http2=two, timeout=PATIENCE, trust_env=False
    ) as one:
        yield one


def events(text):
    """[(event, data)] as the HTML Standard's parser of event streams has it, and the ids."""
    found, ids = [], []
    for block in text.split("\n\n"):
        fields = [line.partition(":") for line in block.splitlines() if line and not line.startswith(":")]
        data = [value.removeprefix(" ") for name, _, value in fields if name == "data"]
        names = [value.removeprefix(" ") for name, _, value in fields if name == "event"]
        ids += [value.removeprefix(" ") for name, _, value in fields if name == "id"]
        if data:
            found.append((names[-1] if names else "message", "\n".join(data)))
    return found, ids


# ---- object ----


@pytest.mark.parametrize("count", [0, 1, 3])
def test_an_object_holds_the_whole_stream(client, count):
    response = client.post("/object", json={"count": count})
    assert response.status_code == 200
    assert response.headers["content-type"].split(";")[0] == "application/json"
    assert set(response.json()) == {"items"}
    assert [item.get("number", 0) for item in response.json()["items"]] == list(range(count))


@pytest.mark.parametrize("count, truncated", [(2, False), (3, False), (4, True), (1000, True)])
def test_an_object_is_capped_in_count(client, count, truncated):
    response = client.post("/object/items", json={"count": count})
    assert response.status_code == 200 and len(response.json()["items"]) == min(count, 3)
    assert response.json().get("truncated", False) == truncated


def test_an_object_is_capped_in_bytes(client):
    response = client.post("/object/bytes", json={"count": 100, "size": 500})
    assert response.status_code == 200 and response.json()["truncated"] is True
    assert [item.get("number", 0) for item in response.json()["items"]] == [0, 1, 2]
    assert len(response.content) < 2100


def test_an_object_is_capped_in_time_and_the_service_is_let_go(client, services):
    key = uuid.uuid4().hex
    begin = time.monotonic()
    response = client.post("/object/time", json={"count": 1000, "delayMs": 100, "key": key})
    assert 0.4 < time.monotonic() - begin < 2
    assert response.status_code == 200 and response.json()["truncated"] is True
    assert 1 <= len(response.json()["items"]) <= 7
    eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_an_object_that_runs_out_of_time_before_the_first_message_is_empty(client):
    assert client.post("/object/time", json={"count": 1, "firstDelayMs": 3000}).json() == {"items": [], "truncated": True}


def test_an_object_that_fails_answers_with_the_mapped_status_whatever_had_come(client):
    response = client.post("/object", json={"count": 9, "failAfter": 2, "code": 5})
    assert response.status_code == 404
    assert response.json()["code"] == 5 and response.json()["message"] == "failed after 2"


# ---- server-sent events ----


def test_events_have_names_ids_and_an_end(client):
    response = client.post("/events", json={"count": 3, "text": "token"})
    found, ids = events(response.text)
    assert [name for name, _ in found] == ["token"] * 3 + ["message"]
    assert [json.loads(data).get("number", 0) for _, data in found[:3]] == [0, 1, 2] and found[3][1] == "[DONE]"
    assert ids[-2:] == ["1", "2"]


def test_a_field_with_a_line_break_names_no_event(client):
    text = "a\nevent: b\r\nid: 7\rdata: c"
    found, ids = events(client.post("/events", json={"count": 2, "text": text}).text)
    assert [name for name, _ in found] == ["message"] * 3 and ids[-1] == "1" and "7" not in ids
    assert json.loads(found[1][1])["text"] == text


def test_events_that_fail_end_with_an_error_and_without_done(client):
    found, _ = events(client.post("/events", json={"count": 9, "failAfter": 2, "code": 15, "text": "t"}).text)
    assert [name for name, _ in found] == ["t", "t", "error"]
    assert json.loads(found[2][1])["code"] == 15


def test_every_line_of_a_pretty_message_is_prefixed(client):
    text = client.post("/silent?$prettyPrint=true", json={"count": 2, "text": "a"}).text
    assert all(line.startswith("data: ") for line in text.splitlines() if line) and text.count("\n") > 6
    found, _ = events(text)
    assert [json.loads(data).get("number", 0) for _, data in found] == [0, 1]


def test_a_quiet_stream_of_events_beats(client):
    text = client.post("/events", json={"count": 2, "delayMs": 900}).text
    assert 2 <= text.count(":\n\n") <= 5
    first, second = text.index("data:"), text.rindex("data: {")
    assert first < text.index(":\n\n") < second
    assert [json.loads(data).get("number", 0) for _, data in events(text)[0][:2]] == [0, 1]


def test_a_stream_of_events_that_has_not_begun_beats_too(client):
    """Who waits for the first event may know that somebody is there; an error then comes as an event."""
    request = {"count": 1, "firstDelayMs": 900}
    with client.stream("POST", "/events", json=request) as response:
        begin = time.monotonic()
        pieces = response.iter_text()
        assert next(pieces) == ":\n\n" and time.monotonic() - begin < 0.8  # with the head, after 200 ms
        assert "data: {" in "".join(pieces)
    response = client.post("/events", json={**request, "code": 5}, headers={"x-request-timeout": "600ms"})
    found, _ = events(response.text)
    assert response.status_code == 200 and found[0][0] == "error" and json.loads(found[0][1])["code"] == 4


def test_an_event_field_of_zero_is_a_value_like_any_other(client):
    found, ids = events(client.post("/events", json={"count": 3}).text)
    assert ids == ["0", "1", "2"]


def test_a_busy_stream_of_events_does_not_beat(client):
    assert "\n:" not in client.post("/events", json={"count": 12, "delayMs": 50}).text


def test_heartbeats_can_be_off_and_are_no_part_of_other_forms(client):
    assert ":\n\n" not in client.post("/silent", json={"count": 2, "delayMs": 600}).text
    assert client.post("/events?$alt=ndjson", json={"count": 2, "delayMs": 600}).text.count("\n") == 2


def test_last_event_id_goes_up_as_metadata(client, services):
    request_id = uuid.uuid4().hex
    client.post("/events", json={"count": 1}, headers={"last-event-id": "41", "x-request-id": request_id})
    assert services.received(request_id)["metadata"]["last-event-id"] == ["41"]


# ---- lines ----


def test_an_envelope_names_results_and_errors(client):
    text = client.post("/envelope", json={"count": 9, "failAfter": 2, "code": 15}).text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [list(line) for line in lines] == [["result"], ["result"], ["error"]]
    assert [line["result"].get("number", 0) for line in lines[:2]] == [0, 1] and lines[2]["error"]["code"] == 15


def test_an_envelope_is_for_lines_only(client):
    assert [item.get("number", 0) for item in client.post("/envelope?$alt=array", json={"count": 2}).json()] == [0, 1]


def test_lines_are_lines_also_when_pretty_is_asked_for(client):
    text = client.post("/count?$prettyPrint=true", json={"count": 3}).text
    assert [json.loads(line).get("number", 0) for line in text.splitlines()] == [0, 1, 2]


# ---- ends ----


@pytest.mark.parametrize("alt", ["ndjson", "array", "sse"])
@pytest.mark.parametrize("fields, status", [({"count": 2}, "0"), ({"count": 9, "failAfter": 1, "code": 15}, "15")])
def test_the_status_follows_each_form_as_trailers(sidespan, alt, fields, status):
    with http2.Connection(sidespan.address()) as two:
        assert two.request("POST", f"/count?$alt={alt}", body(**fields), JSON2).trailers["grpc-status"] == status
    with http1.Connection(sidespan.address()) as one:
        response = one.request("POST", f"/count?$alt={alt}", body(**fields), [*JSON, "TE: trailers", "Connection: TE"])
        assert ("grpc-status", status) in response.trailers


def test_a_stream_that_stays_idle_ends_with_an_error_in_its_form(client):
    lines = client.post("/idle", json={"count": 2, "delayMs": 5000}).text.splitlines()
    assert len(lines) == 2 and json.loads(lines[1])["error"]["code"] == 4
    items = client.post("/idle?$alt=array", json={"count": 2, "delayMs": 5000}).json()
    assert len(items) == 2 and items[1]["error"]["code"] == 4


def test_a_stream_that_never_begins_is_a_timeout(client):
    response = client.post("/idle", json={"count": 1, "firstDelayMs": 5000})
    assert response.status_code == 504 and response.json()["code"] == 4


def test_a_reader_that_is_slow_but_reads_is_not_idle(sidespan, services):
    """The service is held back, and has nothing to send for longer than idle_timeout, again and again."""
    key = uuid.uuid4().hex
    with http1.Connection(sidespan.address(), receive_buffer=65536) as connection:
        request = body(count=100_000, size=50_000, key=key)
        connection.send_request("POST", "/idle", request, JSON)
        end, read = time.monotonic() + 4, 0
        while time.monotonic() < end:
            read += len(connection.socket.recv(65536))
            time.sleep(0.05)
        assert read > 1_000_000 and services.stats(key)["cancelled"] == 0


def test_a_reader_that_takes_nothing_is_idle(sidespan, services):
    key = uuid.uuid4().hex
    with http2.Connection(sidespan.address()) as connection:
        stream = connection.start("POST", "/idle", body(count=100_000, size=50_000, key=key), JSON2)
        connection.held.add(stream)  # its window closes, though the connection lives
        connection.wait(stream, lambda state: state.body)
        connection.socket.settimeout(0.1)

        def cancelled():
            try:
                connection.read()
            except TimeoutError:
                pass
            return services.stats(key)["cancelled"]

        eventually(cancelled, timeout=10)


def test_a_stream_that_is_slow_but_alive_is_not_idle(client):
    assert len(client.post("/idle", json={"count": 8, "delayMs": 150}).text.splitlines()) == 8


# ---- HttpBody ----

PIECES = ["AAEC", "/w==", "DQoNCg=="]


def test_a_body_stream_comes_byte_for_byte(client):
    response = client.post("/download", json={"contentType": "audio/ogg", "chunks": PIECES})
    assert response.headers["content-type"] == "audio/ogg"
    assert response.content == b"\x00\x01\x02\xff\r\n\r\n"


def test_a_body_stream_that_fails_late_is_broken_off(sidespan):
    request = body(contentType="audio/ogg", chunks=PIECES, code=13)
    with http2.Connection(sidespan.address()) as two:
        assert two.request("POST", "/download", request, JSON2).reset is not None
    with http1.Connection(sidespan.address()) as one, pytest.raises(http1.Closed):
        one.request("POST", "/download", request, JSON)


# ---- compressed ----


@pytest.mark.parametrize("alt", ["ndjson", "array", "sse"])
def test_a_stream_may_be_compressed_message_by_message(client, services, alt):
    key = uuid.uuid4().hex
    request = {"count": 3, "delayMs": 500, "size": 300, "key": key}
    with client.stream("POST", f"/zipped?$alt={alt}", json=request) as response:
        assert response.headers["content-encoding"] == "gzip" and response.headers["vary"] == "Accept-Encoding"
        pieces = response.iter_text()
        first = next(pieces)
        assert first.count('"number"') == 1 and services.stats(key)["sent"] < 3
        text = first + "".join(pieces)
        assert response.num_bytes_downloaded < len(text) / 2
    plain = client.post(f"/zipped?$alt={alt}", json={**request, "delayMs": 0}, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.headers["vary"] == "Accept-Encoding"
    assert plain.text == text.replace(":\n\n", "")


def test_a_compressed_stream_ends_with_its_error_and_beats(client):
    text = client.post("/zipped", json={"count": 9, "failAfter": 1, "code": 9}).text
    assert [set(json.loads(line)) for line in text.splitlines()][1] == {"error"}
    assert ":\n\n" in client.post("/zipped?$alt=sse", json={"count": 2, "delayMs": 700}).text


def test_streams_are_not_compressed_unless_the_route_says_so(client):
    response = client.post("/count", json={"count": 3, "size": 3000})
    assert "content-encoding" not in response.headers


# ---- a head and nothing else ----


@pytest.mark.parametrize("target", ["/count/100000?delay_ms=20", "/count/100000?delay_ms=20&$alt=sse", "/downloads?size=10"])
def test_head_is_answered_without_a_body_and_lets_the_service_go(sidespan, services, target):
    key = uuid.uuid4().hex
    with http1.Connection(sidespan.address()) as connection:
        response = connection.request("HEAD", target + (f"&key={key}" if "count" in target else ""))
        assert response.status == 200 and response.header("content-type")
        if "count" in target:
            eventually(lambda: services.stats(key)["cancelled"] == 1)
        # The connection serves the next request at once.
        assert connection.request("GET", "/count/1?$alt=array").json()[0]["number"] == 0


def test_head_is_answered_without_a_body_over_http2(sidespan, services):
    key = uuid.uuid4().hex
    with http2.Connection(sidespan.address()) as connection:
        state = connection.request("HEAD", f"/count/100000?delay_ms=20&key={key}")
        assert (state.status, state.body) == (200, b"")
        eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_a_body_stream_that_fails_late_is_reset_over_http_1_0(sidespan):
    with http1.Connection(sidespan.address()) as connection:
        request = body(chunks=["QUFB"], code=9)
        head = f"POST /download HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(request)}\r\n\r\n"
        connection.send(head.encode() + request)
        with pytest.raises(ConnectionResetError):
            while connection.socket.recv(65536):
                pass


def test_an_http_1_0_answer_of_which_bytes_were_lost_ends_with_a_reset(routed):
    process = routed(RULES, limits={"drain_grace": "1s", "min_drain_bytes_per_s": 1000})
    with http1.Connection(process.address(), receive_buffer=4096) as connection:
        connection.send("GET /count/1?size=4000000 HTTP/1.0\r\n\r\n")
        time.sleep(4)
        with pytest.raises(ConnectionResetError):
            while connection.socket.recv(65536):
                pass


def test_head_over_http_1_0_keeps_the_connection(sidespan):
    with http1.Connection(sidespan.address()) as connection:
        for _ in range(2):
            connection.send("HEAD /count/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert connection.read_head()[0] == 200


def test_a_deadline_of_one_heartbeat_is_a_timeout(client):
    request = {"count": 1, "firstDelayMs": 5000}
    response = client.post("/events", json=request, headers={"x-request-timeout": "200ms"})
    assert response.status_code == 504


def test_a_compressed_stream_says_so_however_much_metadata_there_is(routed):
    """What has no room in the head any more is metadata, never what says how to read the body."""
    listener = faults.h2_service(with_much_metadata)
    rules = [{"selector": COUNT, "get": "/count/{count}", "gzip": {"streams": True}}]
    process = routed(rules, upstreams={"test": {"target": f"127.0.0.1:{listener.port}", "plaintext": True}})
    response = httpx.get(f"{process.url()}/count/1", trust_env=False, timeout=PATIENCE)
    assert response.headers["content-encoding"] == "gzip" and json.loads(response.text)["number"] == 7
    listener.close()


def with_much_metadata(server, stream, path):
    server.head(stream, *[(f"x-{number}", "v") for number in range(112)])
    server.data(stream, faults.grpc_frame(b"\x08\x07"))
    server.trailers(stream, ("grpc-status", "0"))
