"""A process among others: signals, children that are not its own, sockets that are files, descriptors."""

import os
import pathlib
import re
import signal
import socket
import stat
import time
import uuid

import httpx
import pytest
import yaml

from harness import http1
from harness.process import BINARY, Sidespan, eventually, run_sidespan

IGNORED = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGSTKFLT, signal.SIGHUP]


def test_signals_that_mean_nothing_do_not_end_it(start, services):
    """(reported 39) A call in flight goes on, and the log has a line."""
    process = start()
    key = uuid.uuid4().hex
    with http1.Connection(process.address()) as connection:
        connection.send_request("GET", f"/slow/1000?key={key}")
        eventually(lambda: services.stats(key)["started"] == 1)
        for number in [*IGNORED, signal.SIGRTMIN, signal.SIGRTMIN + 3, signal.SIGRTMAX] * 2:
            process.process.send_signal(number)
            time.sleep(0.01)
        assert connection.read_response().status == 200
    for number in [each.name for each in IGNORED[:-1]] + ["SIGRTMIN+0", "SIGRTMIN+3"]:
        name = {"SIGIO": "SIGPOLL"}.get(number, number)
        eventually(lambda: process.stderr.count(f"{name} is ignored") == 1, what=name)
    assert process.alive and process.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGPWR, signal.SIGXCPU])
def test_signals_that_mean_the_end_drain(start, services, number):
    """(reported 39)"""
    process = start()
    key = uuid.uuid4().hex
    with http1.Connection(process.address()) as connection:
        connection.send_request("GET", f"/slow/800?key={key}")
        eventually(lambda: services.stats(key)["started"] == 1)
        process.process.send_signal(number)
        assert connection.read_response().status == 200
    assert process.wait() == 0


def test_signals_do_not_cut_the_drain_delay_short(start):
    """(reported 39)"""
    process = start(drain_delay="1500ms")
    begin = time.monotonic()
    process.process.send_signal(signal.SIGTERM)
    for number in IGNORED:
        process.process.send_signal(number)
    assert process.wait() == 0 and time.monotonic() - begin > 1.4


@pytest.fixture
def scripted(tmp_path, make_config):
    """scripted(lines, key=value, …): a sidespan that a shell with these lines has become."""
    processes = []

    def run(lines, **keys):
        script = tmp_path / "sidespan.sh"
        script.write_text(f'#!/bin/sh\n{lines}\nexec "{BINARY}" "$@"\n')
        script.chmod(0o755)
        processes.append(Sidespan(tmp_path, make_config(**keys), binary=script))
        return processes[-1].wait_ready()

    yield run
    for process in processes:
        process.finish()


def children(process):
    """States of the processes whose parent it is: Z is one that ended, and that nobody has waited for."""
    states = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process.pid:
            states.append(fields[0])
    return states


def test_children_that_end_are_reaped(scripted):
    """(reported 39) PID 1 of a container gets the orphans; those of the shell that became sidespan stand for them here."""
    process = scripted("sleep 0 &\nsleep 3 &\nsleep 4 &")
    assert "Z" not in children(process)
    eventually(lambda: children(process) == [])


def test_a_closed_stderr_is_nobody_elses(scripted):
    """Log lines would go to whatever got its number: a client, say."""
    process = scripted("exec 2>&-")
    assert os.readlink(f"/proc/{process.pid}/fd/2") == "/dev/null"
    assert httpx.get(f"{process.url()}/echo", trust_env=False).status_code == 200


# ---- sockets that are files


def ask(path, target="/echo"):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost") as client:
        return client.get(target).status_code


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_unix_listener_has_its_mode_and_goes_with_the_process(scripted, tmp_path, umask):
    """(reported 38)"""
    listeners = [{"address": "unix:u.sock", "mode": 0o660}, {"address": f"unix:{tmp_path}/v.sock"}]
    process = scripted(f"umask {umask:o}", listeners=listeners)
    path = tmp_path / "u.sock"  # (reported 37) beside the configuration
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE((tmp_path / "v.sock").stat().st_mode) == 0o777 & ~umask
    assert ask(path) == 200 and ask(tmp_path / "v.sock") == 200
    assert process.stop() == 0
    assert not path.exists() and not (tmp_path / "v.sock").exists()


def test_a_socket_file_of_the_dead_is_replaced_and_one_of_the_living_is_not(start, tmp_path, make_config):
    """(reported 38)"""
    path = tmp_path / "u.sock"
    listeners = [{"address": f"unix:{path}", "mode": "600"}]
    first = Sidespan(tmp_path, make_config(listeners=listeners)).wait_ready()
    second = Sidespan(tmp_path, make_config(listeners=listeners))
    assert second.wait() == 1
    line = f"cannot listen on unix:{path}: Address already in use"
    assert second.stderr.count(line) == 1 and second.stderr.count("cannot listen") == 1
    assert ask(path) == 200
    first.process.kill()
    first.wait()
    assert path.exists()
    third = start(listeners=listeners)
    assert ask(path) == 200
    third.stop()
    assert not path.exists()


def test_a_file_that_another_made_meanwhile_stays(start, tmp_path):
    """(reported 38)"""
    path = tmp_path / "u.sock"
    process = start(listeners=[{"address": f"unix:{path}"}])
    path.unlink()
    path.write_text("another's")
    process.stop()
    assert path.read_text() == "another's"


def test_a_start_that_fails_leaves_no_file(tmp_path, make_config):
    """(reported 38)"""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        listeners = [{"address": f"unix:{tmp_path}/u.sock"}, {"address": f"127.0.0.1:{port}"}]
        process = Sidespan(tmp_path, make_config(listeners=listeners))
        assert process.wait() == 1
    assert process.stderr.count(f"cannot listen on 127.0.0.1:{port}: Address already in use") == 1
    assert process.stderr.count("cannot listen") == 1
    assert not (tmp_path / "u.sock").exists()


@pytest.mark.parametrize(
    "listener, error",
    [
        ({"address": "unix:u.sock", "mode": "rw"}, "expected the mode of a file, such as 0660"),
        ({"address": "unix:u.sock", "mode": 660}, "expected the mode of a file, such as 0660"),
        ({"address": "unix:u.sock", "mode": "0999"}, "expected the mode of a file, such as 0660"),
        ({"address": "127.0.0.1:0", "mode": "0660"}, "only the file of a unix socket has a mode"),
        ({"address": "unix:" + "x" * 108}, "has at most 107 bytes"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, make_config, listener, error):
    path = tmp_path / "sidespan.yaml"
    path.write_text(yaml.safe_dump(make_config(listeners=[listener])))
    done = run_sidespan("check", "--config", path)
    assert done.returncode == 1 and error in done.stderr and done.stderr.startswith(f"{path}:")


@pytest.mark.parametrize("mode", ["0640", "0o640", '"640"', "416"])
def test_a_mode_is_a_number_of_yaml_or_a_text_of_chmod(scripted, tmp_path, mode):
    """(reported 38) Tools that write YAML make 416 of 0640."""
    process = scripted(f"sed -i 's/MODE/{mode}/' {tmp_path}/sidespan.yaml", listeners=[{"address": "unix:u.sock", "mode": "MODE"}])
    assert stat.S_IMODE((tmp_path / "u.sock").stat().st_mode) == 0o640
    process.stop()


def test_a_unix_target_is_relative_to_the_file_that_names_it(start, tmp_path, make_config):
    """(reported 37) One sidespan before another, whose listener is a file."""
    inner = Sidespan(tmp_path, make_config(listeners=[{"address": "unix:inner.sock"}])).wait_ready()
    folder = tmp_path / "outer"
    folder.mkdir()
    keys = {"upstreams": {"test": {"target": "unix:../inner.sock", "plaintext": True, "required": True}}}
    outer = Sidespan(folder, make_config(**keys)).wait_ready()
    assert httpx.get(f"{outer.admin}/readyz", trust_env=False).status_code == 200
    outer.finish()
    inner.finish()


# ---- descriptors


@pytest.mark.threads
def test_clients_do_not_take_the_descriptors_that_upstreams_need(scripted):
    """(reported 40) The soft limit is raised to the hard one. When clients have taken their part, the rest is for connections to
    services and for /healthz; the log has one line; and who waits is served when others have gone."""
    process = scripted("ulimit -S -n 20\nulimit -H -n 150", workers=2)
    limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
    assert re.search(r"Max open files +150 +150 ", limits)
    connections = [http1.Connection(process.address()) for _ in range(200)]
    line = "ulimit -n"
    eventually(lambda: line in process.stderr)
    time.sleep(0.5)
    for _ in range(3):
        assert httpx.get(f"{process.admin}/healthz", trust_env=False).status_code == 200
    assert connections[0].request("GET", "/echo").status == 200  # the first call: its connection to the service is new
    assert len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir())) < 150
    for connection in connections[:150]:
        connection.close()
    for connection in connections[150:]:
        assert connection.request("GET", "/echo").status == 200
        connection.close()
    assert process.stderr.count(line) == 1 and "accept:" not in process.stderr
