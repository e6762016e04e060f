"""Define the base classes of the project's errors and warnings."""

from __future__ import annotations

from typing import Any


class CchcWarning(UserWarning):
    """Base class of the project's warnings."""


class CchcError(Exception):
    """Base class of the project's errors: a message and named details.

    `__reduce__` restores class, message and details in another process, also where a subclass is built with keyword
    arguments only.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.details)

    def __str__(self) -> str:
        return self.message


def _rebuild(kind: type[CchcError], message: str, details: dict[str, Any]) -> CchcError:
    error = kind.__new__(kind)
    CchcError.__init__(error, message, **details)
    error.__dict__.update(details)
    return error


class SettingsError(CchcError):
    """A missing or wrong setting."""
