"""The access log: a line for each request."""

import json
import re

import httpx
import pytest

from harness.process import Sidespan, eventually


def lines(process, request_id):
    return [line for line in process.stderr.splitlines() if request_id in line]


def line(process, request_id):
    found = eventually(lambda: lines(process, request_id), timeout=5, what=f"a line with {request_id}")
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="module")
def logging(tmp_path_factory, make_config):
    """One sidespan that logs JSON."""
    process = Sidespan(tmp_path_factory.mktemp("access"), make_config(access_log="json")).wait_ready()
    yield process
    process.finish()


def logged(process, method, path, request_id, **options):
    headers = {"x-request-id": request_id, **options.pop("headers", {})}
    httpx.request(method, process.url() + path, headers=headers, trust_env=False, **options)
    return json.loads(line(process, request_id))


def test_a_line_has_everything(logging):
    got = logged(logging, "POST", "/echo/nested/x?int32_value=5", "log-1", json={"name": "n"})
    assert got["http_method"] == "POST" and got["path"].startswith("/echo/nested/x")
    assert got["route"] == "/echo/nested/{string_value}" and got["grpc_method"] == "sidespan.test.v1.Echo.Unary"
    assert got["status"] == 200 and got["grpc_status"] == 0 and got["request_id"] == "log-1"
    assert 0 < got["upstream_ms"] <= got["total_ms"] < 20_000
    assert got["bytes_in"] == len('{"name":"n"}') or got["bytes_in"] == len('{"name": "n"}')
    assert got["bytes_out"] > 50 and "why" not in got
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$", got["time"])


def test_a_failure_of_the_service_has_its_code_and_not_its_words(logging):
    got = logged(logging, "GET", "/fail?code=5&message=because", "log-2")
    assert got["status"] == 404 and got["grpc_status"] == 5 and "why" not in got


def test_a_refusal_says_why(logging):
    got = logged(logging, "GET", "/v1/things/5?nope=1", "log-3")
    assert got["status"] == 400 and got["grpc_status"] == 3 and got["upstream_ms"] == 0
    assert got["why"] == "invalid request"
    got = logged(logging, "POST", "/echo", "log-3b", json={"int32Value": "nope"})
    assert got["status"] == 400 and got["why"] == "invalid request"
    got = logged(logging, "POST", "/echo", "log-3c", headers={"content-type": "image/nope"}, content=b"x")
    assert got["status"] == 415 and got["why"] == "expected content-type: …"


def test_what_has_no_route_is_logged(logging):
    got = logged(logging, "GET", "/nowhere", "log-4")
    assert got["status"] == 404 and got["route"] == "" and got["path"] == "/nowhere"


def test_a_deadline_is_logged(logging):
    httpx.get(logging.url() + "/slow/3000", headers={"x-request-id": "log-5", "grpc-timeout": "100m"}, trust_env=False)
    got = json.loads(line(logging, "log-5"))
    assert got["status"] == 504 and got["grpc_status"] == 4 and 90 < got["total_ms"] < 3000


def test_a_stream_is_logged_when_it_ends(logging):
    got = logged(logging, "GET", "/count/3?delay_ms=50", "log-6")
    assert got["status"] == 200 and got["total_ms"] > 90 and got["grpc_status"] == 0


def test_a_stream_that_fails_late_is_logged_with_its_status(logging):
    got = logged(logging, "GET", "/count/3?fail_after=1&code=8", "log-7")
    assert got["status"] == 200 and got["grpc_status"] == 8


def test_over_http2_it_is_the_same(logging):
    with httpx.Client(http1=False, http2=True, trust_env=False) as client:
        client.get(logging.url() + "/echo?int32_value=5", headers={"x-request-id": "log-8"})
    assert json.loads(line(logging, "log-8"))["status"] == 200


def test_a_client_that_goes_away_is_logged(logging):
    with httpx.Client(trust_env=False, timeout=0.3) as client, pytest.raises(httpx.TimeoutException):
        client.get(logging.url() + "/slow/4000", headers={"x-request-id": "log-9"})
    got = json.loads(line(logging, "log-9"))
    assert got["grpc_status"] == 1 and got["status"] in (0, 499)


def test_nothing_that_a_client_sends_makes_a_second_line(logging):
    path = "/nowhere/%0Afake%22%0D%00"
    got = logged(logging, "GET", path, "log-10")
    assert got["path"].startswith("/nowhere")


def test_credentials_are_not_logged(logging):
    headers = {"x-request-id": "log-11", "authorization": "Bearer sesame", "cookie": "key=sesame"}
    httpx.get(logging.url() + "/echo", headers=headers, trust_env=False)
    assert "sesame" not in line(logging, "log-11")


def test_text_is_a_line_too(start):
    process = start(access_log="text")
    httpx.get(process.url() + "/fail?code=5&message=two%20words", headers={"x-request-id": "log-t"}, trust_env=False)
    got = line(process, "log-t")
    for word in ("GET", '"/fail', " 404 ", "grpc=5", "id=log-t", "route=/fail", "sidespan.test.v1.Echo.Fail"):
        assert word in got, got
    assert "two words" not in got


@pytest.mark.parametrize("keys, env", [({"log": {"format": "json"}}, {}), ({}, {"SIDESPAN_LOG_FORMAT": "json"})])
def test_the_form_of_the_log_is_that_of_the_access_log(start, keys, env):
    """(reported 35)"""
    process = start(env=env, **keys)
    httpx.get(process.url() + "/echo", headers={"x-request-id": "log-form"}, trust_env=False)
    assert json.loads(line(process, "log-form"))["level"] == "access"
    process.stop()
    assert all(json.loads(each) for each in process.stderr.splitlines())


@pytest.mark.parametrize("form", ["text", "json", "off"])
def test_the_access_log_may_have_a_form_of_its_own(start, form):
    process = start(access_log=form, log={"format": "json" if form == "text" else "text"})
    httpx.get(process.url() + "/echo", headers={"x-request-id": "log-own"}, trust_env=False)
    process.stop()
    found = lines(process, "log-own")
    assert [each[:1] == "{" for each in found] == {"text": [False], "json": [True], "off": []}[form]


def test_it_can_be_off(start):
    process = start(access_log="off")
    httpx.get(process.url() + "/echo", headers={"x-request-id": "log-off"}, trust_env=False)
    process.stop()
    assert "log-off" not in process.stderr


def test_the_environment_can_turn_it_off(start):
    process = start(access_log="json", env={"SIDESPAN_ACCESS_LOG": "off"})
    httpx.get(process.url() + "/echo", headers={"x-request-id": "log-env"}, trust_env=False)
    process.stop()
    assert "log-env" not in process.stderr
