"""Load a report's figures, tell which are comparable, and number their sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.days import Period
from cchc_pipeline.indicators.catalogue import VALUE_IS_NUMERATOR, Indicator, catalogue
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reports.cchc_report.content import Paragraph, Piece
from cchc_pipeline.reports.cchc_report.parts import Row, parts, runs
from cchc_pipeline.reports.scope import published_inputs

#: Tables filled by daily pulls: days that were not pulled are missing in them. Registers carry their own dates.
_PULLED = frozenset({"dossier_events", "dossiers", "documents"})


@dataclass(frozen=True)
class Figure:
    """A value of an indicator of one unit and period.

    Attributes:
        numerator, denominator, value: as in `indicator_values`; value is None where the denominator is 0.
        is_computed: whether the window is not published and was computed from the published tables.
        is_partial: whether days of the period are missing in the data that it is counted from.
    """

    indicator: Indicator
    unit_code: str
    period: Period
    numerator: float | None
    denominator: float | None
    value: float | None
    is_computed: bool = False
    is_partial: bool = False

    @property
    def is_rate(self) -> bool:
        """Tell whether it is a share in %."""
        return self.indicator.unit == "%" and self.indicator.kind not in VALUE_IS_NUMERATOR

    def text(self, *, in_text: bool = False) -> str:
        """Return the value as a Vietnamese document writes it.

        Raises:
            ValueError: the figure has no value.
        """
        if self.value is None:
            raise ValueError(f"{self.indicator.id} of {self.unit_code} has no value to write")
        if self.is_rate:
            return vietnamese.percent(self.numerator or 0, self.denominator or 0, keep_zeros=not in_text)
        if self.indicator.denominator is not None or self.indicator.unit in ("points", "billion VND"):
            return vietnamese.decimal(self.value, keep_zeros=not in_text)
        return vietnamese.count(self.value, in_text=in_text)


class Figures:
    """Values of one published version: `load` them in bulk, `get` them one by one.

    `changes` are rows of `unit_changes`.
    """

    def __init__(self, lake: Lake, manifest: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> None:
        self.lake, self.manifest, self.changes = lake, manifest, changes
        self.begins, self.until = (date.fromisoformat(manifest[name]) for name in ("data_from", "data_until"))
        self.held: dict[tuple[str, str, date, date], Figure] = {}

    def load(self, ids: Iterable[str], units: Iterable[str], periods: Iterable[Period]) -> None:
        """Load indicator values for units and periods; windows not published are computed.

        Raises:
            PublishError: nothing was published.
        """
        wanted, codes = {one.id: one for one in catalogue() if one.id in set(ids)}, set(units)
        windows = {(period.first, period.last): period for period in periods}
        values = read_published(self.lake.published, "indicator_values")
        spans = "SELECT DISTINCT period_start AS first, period_end AS last FROM held"
        published = {(row["first"], row["last"]) for row in run_sql(spans, held=values).to_pylist()}
        absent = [
            (first, last)
            for first, last in windows
            if (first, last) not in published and first <= self.until and last >= self.begins
        ]
        found = [values]
        if absent:
            # a window that ends after the published data is computed up to their last day
            tables = published_inputs(self.lake, self.begins, self.until, absent)
            found.append(compute(tables, self.begins, self.until, list(wanted.values())))
        query = "SELECT * FROM held WHERE LIST_CONTAINS($ids, indicator_id) AND LIST_CONTAINS($codes, unit_code)"
        for held in found:
            for row in run_sql(query, params={"ids": list(wanted), "codes": list(codes)}, held=held).to_pylist():
                window = (row["period_start"], row["period_end"])
                if window in windows:
                    indicator, unit = wanted[row["indicator_id"]], row["unit_code"]
                    numerator, denominator, value = (row[name] for name in ("numerator", "denominator", "value"))
                    lacks_days = window[0] < self.begins or window[1] > self.until
                    is_partial = lacks_days and bool(_PULLED & set(indicator.source_tables))
                    self.held[(indicator.id, unit, *window)] = Figure(
                        indicator, unit, windows[window], numerator, denominator, value,
                        is_computed=held is not values, is_partial=is_partial,
                    )  # fmt: skip

    def get(self, indicator_id: str, unit_code: str, period: Period) -> Figure | None:
        """Return a loaded value, or None where there is no row."""
        return self.held.get((indicator_id, unit_code, period.first, period.last))

    def not_comparable(self, indicator: Indicator, unit_code: str, now: Period, then: Period) -> str | None:
        """Return the Vietnamese reason why two periods are not comparable, or None.

        They are not where the data lack days of one of them, or where the unit changed in between, except in name.
        """
        if _PULLED & set(indicator.source_tables):
            for period in (then, now):
                if period.first < self.begins:
                    return f"dữ liệu chỉ có từ ngày {vietnamese.day(self.begins)}"
                if period.last > self.until:
                    return f"{period.name_vi} chưa kết thúc, dữ liệu đến ngày {vietnamese.day(self.until)}"
        for change in self.changes:
            touched = unit_code in (change["old_unit_code"], change["new_unit_code"])
            if touched and change["kind"] != "renamed" and then.first < change["changed_on"] <= now.last:
                return f"đơn vị thay đổi từ ngày {vietnamese.day(change['changed_on'])}"
        return None


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

        `command` is the one that lists the records behind a figure.
        """
        part = parts()["sources"]
        sentence = Paragraph(runs(part.sentence, {**manifest, "command": command}), "small")
        return [sentence, part.grid(list(self.rows.values()), {})]


def _days(period: Period) -> str:
    return vietnamese.days(period.first, period.last, " – ")
