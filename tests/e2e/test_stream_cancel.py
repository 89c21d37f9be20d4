"""A client that leaves cancels its call, over each transport, at whatever moment it leaves. The target is 10 ms; what is
asserted is what a sanitizer build on a busy machine keeps. `make bench-cancel` measures."""

import time
import uuid

import pytest

from harness import leaving
from harness.process import eventually

SECONDS = 0.5


@pytest.fixture(scope="module")
def sidespan(routed):
    return routed(leaving.RULES)


def leave_and_look(sidespan, services, moment, kind, how, tls=None):
    key = uuid.uuid4().hex
    client = kind(sidespan, tls)
    moment(client, services, key)
    assert services.cancelled_at(key) is None
    left = time.monotonic()
    client.leave(how)
    took = eventually(lambda: services.cancelled_at(key), timeout=5) - left
    assert took < SECONDS
    client.connection.close()


def name(value):
    return getattr(value, "__name__", value)


@pytest.mark.parametrize("moment, kind, how", leaving.WAYS, ids=name)
def test_a_client_that_leaves_cancels_its_call(sidespan, services, moment, kind, how):
    leave_and_look(sidespan, services, moment, kind, how)


@pytest.mark.parametrize("moment, kind, how", [way for way in leaving.WAYS if way[2] in ("close", "reset")], ids=name)
def test_a_client_that_leaves_over_tls_cancels_its_call(sidespan, services, client_tls, moment, kind, how):
    leave_and_look(sidespan, services, moment, kind, how, client_tls())
