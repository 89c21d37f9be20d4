"""Routes that must not load: cases/load/*.yaml."""

import re

import pytest
import yaml

from harness.cases import Loader
from harness.process import E2E, run_sidespan

HEAD = "type: google.api.Service\nconfig_version: 3\nupstream: test\nhttp:\n  rules:\n"
CASES = [
    pytest.param(case, id=case["name"])
    for path in sorted((E2E / "cases/load").glob("*.yaml"))
    for case in yaml.load(path.read_text(), Loader)["cases"]
]


@pytest.mark.parametrize("case", CASES)
def test_is_refused(tmp_path, make_config, case):
    routes = tmp_path / "routes.yaml"
    routes.write_text(HEAD + "".join(f"  {line}\n" for line in case["rules"].splitlines()))
    path = tmp_path / "sidespan.yaml"
    path.write_text(yaml.safe_dump(make_config(routes=[str(routes)])))
    done = run_sidespan("check", "--config", path)
    assert done.returncode == 1, f"accepted: {case['rules']}"
    assert all(word in done.stderr for word in case.get("says", [])), done.stderr
    lines = {int(line) - HEAD.count("\n") for line in re.findall(r"routes\.yaml:(\d+):\d+", done.stderr)}
    assert set(case["places"]) <= lines, done.stderr
