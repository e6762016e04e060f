"""Call the one-stop system VNPT iGate 2.x ("DIGO") for dossiers and procedures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.sources.errors import FieldGone, PageRepeated, ReplyBroken, SourceAuthFailed
from cchc_pipeline.sources.http import HttpClient

TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"  # noqa: S105 - an address
SEARCH_PATH = "/pa/dossier/search"
PROCEDURE_PATH = "/bd/procedure"
_RENEW_BEFORE_S = 60.0


@dataclass(frozen=True)
class Page:
    """One page of a search.

    Attributes:
        records: the records of this page.
        is_last: whether nothing follows.
    """

    records: list[dict[str, Any]]
    is_last: bool


class OneStopApi:
    """Reader of pages, with a bearer token that is renewed when it ends or is refused."""

    def __init__(self, http: HttpClient, client_id: str, client_secret: str) -> None:
        self.http = http
        self._client_id = client_id
        self._client_secret = client_secret
        self._token: str | None = None
        self._token_ends = 0.0

    def search(self, query: Mapping[str, Any], page: int, size: int) -> Page:
        """Read one page of dossiers.

        Raises:
            PageRepeated: the source answered with another page than the one asked for.
            ReplyBroken: the page contradicts itself.
        """
        params = {"spec": "slice", "page": page, "size": size, "sort": "id,asc", **query}
        return self._page(self._get(SEARCH_PATH, params), SEARCH_PATH, page)

    def procedures(self, size: int) -> Iterator[dict[str, Any]]:
        """Yield the whole procedure catalogue."""
        seen: set[str] = set()
        number = 0
        while True:
            params = {"spec": "page", "page": number, "size": size, "sort": "id,asc"}
            page = self._page(self._get(PROCEDURE_PATH, params), PROCEDURE_PATH, number)
            keys = [str(record.get("id") or record.get("code")) for record in page.records]
            if number and keys and seen.issuperset(keys):
                raise self.http.error(PageRepeated, f"page {number} gives the records of earlier pages", PROCEDURE_PATH)
            seen.update(keys)
            yield from page.records
            if page.is_last or not page.records:
                return
            number += 1

    def _get(self, path: str, params: Mapping[str, Any]) -> Any:
        bearer = self._bearer()  # a refusal here is final: repeating wrong credentials locks accounts
        try:
            return self.http.ask("GET", path, params=params, headers=bearer)
        except SourceAuthFailed:
            self._token = None  # it may have been revoked early: try one new token, then treat the refusal as final
        return self.http.ask("GET", path, params=params, headers=self._bearer())

    def _bearer(self) -> dict[str, str]:
        if self._token is None or time.monotonic() >= self._token_ends:
            form = {"client_id": self._client_id, "client_secret": self._client_secret}
            reply = self.http.ask("POST", TOKEN_PATH, data={"grant_type": "client_credentials", **form})
            if not isinstance(reply, dict) or not isinstance(reply.get("access_token"), str):
                raise self.http.error(FieldGone, "the token reply holds no access_token", TOKEN_PATH)
            self._token = reply["access_token"]
            lifetime = reply.get("expires_in")
            seconds = float(lifetime) if isinstance(lifetime, (int, float)) else 300.0
            self._token_ends = time.monotonic() + max(seconds - _RENEW_BEFORE_S, seconds / 2)
        return {"Authorization": f"Bearer {self._token}"}

    def _page(self, reply: Any, path: str, asked: int) -> Page:
        if not isinstance(reply, dict) or "content" not in reply:
            raise self.http.error(FieldGone, "the reply holds no field 'content'", path)
        content = reply["content"]
        if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
            raise self.http.error(ReplyBroken, "'content' is not a list of records", path)
        count = reply.get("numberOfElements", len(content))
        if count != len(content):
            raise self.http.error(ReplyBroken, f"half a page: {len(content)} records where {count} are said", path)
        number = reply.get("number", asked)
        if number != asked:
            raise self.http.error(PageRepeated, f"page {number} instead of page {asked}", path)
        if not isinstance(reply.get("last"), bool):
            raise self.http.error(FieldGone, "the reply holds no field 'last': the end of the list is unknown", path)
        return Page(content, reply["last"])
