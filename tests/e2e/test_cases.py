"""The cases of cases/*.yaml: each over HTTP/1.1 and HTTP/2, by clients of our own and by httpx.

What sidespan sent is judged by grpcio and protobuf: the service keeps each call under its x-request-id."""

import base64
import json
import os
import sys
import time

import pytest
from google.protobuf import json_format

from conftest import Shared
from harness.cases import has, load
from harness.clients import CLIENTS, Httpx
from harness.process import E2E, ROOT

FOLDER = E2E / os.environ.get("SIDESPAN_CASES", "cases")
FILES = {path.stem: load(path) for path in sorted(FOLDER.glob("*.yaml"))}
ECHOED = {"/sidespan.test.v1.Echo/Unary": "Everything", "/sidespan.test.v1.Echo/Place": "PlaceRequest"}


def clients_of(case):
    target = case["request"].split(" ", 1)[1]
    return [
        name
        for name in case.get("over", CLIENTS)
        if Httpx.keeps(target) or not issubclass(CLIENTS[name], Httpx)
    ]


CASES = [
    pytest.param(file, case, client, id=f"{file}: {case['name']} ({client})")
    for file in FILES
    for case in FILES[file]["cases"]
    for client in clients_of(case)
]


class Hosts:
    """For each file a sidespan with its routes, and a connection of each client."""

    def __init__(self, factory, make_config):
        self.factory, self.make_config, self.shared, self.clients = factory, make_config, {}, {}

    def get(self, file):
        if file not in self.shared:
            folder = self.factory.mktemp(file)
            routes = folder / "routes.yaml"
            routes.write_text(json.dumps(FILES[file]["service"], indent=1))
            config = {"routes": [str(routes)], **FILES[file]["config"]}
            self.shared[file] = Shared(folder, lambda: self.make_config(**config))
        return self.shared[file]

    def client(self, file, name):
        key, process = (file, name), self.get(file).get()
        if key not in self.clients or self.clients[key].sidespan is not process:
            self.clients[key] = CLIENTS[name](process)
        return self.clients[key]

    def finish(self):
        for client in self.clients.values():
            client.close()
        for shared in self.shared.values():
            shared.finish()


@pytest.fixture(scope="session")
def hosts(tmp_path_factory, make_config):
    one = Hosts(tmp_path_factory, make_config)
    yield one
    one.finish()


@pytest.fixture(scope="session")
def protos():
    sys.path.insert(0, str(ROOT / "demo"))
    from protos import Protos

    return Protos([ROOT / "proto", E2E / "proto"], ["sidespan/test/v1/test.proto"])


def no_twins(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member of the answer is there twice: {names}"
    return dict(pairs)


def parse(text):
    return json.loads(text, object_pairs_hook=no_twins)


def values(fields):
    """Headers by name, values of the same name joined."""
    joined = {}
    for name, value in fields:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def check_fields(expected, actual, what):
    for name, value in expected.items():
        if value is None:
            assert name.lower() not in actual, f"{what} {name}: {actual[name.lower()]} should not be there"
        else:
            assert name.lower() in actual, f"{what} {name} is not there: {actual}"
            value = str(value) if isinstance(value, (int, float)) else value
            assert value == actual[name.lower()], f"{what} {name}"


def check_error(case, answer, headers):
    """What holds for every error."""
    assert headers["content-type"].split(";")[0] == "application/json"
    error = parse(answer.body)
    assert list(error) == ["code", "message", "details"], error
    assert "127.0.0.1" not in error["message"], "an internal address leaks"
    if "code" in case:
        assert error["code"] == case["code"], error
    if "message" in case:
        assert case["message"] == error["message"]
    if "violation" in case:
        field, *words = case["violation"] if isinstance(case["violation"], list) else [case["violation"]]
        bad = [each for each in error["details"] if each["@type"] == "type.googleapis.com/google.rpc.BadRequest"]
        assert bad, f"no BadRequest: {error}"
        found = [each for each in bad[0]["fieldViolations"] if each.get("field", "") == field]
        assert found, f"no violation of {field!r}: {error}"
        assert all(word in found[0]["description"] for word in words), found[0]


def check_answer(case, answer, method):
    headers = values(answer.headers)
    assert headers.get("x-request-id"), "no x-request-id"
    if "content-length" in headers and method != "HEAD" and "content-encoding" not in headers:
        assert int(headers["content-length"]) == len(answer.body)
    check_fields(case.get("answer_headers", {}), headers, "header")
    if answer.trailers is not None:
        check_fields(case.get("answer_trailers", {}), answer.trailers, "trailer")
    if method == "HEAD":
        assert answer.body == b""
    elif answer.status >= 400 and not any(key.startswith("answer") for key in case):
        check_error(case, answer, headers)
    if "answer" in case:
        assert case["answer"] == parse(answer.body)
    if "answer_has" in case:
        assert has(case["answer_has"], parse(answer.body)), parse(answer.body)
    if "answer_lines" in case:
        assert case["answer_lines"] == [parse(line) for line in answer.body.splitlines()]
    if "answer_text" in case:
        text = case["answer_text"]
        assert text == (answer.body if isinstance(text, bytes) else answer.body.decode())


def check_received(case, call, answer, protos):
    if not case.get("called", True):
        assert call is None, call
        return
    assert call, "no call came to the service"
    assert call["calls"] == 1, "one request, several calls"
    messages = call["messages"]
    if "method" in case:
        assert call["method"] == "/sidespan.test.v1." + case["method"].replace(".", "/")
    if "received" in case:
        expected = case["received"]
        assert (expected if isinstance(expected, list) else [expected]) == messages
    if "received_has" in case:
        assert has(case["received_has"], messages[0]), messages
    metadata = {name: ", ".join(each) for name, each in call["metadata"].items()}
    check_fields(case.get("metadata", {}), metadata, "metadata")
    if case.get("echoed"):
        kind = protos.message("sidespan.test.v1." + ECHOED[call["method"]])
        printed = json_format.Parse(answer.body, kind(), descriptor_pool=protos.pool)
        assert printed == kind.FromString(base64.b64decode(call["wire"][0]))


@pytest.mark.parametrize("file, case, client", CASES)
def test_case(hosts, services, protos, file, case, client):
    method, target = case["request"].split(" ", 1)
    connection = hosts.client(file, client)
    begin = time.monotonic()
    try:
        answer = connection.send(case, method, target)
    except BaseException:
        connection.close()
        hosts.get(file).check()
        raise
    took = time.monotonic() - begin
    assert answer.status == case.get("status", 200), (answer.status, answer.body[:2000])
    check_answer(case, answer, method)
    if {"method", "received", "received_has", "metadata", "echoed", "called"} & set(case):
        call = services.received(values(answer.headers)["x-request-id"])
        check_received(case, call, answer, protos)
    if "took" in case:
        assert case["took"] == took
