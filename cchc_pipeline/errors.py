"""Define the base classes of the project's errors and warnings."""

from __future__ import annotations

from typing import Any


class CchcWarning(UserWarning):
    """Base of the project's own warnings."""


class CchcError(Exception):
    """Base of the project's own errors.

    Subclasses are built with keyword arguments only; `__reduce__` restores them in another
    process with the same class and attributes.
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
    """A setting is missing or wrong."""
