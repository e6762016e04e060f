"""Typed reading of parsed YAML, where every refusal names file, place and fix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Any, NoReturn, TypeVar

from cchc_pipeline.scorecards.scoring.errors import RubricError

_Choice = TypeVar("_Choice", bound=StrEnum)


class Place:
    """Where in which file we are: reads values and fails with both in the message."""

    def __init__(self, origin: str, where: str) -> None:
        self.origin = origin
        self.where = where

    def fail(self, problem: str) -> NoReturn:
        """Refuse the file."""
        raise RubricError(f"{self.origin}: {self.where}: {problem}", file=self.origin, where=self.where)

    def mapping(self, content: Any, allowed: set[str], required: set[str]) -> Mapping[str, Any]:
        """The content as a mapping with all required and no unknown keys."""
        if not isinstance(content, dict):
            self.fail(f"expected a mapping, found {type(content).__name__}")
        if unknown := sorted(str(key) for key in content if key not in allowed):
            self.fail(f"unknown key {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}")
        if absent := sorted(key for key in required if content.get(key) is None):
            self.fail(f"key {', '.join(absent)} is missing; add it")
        return content

    def items(self, fields: Mapping[str, Any], key: str) -> list[Any]:
        """A list, empty where the key is absent."""
        value = fields.get(key) or []
        return value if isinstance(value, list) else self.fail(f"{key} must be a list")

    def text(self, fields: Mapping[str, Any], key: str) -> str:
        """A text that is not blank."""
        value = fields[key]
        if not isinstance(value, str) or not value.strip():
            self.fail(f"{key} must be a text, found {value!r}; put it in quotes")
        return value

    def flag(self, fields: Mapping[str, Any], key: str) -> bool:
        """A boolean, false where the key is absent."""
        value = fields.get(key, False)
        return value if isinstance(value, bool) else self.fail(f"{key} must be true or false, found {value!r}")

    def day(self, fields: Mapping[str, Any], key: str) -> date:
        """A date."""
        value = fields[key]
        return value if type(value) is date else self.fail(f"{key} must be a date like 2026-01-01, found {value!r}")

    def number(self, value: Any, key: str) -> Fraction:
        """An exact number, as written."""
        try:
            return Fraction(Decimal(str(value)))
        except (InvalidOperation, ValueError, OverflowError):
            return self.fail(f"{key} must be a number, found {value!r}")

    def share(self, value: Any, key: str) -> Fraction:
        """An exact number from 0 to 1."""
        share = self.number(value, key)
        return share if 0 <= share <= 1 else self.fail(f"{key} must be a share from 0 to 1, found {value}; 80% is 0.8")

    def hundredths(self, value: Any, key: str) -> int:
        """A number of points in hundredths."""
        hundredths = self.number(value, key) * 100
        return int(hundredths) if hundredths.denominator == 1 else self.fail(f"{key} may have at most two decimals")

    def choice(self, value: Any, kind: type[_Choice], key: str) -> _Choice:
        """A member of an enumeration."""
        try:
            return kind(value)
        except ValueError:
            return self.fail(f"{key} {value!r} is unknown; choose one of: {', '.join(kind)}")
