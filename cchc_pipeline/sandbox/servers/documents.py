"""Serve letters and status messages as edXML behind the REST interface of an LGSP.

Root and namespace vary between letters, as between versions of the standard; clients have to match local names.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from jinja2 import Environment, Template
from starlette.requests import Request
from starlette.responses import Response

from cchc_pipeline.sandbox.life import people, workdays
from cchc_pipeline.sandbox.life.letters import RECEIPT_CODES, Letter, Receipt
from cchc_pipeline.sandbox.servers.web import Refused, World, reply

MOST_DAYS = 400
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'
#: Opening and closing tags of the root; which one a letter has depends on its number and day, receipts have the last.
ROOTS = (
    ('<edXML xmlns="http://www.go.vn/eDoc"><edXMLEnvelope>', "</edXMLEnvelope></edXML>"),
    ("<edXMLEnvelope>", "</edXMLEnvelope>"),
    ("<edXML><edXMLEnvelope>", "</edXMLEnvelope></edXML>"),
)


@cache
def _template(name: str) -> Template:
    """Return a template of this folder; its line breaks and indents are left out."""
    environment = Environment()  # noqa: S701 - XML: texts are escaped by the filter `x`
    environment.filters |= {
        "x": escape,
        "day": lambda day: f"{day:%Y/%m/%d}",
        "second": lambda instant: f"{instant:%Y/%m/%d %H:%M:%S}",
        "digest": lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(),
    }
    environment.globals |= {"people": people, "meanings": RECEIPT_CODES}
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return environment.from_string("".join(line.strip() for line in lines))


def _edxml(item: Letter | Receipt) -> str:
    """Render a letter or a status message as edXML (QCVN 102)."""
    if isinstance(item, Letter):
        opening, closing = ROOTS[(item.number + item.promulgated_on.toordinal()) % 3]
        text = _template("letter.xml").render(letter=item)
    else:
        opening, closing = ROOTS[2]
        text = _template("receipt.xml").render(receipt=item, letter=item.letter)
    return f"{PROLOG}{opening}{text}{closing}"


class DocumentRoutes:
    """The HTTP routes of the document system."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _check(self, request: Request) -> None:
        if not self.world.knows(request.headers.get("x-systemid"), request.headers.get("x-secretkey")):
            raise Refused(401, "Invalid X-SystemId or X-SecretKey")

    def listing(self, request: Request) -> Response:
        """Answer `/v1/syncReceivedEdocList`: letters or status messages by day."""
        self._check(request)
        query = request.query_params
        kind = query.get("messageType", "edoc")
        if kind not in ("edoc", "status"):
            raise Refused(400, "messageType has to be edoc or status")
        try:
            start, end = (date.fromisoformat(query[name].replace("/", "-")) for name in ("fromDate", "toDate"))
        except (KeyError, ValueError):
            raise Refused(400, "fromDate and toDate have to be YYYY/MM/DD") from None
        if (end - start).days > MOST_DAYS:
            raise Refused(400, f"at most {MOST_DAYS} days")
        clock, book, data = self.world.clock(), self.world.province.letters, []
        with self.world.lock:
            for day in workdays.days(start, min(end, clock.date())):
                items: list[Letter] | list[Receipt] = book.letters(day) if kind == "edoc" else book.receipts(day)
                data += [_item(item) for item in items if item.created_at <= clock]
        return reply({"success": True, "count": len(data), "data": data})

    def single(self, request: Request) -> Response:
        """Answer `/v1/getEdoc`: one letter or status message with its edXML."""
        self._check(request)
        doc_id = request.query_params.get("docId", "")
        with self.world.lock:
            item = self.world.province.letters.find(doc_id)
        if item is None or item.created_at > self.world.clock():
            return reply({"success": False, "message": f"docId {doc_id} not found", "data": None}, 404)
        letter = item if isinstance(item, Letter) else item.letter
        attachments = []
        if letter is item:
            content = base64.b64encode(f"%PDF-1.4 {people.name(letter.person)}".encode()).decode()
            attachments = [{"fileName": f"{letter.number}-{letter.notation}.pdf", "fileContent": content}]
        data = {
            "docId": item.doc_id,
            "from": item.sender_code,
            "fromName": item.sender_name,
            "edocCode": letter.code,
            "edocAbstract": letter.subject,
            "edxml": _edxml(item),
            "attachments": attachments,
        }
        return reply({"success": True, "data": data})


def _item(item: Letter | Receipt) -> dict[str, Any]:
    """Render an entry of the list."""
    kind, receiver = ("edoc", item.receivers[0][0]) if isinstance(item, Letter) else ("status", item.letter.sender_code)
    created = f"{item.created_at:%Y/%m/%d %H:%M:%S}"
    return {
        "serviceType": "eDoc", "messageType": kind, "docId": item.doc_id, "from": item.sender_code, "to": receiver,
        "status": "done", "statusDesc": "", "createdTime": created, "updatedTime": created,
    }  # fmt: skip
