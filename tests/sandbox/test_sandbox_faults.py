"""Injected faults, as a client meets them."""

from __future__ import annotations

import pytest
import requests
from sandbox_client import LIST, SEARCH, get

from cchc_pipeline.sandbox.life.province_parts import SandboxError
from cchc_pipeline.sandbox.servers.server import SandboxServer


@pytest.mark.parametrize("status", [401, 429, 500])
def test_status_faults_clear_after_their_times(client: requests.Session, sandbox: SandboxServer, status: int) -> None:
    sandbox.add_fault("/pa/dossier/search", str(status), times=2)
    url = sandbox.base_url + SEARCH
    assert [client.get(url, timeout=10).status_code for _ in range(3)] == [status, status, 200]


def test_down_drops_the_connection(client: requests.Session, sandbox: SandboxServer) -> None:
    sandbox.add_fault("^/one-stop/", "down", times=1)
    with pytest.raises(requests.ConnectionError):
        client.get(sandbox.base_url + SEARCH, timeout=10)
    assert client.get(sandbox.base_url + SEARCH, timeout=10).status_code == 200


def test_slow_outlasts_the_client(client: requests.Session, sandbox: SandboxServer) -> None:
    sandbox.add_fault(SEARCH, "slow", times=1, seconds=1.0)
    with pytest.raises(requests.Timeout):
        client.get(sandbox.base_url + SEARCH, timeout=0.2)


def test_half_page_html_and_dropped_field(client: requests.Session, sandbox: SandboxServer) -> None:
    url = sandbox.base_url + SEARCH
    sandbox.add_fault(SEARCH, "half_page", times=1)
    with pytest.raises(requests.JSONDecodeError):
        client.get(url, timeout=10).json()
    sandbox.add_fault(SEARCH, "html", times=1)
    page = client.get(url, timeout=10)
    assert (page.status_code, page.headers["content-type"][:9]) == (200, "text/html")
    sandbox.add_fault(SEARCH, "drop_field", times=1, field="agency")
    records = client.get(url, timeout=10).json()["content"]
    assert records
    assert all("agency" not in record for record in records)
    assert "agency" in client.get(url, timeout=10).json()["content"][0]


def test_repeat_page(client: requests.Session, sandbox: SandboxServer) -> None:
    sandbox.add_fault(SEARCH, "repeat_page", times=1)
    pages = [get(client, sandbox, SEARCH, page=page, size=5, sort="id,asc") for page in (0, 1, 1)]
    assert pages[0]["content"] == pages[1]["content"] != pages[2]["content"]
    assert pages[1]["number"] == 1


def test_faults_over_http(sandbox: SandboxServer) -> None:
    url = sandbox.base_url + "/sandbox/faults"
    fault = {"path": "query=1$", "kind": "500", "times": 3}
    assert requests.post(url, json=[fault], timeout=10).json()[0]["times"] == 3
    assert requests.get(sandbox.base_url + LIST + "?query=1", timeout=10).status_code == 500
    assert requests.get(sandbox.base_url + LIST + "?query=2", timeout=10).status_code == 401
    assert requests.delete(url, timeout=10).json() == []
    assert requests.post(url, json=[{"path": "x", "kind": "earthquake"}], timeout=10).status_code == 400
    assert requests.post(url, data=b"{", timeout=10).status_code == 400
    with pytest.raises(SandboxError, match="field"):
        sandbox.add_fault("x", "drop_field")
