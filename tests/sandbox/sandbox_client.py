"""What the HTTP tests share: addresses, the clock, and a small client."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import requests

from cchc_pipeline.sandbox.servers.server import SandboxServer

CLOCK = datetime(2026, 10, 9, 23, 30)  # noqa: DTZ001 - a naive instant is local
KEYS = {"X-SystemId": "sandbox", "X-SecretKey": "sandbox"}
WINDOW = {"accepted-from": "2026-09-14T00:00:00.000+0700", "accepted-to": "2026-09-20T23:59:59.999+0700"}
LOGIN = "/one-stop/auth/realms/digo/protocol/openid-connect/token"
SEARCH = "/one-stop/pa/dossier/search"
LIST = "/documents/v1/syncReceivedEdocList"
PORTAL = "/national-portal/api/v1/reporting/evaluation"
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[07]00$")
MARKERS = re.compile(r"NGƯỜI MẪU \d{6}|999\d{9}|\+84000\d{6}|@example\.invalid")


def login(sandbox: SandboxServer, given: str = "sandbox") -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": given}
    return requests.post(sandbox.base_url + LOGIN, data=form, timeout=10)


def get(client: requests.Session, sandbox: SandboxServer, path: str, **query: Any) -> Any:
    reply = client.get(sandbox.base_url + path, params=query, headers=KEYS, timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.json()


def dossiers(client: requests.Session, sandbox: SandboxServer, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in range(100):
        body = get(client, sandbox, SEARCH, **{"spec": "slice", "size": 500, "page": page, "sort": "id,asc", **query})
        found += body["content"]
        if body["last"]:
            break
    return found
