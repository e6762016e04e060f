"""progress."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how far a pull is."""

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """`done` of `total` (None where unknown) steps; `what` is being read, in words."""


def silent(done: int, total: int | None, what: str) -> None:
    """Take progress and say nothing."""
