"""Read edXML messages (QCVN 102:2016/BTTTT, amended 2022) into flat records.

Root element and namespace differ between versions, so elements are found by local name. A message
with a document type declaration is refused before parsing: edXML has none, and entity expansion
is the only use of one. SignerInfo, StaffInfo, Content, names and attachments are never read.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from cchc_pipeline.sources.documents.subjects import (
    apology_dossier_code,
    internal_procedures_count,
    procedures_count,
    subject_field,
    subject_kind,
)
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import Problems, read_unit, reader, text_or_none
from cchc_pipeline.sources.timestamps import parse_slashed_day, parse_slashed_time
from cchc_pipeline.text import mask_text

RECALL = "1"  # BussinessDocType (the standard's spelling): the message takes an earlier document back
_SECURITY = {"mật": "secret", "tối mật": "top_secret", "tuyệt mật": "most_secret"}
_DECLARATION = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(r"^\s*<\?xml[^>]*\?>")
_time = reader(parse_slashed_time, "not a time yyyy/MM/dd HH:mm:ss")
_day = reader(parse_slashed_day, "not a date yyyy/MM/dd")


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
    priority = _text(header, "OtherInfo", "Priority")
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
        "security_level": _security(_text(header, "OtherInfo", "SphereOfPromulgation")),
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


def _security(sphere: str | None) -> str:
    """Return the security level of a sphere of promulgation; normal for others."""
    return _SECURITY.get(" ".join((sphere or "").split()).casefold(), "normal")


def _is_signed(root: ET.Element) -> bool:
    digests = (one for signature in root.iterfind(".//{*}Signature") for one in signature.iterfind(".//{*}DigestValue"))
    return any((digest.text or "").strip() for digest in digests)
