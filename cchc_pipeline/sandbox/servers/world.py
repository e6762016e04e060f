"""Hold the state that the routes of all servers share."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.faults import FaultBox
from cchc_pipeline.sandbox.servers.web import CLIENT_ID, CLIENT_SECRET, department_id


class World:
    """The province, the clock, the faults and a lock around generation."""

    def __init__(self, province: Province, as_of: datetime | None) -> None:
        self.province = province
        self.faults = FaultBox()
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
            "faults": self.faults.listing(),
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
