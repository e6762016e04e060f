"""Read the scorecard of one index, source and period from the published tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cchc_pipeline.days import Period, parse_period
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.scorecards.scoring.measures import MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet

#: The period that is read where none is asked for is the newest month; appraisals are of a year.
_USUAL_KIND = {"par_index": "year"}
_LISTED = 12


@dataclass(frozen=True)
class PublishedCard:
    """A published scorecard.

    Attributes:
        rows: its rows.
        period: its period.
        parents: unit code -> code of the unit above; None at the top.
        names: unit code -> name.
    """

    rows: pd.DataFrame
    period: Period
    parents: Mapping[str, str | None]
    names: Mapping[str, str]

    def of_unit(self, unit: str) -> pd.DataFrame:
        """Return the rows of a unit.

        Raises:
            MeasureError: it has none.
        """
        found = self.rows[self.rows["unit_code"] == unit]
        if found.empty:
            known = ", ".join(sorted(set(self.rows["unit_code"]))[:_LISTED])
            raise MeasureError(f"The scorecard has no unit {unit}; it has {known} …")
        return found

    def rubrics(self, rubrics: RubricSet, unit: str | None = None) -> dict[str, Rubric]:
        """Return rubrics by id, in the versions that scored the card or one unit."""
        rows = self.rows if unit is None else self.of_unit(unit)
        pairs = rows[["index_code", "rubric_version"]].drop_duplicates()
        return {code: rubrics.version(code, version) for code, version in pairs.itertuples(index=False)}


def read_card(published: Path, index_code: str, source: str, period: str | None) -> PublishedCard:
    """Read a scorecard of the current version.

    Args:
        published: the published folder.
        index_code: index766 or par_index.
        source: local or portal.
        period: such as 2026-10, 2026-Q3 or 2026; None for the newest month, of PAR INDEX the newest year.

    Raises:
        MeasureError: there is no such scorecard, or none of the source and period.
        PeriodError: `period` is none.
        PublishError: the scorecard was not published.
    """
    every = read_published(published, f"scorecard_{index_code}").to_pandas()
    every = every[every["source"] == source]
    if every.empty:
        raise MeasureError(f"The scorecard {index_code} has no figures of the source {source}; choose another --source")
    rows = _of_period(every, period, _USUAL_KIND.get(index_code, "month"))
    kind, first, last = rows[["period_type", "period_start", "period_end"]].iloc[0]
    units = read_published(published, "units").to_pylist()
    return PublishedCard(
        rows,
        Period(kind, first, last),
        {row["unit_code"]: row["parent_code"] or None for row in units},
        {row["unit_code"]: row["unit_name"] for row in units},
    )


def _of_period(card: pd.DataFrame, period: str | None, usual_kind: str) -> pd.DataFrame:
    if period is None:
        alike = card[card["period_type"] == usual_kind]
        return alike[alike["period_start"] == alike["period_start"].max()]
    asked = parse_period(period)
    rows = card[(card["period_type"] == asked.kind) & (card["period_start"] == asked.first)]
    if rows.empty:
        have = sorted({f"{day:%Y-%m}" for day in card.loc[card["period_type"] == "month", "period_start"]})
        months = f"its months are {have[0]} to {have[-1]}" if have else "it has no months, only longer periods"
        raise MeasureError(f"The scorecard has no {period}; {months}")
    return rows
