"""Define the life of a dossier and what a source system shows at an instant.

Everything in a life happens between 06:30 and 22:30 local time, so a clock anywhere between 23:00 and
06:00 shows the same state as the end of the civil day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit

DEFECTS = (
    "code_missing",
    "status_unknown",
    "due_before_received",
    "date_format",
    "finished_missing",
    "finished_before_received",
)


@dataclass(slots=True, kw_only=True)
class Course:
    """What a fate fixes and its life keeps unchanged."""

    suspended_status: int = 5
    closed_status: int = 9  # 7 withdrawn, 8 stopped, 9 done
    result_issued_on: date | None = None
    apology_on: date | None = None
    rating: int | None = None
    first_rating: int | None = None  # as first given, where it was corrected
    late_cause: str | None = None  # cause if it becomes late, one of `steps.CAUSES`
    slow_units: tuple[str, ...] = ()  # units that held it too long, in order; empty: its own
    is_legacy_code: bool = False
    defect: str | None = None


@dataclass(slots=True)
class Fate(Course):
    """The course of a dossier in civil days; `draws.live` adds the times of day."""

    kind: str = "counted"  # counted | draft | refused
    channel: str = "online"
    due_on: date | None = None  # promised at reception
    extended_due_on: date | None = None  # promised when resumed
    suspended_on: date | None = None
    resumed_on: date | None = None
    closed_on: date | None = None
    returned_on: date | None = None
    corrected_closed_on: date | None = None  # closing day after a correction ...
    correction_on: date | None = None  # ... made on this day
    rated_on: date | None = None
    is_electronic: bool | None = None  # whether the result is; None: drawn from the unit's profile


@dataclass(slots=True)
class Life(Course):
    """A dossier with the instants of its events; None for what never happens."""

    dossier_id: str
    dossier_code: str | None
    national_code: str | None
    unit: Unit
    procedure: Procedure
    channel: str
    person: int
    day: date  # of reception; the day it was drawn for where never received
    applied_at: datetime
    received_at: datetime | None = None
    processing_at: datetime | None = None
    refused_at: datetime | None = None
    due_at: datetime | None = None
    extended_due_at: datetime | None = None
    suspended_at: datetime | None = None
    resumed_at: datetime | None = None
    closed_at: datetime | None = None
    returned_at: datetime | None = None
    corrected_closed_at: datetime | None = None
    correction_at: datetime | None = None
    paid_at: datetime | None = None
    digitised_at: datetime | None = None
    is_reused: bool = False
    is_citizen_data_used: bool = False
    electronic_at: datetime | None = None
    stored_at: datetime | None = None
    synced_at: datetime | None = None
    rated_at: datetime | None = None
    rating_correction_at: datetime | None = None

    @property
    def is_converted(self) -> bool:
        """Return whether it came from the former software: half of the legacy codes."""
        return self.is_legacy_code and int(self.dossier_id[-1], 16) % 2 == 0

    def status_at(self, clock: datetime) -> int | None:
        """Return the canonical status 1..10 at `clock`; None before the application."""
        if self.applied_at > clock:
            return None
        if self.received_at is None or self.received_at > clock:
            return 3 if self.refused_at is not None and self.refused_at <= clock else 1
        if self.returned_at is not None and self.returned_at <= clock:
            return 10
        if self.closed_at is not None and self.closed_at <= clock:
            return self.closed_status
        if self.suspended_at is not None and self.suspended_at <= clock:
            if self.resumed_at is None or self.resumed_at > clock:
                return self.suspended_status
            return 4
        return 4 if self.processing_at is not None and self.processing_at <= clock else 2

    def seen(self, clock: datetime) -> Seen | None:
        """Return what the one-stop system shows at `clock`; None before application."""
        status = self.status_at(clock)
        if status is None:
            return None
        if status in (1, 3):
            return Seen(status, finished_at=self.refused_at if status == 3 else None)

        def past(instant: datetime | None) -> datetime | None:
            return instant if instant is not None and instant <= clock else None

        resumed_at, closed_at, rated_at = past(self.resumed_at), past(self.closed_at), past(self.rated_at)
        is_first_rating = self.rating_correction_at is not None and self.rating_correction_at > clock
        return Seen(
            status,
            received_at=self.received_at,
            due_at=(self.extended_due_at if resumed_at else None) or self.due_at,
            finished_at=self.corrected_closed_at if past(self.correction_at) else closed_at,
            returned_at=past(self.returned_at),
            suspended_at=past(self.suspended_at),
            resumed_at=resumed_at,
            result_issued_on=self.result_issued_on if closed_at else None,
            rating=None if rated_at is None else self.first_rating if is_first_rating else self.rating,
            rated_at=rated_at,
            is_paid_online=past(self.paid_at) is not None,
            is_result_electronic=past(self.electronic_at) is not None,
            is_digitised=past(self.digitised_at) is not None,
            is_data_reused=self.is_reused,
            is_in_personal_storage=past(self.stored_at) is not None,
            is_citizen_data_used=self.is_citizen_data_used,
            is_synced_national=past(self.synced_at) is not None,
        )

    def told(self, seen: Seen) -> tuple[datetime | None, datetime | None]:
        """Return due and finishing instant as systems tell them: wrong where the record is defective."""
        due_at, finished_at, received_at = seen.due_at, seen.finished_at, seen.received_at
        if received_at is not None and self.defect == "due_before_received":
            due_at = received_at - timedelta(days=3)
        elif received_at is not None and self.defect == "finished_before_received" and finished_at is not None:
            finished_at = received_at - timedelta(days=2)
        return due_at, None if self.defect == "finished_missing" else finished_at


@dataclass(slots=True)
class Seen:
    """The fields of a dossier that the one-stop system shows as of a clock."""

    status: int
    received_at: datetime | None = None
    due_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    suspended_at: datetime | None = None
    resumed_at: datetime | None = None
    result_issued_on: date | None = None
    rating: int | None = None
    rated_at: datetime | None = None
    is_paid_online: bool = False
    is_result_electronic: bool = False
    is_digitised: bool = False
    is_data_reused: bool = False
    is_in_personal_storage: bool = False
    is_citizen_data_used: bool = False
    is_synced_national: bool = False
