"""Build the replies of the sandbox's servers."""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

CLIENT_ID = CLIENT_SECRET = "sandbox"  # noqa: S105 - a public credential of an invented province

_NAMESPACE = uuid.UUID("0d8f2b66-766a-4b1e-8c52-6d61752d3939")


class Refused(Exception):  # noqa: N818 - a reply, not an error of the sandbox
    """A request that a route refuses, with the status and the message of the reply."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def department_id(code: str) -> str:
    """Return the portal's UUID of a unit."""
    return str(uuid.uuid5(_NAMESPACE, code))


def dump(body: Any) -> str:
    """Return `body` as compact JSON text."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), check_circular=False)


def reply_text(text: str, status: int = 200) -> Response:
    """Build a reply whose JSON is already text."""
    return Response(text.encode(), status, media_type="application/json")


def reply(body: Any, status: int = 200) -> Response:
    """Build a JSON reply in UTF-8."""
    return reply_text(dump(body), status)


def refusal(_: Request, refused: Exception) -> Response:
    """Build the reply of a `Refused`, in the shape of the one-stop system."""
    status, message = getattr(refused, "status", 500), str(refused)
    return reply({"error": message, "status": status, "message": message}, status)
