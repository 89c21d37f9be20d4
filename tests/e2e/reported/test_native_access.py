"""Routes are an allow-list for gRPC and gRPC-Web too (reported 11), and the codec's name is carried both ways (reported 29)."""

import base64

import pytest
import yaml

from harness import faults, http1, http2
from harness.faults import grpc_frame
from harness.process import run_sidespan, write_routes

TEST = "/sidespan.test.v1"
UNARY, METADATA, COUNT, PLACE = f"{TEST}.Echo/Unary", f"{TEST}.Echo/Metadata", f"{TEST}.Streams/Count", f"{TEST}.Echo/Place"
GRPC = [("content-type", "application/grpc"), ("te", "trailers")]
RULES = [
    {"selector": "sidespan.test.v1.Echo.Unary", "post": "/echo", "body": "*"},
    {"selector": "sidespan.test.v1.Echo.Metadata", "post": "/metadata", "body": "*", "forward_headers": {"deny": ["x-secret", "x-deep-bin", "grpc-status-details-bin", "grpc-tags-bin"]}},
    {"selector": "sidespan.test.v1.Echo.Place", "post": "/place", "body": "*", "native": "off"},
    {"selector": "sidespan.test.v1.Echo.Slow", "post": "/slow", "body": "*", "timeout": "300ms"},
    {"selector": "sidespan.test.v1.Echo.Blob", "post": "/blob", "body": "*", "max_message_bytes": 1000, "max_request_bytes": 100},
    {"selector": "sidespan.test.v1.Echo.Fail", "post": "/fail", "body": "*", "forward_headers": {"deny": ["x-secret", "grpc-status-details-bin"]}},
]


def field(number, data):
    """A length-delimited field, of less than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


def call(process, path, message=b"", headers=GRPC, index=0):
    """(grpc-status, answer) over HTTP/2."""
    with http2.Connection(process.address(index)) as connection:
        stream = connection.request("POST", path, grpc_frame(message), headers)
    assert stream.status == 200, (stream.status, stream.body)
    return int((stream.trailers or stream.headers)["grpc-status"]), stream


def web(process, path, message=b"", content_type="application/grpc-web", *headers, index=0):
    """(grpc-status, response, its body) of gRPC-Web over HTTP/1.1."""
    body = grpc_frame(message)
    text = "-text" in content_type
    with http1.Connection(process.address(index)) as connection:
        response = connection.request("POST", path, base64.b64encode(body) if text else body, [f"Content-Type: {content_type}", *headers])
    body = response.body
    if text:
        body = b"".join(base64.b64decode(body[i : i + 4]) for i in range(0, len(body), 4))
    assert response.status == 200 and b"grpc-status: " in body, (response.status, body)
    return int(body.split(b"grpc-status: ")[1].split(b"\r\n")[0]), response, body


@pytest.fixture(scope="module")
def upstream(services):
    return lambda **keys: {"target": f"127.0.0.1:{services.ports['plain']}", "plaintext": True, **keys}


@pytest.fixture(scope="module")
def by_default(routed):
    return routed(RULES)


@pytest.mark.parametrize("path, status", [(UNARY, 0), (METADATA, 0), (PLACE, 12), (COUNT, 12), (f"{TEST}.Missing/Call", 12), ("/no.such.Service/Call", 12), (f"{TEST}.Echo/NoSuch", 12), ("/x", 12), ("/", 12), ("//", 12), (UNARY + "/", 12), ("/" + UNARY, 12), (UNARY.replace("/Unary", ".Unary"), 12)])
def test_what_has_a_route_may_be_called(by_default, services, path, status):
    got, stream = call(by_default, path, headers=[*GRPC, ("x-request-id", "native-route")])
    assert got == status
    assert web(by_default, path)[0] == status
    if status:
        assert stream.body == b"" and stream.headers["content-type"] == "application/grpc"


def test_nothing_reaches_a_service_that_has_no_route(by_default, services):
    """Not even a service that is in no descriptor: all that comes is kept under its request's id."""
    for path in (COUNT, "/no.such.Service/Call", PLACE):
        request_id = call(by_default, path)[1].headers["x-request-id"]
        assert services.received(request_id) is None


@pytest.mark.parametrize(
    "keys, upstream_keys, answers",
    [
        # UNARY has a route, COUNT none; PLACE says `off`, or nothing when all is taken from its rule
        ({}, {"native": "off"}, (12, 12, 12)),
        ({}, {"native": False}, (12, 12, 12)),
        ({}, {"native": "routes"}, (0, 12, 12)),
        ({}, {"native": "all"}, (0, 0, 12)),
        ({"defaults": {"native": "off"}}, {}, (12, 12, 12)),
        ({"defaults": {"native": "all"}}, {}, (0, 0, 12)),
        ({"defaults": {"native": "off"}}, {"native": "all"}, (0, 0, 12)),
        ({"defaults": {"native": "all"}}, {"native": "routes"}, (0, 12, 12)),
    ],
)
def test_native_says_what_may_be_called(routed, upstream, keys, upstream_keys, answers):
    process = routed(RULES, upstreams={"test": upstream(**upstream_keys)}, **keys)
    for path, status in zip((UNARY, COUNT, PLACE), answers):
        assert call(process, path)[0] == status, path
        assert web(process, path)[0] == status, path


def test_a_rule_may_let_in_what_its_upstream_does_not(routed, upstream):
    rules = [{**RULES[0], "native": "routes"}, RULES[1]]
    process = routed(rules, upstreams={"test": upstream(native="off")})
    assert call(process, UNARY)[0] == 0 and call(process, METADATA)[0] == 12


def test_all_means_methods_of_services_in_no_descriptor_too(start):
    seen = []

    def on_request(server, stream, path):
        seen.append(path)
        server.answer(stream, b"")

    listener = faults.h2_service(on_request)
    process = start(upstreams={"test": {"target": f"127.0.0.1:{listener.port}", "plaintext": True, "native": "all"}})
    assert call(process, "/no.such.Service/Call")[0] == 0 and seen == ["/no.such.Service/Call"]
    assert call(process, "/nothing")[0] == 12 and len(seen) == 1
    listener.close()


def test_of_several_upstreams_a_call_goes_to_the_one_that_takes_it(tmp_path, start, upstream, services):
    """The one that has the service's routes; else the only one that takes all."""
    away = {"target": f"127.0.0.1:{faults.refused_port()}", "plaintext": True}
    routes = [write_routes(tmp_path, [RULES[0]])]
    document = {"type": "google.api.Service", "upstream": "test", "apis": [{"name": "sidespan.test.v1.Annotated"}]}
    (tmp_path / "apis.yaml").write_text(yaml.safe_dump(document))
    routes.append(str(tmp_path / "apis.yaml"))
    process = start(routes=routes, upstreams={"test": upstream(), "other": {**away, "native": "all"}})
    assert call(process, METADATA)[0] == 12  # of Echo, whose upstream takes only routes
    assert call(process, COUNT, headers=[*GRPC, ("grpc-timeout", "2S")])[0] in (14, 4)  # the other one is tried
    process = start(routes=routes, upstreams={"test": upstream(native="all"), "other": away})
    assert call(process, METADATA)[0] == 0 and call(process, COUNT)[0] == 0
    process = start(routes=routes, upstreams={"test": upstream(native="all"), "other": {**away, "native": "all"}})
    assert call(process, METADATA)[0] == 0 and call(process, COUNT)[0] == 12  # nobody says whose it is


# ---- options hold ----


SENT = b"".join(field(1, text) for text in (b"x-secret: s", b"x-deep-bin: 00", b"x-open: o")) + b"".join(
    field(2, text) for text in (b"x-secret: s", b"x-deep-bin: 00", b"x-late: l")
)


def test_the_deny_list_holds_for_native_answers_and_requests(by_default, services):
    more = [("x-secret", "s"), ("x-deep-bin", "AA"), ("x-open", "o")]
    status, stream = call(by_default, METADATA, SENT, [*GRPC, *more])
    assert status == 0
    assert stream.headers["x-open"] == "o" and stream.trailers["x-late"] == "l"
    for fields in (stream.headers, stream.trailers):
        assert not {"x-secret", "x-deep-bin"} & set(fields), fields
    metadata = services.received(stream.headers["x-request-id"])["metadata"]
    assert metadata["x-open"] == ["o"] and not {"x-secret", "x-deep-bin"} & set(metadata), metadata


def test_the_deny_list_holds_for_grpc_web(by_default):
    status, response, body = web(by_default, METADATA, SENT)
    assert status == 0 and response.header("x-open") == "o" and response.header("x-secret") is None
    assert b"x-late: l" in body and b"x-secret" not in body.split(b"grpc-status")[-1] + body[-200:]


def test_denied_details_do_not_come_down(by_default):
    with http2.Connection(by_default.address()) as connection:
        stream = connection.request("POST", f"{TEST}.Echo/Fail", grpc_frame(FAIL), GRPC)
    fields = {**stream.headers, **(stream.trailers or {})}
    assert fields["grpc-status"] == "5" and fields["grpc-message"] == "gone"
    assert "grpc-status-details-bin" not in fields


FAIL = b"\x08\x05" + field(2, b"gone") + b"\x18\x01"  # code, message, details


def test_the_routes_timeout_holds(by_default):
    assert call(by_default, f"{TEST}.Echo/Slow", b"\x08\x90\x4e")[0] == 4  # 10000 ms
    assert web(by_default, f"{TEST}.Echo/Slow", b"\x08\x90\x4e")[0] == 4


def test_the_routes_limits_hold_for_each_message(by_default):
    blob = f"{TEST}.Echo/Blob"
    assert call(by_default, blob, b"\x08\x90\x03")[0] == 0  # 400 bytes
    for status in (call(by_default, blob, b"\x08\x90\x4e")[0], web(by_default, blob, b"\x08\x90\x4e")[0], web(by_default, blob, b"\x08\x90\x4e", "application/grpc-web-text")[0]):
        assert status == 8  # 10000 bytes are more than max_message_bytes
    large = field(2, b"x" * 120)
    assert call(by_default, blob, large)[0] == 8 and web(by_default, blob, large)[0] == 8
    assert web(by_default, blob, large, "application/grpc-web-text")[0] == 8


def test_the_defaults_hold_where_there_is_no_route(routed, upstream):
    process = routed(RULES[:1], upstreams={"test": upstream(native="all")}, defaults={"forward_headers": {"deny": ["x-secret"]}, "timeout": "300ms"})
    status, stream = call(process, METADATA, SENT)
    assert status == 0 and "x-secret" not in stream.headers and stream.headers["x-open"] == "o"
    assert call(process, f"{TEST}.Echo/Slow", b"\x08\x90\x4e")[0] == 4


def test_the_preflight_of_grpc_web_asks_about_the_methods_route(routed):
    rules = [{**RULES[0], "cors": {"allow_origins": ["https://app.example"]}}]
    process = routed(rules)
    ask = ["Origin: https://app.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type,x-grpc-web"]
    with http1.Connection(process.address()) as connection:
        response = connection.request("OPTIONS", UNARY, headers=ask)
    assert response.status == 204 and response.header("access-control-allow-origin") == "https://app.example"
    status, response, _ = web(process, UNARY, b"", "application/grpc-web", "Origin: https://app.example")
    assert status == 0 and response.header("access-control-allow-origin") == "https://app.example"


@pytest.mark.parametrize(
    "place, value",
    [("rule", "all"), ("rule", "some"), ("upstream", "some"), ("upstream", True), ("defaults", 3)],
)
def test_what_native_cannot_mean_is_an_error_with_its_place(tmp_path, make_config, upstream, place, value):
    rule = {**RULES[0], **({"native": value} if place == "rule" else {})}
    keys = {"upstreams": {"test": upstream(**({"native": value} if place == "upstream" else {}))}}
    if place == "defaults":
        keys["defaults"] = {"native": value}
    file = tmp_path / "sidespan.yaml"
    file.write_text(yaml.safe_dump(make_config(routes=[write_routes(tmp_path, [rule])], **keys)))
    done = run_sidespan("check", "--config", file)
    assert done.returncode == 1 and str(tmp_path) in done.stderr + done.stdout, (done.stdout, done.stderr)
    assert "all" in done.stderr + done.stdout


# ---- the codec (reported 29) ----


@pytest.fixture(scope="module")
def codecs(routed):
    """A sidespan before a service that answers with the content type which x-answer asks for, and what the service saw."""
    seen = []

    class Server(faults.H2Server):
        def run(self):
            self.h2.initiate_connection()
            self.flush()
            while data := self.socket.recv(65536):
                for event in self.h2.receive_data(data):
                    if hasattr(event, "headers"):
                        seen.append(dict(event.headers))
                    if type(event).__name__ == "StreamEnded":
                        self.head(event.stream_id, content_type=seen[-1].get("x-answer", "application/grpc"))
                        self.data(event.stream_id, grpc_frame(b"{}"))
                        self.trailers(event.stream_id, ("grpc-status", "0"))
                self.flush()

    listener = faults.Listener(lambda connection: Server(connection, None).run())
    denied = {"forward_headers": {"deny": ["grpc-tags-bin"]}}
    yield routed(RULES[:1], upstreams={"test": {"target": f"127.0.0.1:{listener.port}", "plaintext": True}}, defaults=denied), seen
    listener.close()


@pytest.mark.parametrize(
    "sent, up, answered, down",
    [
        ("application/grpc+json", "application/grpc+json", "application/grpc+json", "application/grpc+json"),
        ("application/grpc+json", "application/grpc+json", "application/grpc", "application/grpc+json"),
        ("application/grpc", "application/grpc", "application/grpc", "application/grpc"),
        ("application/grpc", "application/grpc", "application/grpc+proto", "application/grpc+proto"),
        ("application/grpc-web+json", "application/grpc+json", "application/grpc+json", "application/grpc-web+json"),
        ("application/grpc-web+json", "application/grpc+json", "application/grpc", "application/grpc-web+json"),
        ("application/grpc-web+json; charset=utf-8", "application/grpc+json", "application/grpc+json", "application/grpc-web+json"),
        ("application/grpc-web-text+thrift", "application/grpc+thrift", "application/grpc+thrift", "application/grpc-web-text+thrift"),
        ("application/grpc-web", "application/grpc", "application/grpc", "application/grpc-web+proto"),
        ("application/grpc-web-text", "application/grpc", "application/grpc+proto", "application/grpc-web-text+proto"),
    ],
)
def test_the_codecs_name_is_carried_both_ways(codecs, sent, up, answered, down):
    process, seen = codecs
    seen.clear()
    headers = [("content-type", sent), ("te", "trailers"), ("x-answer", answered)]
    if "-web" in sent:
        status, response, _ = web(process, UNARY, b"{}", sent, f"X-Answer: {answered}")
        assert status == 0 and response.header("content-type") == down
    status, stream = call2(process, sent, headers)
    assert stream.headers["content-type"] == down
    assert {headers["content-type"] for headers in seen} == {up}


def test_the_deny_list_holds_for_grpcs_own_metadata_but_not_for_its_codings(codecs):
    process, seen = codecs
    seen.clear()
    more = [(name, "AA") for name in ("grpc-tags-bin", "grpc-trace-bin")]
    call2(process, "application/grpc", [*GRPC, *more, ("grpc-encoding", "identity"), ("grpc-accept-encoding", "gzip")])
    assert seen[0]["grpc-trace-bin"] == "AA" and seen[0]["grpc-encoding"] == "identity"
    assert seen[0]["grpc-accept-encoding"] == "gzip" and "grpc-tags-bin" not in seen[0]


def call2(process, sent, headers):
    body = grpc_frame(b"{}")
    with http2.Connection(process.address()) as connection:
        stream = connection.request("POST", UNARY, base64.b64encode(body) if "-text" in sent else body, headers)
    return stream.status, stream


@pytest.mark.parametrize("kind", ["grpc", "grpc-web", "grpc-web-text"])
@pytest.mark.parametrize("codec", ["+json", "+proto", "+x.y-z"])
def test_our_own_errors_are_in_the_clients_codec(by_default, kind, codec):
    content_type = f"application/{kind}{codec}"
    if kind == "grpc":
        status, stream = call(by_default, "/no.such.Service/Call", headers=[("content-type", content_type), ("te", "trailers")])
        assert status == 12 and stream.headers["content-type"] == content_type
    else:
        status, response, _ = web(by_default, "/no.such.Service/Call", b"", content_type)
        assert status == 12 and response.header("content-type") == content_type
