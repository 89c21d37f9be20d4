"""Errors: the service's and our own, in one shape."""

import base64
import json
import time

import httpx
import pytest

HTTP = {1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503, 15: 500, 16: 401}


def violations(response):
    details = response.json()["details"]
    bad = next(each for each in details if each["@type"] == "type.googleapis.com/google.rpc.BadRequest")
    return bad["fieldViolations"]


@pytest.mark.parametrize("code", HTTP)
def test_every_grpc_code_has_its_http_status(any_client, code):
    response = any_client.get(f"/fail?code={code}&message=because")
    assert response.status_code == HTTP[code]
    assert response.json()["code"] == code and response.json()["message"] == "because"
    assert response.headers["content-type"].split(";")[0] == "application/json"


@pytest.mark.parametrize("message", ["", "100 % of žluťoučký 🐎", "two\nlines", 'quoted "words"', "x" * 3000])
def test_messages_arrive_whole(client, message):
    response = client.post("/fail", json={"code": 5, "message": message})
    assert response.json()["message"] == message


def test_details_are_decoded(any_client):
    info, bad, unknown = any_client.get("/fail?code=9&details=true").json()["details"]
    assert info == {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "TESTING", "domain": "test.example", "metadata": {"k": "v"}}
    assert bad["fieldViolations"][0]["field"] == "a.b"
    assert unknown == {"@type": "type.googleapis.com/test.Unheard", "value": base64.b64encode(b"\x08\x01").decode()}


def test_a_crash_of_the_service_is_unknown(client):
    response = client.get("/fail?crash=true")
    assert response.status_code == 500 and response.json()["code"] == 2


def test_a_method_that_the_service_does_not_have_is_501(client):
    response = client.get("/missing")
    assert response.status_code == 501 and response.json()["code"] == 12


def test_401_says_how_to_authenticate(client):
    assert client.get("/fail?code=16").headers["www-authenticate"] == "Bearer"


def test_retry_info_becomes_retry_after(client):
    assert client.get("/fail?code=14&retry_delay=3s").headers["retry-after"] == "3"


@pytest.mark.parametrize(
    "body, where",
    [
        (b"{", ""),
        (b"", None),
        (b"[]", ""),
        (b"null", ""),
        (b'"text"', ""),
        (b"{} trailing", ""),
        (b"{}{}", ""),
        (b"{'a': 1}", ""),
        (b'{"int32Value": 1,}', ""),
        (b"/* no */ {}", ""),
        (b'{"int32Value": 01}', ""),
        (b'{"int32Value": NaN}', ""),
        (b'{"stringValue": "\xff"}', ""),
        (b'{"stringValue": "\\ud800"}', ""),
        (b'{"stringValue": "a\nb"}', ""),
        (b'{"nope": 1}', "nope"),
        (b'{"nested": {"nope": 1}}', "nested.nope"),
        (b'{"nestedList": [{}, {"number": "x"}]}', "nestedList[1].number"),
        (b'{"int32Value": "x"}', "int32Value"),
        (b'{"int32Value": 1.5}', "int32Value"),
        (b'{"int32Value": 2147483648}', "int32Value"),
        (b'{"uint32Value": -1}', "uint32Value"),
        (b'{"uint64Value": "18446744073709551616"}', "uint64Value"),
        (b'{"floatValue": 1e39}', "floatValue"),
        (b'{"boolValue": "true"}', "boolValue"),
        (b'{"boolValue": 1}', "boolValue"),
        (b'{"stringValue": 1}', "stringValue"),
        (b'{"bytesValue": "*"}', "bytesValue"),
        (b'{"color": "PURPLE"}', "color"),
        (b'{"nested": 1}', "nested"),
        (b'{"int32List": 1}', "int32List"),
        (b'{"int32List": [null]}', "int32List"),
        (b'{"stringMap": []}', "stringMap"),
        (b'{"nestedMap": {"x": {}}}', "nestedMap"),
        (b'{"choiceString": "a", "choiceInt64": 1}', "choice"),
        (b'{"int32Value": 1, "int32Value": 2}', "int32Value"),
        (b'{"int32Value": 1, "int32_value": 2}', "int32"),
        (b'{"timestamp": "yesterday"}', "timestamp"),
        (b'{"timestamp": "2024-02-30T00:00:00Z"}', "timestamp"),
        (b'{"duration": "5"}', "duration"),
        (b'{"any": {"@type": "type.googleapis.com/no.Such"}}', "any"),
        (b'{"any": {"name": "x"}}', "any"),
    ],
)
def test_a_bad_body_is_400_and_says_where(client, body, where):
    response = client.post("/echo", content=body, headers={"content-type": "application/json"})
    if where is None:
        assert response.status_code == 200
        return
    assert response.status_code == 400, response.text
    assert response.json()["code"] == 3
    (violation, *_) = violations(response)
    assert where in violation["field"] and violation["description"]


def test_a_wrong_enum_value_is_told_the_right_ones(client):
    response = client.post("/echo", json={"color": "PURPLE"})
    assert all(name in violations(response)[0]["description"] for name in ("RED", "GREEN", "BLUE"))


def test_a_misspelt_field_is_told_the_nearest(client):
    assert "stringValue" in client.post("/echo", json={"stringVlaue": "x"}).text


def test_the_place_in_the_json_is_named(client):
    response = client.post("/echo", content=b'{\n  "int32Value": 1,\n  "boolValue": 7\n}')
    description = violations(response)[0]["description"]
    assert "3" in description and "line" in description


def test_nesting_is_taken_to_a_hundred_and_no_further(client):
    def nested(depth):
        return b'{"nested":' + b'{"child":' * (depth - 2) + b"{}" + b"}" * (depth - 1)

    headers = {"content-type": "application/json"}
    assert client.post("/echo", content=nested(100), headers=headers).status_code == 200
    assert client.post("/echo", content=nested(101), headers=headers).status_code == 400
    assert client.post("/echo", content=b"[" * 100_000, headers=headers).status_code == 400


@pytest.mark.parametrize("kind", ["text/html", "application/xml", "image/png", "application/json; charset=latin1"])
def test_another_media_type_is_415(client, kind):
    response = client.post("/echo", content=b"{}", headers={"content-type": kind})
    assert response.status_code == 415 and response.json()["code"] == 3


def test_a_body_where_none_is_taken_is_400_unless_empty(client):
    assert client.request("DELETE", "/v1/things/5", content=b'{"a": 1}').status_code == 400
    for nothing in (b"", b" ", b"{}", b" {} "):
        assert client.request("DELETE", "/v1/things/5", content=nothing).status_code == 200


@pytest.mark.parametrize("header", [{"grpc-timeout": "300m"}, {"x-request-timeout": "0.3"}, {"x-request-timeout": "300ms"}])
def test_a_deadline_of_the_client_is_kept(any_client, header):
    begin = time.monotonic()
    response = any_client.get("/slow/3000", headers=header)
    assert response.status_code == 504 and response.json()["code"] == 4
    assert 0.25 < time.monotonic() - begin < 1.5


def test_the_deadline_goes_up(client):
    left = client.get("/metadata", headers={"grpc-timeout": "7S"}).json()["secondsLeft"]
    assert 5 < left <= 7


def test_the_default_deadline_of_a_unary_call_is_a_minute(client):
    assert 50 < client.get("/metadata").json()["secondsLeft"] <= 60


def test_the_routes_timeout_caps_the_clients(start, tmp_path):
    routes = tmp_path / "routes.yaml"
    routes.write_text(
        "type: google.api.Service\nconfig_version: 3\nupstream: test\nhttp:\n  rules:\n"
        "  - selector: sidespan.test.v1.Echo.Slow\n    get: /slow/{ms}\n    timeout: 0.3s\n"
    )
    process = start(routes=[str(routes)])
    response = httpx.get(f"{process.url()}/slow/3000", headers={"grpc-timeout": "9S"}, trust_env=False)
    assert response.status_code == 504


@pytest.mark.parametrize("value", ["", "x", "5", "-5S", "999999999S", "1.5S"])
def test_a_malformed_grpc_timeout_is_400_or_ignored_but_never_a_crash(client, value):
    assert client.get("/echo", headers={"grpc-timeout": value}).status_code in (200, 400)


def test_status_map_overrides(start, tmp_path):
    routes = tmp_path / "routes.yaml"
    routes.write_text(
        "type: google.api.Service\nconfig_version: 3\nupstream: test\nhttp:\n  rules:\n"
        "  - selector: sidespan.test.v1.Echo.Fail\n    get: /fail\n    status_map: {UNAVAILABLE: 422}\n"
    )
    process = start(routes=[str(routes)])
    response = httpx.get(f"{process.url()}/fail?code=14&message=m", trust_env=False)
    assert response.status_code == 422 and response.json() == {"code": 14, "message": "m", "details": []}


def metadata(client, **options):
    entries = client.get("/metadata", **options).json()["entries"]
    return {entry["name"]: entry["value"] for entry in entries}


def test_headers_go_up_as_metadata(any_client):
    headers = {"x-custom": "value", "authorization": "Bearer t", "grpc-metadata-renamed": "r", "x-bytes-bin": "AAE"}
    got = metadata(any_client, headers=headers)
    assert got["x-custom"] == "value" and got["authorization"] == "Bearer t" and got["renamed"] == "r"
    assert got["x-bytes-bin"] == "0001"
    refused = any_client.get("/metadata", headers={"x-bad-bin": "***"})
    assert refused.status_code == 400 and "x-bad-bin" in refused.json()["message"]


def test_framing_headers_do_not_go_up(connect):
    headers = ["Accept: */*", "Connection: keep-alive, X-Hop", "X-Hop: 1", "TE: trailers", "Proxy-Authorization: x", "Grpc-Encoding: gzip", "User-Agent: me"]
    response = connect().request("GET", "/metadata", headers=headers)
    got = {entry["name"]: entry["value"] for entry in response.json()["entries"]}
    for name in ("accept", "connection", "x-hop", "proxy-authorization", "grpc-encoding", "host", "keep-alive"):
        assert name not in got
    assert got["user-agent"].startswith("sidespan") and got["x-forwarded-user-agent"] == "me"


def test_who_asked_goes_up(any_client):
    got = metadata(any_client, headers={"x-forwarded-for": "192.0.2.1"})
    assert got["x-forwarded-for"].replace(" ", "") == "192.0.2.1,127.0.0.1"
    assert got["x-forwarded-proto"] == any_client.base_url.scheme
    assert got["x-forwarded-host"] == any_client.base_url.netloc.decode()


def test_a_request_id_is_made_or_kept_and_returned(client):
    made = client.get("/metadata")
    assert made.headers["x-request-id"]
    kept = client.get("/metadata", headers={"x-request-id": "abc-1"})
    assert kept.headers["x-request-id"] == "abc-1"
    assert {"name": "x-request-id", "value": "abc-1"} in kept.json()["entries"]


def test_a_trace_is_continued_or_begun(client):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    continued = metadata(client, headers={"traceparent": parent, "tracestate": "a=b"})
    assert continued["traceparent"].split("-")[1] == parent.split("-")[1] and continued["tracestate"] == "a=b"
    begun = metadata(client)["traceparent"].split("-")
    assert [len(part) for part in begun] == [2, 32, 16, 2]


def test_initial_metadata_becomes_headers(any_client):
    query = {"initial": ["x-initial: yes", "content-length: 1", "date: never", "server: other", "x-data-bin: 00ff"]}
    response = any_client.get("/metadata", params=query)
    assert response.status_code == 200
    assert response.headers["x-initial"] == "yes" and int(response.headers["content-length"]) == len(response.content)
    assert response.headers["date"] != "never" and response.headers.get("server") != "other"
    assert base64.b64decode(response.headers["x-data-bin"] + "==") == b"\x00\xff"


def test_trailing_metadata_becomes_trailers_over_http2(connect2):
    stream = connect2().request("GET", "/metadata?trailing=x-late:%20yes")
    assert stream.trailers["grpc-trailer-x-late"] == "yes"


def test_x_http_code_overrides_a_success(client):
    assert client.get("/metadata?initial=x-http-code:%20201").status_code == 201


def test_our_errors_and_the_services_have_the_same_keys(client):
    for path in ("/nowhere", "/fail?code=5", "/echo?nope=1", "/slow/x"):
        assert set(json.loads(client.get(path).text)) == {"code", "message", "details"}


def test_several_binary_values_in_one_header_go_up_one_by_one(connect):
    # Some gRPC libraries close the connection, and with it everybody's calls, over a comma in a binary value.
    connection = connect()
    entries = connection.request("GET", "/metadata", headers=["X-Raw-Bin: AAEC,AA==, AwQ"]).json()["entries"]
    assert [each["value"] for each in entries if each["name"] == "x-raw-bin"] == ["000102", "00", "0304"]


def test_who_forwarded_is_not_lost_when_it_comes_on_several_lines(connect):
    headers = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2", "Connection: x-one", "Connection: x-two", "X-Two: hop"]
    entries = {each["name"]: each["value"] for each in connect().request("GET", "/metadata", headers=headers).json()["entries"]}
    assert entries["x-forwarded-for"] == "192.0.2.1, 192.0.2.2, 127.0.0.1"
    assert "x-two" not in entries
