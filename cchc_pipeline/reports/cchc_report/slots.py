"""Parse the template's texts: slots for figures and words, gaps for the writer.

{late_rate}             value of the indicator for the reported unit and period
{late_rate.numerator}   its numerator; `.denominator` likewise
{late_rate.change}      change from the period before, in words; `.change_year` from a year ago
{plan_done_rate@H16.20} of another unit
{documents_signed_rate:calendar} of the calendar period that the report's days stand for
{period}                a word, see `WORDS`
[[số văn bản|sổ văn bản đi]]   what the writer has to add, and where it would come from
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Words that a text may hold; `report.py` gives them, and the head of the template lists them.
WORDS = (
    "period", "period_days", "period_before", "period_year_ago", "year", "next_year", "unit", "province", "issuer",
    "superior", "data_from", "data_until",
)  # fmt: skip
PARTS = ("numerator", "denominator", "change", "change_year")

_TOKEN = re.compile(r"\{(?P<slot>[^{}]*)\}|\[\[(?P<gap>[^\[\]]*)\]\]")
_SLOT = re.compile(r"(?P<name>[a-z0-9_]+)(?P<calendar>:calendar)?(?:@(?P<unit>[A-Z0-9.]+))?(?:\.(?P<part>[a-z_]+))?")


class SlotError(ValueError):
    """A text holds a malformed slot or gap; the message gives the correct form."""


@dataclass(frozen=True)
class Slot:
    """A figure or a word.

    Attributes:
        name: id of the indicator, or the word.
        unit: None for the reported unit.
        part: None for the value.
        is_calendar: whether it is of the calendar period that the report's days stand for.
    """

    name: str
    unit: str | None = None
    part: str | None = None
    is_calendar: bool = False


@dataclass(frozen=True)
class Gap:
    """Something that the writer has to add, and where it would come from."""

    what: str
    where: str = ""


def tokens(text: str) -> Iterator[str | Slot | Gap]:
    """Yield the pieces, slots and gaps of a text, in order.

    Raises:
        SlotError: a brace or bracket is not closed, or its content is malformed.
    """
    at = 0
    for found in _TOKEN.finditer(text):
        yield from _plain(text[at : found.start()])
        yield _gap(found["gap"]) if found["gap"] is not None else _slot(found["slot"])
        at = found.end()
    yield from _plain(text[at:])


def _plain(text: str) -> Iterator[str]:
    for sign in ("{", "}", "[[", "]]"):
        if sign in text:
            raise SlotError(f"“{sign}” without its counterpart near “{text.strip()[:40]}”; close it, or leave it out")
    if text:
        yield text


def _slot(inner: str) -> Slot:
    found = _SLOT.fullmatch(inner.strip())
    if not found:
        raise SlotError(f"{{{inner}}} is no slot; the head of the template says what may stand in braces")
    if found["part"] and found["part"] not in PARTS:
        raise SlotError(f"{{{inner}}}: no part “{found['part']}”; there are {', '.join(PARTS)}")
    if found["name"] in WORDS and (found["unit"] or found["part"] or found["calendar"]):
        raise SlotError(f"{{{inner}}}: “{found['name']}” is a word, without unit and part")
    if found["part"] in ("change", "change_year") and found["calendar"]:
        raise SlotError(f"{{{inner}}}: a change is of the report's own days; leave “:calendar” out")
    return Slot(found["name"], found["unit"], found["part"], bool(found["calendar"]))


def _gap(inner: str) -> Gap:
    what, _, where = inner.partition("|")
    if not what.strip():
        raise SlotError("[[…]] without what has to be added; write [[what|where from]]")
    return Gap(what.strip(), where.strip())
