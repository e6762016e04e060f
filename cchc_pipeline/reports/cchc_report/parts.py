"""Render the parts of the report that `parts.yaml` describes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from cchc_pipeline import vietnamese
from cchc_pipeline.reports.cchc_report.content import NOTHING, Grid, Paragraph, Piece, Run, Runs, gap
from cchc_pipeline.yaml_files import Strict, read_yaml

Row = dict[str, Any]
_GAP = re.compile(r"\[\[(?P<what>[^|]*)\|(?P<where>[^|]*)\|(?P<why>.*?)\]\]|(?P<nothing>\[cần bổ sung\])")


class Column(Strict):
    """A column; it stands only if `when` holds, once per item of the list `each`."""

    head: str
    width: float | str
    cell: str
    numeric: bool = False
    when: str | None = None
    each: str | None = None


class Part(Strict):
    """A part: published table, what is taken from there, texts and columns."""

    table: str = ""
    what: str = ""
    lacking: str = ""
    sentence: str = ""
    caption: str = ""
    columns: tuple[Column, ...] = ()
    #: rows in bold
    strong: str = "false"
    #: whether the font is that of appendices
    small: str = "false"
    after: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def pieces(self, rows: Sequence[Row], given: Mapping[str, Any], note: int | None = None) -> list[Piece]:
        """Return sentence, caption, table and remarks; texts without content are left out.

        `given` is what the texts name beside the columns of a row, `note` the number of the source.
        """
        given = {**given, "rows": rows}
        found = [
            Paragraph(runs(self.sentence, given, note)),
            Paragraph((*runs(self.caption, given), *([Run("", note=note)] if self.caption else ())), "caption"),
            *([self.grid(rows, given)] if self.columns else ()),
            *(Paragraph(runs(text, given)) for text in self.after),
            *(Paragraph(runs(text, given), "small") for text in self.remarks),
        ]
        return [piece for piece in found if isinstance(piece, Grid) or piece.runs]

    def grid(self, rows: Sequence[Row], given: Mapping[str, Any]) -> Grid:
        """Return the table alone."""
        columns = [
            (column, {**given, "one": one})
            for column in self.columns
            if column.when is None or _holds(column.when, given)
            for one in (given[column.each] if column.each else (None,))
        ]
        lines, strong = [], []
        for number, row in enumerate(rows, 1):
            about = {**row, "row": row, "number": row.get("number", number), "loop": {"last": number == len(rows)}}
            lines.append(tuple(runs(column.cell, {**held, **about}) for column, held in columns))
            strong += [number - 1] if _holds(self.strong, {**given, **about}) else []
        return Grid(
            tuple(_text(column.head, held) for column, held in columns),
            tuple(lines),
            tuple(float(_text(str(column.width), held)) for column, held in columns),
            frozenset(at for at, (column, _) in enumerate(columns) if column.numeric),
            frozenset(strong),
            small=_holds(self.small, given),
        )


@cache
def parts() -> dict[str, Part]:
    """Return name -> part, as `parts.yaml` describes them."""
    file = resources.files(__package__).joinpath("parts.yaml")
    return read_yaml(file.read_text(encoding="utf-8"), dict[str, Part], file.name)


def runs(text: str, given: Mapping[str, Any], note: int | None = None) -> Runs:
    """Fill a text; marks for the writer become gaps.

    Its last words carry the number of the source, unless they are a gap.
    """
    filled = _text(text, given)
    found: list[Run] = []
    at = 0
    for mark in _GAP.finditer(filled):
        found += [Run(filled[at : mark.start()])] if mark.start() > at else []
        found.append(NOTHING if mark["nothing"] else gap(mark["what"], mark["why"], mark["where"]))
        at = mark.end()
    return (*found, Run(filled[at:], note=note)) if filled[at:] else tuple(found)


def _text(text: str, given: Mapping[str, Any]) -> str:
    return _template(text).render(given)


@cache
def _template(text: str) -> jinja2.Template:
    return _environment().from_string(text)


def _holds(expression: str, given: Mapping[str, Any]) -> bool:
    return bool(_condition(expression)(**given))


@cache
def _condition(expression: str) -> Callable[..., Any]:
    return _environment().compile_expression(expression)


def or_dash(write: Callable[..., str]) -> Callable[..., str]:
    """Return a writer that writes a dash for nothing."""
    return lambda value, **how: "–" if value is None or isinstance(value, jinja2.Undefined) else write(value, **how)


def minus(now: float | None, then: float | None) -> Any:
    """Return the difference of two values after rounding; None where one is missing."""
    if any(value is None or isinstance(value, jinja2.Undefined) for value in (now, then)):
        return None
    return vietnamese.rounded(now or 0) - vietnamese.rounded(then or 0)


points = or_dash(lambda value: vietnamese.decimal(value, keep_zeros=True))


def _points_to(low: float | None, high: float | None) -> str:
    first, last = points(low), points(high)
    return first if first == last else f"{first}–{last}"


@cache
def _environment() -> jinja2.Environment:
    found = jinja2.Environment(undefined=jinja2.ChainableUndefined, keep_trailing_newline=False)  # noqa: S701 - no HTML
    found.filters |= {
        "points": points,
        "points_to": _points_to,
        "decimal": vietnamese.decimal,
        "count": lambda value: vietnamese.count(value, in_text=True),
        "minus": minus,
        "plus_minus": or_dash(vietnamese.signed),
        "place": vietnamese.provinces_in_text,
        "day": lambda text: "/".join(reversed(text[:10].split("-"))),
    }
    return found
