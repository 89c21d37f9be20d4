"""CORS of a listener: for every route that has none of its own, and for what has no route."""

import httpx
import pytest

from harness.process import free_port

ORIGIN = "https://app.example"


@pytest.fixture
def url(start):
    cors = {"allow_origins": [ORIGIN], "allow_methods": ["GET"], "max_age": "1m"}
    plain, open_to_it = ({"address": f"127.0.0.1:{free_port()}"} for _ in range(2))
    process = start(listeners=[{**open_to_it, "cors": cors}, plain])
    return process.url


def test_a_preflight_is_answered(url):
    headers = {"origin": ORIGIN, "access-control-request-method": "GET"}
    response = httpx.options(f"{url(0)}/v1/things/5", headers=headers, trust_env=False)
    assert response.status_code == 204 and response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["access-control-max-age"] == "60"


@pytest.mark.parametrize("path, status", [("/v1/things/5", 200), ("/fail?code=5", 404), ("/nowhere", 404), ("/v1/things/5?nope=1", 400)])
def test_every_answer_says_who_may_read_it(url, path, status):
    response = httpx.get(url(0) + path, headers={"origin": ORIGIN}, trust_env=False)
    assert response.status_code == status and response.headers["access-control-allow-origin"] == ORIGIN


def test_another_origin_may_not(url):
    response = httpx.get(f"{url(0)}/v1/things/5", headers={"origin": "https://evil.example"}, trust_env=False)
    assert response.status_code == 200 and "access-control-allow-origin" not in response.headers


def test_another_listener_has_none(url):
    response = httpx.get(f"{url(1)}/v1/things/5", headers={"origin": ORIGIN}, trust_env=False)
    assert response.status_code == 200 and "access-control-allow-origin" not in response.headers
