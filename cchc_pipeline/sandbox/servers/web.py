"""Hold the state of the sandbox's servers and build their replies."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.faults import Fault, in_force

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
    """Return `body` as compact JSON text; days as `YYYY-MM-DD`."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), check_circular=False, default=date.isoformat)


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


class World:
    """The province, the clock, the faults and a lock around generation."""

    def __init__(self, province: Province, as_of: datetime | None) -> None:
        self.province = province
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self._as_of = workdays.local(as_of) if as_of is not None else None

    def clock(self) -> datetime:
        """Return the instant as of which everything is shown, in local time."""
        return self._as_of or self.province.default_clock(datetime.now(LOCAL_ZONE).replace(microsecond=0))

    def set_clock(self, as_of: datetime) -> None:
        """Move the clock, forward or back; a naive instant is local."""
        self._as_of = workdays.local(as_of)

    @staticmethod
    def knows(name: Any, secret: Any) -> bool:
        """Return whether these are the sandbox's credentials."""
        return (name, secret) == (CLIENT_ID, CLIENT_SECRET)

    def describe(self) -> dict[str, Any]:
        """Return scenario, seed, clock, faults and units for `/sandbox/describe`."""
        scenario = self.province.scenario
        return {
            "scenario": scenario.name,
            "title": scenario.title,
            "seed": self.province.seed,
            "size": self.province.size,
            "provinceCode": scenario.province_code,
            "goLive": scenario.go_live.isoformat(),
            "lastDay": scenario.last_day.isoformat() if scenario.last_day else None,
            "clock": self.clock().isoformat(),
            "procedures": len(scenario.procedures),
            "faults": in_force(self.faults),
            "units": [
                {
                    "code": unit.code,
                    "name": unit.name,
                    "level": unit.level,
                    "parentCode": unit.parent_code,
                    "sourceCode": unit.source_code,
                    "departmentId": department_id(unit.code),
                }
                for unit in scenario.units
            ],
        }
