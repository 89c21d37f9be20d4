"""Fixtures: real grpcio services in processes of their own, and the real binary before them.

`sidespan` is one process shared by the tests of a run, with the routes of routes.yaml; `start` makes more, with
configurations of their own. Either way a test run ends with SIGTERM, exit code 0 and no sanitizer report."""

import pathlib
import ssl
import subprocess

import httpx
import pytest

from harness import http1, http2
from harness.process import BINARY, PATIENCE, RELEASE, ROOT, Demo, Services, Sidespan
from harness.process import compile_protos, configuration, write_routes


def pytest_configure():
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not there: make VARIANT=asan test-asan, or set SIDESPAN_BIN", returncode=2)


def pytest_collection_modifyitems(items):
    # A test that hangs must not hang the run: curl, httpx and sockets have PATIENCE; this only orders slow tests last.
    items.sort(key=lambda item: bool(item.get_closest_marker("slow")))


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    """A folder of certificates, the faulty ones included (certs/make-dev-certs.sh)."""
    folder = tmp_path_factory.mktemp("certs")
    subprocess.run([ROOT / "certs/make-dev-certs.sh", "--faulty", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def descriptors(tmp_path_factory):
    return compile_protos(tmp_path_factory.mktemp("descriptors") / "test.pb")


@pytest.fixture(scope="session")
def services(certs):
    child = Services(certs)
    yield child
    child.stop()


@pytest.fixture(scope="session")
def demo(certs):
    child = Demo(certs)
    yield child
    child.stop()


@pytest.fixture(scope="session")
def make_config(certs, services, descriptors):
    return lambda **keys: configuration(certs, services.ports, **{"descriptors": [str(descriptors)], **keys})


@pytest.fixture(scope="module")
def routed(tmp_path_factory, make_config):
    """routed(rules, key=value, …): a sidespan of the module's own with these rules, ready."""
    running = []

    def run(rules, env=None, **keys):
        folder = tmp_path_factory.mktemp("routed")
        running.append(Sidespan(folder, make_config(routes=[write_routes(folder, rules)], **keys), env))
        return running[-1].wait_ready()

    yield run
    for process in running:
        process.finish()


class Shared:
    """The process that most tests share, started again when one has broken it."""

    def __init__(self, folder, make_config):
        self.folder, self.make_config, self.process = pathlib.Path(folder), make_config, None

    def get(self):
        if self.process is None:
            self.process = Sidespan(self.folder, self.make_config()).wait_ready()
        return self.process

    def check(self):
        """Ends the test that broke the process, and no other."""
        if self.process and not self.process.alive:
            broken, self.process = self.process, None
            code = broken.wait()
            pytest.fail(f"sidespan ended with {code}:\n{broken.stderr[-20000:]}")

    def finish(self):
        if self.process:
            self.process.finish()


@pytest.fixture(scope="session")
def shared(tmp_path_factory, make_config):
    one = Shared(tmp_path_factory.mktemp("shared"), make_config)
    yield one
    one.finish()


@pytest.fixture
def sidespan(shared):
    yield shared.get()
    shared.check()


def starter(tmp_path_factory, make_config, binary):
    running = []

    def run(env=None, wait=True, **keys):
        process = Sidespan(tmp_path_factory.mktemp("sidespan"), make_config(**keys), env, binary)
        running.append(process)
        return process.wait_ready() if wait else process

    yield run
    for process in running:
        process.finish()


@pytest.fixture
def start(tmp_path_factory, make_config):
    """start(key=value, …): a sidespan of its own with make_config(…), ready. env: more environment."""
    yield from starter(tmp_path_factory, make_config, BINARY)


@pytest.fixture
def release(tmp_path_factory, make_config):
    """The same of the optimised binary, whose memory and work are those of users."""
    assert RELEASE.exists(), f"{RELEASE} is not there: make"
    yield from starter(tmp_path_factory, make_config, RELEASE)


@pytest.fixture
def client(sidespan):
    """httpx over HTTP/1.1 to the cleartext listener."""
    with httpx.Client(base_url=sidespan.url(), timeout=PATIENCE, trust_env=False) as one:
        yield one


@pytest.fixture(params=["http/1.1", "h2c", "https", "h2"])
def any_client(request, sidespan, certs):
    """httpx over each of the four ways in: HTTP/1.1 and HTTP/2, cleartext and TLS."""
    tls = request.param in ("https", "h2")
    two = request.param in ("h2c", "h2")
    with httpx.Client(
        base_url=sidespan.url(1 if tls else 0),
        http1=not two,
        http2=two,
        verify=str(certs / "ca.crt"),
        timeout=PATIENCE,
        trust_env=False,
    ) as one:
        yield one


@pytest.fixture
def connect(sidespan):
    """connect(): a raw HTTP/1.1 connection; connect(to=…) to another process."""
    opened = []

    def make(to=None, index=0, **options):
        opened.append(http1.Connection((to or sidespan).address(index), **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def connect2(sidespan):
    """The same over HTTP/2 with prior knowledge."""
    opened = []

    def make(to=None, index=0, **options):
        opened.append(http2.Connection((to or sidespan).address(index), **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def client_tls(certs):
    """client_tls(certificate=None, alpn=[…]): an ssl context that trusts the development CA."""

    def make(certificate=None, alpn=None, version=None):
        context = ssl.create_default_context(cafile=str(certs / "ca.crt"))
        if certificate:
            context.load_cert_chain(certs / f"{certificate}.crt", certs / f"{certificate}.key")
        if alpn:
            context.set_alpn_protocols(alpn)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    return make
