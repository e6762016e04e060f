"""Read documents and their statuses from the document system behind the LGSP.

Two of the interface's calls change the source (`sendEdoc`, `updateStatus`). They do not occur in
this package: the adapter knows two addresses, both GET.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.documents.lgsp.edxml import EdxmlError, document_row, parse_message, status_row
from cchc_pipeline.sources.errors import (
    FieldGone,
    PageRepeated,
    ReplyBroken,
    RequestRefused,
    SourceAuthFailed,
    SourceServerError,
)
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.timestamps import parse_slashed_time

DOCUMENTS = "documents__documents"
STATUSES = "documents__statuses"
LIST_PATH = "/v1/syncReceivedEdocList"
GET_PATH = "/v1/getEdoc"

# Errors by the code that the LGSP writes into its body, under a successful HTTP status.
_REFUSALS = {"15": SourceAuthFailed, "20": SourceServerError}


class DocumentsSource:
    """Adapter for the LGSP document interface.

    Args:
        http: client with the headers `X-SystemId` and `X-SecretKey` (`credential_headers`).
        province_code: canonical code; documents of other senders are not kept.
        overlap_days: days before the window that are listed with it, for late arrivals.
    """

    name: ClassVar[str] = "documents"
    tables: ClassVar[tuple[str, ...]] = (DOCUMENTS, STATUSES)

    def __init__(self, http: HttpClient, province_code: str, overlap_days: int = 7) -> None:
        self._http = http
        self._province = province_code
        self._overlap = overlap_days

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield documents and statuses by day; late arrivals come with the first day."""
        del known  # the interface lists by day of creation: nothing held changes what is read
        days = list(Window(window.first - timedelta(days=self._overlap), window.last).days())
        documents: dict[Any, Row] = {}
        statuses: dict[Any, Row] = {}
        seen: set[str] = set()
        previous: dict[str, list[str]] = {}
        for number, day in enumerate(days, 1):
            with self._http.reading(window.clamp(day), f"documents of {day}"):
                for row in self._messages("edoc", day, seen, previous, document_row):
                    if row["unit_code"] is None or self._is_ours(row["unit_code"]):
                        _keep_last(documents, row["document_id"], row)
                for row in self._messages("status", day, seen, previous, status_row):
                    key = (row["document_id"], row["unit_code"], row["status_code"])
                    _keep_last(statuses, key if None not in key else None, row)
            progress(number, len(days), f"documents of {day}")
            if day >= window.first:
                yield Batch(DOCUMENTS, day, list(documents.values()))
                yield Batch(STATUSES, day, list(statuses.values()))
                documents, statuses = {}, {}

    def _messages(
        self,
        message_type: str,
        day: date,
        seen: set[str],
        previous: dict[str, list[str]],
        to_row: Callable[[ET.Element], Row | None],
    ) -> Iterator[Row]:
        items = self._list(message_type, day)
        ids = [str(item["docId"]) for item in items]
        if ids and ids == previous.get(message_type):
            raise self._http.error(PageRepeated, "the list of the day before came again", LIST_PATH)
        previous[message_type] = ids
        for item in items:
            doc_id = str(item["docId"])
            sender = canonical_unit_code(item.get("from"))
            foreign = message_type == "edoc" and sender is not None and not self._is_ours(sender)
            if doc_id in seen or foreign:
                continue
            seen.add(doc_id)
            try:
                row = to_row(parse_message(self._fetch(doc_id)))
            except EdxmlError as failure:
                row = {**(to_row(ET.Element("edXML")) or {}), "parse_errors": f"edxml: {failure} (docId {doc_id})"}
            if row is not None:
                yield row

    def _is_ours(self, unit_code: str) -> bool:
        return unit_code == self._province or unit_code.startswith(f"{self._province}.")

    def _list(self, message_type: str, day: date) -> list[Mapping[str, Any]]:
        params = {"messageType": message_type, "fromDate": f"{day:%Y/%m/%d}", "toDate": f"{day:%Y/%m/%d}"}
        reply = self._data(self._http.ask("GET", LIST_PATH, params=params), LIST_PATH)
        items = reply.get("data") or []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self._http.error(ReplyBroken, "'data' is not a list of messages", LIST_PATH)
        count = reply.get("count", len(items))
        if count != len(items):
            raise self._http.error(ReplyBroken, f"half a list: {len(items)} messages where {count} are said", LIST_PATH)
        if any(not item.get("docId") for item in items):
            raise self._http.error(FieldGone, "a message of the list has no field 'docId'", LIST_PATH)
        for item in items:
            created = parse_slashed_time(str(item.get("createdTime")))
            if created is not None and created.date() != day:
                raise self._http.error(PageRepeated, "the list holds messages of another day than asked for", LIST_PATH)
        return items

    def _fetch(self, doc_id: str) -> str:
        reply = self._data(self._http.ask("GET", GET_PATH, params={"docId": doc_id}), GET_PATH)
        message = reply.get("data")
        if not isinstance(message, dict) or not isinstance(message.get("edxml"), str):
            raise self._http.error(FieldGone, "the message has no field 'edxml'", GET_PATH)
        if message.get("docId", doc_id) != doc_id:
            raise self._http.error(PageRepeated, "another message than the one asked for", GET_PATH)
        return message["edxml"]

    def _data(self, reply: Any, path: str) -> Mapping[str, Any]:
        if not isinstance(reply, dict):
            raise self._http.error(ReplyBroken, "the reply is not an object", path)
        if reply.get("success") is False:
            raw = str(reply.get("code", reply.get("errorCode", "")))
            code = raw if raw.isascii() and raw.isdigit() else "none"
            raise self._http.error(_REFUSALS.get(code, RequestRefused), f"the source refused, its code {code}", path)
        if "data" not in reply:
            raise self._http.error(FieldGone, "the reply has no field 'data'", path)
        return reply


def credential_headers(system_id: str, secret_key: str) -> dict[str, str]:
    """Build the headers that the LGSP wants on every call."""
    return {"X-SystemId": system_id, "X-SecretKey": secret_key}


def _keep_last(rows: dict[Any, Row], key: Any, row: Row) -> None:
    key = (len(rows), "no key") if key is None else key
    rows.pop(key, None)
    rows[key] = row
