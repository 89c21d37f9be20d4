"""Several documents and several upstreams: which service goes where."""

import httpx

HEAD = "type: google.api.Service\nconfig_version: 3\n"


def test_apis_give_services_their_upstream(start, services, tmp_path):
    """Echo is at the services, Streams where nobody is."""
    (tmp_path / "a.yaml").write_text(f"{HEAD}upstream: test\napis: [{{name: sidespan.test.v1.Echo}}, {{name: sidespan.test.v1.Annotated}}]\nauto_mapping: true\n")
    (tmp_path / "b.yaml").write_text(f"{HEAD}upstream: gone\napis: [{{name: sidespan.test.v1.Streams}}]\nauto_mapping: true\n")
    upstreams = {
        "test": {"target": f"127.0.0.1:{services.ports['plain']}", "plaintext": True},
        "gone": {"target": "127.0.0.1:1", "plaintext": True},
    }
    url = start(routes=[str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")], upstreams=upstreams).url()
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{url}/sidespan.test.v1.Echo/Unary", json={"int32Value": 5}).json()["int32Value"] == 5
        answer = client.post(f"{url}/sidespan.test.v1.Streams/Count", json={"count": 1}, headers={"x-request-timeout": "3"})
        assert answer.status_code == 503


def test_with_one_upstream_all_go_there(start, tmp_path):
    (tmp_path / "a.yaml").write_text(f"{HEAD}http:\n  rules:\n  - {{selector: sidespan.test.v1.Echo.Place, get: '/p/{{id}}'}}\n")
    url = start(routes=[str(tmp_path)]).url()
    assert httpx.get(f"{url}/p/5", trust_env=False).json()["id"] == "5"
    assert httpx.get(f"{url}/annotated/5", trust_env=False).json()["id"] == "5"


def test_rules_of_several_documents_are_one_table(start, tmp_path):
    for name, selector, variable in (("a", "Place", "id"), ("b", "Unary", "string_value")):
        rule = f"- {{selector: sidespan.test.v1.Echo.{selector}, get: '/{name}/{{{variable}}}'}}"
        (tmp_path / f"{name}.yaml").write_text(f"{HEAD}upstream: test\nhttp:\n  rules:\n  {rule}\n")
    url = start(routes=[str(tmp_path)]).url()
    assert [httpx.get(f"{url}/{name}/5", trust_env=False).status_code for name in "abc"] == [200, 200, 404]
