"""Headers that a client repeats by reference cost memory once, not by the square, and it is given back."""

import pytest

from harness import cost, http1, http2
from harness.process import eventually

STREAMS, TIMES = 250, 94
VALUE = "10." * 200  # 600 bytes; 94 of them are 59 KB, by HPACK index 94 bytes


@pytest.mark.parametrize("name", ["x-forwarded-for", "accept", "accept-encoding", "cookie", "x-other"])
def test_repeated_headers_take_memory_once_and_give_it_back(release, name):
    """(reported 3) 27 KB on the wire took 600 MiB for good."""
    sidespan = release()
    with http1.Connection(sidespan.address()) as connection:
        assert connection.request("GET", "/echo").status == 200
    before = cost.resident_kib(sidespan.pid)
    with http2.Connection(sidespan.address()) as connection:
        for _ in range(STREAMS):  # POST without its body: the calls stay
            connection.start("POST", "/echo", headers=[(name, VALUE)] * TIMES, end=False)
        connection.h2.ping(b"all came")
        connection.flush()
        assert connection.read()
        with http1.Connection(sidespan.address()) as other:
            assert other.request("GET", "/echo").status == 200
        # What goes up is kept: once, which is 14 MiB of headers in all.
        assert cost.peak_kib(sidespan.pid) - before < 24 << 10
    eventually(lambda: cost.resident_kib(sidespan.pid) - before < 4 << 10, what="memory given back")
