"""Bytes above 0x7F in a request's target, as curl sends what was typed (reported 22). What they become is in cases/query.yaml."""

import json

import pytest

from harness import http1, http2
from harness.process import curl, eventually

WRONG = [b"/echo?string_value=\xff", b"/echo?string_value=\xe5\x90", b"/echo?\xff=1", b"/path\xff", b"/echo?string_value=\xed\xa0\x80", b"/echo/\xc0\xaf"]


@pytest.mark.parametrize("target", WRONG)
def test_bad_utf_8_is_400_over_both_versions(sidespan, target):
    with http1.Connection(sidespan.address()) as connection:
        connection.send(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        response = connection.read_response()
        assert response.status == 400 and response.json()["code"] == 3
        assert connection.request("GET", "/echo").status == 200, "the connection is of use still"
    with http2.Connection(sidespan.address()) as connection:
        stream = connection.request("GET", target)
        assert stream.status == 400 and stream.json()["code"] == 3


def test_curl_may_send_what_was_typed(sidespan):
    done = curl(sidespan.url() + "/echo?string_value=合同&int32_value=3")
    answer = json.loads(done.stdout)
    assert answer["stringValue"] == "合同" and answer["int32Value"] == 3


@pytest.mark.parametrize("target", [b"/\xe5\x90\x88", b"/\xc2\x85\xe2\x80\xa8", b"/\xff\x80"])
def test_the_access_log_stays_one_line_of_json(start, target):
    process = start(access_log="json")
    with http1.Connection(process.address()) as connection:
        connection.send(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: typed\r\n\r\n")
        assert connection.read_response().status in (400, 404)
    line = eventually(lambda: [line for line in process.stderr.split("\n") if "typed" in line])[0]
    assert json.loads(line)["path"]
