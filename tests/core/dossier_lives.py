"""Invented dossiers for tests, and the figures of form II.06a counted by definition, in plain Python.

Nothing here shares code with the SQL files: a `Life` is what happens to a dossier, `seen` is the row that a
source shows of it on a day, and `Recount` counts rows one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract

INBOUND = load_contract("one_stop__dossiers")
START = date(2026, 9, 1)
UNITS = ("H99.02", "H99.03", "H99.201")
PROCEDURES = ("1.000001", "1.000002")
CHANNELS = ("direct", "online", "postal")
FLAGS = (
    "has_fee", "is_paid_online", "is_result_electronic", "is_digitised", "is_data_reused", "is_in_personal_storage",
    "is_citizen_data_used", "is_synced_national",
)  # fmt: skip


def day(number: int) -> date:
    """The civil day so many days after the first."""
    return START + timedelta(days=number)


def row(number: int = 1, **values: Any) -> dict[str, Any]:
    """A dossier being processed since the first day, with `values` instead."""
    plain = {
        "dossier_id": f"{number:024x}", "dossier_code": f"H99.02-260901-{number:04d}", "status_code": 4,
        "status_name": "Đang xử lý", "unit_code": UNITS[0], "procedure_code": PROCEDURES[0], "channel": "online",
        "applied_on": START, "received_on": START, **dict.fromkeys(FLAGS, False),
    }  # fmt: skip
    return plain | values


def held(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Rows as the core table holds them."""
    return pa.Table.from_pylist(list(rows), schema=INBOUND.arrow_schema())


@dataclass(frozen=True)
class Life:
    """What happens to a dossier; days are numbers from `START`, None where it never happens."""

    number: int
    unit: str
    procedure: str
    channel: str
    applied: int
    received: int | None
    refused: int | None
    due: int | None
    suspended: int | None
    suspended_status: int
    resumed: int | None
    closed: int | None
    closed_status: int
    returned: int | None
    rating: int | None
    flags: tuple[bool, ...]

    def seen(self, today: int) -> dict[str, Any] | None:
        """The row that the source shows at the end of day `today`; None before the application."""

        def by(number: int | None) -> bool:
            return number is not None and number <= today

        def on(number: int | None) -> date | None:
            return day(number) if number is not None and number <= today else None

        if not by(self.applied):
            return None
        shown = row(
            self.number,
            dossier_code=f"H99.02-260901-{self.number:04d}",
            unit_code=self.unit,
            procedure_code=self.procedure,
            channel=self.channel,
            applied_on=day(self.applied),
            **dict(zip(FLAGS, self.flags, strict=True)),
        )
        if not by(self.received):
            refused = by(self.refused)
            return shown | {"status_code": 3 if refused else 1, "received_on": None, "finished_on": on(self.refused)}
        status = 4
        if by(self.closed):
            status = 10 if self.closed_status == 9 and by(self.returned) else self.closed_status
        elif by(self.suspended) and not by(self.resumed):
            status = self.suspended_status
        return shown | {
            "status_code": status,
            "received_on": on(self.received),
            "due_on": None if self.due is None else day(self.due),
            "suspended_on": on(self.suspended),
            "resumed_on": on(self.resumed),
            "finished_on": on(self.closed),
            "returned_on": on(self.returned) if status == 10 else None,
            "rating": self.rating if by(self.closed) else None,
            "rated_on": on(self.closed) if self.rating is not None else None,
        }


@st.composite
def lives(draw: st.DrawFn, longest: int = 40) -> Life:
    """A life that keeps the contract: nothing ends before it begins, no due date before reception."""
    applied = draw(st.integers(0, longest))
    fate = draw(st.sampled_from(["received"] * 8 + ["draft", "refused"]))
    received = applied + draw(st.integers(0, 2)) if fate == "received" else None
    begin = received if received is not None else applied
    spans = st.integers(0, 20)
    suspended = draw(st.none() | spans.map(lambda n: begin + n))
    resumed = draw(st.none() | spans.map(lambda n: suspended + n)) if suspended is not None else None
    closed = draw(st.none() | spans.map(lambda n: begin + n) | spans.map(lambda n: (resumed or suspended or begin) + n))
    if closed is not None and resumed is not None and resumed > closed:
        resumed = None
    if closed is not None and suspended is not None and suspended > closed:
        suspended = resumed = None
    return Life(
        number=draw(st.integers(1, 10**6)),
        unit=draw(st.sampled_from(UNITS)),
        procedure=draw(st.sampled_from(PROCEDURES)),
        channel=draw(st.sampled_from(CHANNELS)),
        applied=applied,
        received=received,
        refused=applied + draw(spans) if fate == "refused" else None,
        due=draw(st.none() | st.integers(0, 15).map(lambda n: begin + n)),
        suspended=suspended,
        suspended_status=draw(st.sampled_from([5, 6])),
        resumed=resumed,
        closed=closed,
        closed_status=draw(st.sampled_from([7, 8, 9, 9, 9])),
        returned=None if closed is None else closed + draw(spans),
        rating=draw(st.none() | st.integers(1, 3)),
        flags=tuple(draw(st.lists(st.booleans(), min_size=len(FLAGS), max_size=len(FLAGS)))),
    )


def several(maximum: int = 25, minimum: int = 0) -> st.SearchStrategy[list[Life]]:
    """Lives of different dossiers; without a minimum, lists are short: five on average."""
    return st.lists(lives(), min_size=minimum, max_size=maximum, unique_by=lambda life: life.number)


class Recount:
    """Rows counted by definition, at any day, as of the last day of data."""

    def __init__(self, rows: Iterable[dict[str, Any]], as_of_on: date) -> None:
        self.as_of_on = as_of_on
        self.rows = [r for r in rows if r["received_on"] is not None and r["status_code"] not in (1, 3)]

    @staticmethod
    def closed_on(r: dict[str, Any]) -> date | None:
        return r.get("finished_on") if r["status_code"] in (7, 8, 9, 10) else None

    @classmethod
    def outcome(cls, r: dict[str, Any]) -> str | None:
        closed, due = cls.closed_on(r), r.get("due_on")
        if closed is None:
            return None
        if r["status_code"] in (7, 8) or due is None or closed == due:
            return "on_time"
        return "early" if closed < due else "late"

    @classmethod
    def is_pending(cls, r: dict[str, Any], at: date) -> bool:
        closed = cls.closed_on(r)
        return r["received_on"] <= at and (closed is None or closed > at)

    @classmethod
    def is_overdue(cls, r: dict[str, Any], at: date) -> bool:
        paused = r["status_code"] in (5, 6) and r["suspended_on"] <= at
        return cls.is_pending(r, at) and r.get("due_on") is not None and r["due_on"] < at and not paused

    def is_not_late(self, r: dict[str, Any]) -> bool:
        if self.closed_on(r) is not None:
            return self.outcome(r) != "late"
        return not self.is_overdue(r, self.as_of_on)

    def form(self, first: date, last: date) -> dict[str, int]:
        """The figures of form II.06a from `first` to `last`."""
        during = [r for r in self.rows if first <= r["received_on"] <= last]
        ended = [
            self.outcome(r) for r in self.rows if (closed := self.closed_on(r)) is not None and first <= closed <= last
        ]
        channels = Counter(r["channel"] for r in during)
        return {
            "received": len(during),
            **{f"received_{name}": channels[name] for name in CHANNELS},
            "carried_over": sum(self.is_pending(r, first - timedelta(days=1)) for r in self.rows),
            "resolved_early": ended.count("early"),
            "resolved_on_time": ended.count("on_time"),
            "resolved_late": ended.count("late"),
            "pending": sum(self.is_pending(r, last) for r in self.rows),
            "pending_overdue": sum(self.is_overdue(r, last) for r in self.rows),
        }


class Sums:
    """The same figures as sums over `dossier_events`."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def of(self, measures: Iterable[str], first: date | None, last: date, channel: str | None = None) -> int:
        wanted = set(measures)
        total = sum(
            e["quantity"]
            for e in self.events
            if e["measure"] in wanted
            and (first is None or first <= e["event_on"])
            and e["event_on"] <= last
            and channel in (None, e["channel"])
        )
        assert total == round(total)
        return round(total)

    def pending(self, at: date) -> int:
        done = ("resolved_early", "resolved_on_time", "resolved_late")
        return self.of(["received"], None, at) - self.of(done, None, at)

    def overdue(self, at: date) -> int:
        return self.of(["became_overdue"], None, at) - self.of(["overdue_ended"], None, at)

    def form(self, first: date, last: date) -> dict[str, int]:
        return {
            "received": self.of(["received"], first, last),
            **{f"received_{name}": self.of(["received"], first, last, name) for name in CHANNELS},
            "carried_over": self.pending(first - timedelta(days=1)),
            "resolved_early": self.of(["resolved_early"], first, last),
            "resolved_on_time": self.of(["resolved_on_time"], first, last),
            "resolved_late": self.of(["resolved_late"], first, last),
            "pending": self.pending(last),
            "pending_overdue": self.overdue(last),
        }


def seen_on(some: Iterable[Life], today: int) -> Iterator[dict[str, Any]]:
    """What the source shows of several lives at the end of a day."""
    return (shown for life in some if (shown := life.seen(today)) is not None)
