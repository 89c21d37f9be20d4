"""What a page in a browser can send to a listener on the machine that shows it (reported 15)."""

import httpx
import pytest

from harness import http1, http2
from harness.faults import grpc_frame
from harness.process import free_port
from harness.websocket import WebSocket, Extended

EVIL = "http://evil.example"
APP = "https://app.example"
UNARY = "/sidespan.test.v1.Echo/Unary"


def raw(process, *lines, body=b"", index=0):
    """A request whose head is written out."""
    with http1.Connection(process.address(index) if isinstance(index, int) else index) as connection:
        connection.send("\r\n".join(lines).encode() + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return connection.read_response(lines[0].split()[0])


def over_http2(process, method, path, authority, headers=(), body=None, index=0):
    with http2.Connection(process.address(index)) as connection:
        stream = connection.h2.get_next_available_stream_id()
        connection.streams[stream] = http2.Stream()
        fields = [(":method", method), (":scheme", "http"), (":path", path), *headers]
        if authority is not None:
            fields.insert(2, (":authority", authority))
        connection.h2.send_headers(stream, fields, end_stream=body is None)
        if body is not None:
            connection.h2.send_data(stream, body, end_stream=True)
        connection.flush()
        return connection.wait(stream)


def forbidden(answer):
    """403 in the shape of every error."""
    headers = dict(answer.headers)
    assert answer.status == 403, (answer.status, answer.body)
    assert headers["content-type"] == "application/json" and headers["x-request-id"]
    error = answer.json()
    assert list(error) == ["code", "message", "details"] and error["code"] == 7
    assert "evil" not in error["message"]
    return True


def never_called(services, answer):
    return services.received(dict(answer.headers)["x-request-id"]) is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_a_host_that_is_not_this_machines_is_refused(sidespan, services, host, method):
    answer = raw(sidespan, f"{method} /echo HTTP/1.1", f"Host: {host}")
    assert answer.status == 403 if method == "HEAD" else forbidden(answer)
    assert never_called(services, answer)
    answer = over_http2(sidespan, method, "/echo", host)
    assert answer.status == 403 if method == "HEAD" else forbidden(answer)
    assert never_called(services, answer)


@pytest.mark.parametrize("path", ["/echo", "/nowhere", "/sidespan.test.v1.Echo/Unary", "*"])
def test_no_path_is_served_under_another_host(sidespan, path):
    forbidden(raw(sidespan, f"OPTIONS {path} HTTP/1.1", "Host: evil.example"))
    forbidden(over_http2(sidespan, "OPTIONS", path, "evil.example"))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "localhost.", "a.b.localhost:9", "127.0.0.1:8080", "127.8.8.8", "[::1]:80", "[::ffff:127.0.0.1]"])
def test_names_and_addresses_of_this_machine_are_served(sidespan, host):
    assert raw(sidespan, "GET /echo HTTP/1.1", f"Host: {host}").status == 200
    assert over_http2(sidespan, "GET", "/echo", host).status == 200


def test_a_request_without_a_host_comes_from_no_browser(sidespan):
    assert raw(sidespan, "GET /echo HTTP/1.0").status == 200
    # Without a host there is no site that a page could be of.
    forbidden(raw(sidespan, "POST /echo HTTP/1.0", f"Origin: {EVIL}"))
    # HTTP/2's host header counts where :authority is missing.
    forbidden(over_http2(sidespan, "GET", "/echo", None, [("host", "evil.example")]))


def test_the_target_says_the_host_before_the_header_does(sidespan):
    forbidden(raw(sidespan, "GET http://evil.example/echo HTTP/1.1", "Host: localhost"))
    assert raw(sidespan, "GET http://localhost/echo HTTP/1.1", "Host: localhost").status == 200


SIMPLE = {
    "a form": ("application/x-www-form-urlencoded", b"int32_value=1"),
    "multipart": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="int32_value"\r\n\r\n1\r\n--b--\r\n'),
    "text": ("text/plain", b"{}"),
    "no type": (None, b"{}"),
    "json": ("application/json", b"{}"),
}


@pytest.mark.parametrize("origin", [EVIL, "null", "http://localhost:1", "https://localhost:8080", "", "file://", "http://localhost.evil.example"])
@pytest.mark.parametrize("kind", SIMPLE)
def test_a_foreign_page_cannot_post(sidespan, services, origin, kind):
    content_type, body = SIMPLE[kind]
    head = ["POST /echo HTTP/1.1", "Host: localhost", f"Origin: {origin}"]
    answer = raw(sidespan, *head, *([f"Content-Type: {content_type}"] if content_type else []), body=body)
    assert forbidden(answer) and never_called(services, answer)
    fields = [("origin", origin), *([("content-type", content_type)] if content_type else [])]
    answer = over_http2(sidespan, "POST", "/echo", "localhost", fields, body)
    assert forbidden(answer) and never_called(services, answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_that_may_change_something_is_refused_to_a_foreign_page(sidespan, method):
    forbidden(raw(sidespan, f"{method} /echo HTTP/1.1", "Host: localhost", f"Origin: {EVIL}"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_changes_nothing_is_answered_and_not_for_the_page_to_read(sidespan, method):
    answer = raw(sidespan, f"{method} /echo HTTP/1.1", "Host: localhost", f"Origin: {EVIL}")
    assert answer.status == 200 and answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize("origin, host", [("http://localhost", "localhost"), ("http://localhost:8080", "localhost:8080"), ("https://localhost", "localhost:443"), ("http://[::1]:9", "[::1]:9")])
def test_a_page_of_the_same_host_may_post(sidespan, origin, host):
    assert raw(sidespan, "POST /echo HTTP/1.1", f"Host: {host}", f"Origin: {origin}", body=b"{}").status == 200
    assert over_http2(sidespan, "POST", "/echo", host, [("origin", origin)], b"{}").status == 200


def test_two_origins_are_nobodys(sidespan):
    forbidden(raw(sidespan, "POST /echo HTTP/1.1", "Host: localhost", "Origin: http://localhost", f"Origin: {EVIL}", body=b"{}"))


@pytest.mark.parametrize("content_type", ["application/grpc-web", "application/grpc-web-text", "application/grpc-web+proto"])
def test_a_foreign_page_cannot_call_grpc_web(sidespan, services, content_type):
    head = [f"POST {UNARY} HTTP/1.1", "Host: localhost", f"Content-Type: {content_type}"]
    answer = raw(sidespan, *head, f"Origin: {EVIL}", body=grpc_frame(b""))
    assert forbidden(answer) and never_called(services, answer)
    fields = [("content-type", content_type), ("origin", EVIL)]
    forbidden(over_http2(sidespan, "POST", UNARY, "localhost", fields, grpc_frame(b"")))
    forbidden(over_http2(sidespan, "POST", UNARY, "evil.example", fields[:1], grpc_frame(b"")))
    assert over_http2(sidespan, "POST", UNARY, "localhost", [fields[0], ("origin", "http://localhost")], grpc_frame(b"")).status == 200


def test_the_admin_pages_answer_this_machine_only(sidespan):
    host, _, port = sidespan.config["admin"]["address"].rpartition(":")
    address = (host, int(port))
    forbidden_admin = raw(sidespan, "GET /healthz HTTP/1.1", "Host: evil.example", index=address)
    assert forbidden_admin.status == 403 and forbidden_admin.json()["code"] == 7
    assert raw(sidespan, "POST /healthz HTTP/1.1", "Host: localhost", f"Origin: {EVIL}", index=address).status == 403
    assert raw(sidespan, "GET /healthz HTTP/1.1", "Host: localhost", f"Origin: {EVIL}", index=address).status == 200
    assert raw(sidespan, "GET /healthz HTTP/1.0", index=address).status == 200


@pytest.fixture(scope="module")
def listeners(tmp_path_factory, make_config, routed):
    """0: loopback with names and CORS; 1: loopback, unchecked; 2: all addresses; 3: all addresses, checked."""
    listed = [
        {"address": f"127.0.0.1:{free_port()}", "allowed_hosts": ["app.example", "*.pods:8080"], "cors": {"allow_origins": [APP]}},
        {"address": f"127.0.0.1:{free_port()}", "allowed_hosts": ["*"], "check_origin": False},
        {"address": f"0.0.0.0:{free_port()}"},
        {"address": f"0.0.0.0:{free_port()}", "allowed_hosts": ["app.example"], "check_origin": True},
    ]
    rules = [
        {"selector": "sidespan.test.v1.Echo.Unary", "post": "/echo", "body": "*"},
        {"selector": "sidespan.test.v1.Echo.Place", "post": "/any", "body": "*", "cors": {"allow_origins": ["*"]}},
        {"selector": "sidespan.test.v1.Streams.Count", "get": "/count/{count}"},
    ]
    return routed(rules, listeners=listed)


def post(process, index, host, origin=None, path="/echo"):
    head = [f"POST {path} HTTP/1.1", f"Host: {host}", *([f"Origin: {origin}"] if origin else [])]
    return raw(process, *head, body=b"{}", index=index).status


@pytest.mark.parametrize(
    "index, host, origin, status",
    [
        (0, "app.example", None, 200),
        (0, "app.example:1", "http://app.example:1", 200),
        (0, "x.pods:8080", None, 200),
        (0, "x.pods", None, 403),
        (0, "localhost", APP, 200),
        (0, "localhost", EVIL, 403),
        (0, "evil.example", APP, 403),
        (1, "evil.example", EVIL, 200),
        (2, "sidespan.default.svc:8080", EVIL, 200),
        (2, "localhost:8080", None, 200),
        (3, "app.example", "https://app.example", 200),
        (3, "app.example", EVIL, 403),
        (3, "localhost", None, 200),
        (3, "evil.example", None, 403),
    ],
)
def test_each_listener_checks_what_it_says(listeners, index, host, origin, status):
    assert post(listeners, index, host, origin) == status


def test_the_routes_cors_lets_pages_in_where_it_stands(listeners):
    assert post(listeners, 0, "localhost", EVIL, "/any") == 200
    assert post(listeners, 0, "localhost", EVIL, "/echo") == 403


def test_a_preflight_is_answered_as_ever(listeners):
    ask = ["Access-Control-Request-Method: POST", "Host: localhost"]
    answer = raw(listeners, "OPTIONS /echo HTTP/1.1", f"Origin: {APP}", *ask)
    assert answer.status == 204 and answer.header("access-control-allow-origin") == APP
    answer = raw(listeners, "OPTIONS /echo HTTP/1.1", f"Origin: {EVIL}", *ask)
    assert answer.status == 204 and answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "index, host, origin, opens",
    [
        (0, "localhost", None, True),
        (0, "localhost", "http://localhost", True),
        (0, "localhost:80", "http://localhost", True),
        (0, "LOCALHOST:8080", "http://localhost:8080", True),
        (0, "localhost", APP, True),
        (0, "localhost", EVIL, False),
        (0, "localhost", "null", False),
        (0, "evil.example", None, False),
        (0, "evil.example", "http://evil.example", False),
        (1, "evil.example", EVIL, True),
        (2, "app.example", EVIL, False),
        (2, "app.example", "https://app.example", True),
        (3, "app.example", EVIL, False),
    ],
)
def test_a_websocket_is_checked_alike(listeners, index, host, origin, opens):
    ws = WebSocket(listeners.address(index), "/count/1", *([f"Origin: {origin}"] if origin else []), host=host)
    if opens:
        assert ws.open().read()["number"] == 0
    else:
        forbidden(ws.refusal())
    ws.close()


def test_a_websocket_over_http_2_is_checked_too(listeners):
    ws = Extended(listeners.address(0), "/count/1", ("origin", EVIL))
    assert ws.connection.wait(ws.stream, lambda state: state.status).status == 403
    assert Extended(listeners.address(0), "/count/1", ("origin", "http://localhost")).open()


def test_a_browser_reaches_no_unix_socket(routed, tmp_path):
    path = tmp_path / "s"
    process = routed(
        [{"selector": "sidespan.test.v1.Echo.Unary", "post": "/echo", "body": "*"}],
        listeners=[{"address": f"unix:{path}"}],
    )
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://anything.example") as client:
        assert client.post("/echo", json={}, headers={"origin": EVIL}).status_code == 200


@pytest.mark.parametrize(
    "listener, words",
    [
        ({"allowed_hosts": ["http://app.example"]}, "allowed_hosts"),
        ({"allowed_hosts": "app.example"}, "list"),
        ({"check_origin": "maybe"}, "expected"),
    ],
)
def test_what_is_no_host_is_an_error_of_the_configuration(tmp_path, make_config, listener, words):
    import yaml

    from harness.process import run_sidespan

    file = tmp_path / "sidespan.yaml"
    file.write_text(yaml.safe_dump(make_config(listeners=[{"address": "127.0.0.1:0", **listener}])))
    done = run_sidespan("check", "--config", file)
    assert done.returncode == 1 and f"{file}:" in done.stdout + done.stderr, (done.stdout, done.stderr)
    assert "expected" in done.stdout + done.stderr
