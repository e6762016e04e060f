"""The template of the report: wording and order as data, checked before anything is filled."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from cchc_pipeline.errors import CchcError
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.reports.cchc_report.slots import WORDS, Slot, SlotError, tokens

SHIPPED = "template.yaml"
Place = tuple[str | int, ...]
#: in a place (sections, 0, blocks, 3, …) the position behind the number of the block
_AFTER_BLOCK = 4


class TemplateError(CchcError):
    """The template of the report is wrong."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Block(_Model):
    #: In force for reports whose period ends within these days: what a later decree replaced is left out.
    valid_from: date | None = None
    valid_to: date | None = None
    #: Levels of units into whose reports it belongs; every level by default.
    levels: tuple[Literal["province", "department", "district", "commune"], ...] = ()

    def holds(self, day: date, level: str) -> bool:
        """Whether the block belongs into the report of a unit of a level, of a period that ends on `day`."""
        is_in_force = (self.valid_from or day) <= day <= (self.valid_to or day)
        return is_in_force and (not self.levels or level in self.levels)


class Heading(_Block):
    """A heading within a section."""

    heading: str
    level: Literal[2, 3] = 2


class Text(_Block):
    """A paragraph.

    `if_any` names a slot that counts what the paragraph is about: where that is zero or unknown, a mark for the writer
    stands there instead of a sentence of zeros.
    """

    text: str
    if_any: str | None = None


class Comparison(_Block):
    """A table of indicators: this period, the one before, the same a year ago."""

    compare: tuple[str, ...] = Field(min_length=1)
    caption: str


class Table(_Block):
    """A table whose cells are texts; a cell that is empty joins the one above."""

    table: tuple[tuple[str, ...], ...] = Field(min_length=1)
    columns: tuple[str, ...]
    widths: tuple[float, ...]
    caption: str | None = None


class ByUnit(_Block):
    """A table of indicators by unit directly below the reported one."""

    #: indicator -> head of its column
    by_unit: dict[str, str] = Field(min_length=1)
    caption: str


class Part(_Block):
    """A part that is made from a published table of its own."""

    part: Literal["late", "late_by_unit", "papi", "par_index", "index766", "external_indices", "sources"]


_KINDS = {"heading": Heading, "text": Text, "compare": Comparison, "table": Table, "by_unit": ByUnit, "part": Part}


def _kind_of(content: Any) -> str | None:
    if isinstance(content, _Block):
        return next(key for key, kind in _KINDS.items() if isinstance(content, kind))
    return next((key for key in _KINDS if isinstance(content, dict) and key in content), None)


Block = Annotated[
    Annotated[Heading, Tag("heading")]
    | Annotated[Text, Tag("text")]
    | Annotated[Comparison, Tag("compare")]
    | Annotated[Table, Tag("table")]
    | Annotated[ByUnit, Tag("by_unit")]
    | Annotated[Part, Tag("part")],
    Discriminator(
        _kind_of,
        custom_error_type="no_kind",
        custom_error_message=f"a block holds one of {', '.join(_KINDS)}",
    ),
]


class Section(_Model):
    """A section with its heading, or an appendix."""

    title: str
    blocks: tuple[Block, ...]


class Frame(_Model):
    """What stands around the text: the parts of an administrative document."""

    superior: str
    issuer: str
    number: str
    place: str
    title: str
    summary: str
    recipient: str
    opening: tuple[str, ...]
    closing: str
    copies: tuple[str, ...]
    signature: tuple[str, ...]


class LateWords(_Model):
    """Phrases of the paragraph on late dossiers. Each names its own slots; see `LATE_SLOTS`."""

    none: str
    total: str
    in_fact: str
    other_authority: str
    software_only: str
    unknown: str
    unit: str
    unit_all: str
    unit_only: str
    others: str
    step: str
    waiting: str
    with_letter: str
    without_letter: str
    units_named: int = Field(ge=1)
    #: code -> name of authorities outside of the province, which no published table names
    outside: dict[str, str] = Field(default_factory=dict)


#: phrase -> slots that it may hold; these are no indicators
LATE_SLOTS: dict[str, tuple[str, ...]] = {
    "none": (),
    "total": ("count", "in_fact", "other_authority", "software_only", "unknown", "letters"),
    **dict.fromkeys(("in_fact", "other_authority", "software_only", "unknown"), ("count", "letters", "units")),
    "unit": ("count", "unit", "details"),
    "unit_all": ("count", "unit", "detail"),
    "unit_only": ("count", "unit"),
    "others": ("count", "units"),
    "step": ("steps",),
    "waiting": ("procedure", "authority"),
    "with_letter": (),
    "without_letter": (),
}


class Template(_Model):
    """A template."""

    frame: Frame
    sections: tuple[Section, ...]
    appendices: tuple[Section, ...] = ()
    late: LateWords
    #: family of indicators or published table -> where its figures come from, for the notes about gaps
    origins: dict[str, str]

    def slots(self) -> set[Slot]:
        """Every slot of its texts that is no word, and the indicators of its tables."""
        found = {token for _, text in self.texts() for token in tokens(text) if isinstance(token, Slot)}
        found |= {Slot(name) for _, name in self.named()}
        return {slot for slot in found if slot.name not in WORDS}

    def texts(self) -> Iterator[tuple[Place, str]]:
        """Every text with slots, with its place in the file."""
        yield from _strings(self.frame, ("frame",))
        for kind in ("sections", "appendices"):
            for number, section in enumerate(getattr(self, kind)):
                yield (kind, number, "title"), section.title
                for index, block in enumerate(section.blocks):
                    for place, text in _strings(block, (kind, number, "blocks", index)):
                        if place[_AFTER_BLOCK] not in ("compare", "by_unit", "part"):
                            yield place, text

    def named(self) -> Iterator[tuple[Place, str]]:
        """Every indicator that a table names, with its place."""
        for kind in ("sections", "appendices"):
            for number, section in enumerate(getattr(self, kind)):
                for index, block in enumerate(section.blocks):
                    place: Place = (kind, number, "blocks", index)
                    if isinstance(block, Comparison):
                        for position, name in enumerate(block.compare):
                            yield (*place, "compare", position), name
                    elif isinstance(block, ByUnit):
                        for name in block.by_unit:
                            yield (*place, "by_unit", name), name


def _strings(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _strings(getattr(value, name), (*place, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _strings(item, (*place, index))


def shipped_text() -> str:
    """The shipped template as it stands in its file."""
    return resources.files(__package__).joinpath(SHIPPED).read_text(encoding="utf-8")


def load_template(path: Path | None = None) -> Template:
    """The template of a file; the shipped one by default.

    Raises:
        TemplateError: it cannot be read, has another structure, or a text holds a slot that nothing fills.
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
    """A template from its text; see `load_template`. `origin` names it in messages."""
    try:
        tree, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "damaged"
        raise TemplateError(f"report template {origin}{line}: not YAML ({problem}). Correct the line.") from error
    if tree is None:
        raise TemplateError(f"report template {origin}, line 1: empty. Begin with what `--show-template` prints.")
    try:
        template = Template.model_validate(content)
    except ValidationError as error:
        # a key that is written wrong is missing too: what stands there is the better place
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        # pydantic puts the kind of a block between its number and its key
        place = tuple(
            step for at, step in enumerate(first["loc"]) if at != _AFTER_BLOCK or "blocks" not in first["loc"]
        )
        raise _refusal(
            origin, tree, place, f"{first['msg']}. Compare with `cchc report cchc --show-template`."
        ) from error
    _check(template, origin, tree)
    return template


def _check(template: Template, origin: str, tree: yaml.Node) -> None:
    known = {indicator.id for indicator in catalogue()}
    for place, text in template.texts():
        try:
            found = [token for token in tokens(text) if isinstance(token, Slot)]
        except SlotError as error:
            raise _refusal(origin, tree, place, f"{error}.") from error
        for slot in found:
            if slot.name not in known and slot.name not in WORDS:
                raise _unknown(origin, tree, place, slot.name, known | set(WORDS))
    for place, name in template.named():
        if name not in known:
            raise _unknown(origin, tree, place, name, known)
    for phrase, allowed in LATE_SLOTS.items():
        for name in re.findall(r"\{([^{}]*)\}", getattr(template.late, phrase)):
            if name not in allowed:
                fix = f"There are {', '.join(allowed)}" if allowed else "This phrase holds none"
                raise _refusal(origin, tree, ("late", phrase), f"{{{name}}} fills nothing here. {fix}.")
    for kind in ("sections", "appendices"):
        for number, section in enumerate(getattr(template, kind)):
            for index, block in enumerate(section.blocks):
                if isinstance(block, Table):
                    widths = {len(block.columns), len(block.widths), *(len(row) for row in block.table)}
                    if len(widths) > 1:
                        place = (kind, number, "blocks", index)
                        raise _refusal(origin, tree, place, "columns, widths and every row must have equal length.")


def _unknown(origin: str, tree: yaml.Node, place: Place, name: str, known: set[str]) -> TemplateError:
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    meant = f" Did you mean {', '.join(near)}?" if near else ""
    return _refusal(
        origin, tree, place, f"“{name}” is no indicator and no word.{meant} Indicators: docs/indicators.md."
    )


def _refusal(origin: str, tree: yaml.Node, place: Place, problem: str) -> TemplateError:
    where = ".".join(str(step + 1) if isinstance(step, int) else step for step in place)
    return TemplateError(f"report template {origin}, line {_line(tree, place)} ({where}): {problem}")


def _line(node: yaml.Node, place: Place) -> int:
    """Line of the innermost part of the file that a place leads to, counted from 1."""
    for step in place:
        inner: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = node.value[step]
        node = node if inner is None else inner
    return node.start_mark.line + 1
