"""A running sandbox for the HTTP tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from sandbox_client import CLOCK, login

from cchc_pipeline.sandbox.servers.server import SandboxServer


@pytest.fixture(scope="session")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(size=0.5, as_of=CLOCK) as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> Iterator[SandboxServer]:
    running.set_clock(CLOCK)
    running.faults.clear()
    yield running
    running.faults.clear()


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[requests.Session]:
    with requests.Session() as session:
        token = login(sandbox).json()
        assert token["expires_in"] == 86_400
        session.headers["Authorization"] = f"{token['token_type']} {token['access_token']}"
        yield session
