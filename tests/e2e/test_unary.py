"""JSON in, gRPC, JSON out: one message each way."""

import base64
import concurrent.futures
import gzip
import json
import subprocess

import httpx
import pytest

from harness.process import curl

SCALARS = {
    "doubleValue": 1.5,
    "floatValue": -0.25,
    "int32Value": -2147483648,
    "int64Value": "9007199254740993",
    "uint32Value": 4294967295,
    "uint64Value": "18446744073709551615",
    "sint32Value": -1,
    "sint64Value": "-9223372036854775808",
    "fixed32Value": 7,
    "fixed64Value": "8",
    "sfixed32Value": -9,
    "sfixed64Value": "-10",
    "boolValue": True,
    "stringValue": "žluťoučký \"kůň\" \\ \u0001 🐎",
    "bytesValue": base64.b64encode(bytes(range(256))).decode(),
    "color": "BLUE",
}


def echo(client, message):
    response = client.post("/echo", json=message)
    assert response.status_code == 200, response.text
    return response.json()


def test_every_scalar_type_goes_there_and_back(any_client):
    answer = echo(any_client, SCALARS)
    assert {name: answer[name] for name in SCALARS} == SCALARS


def test_an_answer_says_that_it_is_json_and_how_long(client):
    response = client.post("/echo", json={})
    assert response.headers["content-type"].split(";")[0] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    assert "date" in response.headers


@pytest.mark.parametrize(
    "message",
    [
        {"nested": {"name": "a", "number": 1, "child": {"name": "b", "number": 2, "child": {"name": "", "number": 0, "tags": []}, "tags": ["x"]}, "tags": []}},
        {"int32List": [1, -2, 3], "stringList": ["", "a"], "doubleList": [0.1, 1e300, "NaN", "-Infinity"], "colorList": ["RED", "GREEN"]},
        {"stringMap": {"k": "v", "": "empty"}, "nestedMap": {"-5": {"name": "n", "number": 0, "tags": []}}, "colorMap": {"true": "RED"}},
        {"optionalInt32": 0, "optionalString": ""},
        {"choiceString": ""},
        {"choiceInt64": "0"},
        {"choiceNested": {"name": "", "number": 3, "tags": []}},
        {"timestamp": "2024-02-29T12:34:56.789Z", "duration": "-1.500s", "fieldMask": "a.bC,d"},
        {"struct": {"a": [1.5, None, True, "x", {}]}, "value": None, "listValue": [[], {"k": 1}]},
        {"doubleWrapper": 0, "int64Wrapper": "5", "stringWrapper": "", "bytesWrapper": "AA==", "boolWrapper": False},
        {"empty": {}, "@custom": "named"},
        {"any": {"@type": "type.googleapis.com/sidespan.test.v1.Nested", "name": "in any", "number": 1, "tags": []}},
        {"any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "3s"}},
    ],
)
def test_a_message_comes_back_as_it_went(client, message):
    answer = echo(client, message)
    assert {name: answer[name] for name in message} == message


def test_fields_without_presence_are_always_there_and_the_others_are_not(client):
    answer = echo(client, {})
    assert answer["int32Value"] == 0 and answer["int64Value"] == "0" and answer["stringValue"] == ""
    assert answer["boolValue"] is False and answer["color"] == "COLOR_UNSPECIFIED" and answer["bytesValue"] == ""
    assert answer["int32List"] == [] and answer["stringMap"] == {}
    for absent in ("nested", "optionalInt32", "choiceString", "timestamp", "doubleWrapper", "value"):
        assert absent not in answer


@pytest.mark.parametrize(
    "given, field, value",
    [
        ({"int64_value": 5}, "int64Value", "5"),
        ({"int64Value": 5}, "int64Value", "5"),
        ({"int32Value": 1e2}, "int32Value", 100),
        ({"int32Value": "7"}, "int32Value", 7),
        ({"color": 2}, "color", "GREEN"),
        ({"color": 99}, "color", 99),
        ({"bytesValue": "_-8"}, "bytesValue", "/+8="),
        ({"doubleValue": "Infinity"}, "doubleValue", "Infinity"),
        ({"stringValue": None}, "stringValue", ""),
    ],
)
def test_other_spellings_of_the_json_mapping_are_read(client, given, field, value):
    assert echo(client, given)[field] == value


@pytest.mark.parametrize("body", [b"", b"{}", b" \r\n{ } "])
def test_an_empty_body_is_the_empty_message(client, body):
    response = client.post("/echo", content=body)
    assert response.status_code == 200 and response.json()["int32Value"] == 0


def test_a_body_may_be_one_field_with_the_rest_in_path_and_query(client):
    response = client.post("/echo/nested/from%20path?int32Value=3", json={"name": "n"})
    assert response.json()["nested"]["name"] == "n"
    assert response.json()["stringValue"] == "from path"
    assert response.json()["int32Value"] == 3


def test_an_answer_may_be_one_field(client):
    response = client.put("/echo/response", json={"nested": {"name": "only"}})
    assert response.json() == {"name": "only", "number": 0, "tags": []}


def test_a_body_and_an_answer_may_be_a_list(client):
    response = client.post("/echo/list", json=[{"name": "a"}, {"name": "b"}])
    assert [each["name"] for each in response.json()] == ["a", "b"]


def test_a_get_takes_everything_from_the_query(any_client):
    response = any_client.get(
        "/echo?int32_value=5&string_value=a+b%2Bc&nested.child.name=deep&int32_list=1&int32_list=2"
        "&color=red&timestamp=2024-01-01T00:00:00Z&double_wrapper=2.5&field_mask=a,b_c&string_map[k]=v&bool_value=true"
    )
    answer = response.json()
    assert response.status_code == 200, answer
    assert (answer["int32Value"], answer["stringValue"]) == (5, "a b+c")
    assert answer["nested"]["child"]["name"] == "deep" and answer["int32List"] == [1, 2]
    assert answer["color"] == "RED" and answer["timestamp"] == "2024-01-01T00:00:00Z"
    assert answer["doubleWrapper"] == 2.5 and answer["fieldMask"] == "a,bC"
    assert answer["stringMap"] == {"k": "v"} and answer["boolValue"] is True


def test_head_runs_get_and_sends_no_body(client):
    response = client.head("/echo?int32_value=5")
    assert response.status_code == 200 and response.content == b""
    assert int(response.headers["content-length"]) == len(client.get("/echo?int32_value=5").content)


def test_a_large_message_goes_both_ways(any_client):
    data = base64.b64encode(bytes(3_000_000)).decode()
    assert any_client.post("/blob", json={"data": data}).json()["size"] == "3000000"
    answer = any_client.get("/blob/3000000").json()
    assert len(base64.b64decode(answer["data"])) == 3_000_000


def test_many_calls_at_once_on_one_http2_connection(connect2):
    connection = connect2()
    bodies = [json.dumps({"int32Value": n}).encode() for n in range(100)]
    streams = [connection.start("POST", "/echo", body, [("content-type", "application/json")]) for body in bodies]
    assert [connection.wait(stream).json()["int32Value"] for stream in streams] == list(range(100))


def test_curl_speaks_both_versions_of_http(sidespan, certs):
    body = json.dumps({"stringValue": "curl"})
    for version, url in (("--http1.1", 0), ("--http2-prior-knowledge", 0), ("--http1.1", 1), ("--http2", 1)):
        done = curl(version, "--cacert", certs / "ca.crt", f"{sidespan.url(url)}/echo", "--json", body)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["stringValue"] == "curl"


def test_nghttp_gets_an_answer(sidespan):
    done = subprocess.run(["nghttp", "-v", f"{sidespan.url()}/echo?int32_value=5"], capture_output=True, timeout=30)
    assert b":status: 200" in done.stdout, done.stdout


def test_a_gzipped_body_is_read(client):
    body = gzip.compress(json.dumps({"stringValue": "x" * 1000}).encode())
    response = client.post("/echo", content=body, headers={"content-type": "application/json", "content-encoding": "gzip"})
    # Decoding is optional until it is there; what may never happen is taking compressed bytes for JSON.
    assert response.status_code in (200, 415)
    if response.status_code == 200:
        assert response.json()["stringValue"] == "x" * 1000


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/vnd.api+json", "text/json", None])
def test_json_may_be_called_many_names(client, kind):
    headers = {"content-type": kind} if kind else {}
    response = client.post("/echo", content=b'{"int32Value": 1}', headers=headers)
    assert response.status_code == 200 and response.json()["int32Value"] == 1


def test_answers_can_be_trimmed_of_defaults_and_renamed(start, tmp_path):
    routes = tmp_path / "routes.yaml"
    routes.write_text(
        "type: google.api.Service\nconfig_version: 3\nupstream: test\nhttp:\n  rules:\n"
        "  - selector: sidespan.test.v1.Echo.Unary\n    post: /echo\n    body: '*'\n"
        "    json: {emit_defaults: false, preserve_proto_field_names: true, enums_as_ints: true, int64_as_number: true}\n"
    )
    process = start(routes=[str(routes)])
    response = httpx.post(f"{process.url()}/echo", json={"int64Value": "5", "color": "GREEN"}, trust_env=False)
    assert response.json() == {"int64_value": 5, "color": 2}


@pytest.mark.threads
def test_several_workers_answer_many_clients(start):
    process = start(workers=4)

    def calls(client_number):
        with httpx.Client(base_url=process.url(), trust_env=False, timeout=30) as client:
            return [echo(client, {"int32Value": n})["int32Value"] for n in range(20)]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert list(pool.map(calls, range(32))) == [list(range(20))] * 32
