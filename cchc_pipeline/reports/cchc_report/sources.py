"""Number the sources of a report's figures and list them in an appendix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.days import Period
from cchc_pipeline.reports.cchc_report.content import Paragraph, Piece
from cchc_pipeline.reports.cchc_report.figures import Figure
from cchc_pipeline.reports.cchc_report.parts import Row, parts, runs


@dataclass
class Sources:
    """The sources in the order of their first use.

    Attributes:
        names: unit code -> name as it is written.
        rows: key of a source -> its row in the appendix: name, whose, days, terms, value; its place is its number.
    """

    names: dict[str, str]
    rows: dict[tuple[Any, ...], Row] = field(default_factory=dict)

    def figure(self, figure: Figure) -> int:
        """Return the number of a figure's source."""
        code, period, indicator = figure.unit_code, figure.period, figure.indicator
        terms = [figure.numerator, *([figure.denominator] if indicator.denominator is not None else [])]
        origin = "; tính từ các bảng đã công bố" if figure.is_computed else ""
        origin += "; dữ liệu chưa đủ kỳ" if figure.is_partial else ""
        row = {
            "name": f"{indicator.name_vi} ({indicator.id})",
            "whose": f"{self.names.get(code, code)} ({code})",
            "days": _days(period) + origin,
            "terms": " / ".join("" if term is None else vietnamese.decimal(term) for term in terms),
            "value": figure.text() if figure.value is not None else "không xác định",
        }
        return self._number((indicator.id, code, period.first, period.last), row)

    def table(self, table: str, whose: str, period: Period | str, what: str) -> int:
        """Return the number of a published table from which several figures are taken."""
        days = period if isinstance(period, str) else _days(period)
        row = {"name": f"Bảng {table}: {what}", "whose": whose, "days": days, "terms": "", "value": ""}
        return self._number((table, whose, days, what), row)

    def _number(self, key: tuple[Any, ...], row: Row) -> int:
        self.rows.setdefault(key, row)
        return list(self.rows).index(key) + 1

    def pieces(self, manifest: Mapping[str, Any], command: str) -> list[Piece]:
        """Return the table of sources, below a sentence that names the published version.

        Args:
            manifest: manifest of the published version.
            command: the command that lists the records behind a figure.
        """
        part = parts()["sources"]
        sentence = Paragraph(runs(part.sentence, {**manifest, "command": command}), "small")
        return [sentence, part.grid(list(self.rows.values()), {})]


def _days(period: Period) -> str:
    return vietnamese.days(period.first, period.last, " – ")
