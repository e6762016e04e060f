"""Replies of the sandbox's servers.

Belongs here: JSON and error replies, credentials. Not here: any route.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

CLIENT_ID = CLIENT_SECRET = "sandbox"  # noqa: S105 - a public credential of an invented province


def dump(body: Any) -> str:
    """Compact JSON text."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), check_circular=False)


def reply_text(text: str, status: int = 200) -> Response:
    """A reply whose JSON is already text."""
    return Response(text.encode(), status, media_type="application/json")


def reply(body: Any, status: int = 200) -> Response:
    """A JSON reply in UTF-8."""
    return reply_text(dump(body), status)


def fail(status: int, message: str) -> Response:
    """An error reply in the shape of the one-stop system."""
    return reply({"error": message, "status": status, "message": message}, status)
