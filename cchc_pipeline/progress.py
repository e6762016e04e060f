"""Define how a long step reports its progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Callback that a long step calls to report its progress."""

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Report `done` of `total` (None: unknown) steps as over; `what` names the next."""


def silent(done: int, total: int | None, what: str) -> None:
    """Ignore progress."""
