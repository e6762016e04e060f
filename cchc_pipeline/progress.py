"""Report how far a long step is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A function that is called as a step goes on."""

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Report that `done` of `total` steps (None: unknown) are over and that `what`, in words, comes next."""


def silent(done: int, total: int | None, what: str) -> None:
    """Ignore progress."""
