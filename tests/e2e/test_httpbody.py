"""google.api.HttpBody streams: pieces that leave at once, and ends that nobody can take for the end of the file."""

import httpx
import pytest

from harness import http1
from harness.process import eventually

RULES = """\
type: google.api.Service
config_version: 3
upstream: test
http:
  rules:
  - {selector: sidespan.test.v1.Cases.Download, post: /download, body: "*"}
  - {selector: sidespan.test.v1.Cases.Upload, post: /upload, body: "*"}
"""
DOWNLOAD = b'{"contentType":"text/plain","chunks":["YWI=","Y2Q="],"code":%d}'
JSON = [("content-type", "application/json")]


@pytest.fixture
def process(start, tmp_path):
    routes = tmp_path / "routes.yaml"
    routes.write_text(RULES)
    return start(routes=[str(routes)])


def test_a_stream_that_fails_late_is_cut_over_http1(process, connect):
    connection = connect(process)
    with pytest.raises(http1.Closed):
        connection.request("POST", "/download", DOWNLOAD % 8, ["Content-Type: application/json"])


def test_a_stream_that_fails_late_is_reset_over_http2(process, connect2):
    stream = connect2(process).request("POST", "/download", DOWNLOAD % 8, JSON)
    # A reset overtakes what is not on its way yet, the head included.
    assert stream.status in (200, None) and stream.reset is not None


def test_a_stream_that_ends_well_ends_well(process, connect2):
    stream = connect2(process).request("POST", "/download", DOWNLOAD % 0, JSON)
    assert stream.status == 200 and stream.body == b"abcd" and stream.reset is None


def test_an_upload_reaches_the_service_before_its_end(process, connect2, services):
    connection = connect2(process)
    stream = connection.start("POST", "/upload", headers=[("content-type", "video/mp4"), ("x-request-id", "upload-1")], end=False)
    connection.send(stream, b"x" * 10_000)
    eventually(lambda: (services.received("upload-1") or {}).get("messages"), what="the first message")
    connection.send(stream, b"y" * 5, end=True)
    assert connection.wait(stream).json()["bytes"] == "10005"


def test_an_upload_longer_than_any_body_may_be(process):
    pieces = (b"x" * 65536 for _ in range(160))  # 10 MiB, past the 4 MiB of a body
    response = httpx.post(f"{process.url()}/upload", content=pieces, headers={"content-type": "video/mp4"}, trust_env=False, timeout=60)
    assert response.status_code == 200 and response.json()["bytes"] == str(160 * 65536)
