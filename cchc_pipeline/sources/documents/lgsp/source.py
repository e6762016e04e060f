"""Read documents and their statuses from the document system behind the LGSP.

Two of the interface's calls change the source (`sendEdoc`, `updateStatus`). They do not occur in
this package: the adapter knows two addresses, both GET.

Messages are edXML (QCVN 102:2016/BTTTT, amended 2022). Root element and namespace differ between
versions, so elements are found by local name. A message with a document type declaration is refused
before parsing: edXML has none, and entity expansion is the only use of one. SignerInfo, StaffInfo,
Content, names and attachments are never read.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
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
from cchc_pipeline.sources.records import (
    Problems,
    parse_slashed_day,
    parse_slashed_time,
    read_unit,
    reader,
    text_or_none,
)
from cchc_pipeline.text import mask_text

# First match wins. Order: what is most specific comes first.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for kind, pattern in (
        ("apology_letter", r"\bxin\s+lỗi\b"),
        ("publication_decision", r"\bcông\s+bố\b.{0,80}?\b(?:thủ\s+tục|TTHC)\b"),
        ("reform_plan", r"\bkế\s+hoạch\b.*\b(?:cải\s+cách\s+(?:thủ\s+tục\s+)?hành\s+chính|CCHC)\b"),
        ("reform_report", r"\bbáo\s+cáo\b.*\b(?:cải\s+cách\s+(?:thủ\s+tục\s+)?hành\s+chính|CCHC)\b"),
    )
)
_COUNT = re.compile(
    r"\bcông\s+bố\s+(?:danh\s+mục\s+)?(?P<count>\d{1,4})(?:\s*\([^)]*\))?\s+(?:thủ\s+tục|TTHC)\b", re.IGNORECASE
)
_ALL_INTERNAL = re.compile(r"\b(?:thủ\s+tục\s+hành\s+chính|TTHC)\s+nội\s+bộ\b", re.IGNORECASE)
_SOME_INTERNAL = re.compile(
    r"\((?:trong\s+đó\s+)?(?:có\s+)?(?P<count>\d{1,4})\s+(?:thủ\s+tục\s+hành\s+chính|TTHC)\s+nội\s+bộ\)", re.IGNORECASE
)
# What reports on digital signatures leave out: finance, personnel and organisation. First match wins.
_FIELDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "personnel",
        re.compile(
            r"\b(?:nhân\s+sự|tổ\s+chức\s+cán\s+bộ|bổ\s+nhiệm|miễn\s+nhiệm|điều\s+động|luân\s+chuyển|biệt\s+phái"
            r"|nâng\s+(?:bậc\s+)?lương|nghỉ\s+hưu|tuyển\s+dụng|kỷ\s+luật)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "finance",
        re.compile(
            r"\b(?:tài\s+chính|ngân\s+sách|dự\s+toán|quyết\s+toán|kinh\s+phí|giải\s+ngân|thanh\s+toán|mua\s+sắm)\b",
            re.IGNORECASE,
        ),
    ),
)
_DOSSIER = re.compile(
    r"(?<![\w.])(?:\d{3}\.\d{2}\.\d{2}\.)?[GH]\d{2}(?:\.\d{1,3}){0,3}-\d{6}-\d{4,6}(?![\w-])", re.IGNORECASE
)
# A code of an older system: whatever follows the words "hồ sơ", has letters and digits and a separator.
_LEGACY_DOSSIER = re.compile(
    r"\bhồ\s+sơ\s+(?:(?:số|mã)\s+)?(?P<code>(?=[\w./-]*\d)(?=[\w./-]*[./-])[A-Z][A-Z0-9./-]{6,}[A-Z0-9])(?![\w-])"
)
RECALL = "1"  # BussinessDocType (the standard's spelling): the message takes an earlier document back
_SECURITY = {"mật": "secret", "tối mật": "top_secret", "tuyệt mật": "most_secret"}
_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(r"^\s*<\?xml[^>]*\?>")
_time = reader(parse_slashed_time, "not a time yyyy/MM/dd HH:mm:ss")
_day = reader(parse_slashed_day, "not a date yyyy/MM/dd")
DOCUMENTS = "documents__documents"
STATUSES = "documents__statuses"
LIST_PATH = "/v1/syncReceivedEdocList"
GET_PATH = "/v1/getEdoc"
# Errors by the code that the LGSP writes into its body, under a successful HTTP status.
_REFUSALS = {"15": SourceAuthFailed, "20": SourceServerError}


def subject_kind(subject: str) -> str:
    """Return the kind of a subject: publication_decision, apology_letter, … or other.

    >>> subject_kind("Quyết định công bố 12 thủ tục hành chính lĩnh vực đất đai")
    'publication_decision'
    """
    return next((kind for kind, pattern in _KINDS if pattern.search(subject)), "other")


def procedures_count(subject: str) -> int | None:
    """Read how many procedures a decision publishes; None where it gives no number."""
    match = _COUNT.search(subject)
    return int(match["count"]) if match else None


def internal_procedures_count(subject: str) -> int | None:
    """Read how many internal procedures a decision publishes; None without a number.

    >>> internal_procedures_count("công bố 12 TTHC (trong đó có 3 TTHC nội bộ) lĩnh vực y tế")
    3
    >>> internal_procedures_count("Quyết định công bố 7 thủ tục hành chính nội bộ lĩnh vực nội vụ")
    7
    """
    total, some = procedures_count(subject), _SOME_INTERNAL.search(subject)
    if some:
        return int(some["count"])
    return total if _ALL_INTERNAL.search(subject) else None if total is None else 0


def subject_field(subject: str) -> str:
    """Classify a subject as finance, personnel or other, by its wording.

    >>> subject_field("Quyết định về việc nâng bậc lương thường xuyên"), subject_field("Giấy mời họp")
    ('personnel', 'other')
    """
    return next((field for field, pattern in _FIELDS if pattern.search(subject)), "other")


def apology_dossier_code(subject: str) -> str | None:
    """Find the dossier that an apology letter names; None for none or several."""
    codes = {match.group().upper() for match in _DOSSIER.finditer(subject)}
    codes = codes or {match["code"] for match in _LEGACY_DOSSIER.finditer(subject)}
    return codes.pop() if len(codes) == 1 else None


class EdxmlError(ValueError):
    """Message that is not well-formed, or declares a document type; without its text."""


def parse_message(text: str) -> ET.Element:
    """Parse a message and return its root element.

    Raises:
        EdxmlError: not XML, or with a document type declaration.
    """
    if _DECLARATION.search(text):
        raise EdxmlError("a document type declaration, which edXML never has")
    try:
        # The declaration's encoding speaks of bytes; this is text already.
        return ET.fromstring(_ENCODING.sub("", text.lstrip("\ufeff")))  # noqa: S314 - see above
    except (ET.ParseError, ValueError):  # half a sign of UTF-16, for one, cannot be encoded
        raise EdxmlError("not well-formed XML") from None


def document_row(root: ET.Element) -> Row | None:
    """Map a message to a row of `documents__documents`; None for one that recalls."""
    problems = Problems()
    header = _first(root, "MessageHeader")
    trace = _first(root, "TraceHeaderList")
    if _text(trace, "Bussiness", "BussinessDocType") == RECALL:
        return None
    subject = _text(header, "Subject") or ""
    kind = subject_kind(subject)
    sent_at = _time(_text(trace, "TraceHeader", "Timestamp"), "sent_at", problems)
    priority, sphere = _text(header, "OtherInfo", "Priority"), _text(header, "OtherInfo", "SphereOfPromulgation") or ""
    return {
        "document_id": _text(header, "DocumentId"),
        "unit_code": read_unit(_text(header, "From", "OrganId"), "unit_code", problems),
        "receiver_unit_codes": _receivers(header, problems),
        "document_number": _text(header, "Code", "CodeNumber"),
        "notation": _text(header, "Code", "CodeNotation"),
        "document_type": _text(header, "DocumentType", "TypeName"),
        "subject_masked": mask_text(subject) or None,
        "subject_kind": kind,
        "promulgated_on": _day(_text(header, "PromulgationInfo", "PromulgationDate"), "promulgated_on", problems),
        "due_on": _day(_text(header, "DueDate"), "due_on", problems),
        "sent_at": sent_at,
        "sent_on": sent_at and sent_at.date(),
        "is_paper_copy": _text(trace, "Bussiness", "Paper") == "1",
        "is_signed": _is_signed(root),
        "responds_to_document_id": _text(header, "ResponseFor", "DocumentId"),
        "dossier_code": apology_dossier_code(subject) if kind == "apology_letter" else None,
        "procedures_count": procedures_count(subject) if kind == "publication_decision" else None,
        "security_level": _SECURITY.get(" ".join(sphere.split()).casefold(), "normal"),
        "subject_field": subject_field(subject) if kind == "other" else "other",
        "internal_procedures_count": internal_procedures_count(subject) if kind == "publication_decision" else None,
        "priority": int(priority) if priority and priority.isascii() and priority.isdigit() else None,
        "parse_errors": problems.text(),
    }


def status_row(root: ET.Element) -> Row:
    """Map a status message to a row of `documents__statuses`."""
    problems = Problems()
    status = _first(root, "Status")
    moment = _time(_text(status, "Timestamp"), "status_at", problems)
    return {
        "document_id": _text(status, "ResponseFor", "DocumentId"),
        "unit_code": read_unit(_text(status, "From", "OrganId"), "unit_code", problems),
        "status_code": _text(status, "StatusCode"),
        "status_at": moment,
        "status_on": moment and moment.date(),
        "parse_errors": problems.text(),
    }


def _first(root: ET.Element, name: str) -> ET.Element | None:
    return root.find(f".//{{*}}{name}")


def _text(element: ET.Element | None, *path: str) -> str | None:
    for name in path:
        element = None if element is None else element.find(f"{{*}}{name}")
    return None if element is None else text_or_none(element.text)


def _receivers(header: ET.Element | None, problems: Problems) -> str | None:
    if header is None:
        return None
    codes = {read_unit(_text(one, "OrganId"), "receiver_unit_codes", problems) for one in header.findall("{*}To")}
    return ";".join(sorted(codes - {None})) or None


def _is_signed(root: ET.Element) -> bool:
    digests = (one for signature in root.iterfind(".//{*}Signature") for one in signature.iterfind(".//{*}DigestValue"))
    return any((digest.text or "").strip() for digest in digests)


class DocumentsSource:
    """Adapter for the LGSP document interface.

    Args:
        http: client with the headers `X-SystemId` and `X-SecretKey`, which the LGSP wants on every call.
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


def _keep_last(rows: dict[Any, Row], key: Any, row: Row) -> None:
    key = (len(rows), "no key") if key is None else key
    rows.pop(key, None)
    rows[key] = row
