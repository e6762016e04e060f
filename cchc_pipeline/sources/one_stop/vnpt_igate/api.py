"""Call the one-stop system VNPT iGate 2.x ("DIGO") for dossiers and procedures.

The paging of its search is unreliable: records with equal sort keys change places between two pages,
so going from page to page loses some and doubles others. A piece of time that fits into one page needs
no second page. Only a single minute that is still too full is paged through, and then as often as it
takes to see as many different records as the pages hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any

from cchc_pipeline.sources.errors import FieldGone, PageRepeated, ReplyBroken, SourceAuthFailed
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.records import MILLISECOND, day_end, day_start, parse_instant, utc_millis

TOKEN_PATH = "/auth/realms/digo/protocol/openid-connect/token"  # noqa: S105 - an address
SEARCH_PATH = "/pa/dossier/search"
PROCEDURE_PATH = "/bd/procedure"
_RENEW_BEFORE_S = 60.0
Record = dict[str, Any]


#: The records of one page of a search, and whether nothing follows.
Page = tuple[list[Record], bool]
SMALLEST = timedelta(minutes=1)
_ROUNDS = 12
_FILL = 0.7  # a planned piece aims at this part of a page, so that a busier day still fits


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

    def procedures(self, size: int) -> Iterator[Record]:
        """Yield the whole procedure catalogue."""
        seen: set[str] = set()
        number = 0
        while True:
            params = {"spec": "page", "page": number, "size": size, "sort": "id,asc"}
            records, is_last = self._page(self._get(PROCEDURE_PATH, params), PROCEDURE_PATH, number)
            keys = [str(record.get("id") or record.get("code")) for record in records]
            if number and keys and seen.issuperset(keys):
                raise self.http.error(PageRepeated, f"page {number} gives the records of earlier pages", PROCEDURE_PATH)
            seen.update(keys)
            yield from records
            if is_last or not records:
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
        if self._token is None or monotonic() >= self._token_ends:
            form = {"client_id": self._client_id, "client_secret": self._client_secret}
            reply = self.http.ask("POST", TOKEN_PATH, data={"grant_type": "client_credentials", **form})
            if not isinstance(reply, dict) or not isinstance(reply.get("access_token"), str):
                raise self.http.error(FieldGone, "the token reply holds no access_token", TOKEN_PATH)
            self._token = reply["access_token"]
            lifetime = reply.get("expires_in")
            seconds = float(lifetime) if isinstance(lifetime, (int, float)) else 300.0
            self._token_ends = monotonic() + max(seconds - _RENEW_BEFORE_S, seconds / 2)
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
        return content, reply["last"]


class WindowReader:
    """Reader of all dossiers accepted (where not, applied for) in a window.

    `page_size` records are asked for at once; the source's limit is 1000.
    """

    def __init__(self, api: OneStopApi, page_size: int = 1000) -> None:
        self._api = api
        self._size = page_size
        self._cuts: list[time] = []
        self._planned_for = 0
        self._previous_ids: list[Any] = []

    def read_day(self, day: date) -> Iterator[Record]:
        """Yield all dossiers of one civil day, in pieces planned by the days before."""
        starts = [day_start(day), *(datetime.combine(day, cut, tzinfo=day_start(day).tzinfo) for cut in self._cuts)]
        ends = [start - MILLISECOND for start in starts[1:]] + [day_end(day)]
        leaves: list[tuple[datetime, int]] = []
        for start, end in zip(starts, ends, strict=True):
            yield from self.read(start, end, {}, leaves)
        self._plan(leaves)

    def read(
        self,
        start: datetime,
        end: datetime,
        filters: Mapping[str, str],
        leaves: list[tuple[datetime, int]] | None = None,
    ) -> Iterator[Record]:
        """Yield all dossiers from `start` to `end`, both included, to the millisecond.

        The start and the number of records of every piece that was read are added to `leaves`.
        """
        stack = [(start, end)]
        while stack:
            start, end = stack.pop()
            query = {"accepted-from": utc_millis(start), "accepted-to": utc_millis(end), **filters}
            records, is_last = self._api.search(query, 0, self._size)
            self._check(records, start, end)
            if not is_last and end - start >= SMALLEST:
                middle = start + (end - start) // 2
                middle -= timedelta(microseconds=middle.microsecond % 1000)
                stack += [(middle, end), (start, middle - MILLISECOND)]  # the earlier half is read first
                continue
            if not is_last:
                records = self._crowded_minute(query)
            if leaves is not None:
                leaves.append((start, len(records)))
            yield from records

    def _check(self, records: list[Record], start: datetime, end: datetime) -> None:
        ids = [record.get("id") for record in records]
        for record in records:
            if "acceptedDate" not in record:
                continue
            raw = record["acceptedDate"] or record.get("appliedDate")
            moment = parse_instant(raw)
            if moment is not None and not start <= moment < end + MILLISECOND:
                if ids == self._previous_ids:
                    raise self._api.http.error(
                        PageRepeated, "the records of the call before came again for another window", SEARCH_PATH
                    )
                what = "dossiers from outside the window that was asked for: the filter by time is not applied"
                raise self._api.http.error(ReplyBroken, what, SEARCH_PATH)
        self._previous_ids = ids

    def _crowded_minute(self, query: Mapping[str, str]) -> list[Record]:
        found: dict[Any, Record] = {}
        for _ in range(_ROUNDS):
            total = 0
            for records in self._pages(query):
                total += len(records)
                found.update((record.get("id"), record) for record in records)
            if len(found) >= total:
                return list(found.values())
        what = f"one minute with more than {self._size} dossiers: its pages kept repeating records"
        raise self._api.http.error(PageRepeated, what, SEARCH_PATH)

    def _pages(self, query: Mapping[str, str]) -> Iterator[list[Record]]:
        number, previous = 0, list[Any]()
        while True:
            records, is_last = self._api.search(query, number, self._size)
            ids = [record.get("id") for record in records]
            if (ids and ids == previous) or (not ids and not is_last):
                raise self._api.http.error(PageRepeated, f"page {number} does not move on", SEARCH_PATH)
            yield records
            if is_last:
                return
            number, previous = number + 1, ids

    def _plan(self, leaves: list[tuple[datetime, int]]) -> None:
        total = sum(count for _, count in leaves)
        if total * 2 < self._planned_for:
            return  # a weekend or a holiday does not predict the next working day
        cuts: list[time] = []
        filled = 0
        for start, count in leaves:
            if filled and filled + count > self._size * _FILL:
                cuts.append(start.timetz().replace(tzinfo=None))
                filled = 0
            filled += count
        self._cuts, self._planned_for = cuts, total
