"""Serve letters and status messages as edXML behind the REST interface of an LGSP.

Root and namespace vary between letters, as between versions of the standard; clients have to match local names.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cchc_pipeline.sandbox.life import people, workdays
from cchc_pipeline.sandbox.life.letters import RECEIPT_CODES, Letter, Receipt
from cchc_pipeline.sandbox.servers.web import fail, reply
from cchc_pipeline.sandbox.servers.world import World

MOST_DAYS = 400
NAMESPACE = "http://www.go.vn/eDoc"
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'


def _tag(name: str, value: object) -> str:
    return "" if value is None else f"<{name}>{escape(str(value))}</{name}>"


def _agency(element: str, code: str, name: str) -> str:
    return (
        f"<{element}>{_tag('OrganId', code)}{_tag('OrganName', name)}{_tag('OrganAdd', 'Số 1 đường Mẫu')}</{element}>"
    )


def _slashes(day: date | None) -> str | None:
    return None if day is None else f"{day:%Y/%m/%d}"


def letter_xml(letter: Letter) -> str:
    """Render a letter as edXML (QCVN 102)."""
    day, notation = letter.promulgated_on, letter.notation
    response = ""
    if letter.responds_to is not None:
        code, number, answered = letter.responds_to
        response = (
            f"<ResponseFor>{_tag('OrganId', code)}{_tag('Code', number)}{_tag('PromulgationDate', _slashes(answered))}"
            f"{_tag('DocumentId', f'{code},{answered:%Y/%m/%d},{number}')}</ResponseFor>"
        )
    header = (
        f"<MessageHeader>{_agency('From', letter.sender_code, letter.sender_name)}"
        + "".join(_agency("To", code, name) for code, name in letter.receivers)
        + f"<Code>{_tag('CodeNumber', letter.number)}{_tag('CodeNotation', notation)}</Code>"
        f"<PromulgationInfo>{_tag('Place', 'Tỉnh')}{_tag('PromulgationDate', _slashes(day))}</PromulgationInfo>"
        f"<DocumentType>{_tag('Type', 2)}{_tag('TypeName', letter.type_name)}</DocumentType>"
        f"{_tag('Subject', letter.subject)}{_tag('Content', letter.subject)}"
        f"<SignerInfo>{_tag('Competence', 'KT.')}{_tag('Position', 'Phó Giám đốc')}"
        f"{_tag('FullName', people.name(990_000 + letter.person % 1000))}</SignerInfo>"
        f"{_tag('DueDate', _slashes(letter.due_on))}"
        f"<ToPlaces>{_tag('Place', 'Như trên')}{_tag('Place', 'Lưu: VT')}</ToPlaces>"
        f"<OtherInfo>{_tag('Priority', letter.priority)}"
        f"{_tag('SphereOfPromulgation', 'Mật' if letter.security == 'secret' else None)}{_tag('PromulgationAmount', 1)}"
        f"{_tag('PageAmount', 2)}</OtherInfo>"
        f"{response}{_tag('SteeringType', 1)}{_tag('DocumentId', letter.document_id)}</MessageHeader>"
    )
    trace = (
        f"<TraceHeaderList><TraceHeader>{_tag('OrganId', letter.sender_code)}"
        f"{_tag('Timestamp', f'{letter.sent_at:%Y/%m/%d %H:%M:%S}')}</TraceHeader>"
        f"<Bussiness>{_tag('BussinessDocType', 0)}"
        f"{_tag('Paper', int(letter.is_paper_copy))}<StaffInfo>{_tag('Department', 'Văn thư')}"
        f"{_tag('Staff', people.name(letter.person))}{_tag('Mobile', people.phone(letter.person))}"
        f"{_tag('Email', people.email(letter.person))}</StaffInfo></Bussiness></TraceHeaderList>"
    )
    digest = base64.b64encode(hashlib.sha256(letter.document_id.encode()).digest()).decode()
    signature = (
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference><DigestMethod '
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"{_tag('DigestValue', digest)}</Reference></SignedInfo></Signature>"
        if letter.is_signed
        else ""
    )
    name = f"{letter.number}-{notation}.pdf"
    body = (
        f"<edXMLBody><Manifest><Reference>{_tag('ContentId', 'cid:1')}{_tag('ContentType', 'application/pdf')}"
        f"{_tag('AttachmentName', name)}</Reference></Manifest></edXMLBody>"
    )
    inner = f"<edXMLHeader>{header}{trace}{signature}</edXMLHeader>{body}"
    variant = (letter.number + day.toordinal()) % 3
    if variant == 0:
        return f'{PROLOG}<edXML xmlns="{NAMESPACE}"><edXMLEnvelope>{inner}</edXMLEnvelope></edXML>'
    if variant == 1:
        return f"{PROLOG}<edXMLEnvelope>{inner}</edXMLEnvelope>"
    return f"{PROLOG}<edXML><edXMLEnvelope>{inner}</edXMLEnvelope></edXML>"


def receipt_xml(receipt: Receipt) -> str:
    """Render a status message as edXML."""
    letter = receipt.letter
    return (
        f"{PROLOG}<edXML><edXMLEnvelope><edXMLHeader><Status>"
        f"<ResponseFor>{_tag('OrganId', letter.sender_code)}{_tag('Code', letter.code)}"
        f"{_tag('PromulgationDate', _slashes(letter.promulgated_on))}"
        f"{_tag('DocumentId', letter.document_id)}</ResponseFor>"
        f"<From>{_tag('OrganId', receipt.unit_code)}{_tag('OrganName', receipt.unit_name)}</From>"
        f"{_tag('StatusCode', receipt.status_code)}{_tag('Description', RECEIPT_CODES[receipt.status_code])}"
        f"{_tag('Timestamp', f'{receipt.at:%Y/%m/%d %H:%M:%S}')}"
        f"<StaffInfo>{_tag('Staff', people.name(letter.person))}"
        f"{_tag('Mobile', people.phone(letter.person))}</StaffInfo>"
        "</Status></edXMLHeader></edXMLEnvelope></edXML>"
    )


class DocumentRoutes:
    """The HTTP routes of the document system."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """Return the routes under `/documents`."""
        return [
            Route("/documents/v1/syncReceivedEdocList", self.listing, methods=["GET"]),
            Route("/documents/v1/getEdoc", self.single, methods=["GET"]),
        ]

    def _refusal(self, request: Request) -> Response | None:
        if self.world.knows(request.headers.get("x-systemid"), request.headers.get("x-secretkey")):
            return None
        return fail(401, "Invalid X-SystemId or X-SecretKey")

    async def listing(self, request: Request) -> Response:
        """Answer `/v1/syncReceivedEdocList`: letters or status messages by day."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        query = request.query_params
        kind = query.get("messageType", "edoc")
        if kind not in ("edoc", "status"):
            return fail(400, "messageType has to be edoc or status")
        try:
            start, end = (date.fromisoformat(query[name].replace("/", "-")) for name in ("fromDate", "toDate"))
        except (KeyError, ValueError):
            return fail(400, "fromDate and toDate have to be YYYY/MM/DD")
        if (end - start).days > MOST_DAYS:
            return fail(400, f"at most {MOST_DAYS} days")
        return await run_in_threadpool(self._list, kind, start, end)

    def _list(self, kind: str, start: date, end: date) -> Response:
        clock = self.world.clock()
        book = self.world.province.letters
        data = []
        with self.world.lock:
            for day in workdays.days(start, min(end, clock.date())):
                items: list[Letter] | list[Receipt] = book.letters(day) if kind == "edoc" else book.receipts(day)
                data += [_item(item) for item in items if item.created_at <= clock]
        return reply({"success": True, "count": len(data), "data": data})

    async def single(self, request: Request) -> Response:
        """Answer `/v1/getEdoc`: one letter or status message with its edXML."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        return await run_in_threadpool(self._single, request.query_params.get("docId", ""))

    def _single(self, doc_id: str) -> Response:
        with self.world.lock:
            item = self.world.province.letters.find(doc_id)
        if item is None or item.created_at > self.world.clock():
            return reply({"success": False, "message": f"docId {doc_id} not found", "data": None}, 404)
        letter = item if isinstance(item, Letter) else item.letter
        content = base64.b64encode(f"%PDF-1.4 {people.name(letter.person)}".encode()).decode()
        is_letter = isinstance(item, Letter)
        data = {
            "docId": item.doc_id,
            "from": item.sender_code if isinstance(item, Letter) else item.unit_code,
            "fromName": item.sender_name if isinstance(item, Letter) else item.unit_name,
            "edocCode": letter.code,
            "edocAbstract": letter.subject,
            "edxml": letter_xml(item) if isinstance(item, Letter) else receipt_xml(item),
            "attachments": [{"fileName": f"{letter.number}-{letter.notation}.pdf", "fileContent": content}]
            if is_letter
            else [],
        }
        return reply({"success": True, "data": data})


def _item(item: Letter | Receipt) -> dict[str, Any]:
    """Render an entry of the list."""
    created = f"{item.created_at:%Y/%m/%d %H:%M:%S}"
    if isinstance(item, Letter):
        kind, sender, receiver = "edoc", item.sender_code, item.receivers[0][0]
    else:
        kind, sender, receiver = "status", item.unit_code, item.letter.sender_code
    return {
        "serviceType": "eDoc",
        "messageType": kind,
        "docId": item.doc_id,
        "from": sender,
        "to": receiver,
        "status": "done",
        "statusDesc": "",
        "createdTime": created,
        "updatedTime": created,
    }
