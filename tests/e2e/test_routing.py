"""Which rule a request reaches, and what its path and query bind."""

import pytest


def bound(client, path, method="GET"):
    """The fields of PlaceRequest that the path bound."""
    response = client.request(method, path)
    assert response.status_code == 200, response.text
    return {name: value for name, value in response.json().items() if value not in ("", 0)}


@pytest.mark.parametrize(
    "path, fields",
    [
        ("/v1/shelves/1/books/2", {"book": "shelves/1/books/2"}),
        ("/v1/files/a/b/c.txt", {"path": "a/b/c.txt"}),
        ("/v1/files/a%2Fb", {"path": "a%2Fb"}),
        ("/v1/files/a%20b", {"path": "a b"}),
        ("/v1/things/5", {"id": "5"}),
        ("/v1/things/a%2Fb", {"id": "a/b"}),
        ("/v1/things/%C5%BE", {"id": "ž"}),
        ("/v1/things/+", {"id": "+"}),
        ("/v1/things/5:activate", {"activated": "5"}),
        ("/v1/things/5%3Aactivate", {"id": "5:activate"}),
        ("/v1/things/5:other", {"id": "5:other"}),
        ("/v1/things/fixed", {"literal": "fixed"}),
        ("/v1/things/fi%78ed", {"literal": "fixed"}),
        ("/v1/things/fixed2", {"id": "fixed2"}),
        ("/v1/nested/a/of/b", {"nested": {"name": "a", "number": 0, "child": {"name": "b", "number": 0, "tags": []}, "tags": []}}),
        ("/v1/deep/a/b/end", {"tail": "a/b"}),
        ("/v1/things/5?page_size=3&tail=t", {"id": "5", "pageSize": 3, "tail": "t"}),
    ],
)
def test_a_path_binds_its_variables(client, path, fields):
    assert bound(client, path) == fields


def test_two_stars_match_nothing_too(client):
    assert bound(client, "/v1/deep/end") == {}


def test_a_custom_method_is_routed(client):
    assert bound(client, "/v1/custom/x", "REPORT") == {"custom": "x"}


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/things", "/v1/things/", "/v1/things/5/", "/v1//things/5", "/v1/things/5/6", "/V1/things/5", "/v1/shelves//books/2"]
)
def test_what_no_template_matches_is_404(any_client, path):
    response = any_client.get(path)
    assert response.status_code == 404
    assert response.json()["code"] == 5 and response.headers["content-type"].startswith("application/json")


def test_a_known_path_with_another_method_is_405_with_allow(any_client):
    response = any_client.put("/v1/things/5")
    assert response.status_code == 405 and response.json()["code"] == 12
    assert {"GET", "HEAD", "POST", "DELETE"} <= set(response.headers["allow"].split(", "))
    assert "PUT" not in response.headers["allow"]


def test_options_answers_allow(client):
    response = client.options("/v1/things/5")
    assert response.status_code in (200, 204)
    assert {"GET", "POST", "DELETE", "OPTIONS"} <= set(response.headers["allow"].split(", "))


@pytest.mark.parametrize("path", ["/v1/things/%zz", "/v1/things/%", "/v1/things/%0", "/v1/things/a%00b", "/v1/things/%ff", "/v1/things/5?tail=%ff", "/v1/things/5?tail=%4"])
def test_bad_escapes_are_400(connect, path):
    response = connect().request("GET", path)
    assert response.status == 400 and response.json()["code"] == 3


@pytest.mark.parametrize(
    "query, field",
    [
        ("nope=1", "nope"),
        ("nested.nope=1", "nested.nope"),
        ("id=other", "id"),
        ("page_size=1&page_size=2", "page_size"),
        ("page_size=1&pageSize=2", "page"),
        ("page_size=x", "page_size"),
        ("page_size=", "page_size"),
        ("nested=1", "nested"),
        ("=1", ""),
    ],
)
def test_a_bad_parameter_is_400_and_named(client, query, field):
    response = client.get(f"/v1/things/5?{query}")
    assert response.status_code == 400, response.text
    details = response.json()["details"]
    violation = next(each for each in details if each["@type"].endswith("google.rpc.BadRequest"))["fieldViolations"][0]
    assert field in violation["field"] or field in violation["description"]
    assert violation["description"]


def test_two_members_of_a_oneof_in_the_query_are_400(client):
    response = client.get("/echo?choice_string=a&choice_int64=1")
    assert response.status_code == 400 and "choice" in response.text


def test_a_parameter_that_the_body_owns_is_400(client):
    assert client.post("/echo?int32Value=3", json={}).status_code == 400


def test_path_wins_over_body(client):
    response = client.post("/v1/things/5", json={"id": "other", "tail": "t"})
    assert response.json()["id"] == "5" and response.json()["tail"] == "t"


def test_bindings_over_http2_are_the_same(connect2):
    stream = connect2().request("GET", "/v1/things/a%2Fb?page_size=3")
    assert stream.json()["id"] == "a/b" and stream.json()["pageSize"] == 3


def test_routes_can_ignore_what_they_are_told_to(start, tmp_path):
    import httpx

    routes = tmp_path / "routes.yaml"
    routes.write_text(
        "type: google.api.Service\nconfig_version: 3\nupstream: test\nhttp:\n  rules:\n"
        "  - selector: sidespan.test.v1.Echo.Place\n    get: /a/{id}\n    ignore_unknown_query_parameters: true\n"
        "    ignore_trailing_slash: true\n"
        "  - selector: sidespan.test.v1.Echo.Unary\n    get: /b\n    ignored_query_parameters: [key, 'utm_source']\n"
    )
    process = start(routes=[str(routes)])
    with httpx.Client(base_url=process.url(), trust_env=False) as client:
        assert client.get("/a/5?nope=1").status_code == 200
        assert client.get("/a/5/").json()["id"] == "5"
        assert client.get("/b?key=secret&utm_source=x").status_code == 200
        assert client.get("/b?other=1").status_code == 400


def test_auto_mapping_reaches_every_method(start, make_config, tmp_path):
    import httpx

    routes = tmp_path / "routes.yaml"
    routes.write_text("type: google.api.Service\nconfig_version: 3\nupstream: test\nauto_mapping: true\n")
    process = start(routes=[str(routes)])
    response = httpx.post(f"{process.url()}/sidespan.test.v1.Echo/Unary", json={"int32Value": 3}, trust_env=False)
    assert response.status_code == 200 and response.json()["int32Value"] == 3
