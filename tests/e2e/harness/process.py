"""Processes of the tests: the services, and sidespan itself."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import httpx
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
E2E = ROOT / "tests/e2e"
BINARY = pathlib.Path(os.environ.get("SIDESPAN_BIN", ROOT / "build/asan/sidespan"))
RELEASE = ROOT / "build/sidespan"  # for what sanitizers hide: memory and work
PYTHON = "/usr/bin/python3"
for name, options in {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1",
}.items():
    os.environ.setdefault(name, options)  # scripts/test.sh has said what it wants already
SANITIZER = re.compile(
    r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:|WARNING: ThreadSanitizer|UndefinedBehaviorSanitizer"
)
# Sanitizers and two slow cores: what takes milliseconds may take seconds. Only for waiting on what must come.
PATIENCE = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def eventually(condition, timeout=PATIENCE, interval=0.02, what=None):
    """The first truthy value of condition(); fails the test when none comes."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what or condition} did not become true within {timeout} s; last: {value!r}"
        time.sleep(interval)


def configuration(certs, ports, **keys):
    """A configuration on free ports, plaintext and TLS, before the services in plaintext unless told otherwise; keys given
    replace whole keys, None removes one."""
    config = {
        "listeners": [
            {"address": f"127.0.0.1:{free_port()}"},
            {
                "address": f"127.0.0.1:{free_port()}",
                "tls": {"certificate": f"{certs}/server.crt", "private_key": f"{certs}/server.key"},
            },
        ],
        "admin": {"address": f"127.0.0.1:{free_port()}"},
        "workers": 1,
        "routes": [str(E2E / "routes.yaml")],
        "upstreams": {"test": {"target": f"127.0.0.1:{ports['plain']}", "plaintext": True}},
        **keys,
    }
    return {key: value for key, value in config.items() if value is not None}


def write_routes(folder, rules):
    """A file of routes with these rules, before the upstream `test`; its path."""
    path = pathlib.Path(folder, "routes.yaml")
    document = {"type": "google.api.Service", "config_version": 3, "upstream": "test", "http": {"rules": rules}}
    path.write_text(yaml.safe_dump(document))
    return str(path)


def compile_protos(out):
    """The FileDescriptorSet of proto/, with what it imports."""
    proto = E2E / "proto"
    files = [str(file) for file in proto.rglob("*.proto")]
    subprocess.run(["protoc", f"-I{proto}", f"-I{ROOT / 'proto'}", "--include_imports", f"--descriptor_set_out={out}", *files], check=True)
    return out


class Child:
    """A process whose stderr is kept; ended at the latest by stop()."""

    def __init__(self, command, env=None):
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            text=True,
            errors="replace",
        )
        self._stderr = []
        self._reader = threading.Thread(target=self._read_stderr, daemon=True)
        self._reader.start()

    def _read_stderr(self):
        for line in self.process.stderr:
            self._stderr.append(line)

    @property
    def pid(self):
        return self.process.pid

    @property
    def stderr(self):
        return "".join(self._stderr)

    @property
    def alive(self):
        return self.process.poll() is None

    def wait(self, timeout=PATIENCE):
        code = self.process.wait(timeout)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        return code

    def stop(self, timeout=PATIENCE):
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            return None


class Services(Child):
    """services/server.py; ports is {"plain", "tls", "mtls", "stats"}."""

    def __init__(self, certs, port=0):
        super().__init__([PYTHON, E2E / "services/server.py", "--certs", certs, "--port", port])
        line = self.process.stdout.readline()
        assert line, f"the services did not start:\n{self.stderr}"
        self.ports = json.loads(line)

    def _ask(self, question):
        with socket.create_connection(("127.0.0.1", self.ports["stats"]), PATIENCE) as s:
            s.sendall(question.encode() + b"\n")
            return json.loads(s.makefile().readline())

    def received(self, request_id):
        """The call that came with the x-request-id: method, metadata, messages, wire, calls; None when none came."""
        return self._ask(f"received {request_id}")

    def stats(self, key):
        """What is counted under key: started, finished, cancelled, failed, sent; 0 when it never happened."""
        counts = self._ask(key)
        return {name: counts.get(name, 0) for name in ("started", "finished", "cancelled", "failed", "sent")}

    def cancelled_at(self, key):
        """When the last call under key was cancelled, by time.monotonic(); None: not yet."""
        return self._ask(key).get("cancelled_at")


class Demo(Child):
    def __init__(self, certs, delay_ms=5):
        super().__init__(
            [PYTHON, ROOT / "demo/server.py", "--listen", "localhost:0", "--certs", certs, "--delay-ms", delay_ms]
        )
        line = self.process.stdout.readline()
        assert line.startswith("demo: ready on "), f"the demo service did not start: {line}\n{self.stderr}"
        self.port = int(line.rpartition(":")[2])


class Sidespan(Child):
    """`sidespan serve` with a configuration; ports are in it already."""

    def __init__(self, folder, config, env=None, binary=BINARY):
        self.config = config
        self.path = pathlib.Path(folder, "sidespan.yaml")
        self.path.write_text(yaml.safe_dump(config, sort_keys=False))
        super().__init__([binary, "serve", "--config", self.path], env)
        self.admin = f"http://{config['admin']['address']}"

    def wait_ready(self):
        def ready():
            assert self.alive, f"sidespan ended with {self.wait()}:\n{self.stderr}"
            try:
                return httpx.get(f"{self.admin}/readyz").status_code == 200
            except httpx.TransportError:
                return False

        eventually(ready, what="readiness")
        return self

    def address(self, index=0):
        """(host, port) of a listener."""
        host, _, port = self.config["listeners"][index]["address"].rpartition(":")
        return host, int(port)

    def admin_address(self):
        host, _, port = self.config["admin"]["address"].rpartition(":")
        return host, int(port)

    def url(self, index=0):
        scheme = "https" if "tls" in self.config["listeners"][index] else "http"
        return f"{scheme}://{self.config['listeners'][index]['address']}"

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def finish(self):
        """SIGTERM, and everything that must be true of an end: exit code 0, no sanitizer report."""
        code = self.stop()
        report = SANITIZER.search(self.stderr)
        assert not report, f"a sanitizer reports:\n{self.stderr[-20000:]}"
        assert code == 0, f"sidespan ended with {code}:\n{self.stderr[-5000:]}"


def run_sidespan(*arguments, env=None, timeout=60):
    """A command that ends by itself: the finished process with returncode, stdout and stderr."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=timeout,
    )
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


def curl(*arguments, timeout=60):
    """curl -sS with these arguments; the finished process, bytes in stdout."""
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", str(timeout), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=timeout + 10)
