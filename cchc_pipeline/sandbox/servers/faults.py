"""Inject faults of networks and vendors into the replies of the servers."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cchc_pipeline.sandbox.life.province_parts import SandboxError

KINDS = ("down", "slow", "lag", "401", "403", "429", "500", "half_page", "repeat_page", "drop_field", "html")
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Đăng nhập</title></head>"
    "<body><form>Phiên làm việc đã hết hạn</form></body></html>"
)
REFUSAL_PAGE = "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"
RECORD_LISTS = ("content", "data", "evaluation", "children", "metrics")
RECORDS = ("overview", "parent")


@dataclass(slots=True)
class Fault:
    """A fault on requests whose `path` (or `path?query`) the regular expression finds.

    Attributes:
        path: regular expression.
        kind: one of `KINDS`. `down` drops the connection without a reply; `slow` waits `seconds` and then replies
            as usual; `lag` lets the portal answer as of `seconds` ago; `403` is a firewall's page; `half_page` cuts
            the body in the middle; `repeat_page` gives the records of page 0 on every later page; `drop_field`
            removes the JSON key `field` from all records; `html` is a login page with 200.
        times: number of matching requests it hits; None: all. Requests for page 0 do not use up a `repeat_page`.
        field: for `drop_field`.
        seconds: for `slow` and `lag`.

    Raises:
        SandboxError: unknown kind, no `field` for `drop_field`, or `path` is no regular expression.
    """

    path: str
    kind: str
    times: int | None = None
    field: str | None = None
    seconds: float = 30.0

    def __post_init__(self) -> None:
        self.kind = str(self.kind)
        if self.kind not in KINDS:
            raise SandboxError(f"no fault kind {self.kind!r}; choose one of {KINDS}", kind=self.kind)
        if self.kind == "drop_field" and not self.field:
            raise SandboxError("fault drop_field needs the name of a field", kind=self.kind)
        try:
            re.compile(self.path)
        except re.error as error:
            raise SandboxError(f"fault path {self.path!r} is no regular expression: {error}", path=self.path) from error


def in_force(faults: list[Fault]) -> list[dict[str, Any]]:
    """Return the faults that still hit requests, with the times they have left."""
    return [asdict(fault) for fault in faults if fault.times != 0]


def _take(faults: list[Fault], path: str, query: str) -> Fault | None:
    """Return the fault that hits this request, counted down, else None."""
    for fault in faults:
        if fault.times == 0 or not (re.search(fault.path, path) or re.search(fault.path, f"{path}?{query}")):
            continue
        if fault.kind == "repeat_page" and dict(parse_qsl(query)).get("page", "0") == "0":
            continue
        if fault.times is not None:
            fault.times -= 1
        return fault
    return None


class FaultLayer:
    """An ASGI layer that injects faults into all routes except those under `/sandbox`."""

    def __init__(self, app: ASGIApp, faults: list[Fault]) -> None:
        self.app, self.faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with the fault that hits it, if any."""
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/sandbox"):
            fault = _take(self.faults, scope["path"], scope["query_string"].decode())
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "lag":
            scope = {**scope, "lag_s": fault.seconds}
        if fault is None or fault.kind in ("slow", "lag"):
            await self.app(scope, receive, send)
            return
        if fault.kind == "down":
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            if transport is not None:  # the connection is closed without a reply
                transport.abort()
                return
            reply = Response(status_code=503, media_type="text/plain")
        elif fault.kind == "html":
            reply = Response(LOGIN_PAGE, media_type="text/html")
        elif fault.kind == "403":
            reply = Response(REFUSAL_PAGE, 403, media_type="text/html")
        elif fault.kind in ("401", "429", "500"):
            body = json.dumps({"error": "injected", "status": int(fault.kind)})
            wait = {"retry-after": "1"} if fault.kind == "429" else {}
            reply = Response(body, int(fault.kind), wait, "application/json")
        else:
            reply = await self._changed(fault, scope, receive)
        await reply(scope, receive, send)

    async def _changed(self, fault: Fault, scope: Scope, receive: Receive) -> Response:
        """Run the request and return its reply with the fault applied."""
        status, body, content_type = await self._collect(scope, receive)
        if status >= 400:
            return Response(body, status, media_type=content_type)
        if fault.kind == "half_page":
            body = body[: len(body) // 2]
        elif fault.kind == "drop_field":
            body = json.dumps(_without(json.loads(body), str(fault.field)), ensure_ascii=False).encode()
        elif fault.kind == "repeat_page":
            query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)) | {"page": "0"}
            first = {**scope, "query_string": urlencode(query).encode()}
            _, first_body, _ = await self._collect(first, receive)
            records = json.loads(first_body)["content"]
            spoiled = {**json.loads(body), "content": records, "numberOfElements": len(records), "empty": not records}
            body = json.dumps(spoiled, ensure_ascii=False).encode()
        return Response(body, status, media_type=content_type)

    async def _collect(self, scope: Scope, receive: Receive) -> tuple[int, bytes, str]:
        """Return status, body and content type of the application's reply."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(dict(scope), receive, keep)
        start, *rest = messages
        content_type = dict(start["headers"]).get(b"content-type", b"application/json").decode()
        return start["status"], b"".join(message.get("body", b"") for message in rest), content_type


def _without(body: Any, field: str) -> Any:
    """Return `body` without the key in every record, those in lists of records included."""
    if not isinstance(body, dict):
        return body
    changed = {
        key: [_dropped(_without(record, field), field) for record in value]
        if key in RECORD_LISTS and isinstance(value, list)
        else _dropped(_without(value, field), field)
        if key in RECORDS
        else _without(value, field)
        for key, value in body.items()
    }
    return changed | {"data": _dropped(changed["data"], field)} if "data" in changed else changed


def _dropped(record: Any, field: str) -> Any:
    return {key: value for key, value in record.items() if key != field} if isinstance(record, dict) else record
