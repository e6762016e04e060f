"""Read and check the template of the report, which holds its wording and order.

Its texts hold slots for figures and words, and gaps for the writer:

{late_rate}             value of the indicator for the reported unit and period
{late_rate.numerator}   its numerator; `.denominator` likewise
{late_rate.change}      change from the period before, in words; `.change_year` from a year ago
{plan_done_rate@H16.20} of another unit
{documents_signed_rate:calendar} of the calendar period that the report's days stand for
{period}                a word, see `WORDS`
[[số văn bản|sổ văn bản đi]]   what the writer has to add, and where it would come from
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from cchc_pipeline.errors import CchcError
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.yaml_files import Strict, read_yaml

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


SHIPPED = "template.yaml"


class TemplateError(CchcError):
    """The template of the report cannot be read or is wrong."""


def _indicator(name: str, also: tuple[str, ...] = ()) -> str:
    known = {indicator.id for indicator in catalogue()} | set(also)
    if name not in known:
        near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
        meant = f" Did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"“{name}” is no indicator and no word.{meant} Indicators: docs/indicators.md.")
    return name


def _checked(text: str) -> str:
    for token in tokens(text):
        if isinstance(token, Slot):
            _indicator(token.name, WORDS)
    return text


#: A text with slots of indicators and words, checked when the template is read.
Wording = Annotated[str, AfterValidator(_checked)]
IndicatorId = Annotated[str, AfterValidator(_indicator)]


class _Block(Strict):
    #: The block appears in reports whose period ends within these days: a decree may replace it.
    valid_from: date | None = None
    valid_to: date | None = None
    #: Levels of units in whose reports it appears; every level by default.
    levels: tuple[Literal["province", "department", "district", "commune"], ...] = ()

    def holds(self, day: date, level: str) -> bool:
        """Tell whether the block belongs in a unit's report of a period ending on `day`."""
        is_in_force = (self.valid_from or day) <= day <= (self.valid_to or day)
        return is_in_force and (not self.levels or level in self.levels)


class Heading(_Block):
    """A heading within a section."""

    heading: Wording
    level: Literal[2, 3] = 2


class Text(_Block):
    """A paragraph.

    `if_any` holds a slot of what the paragraph is about: where its value is zero or unknown, a gap for the writer
    replaces the paragraph.
    """

    text: Wording
    if_any: Wording | None = None


class Comparison(_Block):
    """A table of indicators: this period, the one before, the same a year ago."""

    compare: tuple[IndicatorId, ...] = Field(min_length=1)
    caption: Wording


class Table(_Block):
    """A table whose cells are texts; an empty cell is merged with the one above."""

    table: tuple[tuple[Wording, ...], ...] = Field(min_length=1)
    columns: tuple[str, ...]
    widths: tuple[float, ...]
    caption: Wording | None = None

    @model_validator(mode="after")
    def _is_rectangular(self) -> Table:
        if len({len(self.columns), len(self.widths), *(len(row) for row in self.table)}) > 1:
            raise ValueError("columns, widths and every row must have equal length")
        return self


class ByUnit(_Block):
    """A table of indicators by unit directly below the reported one."""

    #: indicator -> head of its column
    by_unit: dict[IndicatorId, str] = Field(min_length=1)
    caption: Wording


class Part(_Block):
    """A part that is made by its own module from published tables."""

    part: Literal["late", "late_by_unit", "papi", "par_index", "index766", "external_indices", "sources"]


_KINDS = ("heading", "text", "compare", "table", "by_unit", "part")


def _kind_of(content: Any) -> str | None:
    """Return the tag of a block's kind; tags are no keys, so error places omit them."""
    return next((f"a {key}" for key in _KINDS if isinstance(content, dict) and key in content), None)


Block = Annotated[
    Annotated[Heading, Tag("a heading")]
    | Annotated[Text, Tag("a text")]
    | Annotated[Comparison, Tag("a compare")]
    | Annotated[Table, Tag("a table")]
    | Annotated[ByUnit, Tag("a by_unit")]
    | Annotated[Part, Tag("a part")],
    Discriminator(
        _kind_of,
        custom_error_type="no_kind",
        custom_error_message=f"a block holds one of {', '.join(_KINDS)}",
    ),
]


class Section(Strict):
    """A section with its heading, or an appendix."""

    title: Wording
    blocks: tuple[Block, ...]


class Frame(Strict):
    """Texts around the body: the fixed parts of an administrative document."""

    superior: Wording
    issuer: Wording
    number: Wording
    place: Wording
    title: Wording
    summary: Wording
    recipient: Wording
    opening: tuple[Wording, ...]
    closing: Wording
    copies: tuple[Wording, ...]
    signature: tuple[Wording, ...]


def _only(*allowed: str) -> AfterValidator:
    """Return the check of a phrase whose slots are these, and no indicators."""

    def check(text: str) -> str:
        for slot in tokens(text):
            if isinstance(slot, Slot) and slot.name not in allowed:
                fix = f"There are {', '.join(allowed)}" if allowed else "This phrase holds none"
                raise ValueError(f"{{{slot.name}}} fills nothing here. {fix}.")
        return text

    return AfterValidator(check)


_Fixed = Annotated[str, _only()]
_Cause = Annotated[str, _only("count", "letters", "units")]


class LateWords(Strict):
    """Phrases of the part on late dossiers, each with the slots that it may hold."""

    none: _Fixed
    total: Annotated[str, _only("count", "in_fact", "other_authority", "software_only", "unknown", "letters")]
    in_fact: _Cause
    other_authority: _Cause
    software_only: _Cause
    unknown: _Cause
    unit: Annotated[str, _only("count", "unit", "details")]
    unit_all: Annotated[str, _only("count", "unit", "detail")]
    unit_only: Annotated[str, _only("count", "unit")]
    others: Annotated[str, _only("count", "units")]
    step: Annotated[str, _only("steps")]
    waiting: Annotated[str, _only("procedure", "authority")]
    with_letter: _Fixed
    without_letter: _Fixed
    units_named: int = Field(ge=1)
    #: code -> name of authorities outside of the province, which no published table names
    outside: dict[str, str] = Field(default_factory=dict)


class Template(Strict):
    """A template: frame, sections, appendices, phrases on late dossiers, origins."""

    frame: Frame
    sections: tuple[Section, ...]
    appendices: tuple[Section, ...] = ()
    late: LateWords
    #: family of indicators or published table -> where its figures come from, for the notes about gaps
    origins: dict[str, str]

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of all sections and appendices."""
        for section in (*self.sections, *self.appendices):
            yield from section.blocks

    def slots(self) -> set[Slot]:
        """Return every slot of an indicator in texts, and the indicators of tables."""
        texts = _strings((self.frame, self.sections, self.appendices))
        found = {token for text in texts for token in tokens(text) if isinstance(token, Slot)}
        found |= {Slot(name) for block in self.blocks() if isinstance(block, Comparison) for name in block.compare}
        found |= {Slot(name) for block in self.blocks() if isinstance(block, ByUnit) for name in block.by_unit}
        return {slot for slot in found if slot.name not in WORDS}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Strict | tuple):
        for item in (held for _, held in value) if isinstance(value, Strict) else value:
            yield from _strings(item)


def shipped_text() -> str:
    """Return the text of the shipped template."""
    return resources.files(__package__).joinpath(SHIPPED).read_text(encoding="utf-8")


def load_template(path: Path | None = None) -> Template:
    """Read a template from a file; the shipped one by default.

    Raises:
        TemplateError: it cannot be read, has another structure, or a text holds an unknown slot.
    """
    if path is None:
        return read_template(shipped_text(), SHIPPED)
    try:
        return read_template(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(
            f"report template {path}: cannot be read ({error}). Write one: "
            "`cchc report cchc --show-template > mau-bao-cao.yaml`."
        ) from error


def read_template(text: str, origin: str) -> Template:
    """Read a template from its text, named `origin` in messages; see `load_template`."""
    return read_yaml(text, Template, f"report template {origin}", TemplateError)
