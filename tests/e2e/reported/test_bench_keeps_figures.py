"""A benchmark in which one run fails keeps the figures of the others, says which failed, and on what machine it ran (reported 44)."""

import json
import pathlib
import sys
import types

import pytest

from harness.process import ROOT

SCRIPTS = sorted((ROOT / "bench").glob("*.py"))


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """The modules run and results of bench/, whose figures go to tmp_path."""
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import results
    import run

    monkeypatch.setattr(results, "BUILD", tmp_path)
    return types.SimpleNamespace(run=run, results=results, folder=tmp_path)


class Machine:
    """A Bench whose runs are made up: `broken` says which give no figure."""

    proxy_cpu = load_cpu = "0"

    def __init__(self, failed, broken):
        self.failed, self.broken, self.ended, self.rounds = failed, broken, 0, 0

    def services(self):
        pass

    def sidespan(self, kind):
        return 1, "sidespan"

    def haproxy(self, kind):
        return 2, "haproxy"

    def _maybe(self, what, connections):
        if self.broken(what, connections):
            raise self.failed("errors under load: timeout 3")

    def wrk(self, port, connections, seconds):
        self._maybe("warm", connections)

    def measure(self, port, process, connections, seconds):
        self.rounds += 1
        self._maybe("round", connections)
        return {"cpu": 10.0 * port, "rps": 1000.0, "p50": 5.0, "p99": 9.0}

    def syscalls(self, port, process, connections):
        self._maybe("strace", connections)
        return 2.0

    def end(self, process):
        self.ended += 1

    def stop(self):
        pass


def figures(bench, broken):
    machine = Machine(bench.results.Failed, broken)
    args = types.SimpleNamespace(upstreams=["plaintext"], connections=[1, 64, 512], rounds=5, seconds=1)
    status = bench.run.measure_all(machine, args)
    assert machine.ended == 6, "the proxies of a run that failed are ended too"
    return status, json.loads((bench.folder / "bench.json").read_text())


def test_clients_that_time_out_under_strace_cost_that_count_only(bench, capsys):
    status, rows = figures(bench, lambda what, connections: what == "strace" and connections == 512)
    assert status == 0 and [row["connections"] for row in rows] == [1, 1, 64, 64, 512, 512]
    assert [row["syscalls_per_request"] for row in rows] == [2.0] * 4 + [None] * 2
    assert all(row["cpu_us_per_request"] in (10.0, 20.0) for row in rows)
    assert "no count of system calls at c=512: errors under load: timeout 3" in capsys.readouterr().out


def test_a_run_that_fails_leaves_a_row_that_says_so(bench, capsys):
    status, rows = figures(bench, lambda what, connections: what in ("warm", "round") and connections == 64)
    assert status == 1
    assert [row.get("failed") for row in rows] == [None, None, "Failed: errors under load: timeout 3", None, None]
    assert rows[2]["connections"] == 64
    out = capsys.readouterr().out
    assert "FAILED  unary-small plaintext 64" in out and "1 runs FAILED" in out


def test_a_round_that_fails_does_not_count(bench):
    state = []

    def second_round(what, connections):
        state.append(what)
        return what == "round" and connections == 1 and state.count("round") == 3

    status, rows = figures(bench, second_round)
    assert status == 0 and not any("failed" in row for row in rows)


def test_rows_are_written_as_they_come(bench):
    seen = []

    def broken(what, connections):
        if what == "warm":
            seen.append(len(json.loads((bench.folder / "bench.json").read_text())))
        return False

    figures(bench, broken)
    assert seen == [0, 0, 2, 2, 4, 4]


def test_each_row_names_its_processor(bench):
    model = next(line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    _, rows = figures(bench, lambda what, connections: what == "round" and connections == 64)
    for row in rows:
        assert row["machine"]["cpu"].startswith(model) and row["machine"]["cpus"] > 0 and row["machine"]["kernel"]


@pytest.mark.parametrize("script", [path for path in SCRIPTS if "__main__" in path.read_text()], ids=lambda path: path.stem)
def test_no_script_writes_its_figures_at_the_end(script):
    text = script.read_text()
    assert "Results(" in text and "results.attempt(" in text and "sys.exit(main())" in text
    assert "json.dump(" not in text and "write_text(" not in text
