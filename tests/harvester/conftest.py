"""A sample server for the tests of what the sample registries answer, without faults and requests of the test before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harvester.sample import SampleServer


@pytest.fixture(scope="module")
def running() -> Iterator[SampleServer]:
    with SampleServer() as server:
        yield server


@pytest.fixture
def server(running: SampleServer) -> Iterator[SampleServer]:
    running.clear()
    running.requests.clear()
    yield running
    running.clear()
