"""The demo: its service, its routes, its configuration."""

import base64
import json
import subprocess

import httpx
import pytest
import yaml

from harness.process import ROOT, Sidespan, curl, run_sidespan


@pytest.fixture(scope="module")
def legal(tmp_path_factory, make_config, demo, certs):
    """httpx to a sidespan with the demo's configuration, on other ports."""
    config = yaml.safe_load((ROOT / "demo/sidespan.yaml").read_text())
    tls = {name: f"{certs}/{path.rpartition('/')[2]}" for name, path in config["upstreams"]["legal"]["tls"].items()}
    config = make_config(
        descriptors=[str(ROOT / "build/demo.pb")],
        routes=[str(ROOT / "routes/legal.yaml")],
        upstreams={"legal": {"target": f"dns:///localhost:{demo.port}", "tls": tls}},
    )
    process = Sidespan(tmp_path_factory.mktemp("demo"), config).wait_ready()
    with httpx.Client(base_url=process.url(), trust_env=False, timeout=20) as client:
        yield client
    process.finish()


def test_the_demos_configuration_is_good():
    subprocess.run([ROOT / "certs/make-dev-certs.sh"], check=True)
    done = run_sidespan("check", "--config", ROOT / "demo/sidespan.yaml")
    assert done.returncode == 0, done.stderr


def test_a_contract_is_split_into_clauses(legal):
    content = (ROOT / "demo/sample-contract.txt").read_bytes()
    answer = legal.post("/v1/documents:parse", json={"content": base64.b64encode(content).decode(), "fileName": "s.txt"}).json()
    assert answer["title"] == "SOFTWARE MAINTENANCE AGREEMENT" and answer["fileName"] == "s.txt"
    numbers = [clause["number"] for clause in answer["clauses"]]
    assert numbers == ["", "1", "2", "2.1", "2.2", "(a)", "(b)", "3", "3.1", "3.2", "4", "5", "5.1", "5.2", "6", "7"]
    payment = answer["clauses"][7]
    assert (payment["heading"], payment["kind"], payment["level"]) == ("Payment", "PAYMENT", 1)
    assert isinstance(payment["offset"], str)


def test_an_empty_document_is_a_bad_request(legal):
    response = legal.post("/v1/documents:parse", json={})
    assert response.status_code == 400
    (violation,) = response.json()["details"][0]["fieldViolations"]
    assert violation["field"] == "content" and violation["description"] == "must not be empty"


def test_a_search_by_query_and_by_body_finds_the_same(legal):
    query = {"query": "termination without notice", "k": 3, "filter.jurisdiction": "PT"}
    by_query = legal.get("/v1/search", params=query)
    by_body = legal.post("/v1/search", json={"query": query["query"], "k": 3, "filter": {"jurisdiction": "PT"}})
    assert by_query.status_code == by_body.status_code == 200
    assert by_query.json() == by_body.json()
    hits = by_query.json()["hits"]
    assert hits[0]["caseId"] == "2019-PT-0077" and 0 < hits[0]["score"] <= 1
    assert hits[0]["metadata"]["court"] == {"name": "Supreme Court, Lisbon Chamber", "instance": 3}
    assert hits[0]["metadata"]["decided"] == "2019-01-25T00:00:00Z"
    assert all(hit["metadata"]["jurisdiction"] == "PT" for hit in hits)


def test_a_draft_is_streamed(legal):
    prompt = {"prompt": "an NDA between Acme Ltd and Foo AS"}
    lines = [json.loads(line) for line in legal.post("/v1/drafts", json=prompt).text.splitlines()]
    text = "".join(line["text"] for line in lines)
    assert text.startswith("This agreement is made between Acme Ltd and Foo AS.") and "Confidentiality" in text
    assert [line["index"] for line in lines] == list(range(len(lines)))
    assert lines[-1]["finishReason"] == "COMPLETE"
    array = legal.post("/v1/drafts?$alt=array", json={**prompt, "maxTokens": 3}).json()
    assert len(array) == 3 and array[2]["finishReason"] == "LENGTH"


def test_documents_live_their_lives(legal):
    created = legal.post("/v1/documents?document_id=e2e", json={"title": "Lease", "state": "DRAFT", "labels": {"k": "v"}})
    assert created.status_code == 200 and created.json()["name"] == "documents/e2e"
    assert created.json()["revision"] == "1" and created.json()["createTime"].endswith("Z")

    again = legal.post("/v1/documents?document_id=e2e", json={"title": "Lease"})
    assert again.status_code == 409 and again.json()["code"] == 6

    # The mask is made of what the body names: the title stays, the state and one nested field change.
    changed = legal.patch("/v1/documents/e2e", json={"state": "FINAL", "matter": {"client": "Acme"}}).json()
    assert (changed["title"], changed["state"], changed["matter"]["client"]) == ("Lease", "FINAL", "Acme")
    cleared = legal.patch("/v1/documents/e2e", json={"title": "", "labels": {}}).json()
    assert (cleared["title"], cleared["labels"], cleared["state"]) == ("", {}, "FINAL")
    by_mask = legal.patch("/v1/documents/e2e?update_mask=title", json={"title": "T", "state": "DRAFT"}).json()
    assert (by_mask["title"], by_mask["state"]) == ("T", "FINAL")

    assert legal.get("/v1/documents/e2e").json()["revision"] == "4"
    assert legal.delete("/v1/documents/e2e").json() == {}
    assert legal.get("/v1/documents/e2e").status_code == 404


def test_documents_are_listed_page_by_page(legal):
    names, token = [], ""
    while True:
        page = legal.get("/v1/documents", params={"page_size": 2, "page_token": token, "labels[demo]": "yes"}).json()
        names += [document["name"] for document in page["documents"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert names == ["documents/1", "documents/2", "documents/3"] and page["totalSize"] == 3
    assert len(legal.get("/v1/documents?state=DRAFT").json()["documents"]) == 1
    assert legal.get("/v1/documents?page_token=%25").status_code == 400


def test_a_document_that_is_not_there_is_not_found_with_its_name(legal):
    response = legal.get("/v1/documents/nope")
    assert response.status_code == 404
    assert response.json() == {
        "code": 5,
        "message": "no documents/nope",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RESOURCE_NOT_FOUND",
                "domain": "legal.example",
                "metadata": {"resource": "documents/nope"},
            }
        ],
    }


def test_curl_streams_a_draft(legal):
    done = curl("-N", f"{str(legal.base_url).rstrip('/')}/v1/drafts?$alt=sse", "--json", '{"prompt": "a lease", "maxTokens": 2}')
    assert done.stdout.count(b"data: {") == 2 and done.stdout.endswith(b"\n\ndata: [DONE]\n\n")


def test_a_draft_can_be_an_event_source(legal):
    text = legal.get("/v1/drafts:live", params={"prompt": "an NDA"}, headers={"accept": "text/event-stream"}).text
    events = [event.removeprefix("data: ") for event in text.split("\n\n") if event]
    assert len(events) > 3 and events[-1] == "[DONE]" and json.loads(events[0])
