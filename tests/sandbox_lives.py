"""What tests ask of the sandbox's dossiers and no command does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life
from cchc_pipeline.sandbox.province import LONGEST_WAIT_DAYS, Province


def lives_known(province: Province, clock: datetime) -> Iterator[Life]:
    """Every dossier that exists at `clock`, drafts included."""
    until = workdays.local(clock).date() + timedelta(days=LONGEST_WAIT_DAYS)
    return (life for life in province.lives_between(province.scenario.go_live, until) if life.applied_at <= clock)


def transitions(life: Life) -> list[tuple[datetime, int]]:
    """(Instant, status from then on) of every transition, in order."""
    steps: list[tuple[datetime | None, int]] = [
        (life.applied_at, 1),
        (life.refused_at, 3),
        (life.received_at, 2),
        (life.processing_at, 4),
        (life.suspended_at, life.suspended_status),
        (life.resumed_at, 4),
        (life.closed_at, life.closed_status),
        (life.returned_at, 10),
    ]
    return [(at, status) for at, status in steps if at is not None]


def changes(life: Life) -> list[datetime]:
    """The instants at which a source shows something new, in order."""
    later = (
        life.correction_at, life.paid_at, life.digitised_at, life.electronic_at, life.stored_at, life.synced_at,
        life.rated_at, life.rating_correction_at,
    )  # fmt: skip
    return sorted({at for at, _ in transitions(life)} | {at for at in later if at is not None})
