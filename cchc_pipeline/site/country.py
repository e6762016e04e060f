"""Arrange the ranks of the provinces on the portal: that of the own one with its lines, and all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from cchc_pipeline.drawing.spark import Night, spark
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.index766.published import groups_of
from cchc_pipeline.scorecards.index766.scorecard import RUBRIC
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.site.tables import Row, grouped, run

#: Names of a code that no rubric has: the total.
_TOTAL = ("Tổng điểm", "Total")
_GAP = Night(None, "")


class Country:
    """The newest reading of `portal_ranks`, whose Parquet file `published` is.

    Attributes:
        own: rows of the province, as in `country.sql`, with name_vi and name_en: the total, then the groups.
        totals: rows of the total of every province, the best rank first; those without a rank last.
        first_on: day of the first reading that is kept; None where there is none.
    """

    def __init__(self, published: Path, province_code: str, rubrics: RubricSet) -> None:
        rows = run("country", None, ranks=published)
        names = {one.code: (one.name_vi, one.name_en) for one in rubrics.newest(RUBRIC).root().walk()}
        order = list(names)
        self.own: list[Row] = []
        for row in rows:
            if row["unit_code"] == province_code:
                (group, *_) = groups_of(row["metric_code"]) or (row["metric_code"],)
                name = _TOTAL if group == TOTAL_CODE else names.get(group, (group, group))
                place = -1 if group == TOTAL_CODE else order.index(group) if group in names else len(order)
                self.own.append({**row, "name_vi": name[0], "name_en": name[1], "place": place})
        self.own.sort(key=lambda row: (row["place"], row["metric_code"]))
        self.totals = [row for row in rows if row["metric_code"] == TOTAL_CODE]
        self.first_on: date | None = rows[0]["first_on"] if rows else None
        self._lines = grouped(run("country_lines", {"unit": province_code}, ranks=published), "metric_code")

    def line(self, row: Row) -> str | None:
        """Draw the rank of a row of `own` day by day, better ranks higher; days without a reading are gaps."""
        held: Mapping[date, Row] = {one["captured_on"]: one for one in self._lines.get(row["metric_code"], ())}
        if not held:
            return None
        first, last = min(held), row["captured_on"]
        days = (held.get(first + timedelta(days=n)) for n in range((last - first).days + 1))
        nights = [Night(-float(day["rank"]), day["stretch"]) if day else _GAP for day in days]
        ranks = [day["rank"] for day in held.values()]
        return spark(nights, f"{ranks[0]} → {ranks[-1]}")
