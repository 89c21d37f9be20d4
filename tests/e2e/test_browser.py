"""A page in headless Chromium: EventSource, streams read with fetch, streams sent with fetch, WebSocket. What arrives, and
when: with each message the page notes how many the service had sent by then."""

import base64
import contextlib
import http.server
import json
import pathlib
import queue
import re
import shutil
import subprocess
import threading
import time

import pytest

from harness.process import eventually, free_port

CHROMIUM = shutil.which("chromium")
PAGE = pathlib.Path(__file__).parent / "browser/page.js"
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"),
    *("--disable-background-networking", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage"),
    *("--ignore-certificate-errors", "--no-proxy-server", "--mute-audio"),
]
RULES = [
    {
        "selector": "sidespan.test.v1.Streams.Count",
        "get": "/again/{count}",
        "stream": "sse",
        "sse": {"id": "number"},
        "additional_bindings": [
            {"get": "/count/{count}", "sse": {"id": "number", "event": "text", "done": "[DONE]"}},
            {"post": "/count", "body": "*", "sse": {"id": "number", "event": "text", "done": "[DONE]"}},
        ],
    },
    {"selector": "sidespan.test.v1.Streams.Upload", "post": "/upload", "body": "*"},
    {"selector": "sidespan.test.v1.Streams.Chat", "post": "/chat", "body": "*"},
    {"selector": "sidespan.test.v1.Cases.Upload", "post": "/bytes", "body": "*"},
    {"selector": "sidespan.test.v1.Cases.Download", "get": "/download"},
    {"selector": "sidespan.test.v1.Cases.Fetch", "get": "/page"},
]


class Harness:
    """Serves the page's script, passes on what it asks of the services, and takes its results."""

    def __init__(self, services):
        self.results = queue.Queue()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, body, kind="application/json"):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == "/page.js":
                    self.answer(PAGE.read_bytes(), "text/javascript")
                elif self.path.startswith("/stats/"):
                    self.answer(json.dumps(services.stats(self.path[7:])).encode())
                elif self.path.startswith("/page?"):
                    self.answer(base64.b64decode(self.path[6:]), "text/html")
                else:
                    self.send_error(404)

            def do_POST(self):
                outer.results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Seen:
    """What one page saw; net_log is Chromium's own account of it."""

    def __init__(self, results, net_log, services):
        self.results, self.net_log, self.services = results, net_log, services

    def __getitem__(self, name):
        result = self.results[name]
        assert "error" not in result, f"{name}: {result['error']}"
        return result["value"]


@pytest.fixture(scope="module")
def harness(services):
    one = Harness(services)
    yield one
    one.close()


@pytest.fixture(scope="module")
def sidespan(routed, harness, certs):
    tls = {"certificate": f"{certs}/server.crt", "private_key": f"{certs}/server.key"}
    listeners = [
        {"address": f"127.0.0.1:{free_port()}", "cors": {"allow_origins": [f"http://127.0.0.1:{harness.port}"]}},
        {"address": f"127.0.0.1:{free_port()}", "tls": tls},
    ]
    return routed(RULES, listeners=listeners, access_log="json")


def bootstrap(base, harness, only=()):
    names = f"base={base!r},harness='http://127.0.0.1:{harness.port}',only={list(only)}"
    page = f"<!doctype html><meta charset=utf-8><script>const {names}</script>"
    page += f"<script src='http://127.0.0.1:{harness.port}/page.js'></script>"
    return base64.b64encode(page.encode()).decode()


@contextlib.contextmanager
def chromium(folder, url):
    log = folder / "net.json"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", url]
    with open(folder / "stderr", "w") as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
    try:
        yield log
    finally:
        process.kill()
        process.wait(20)


def visit(folder, harness, services, url):
    with chromium(folder, url) as log:
        try:
            results = harness.results.get(timeout=150)
        except queue.Empty:
            pytest.fail(f"no result from {url}:\n{(folder / 'stderr').read_text()[-3000:]}")
        # Chromium buffers its log; what it has written by now is looked at.
        time.sleep(0.5)
    return Seen(results, log.read_text(errors="replace"), services)


@pytest.fixture(scope="module", params=["http/1.1", "http/2", "cross-origin"])
def seen(request, tmp_path_factory, sidespan, harness, services):
    """What the page saw: served by sidespan itself over either version, or by a server of another, allowed, origin."""
    folder = tmp_path_factory.mktemp("chromium")
    base = sidespan.url(1).replace("127.0.0.1", "localhost") if request.param == "http/2" else sidespan.url()
    page = bootstrap(base, harness)
    url = f"{base}/page?contentType=text/html&chunks={page.replace('+', '%2B').replace('=', '%3D')}"
    if request.param == "cross-origin":
        url = f"http://127.0.0.1:{harness.port}/page?{page}"
    one = visit(folder, harness, services, url)
    one.kind = request.param
    return one


def assert_as_they_come(events, delay_ms=200):
    """Each of the five came before the service had sent all, and the pauses between them are the service's. A message counts
    as sent when grpcio has taken it, by which time it may have arrived."""
    assert len(events) == 5
    for number, event in enumerate(events):
        assert number <= event["sent"] <= 5
    assert events[0]["sent"] < 5 and events[1]["sent"] < 5
    assert events[4]["at"] - events[0]["at"] > 4 * delay_ms * 0.7


def test_events_come_as_they_are_sent(seen):
    *events, done = seen["events"]
    assert [json.loads(event["data"])["number"] for event in events] == [0, 1, 2, 3, 4]
    assert [(event["type"], event["id"]) for event in events] == [("tick", str(n)) for n in range(5)]
    assert (done["type"], done["data"]) == ("message", "[DONE]")
    assert_as_they_come(events)


def test_an_error_is_an_event(seen):
    *events, error = seen["failing_events"]
    assert [json.loads(event["data"])["number"] for event in events] == [0, 1]
    assert error["type"] == "error" and json.loads(error["data"])["code"] == 9


def test_a_source_that_connects_again_says_what_it_saw_last(seen, sidespan):
    events = seen["events_again"]
    assert [event["id"] for event in events] == ["0", "1", "2", "0"]

    def asked():
        lines = [json.loads(line) for line in sidespan.stderr.splitlines() if '"/again/3"' in line]
        calls = [seen.services.received(line["request_id"]) for line in lines]
        return [call["metadata"].get("last-event-id") for call in calls if call]

    assert asked()[-2:] == [None, ["2"]]


def test_lines_come_as_they_are_sent(seen):
    lines = seen["lines"]
    assert [line["number"] for line in lines["seen"]] == [0, 1, 2, 3, 4]
    assert lines["type"] == "application/x-ndjson"
    assert_as_they_come(lines["seen"])
    if seen.kind != "cross-origin":  # there the browser does not tell
        assert lines["protocol"] == {"http/1.1": "http/1.1", "http/2": "h2"}[seen.kind]


def test_a_posted_request_is_answered_in_lines(seen):
    assert [line["number"] for line in seen["posted_lines"]] == [0, 1, 2]


def test_a_fetch_that_is_aborted_cancels_its_call(seen):
    assert seen["aborted"] == 1


def test_a_page_that_does_not_read_holds_the_service_back(seen):
    assert 0 < seen["unread"]["sent"] < 10000 and seen["unread"]["cancelled"] == 1


def test_a_body_goes_up_as_the_page_makes_it(seen):
    if seen.kind != "http/2":
        # Chromium sends no streams over HTTP/1.1: its rule, not ours.
        assert re.search("TypeError", seen.results["upload"]["error"])
        return
    assert seen["upload"] == {"count": 3, "text": "part 0;part 1;part 2;"}


def test_a_websocket_goes_both_ways(seen):
    chat = seen["chat"]
    assert chat["seen"] == [f"hello {n} ü" for n in range(5)]
    assert chat["end"] == {"code": 1000, "reason": "", "clean": True}


def test_a_websocket_over_http2_is_a_stream_of_the_connection(seen):
    assert (":protocol: websocket" in seen.net_log) == (seen.kind == "http/2")


def test_messages_of_a_websocket_come_as_they_are_sent(seen):
    messages = seen["socket_stream"]
    assert [message["number"] for message in messages] == [0, 1, 2, 3, 4]
    assert_as_they_come(messages)


def test_a_failure_closes_with_its_code(seen):
    assert seen["failing_socket"] == {"first": 0, "end": {"code": 4005, "reason": "failed after 1", "clean": True}}


def test_a_bad_message_closes_with_4003(seen):
    end = seen["bad_message"]
    assert end["code"] == 4003 and "nope" in end["reason"] and end["clean"]


def test_a_websocket_to_nowhere_does_not_open(seen):
    assert seen["refused_socket"] == {"code": 1006, "reason": "", "clean": False}


def test_binary_messages_are_bytes(seen):
    binary = seen["binary"]
    assert (binary["summary"]["messages"], binary["summary"]["bytes"]) == (2, "1003")
    assert binary["chunks"] == [[0, 1, 2], [0x80, 0xFF]]


def test_the_bearer_subprotocol_is_chosen(seen):
    assert seen["bearer"] == {"protocol": "bearer", "first": 0}


def test_a_page_may_close(seen):
    assert seen["closed_by_the_page"] == {"code": 1000, "reason": "", "clean": True}


def test_nothing_is_lost(seen):
    assert seen["unread_socket"] == {"n": 30, "end": {"code": 1000, "reason": "", "clean": True}}


def test_a_browser_that_ends_cancels_its_calls(seen):
    for key in seen["stay"]:
        eventually(lambda: seen.services.stats(key)["cancelled"] == 1)


def test_a_page_of_an_origin_that_is_not_allowed_gets_nothing(tmp_path, sidespan, harness, services):
    base = sidespan.url(1).replace("127.0.0.1", "localhost")  # this listener has no cors
    page = bootstrap(base, harness, ["lines", "aborted", "posted_lines", "bad_message", "any_socket"])
    one = visit(tmp_path, harness, services, f"http://127.0.0.1:{harness.port}/page?{page}")
    for name in ("lines", "aborted", "posted_lines"):
        assert "Failed to fetch" in one.results[name]["error"], one.results[name]
    for name in ("bad_message", "any_socket"):
        assert one[name] == {"code": 1006, "reason": "", "clean": False}
