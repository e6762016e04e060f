"""Every figure of a month, counted a second time with plain pandas from the landing records, for every unit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from independent_month import FIRST, LAST
from independent_month import Month as Loaded
from recomputation import Figure, Month, same, value_of

pytestmark = pytest.mark.acceptance

PERIODS = [
    ("month", date(2026, 9, 1), date(2026, 9, 30)),
    ("month", date(2026, 10, 1), date(2026, 10, 31)),
    ("quarter", date(2026, 7, 1), date(2026, 9, 30)),
    ("year", date(2026, 1, 1), date(2026, 12, 31)),
    ("day", date(2026, 9, 14), date(2026, 9, 14)),
    ("day", LAST, LAST),
]
FILLED = (
    *("resolved_late", "resolved_early", "pending_overdue", "withdrawn_count", "suspended_count", "refused_count"),
    *("received_postal", "apology_rate", "satisfaction_rate", "publication_decisions_count", "carried_over"),
)


def parents_of(units: pd.DataFrame) -> dict[str, str | None]:
    """The unit above each: the longest shorter code that is a unit."""
    codes = set(units.unit_code)

    def above(code: str) -> str | None:
        while "." in code:
            code = code.rpartition(".")[0]
            if code in codes:
                return code
        return None

    return {code: above(code) for code in sorted(codes)}


@pytest.fixture(scope="module")
def parents(current: Path) -> dict[str, str | None]:
    units = pd.read_parquet(current / "units.parquet")
    found = parents_of(units)
    assert found == {
        row.unit_code: row.parent_code if isinstance(row.parent_code, str) else None for row in units.itertuples()
    }
    return found


@pytest.fixture(scope="module")
def published(current: Path) -> pd.DataFrame:
    values = pd.read_parquet(current / "indicator_values.parquet")
    catalogue = pd.read_parquet(current / "indicators.parquet").set_index("indicator_id")
    return values.join(catalogue[["kind", "unit_of_measure"]], on="indicator_id")


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: f"{period[0]}-{period[1]}")
def test_every_figure_of_every_unit_is_what_an_auditor_counts(
    period: tuple[str, date, date], month: Loaded, published: pd.DataFrame, parents: dict[str, str | None]
) -> None:
    kind, first, last = period
    counted = Month(month.lake.root / "landing", first, last, month.until).figures(parents)
    mine = published.indicator_id.isin({name for name, _ in counted})
    own = published[
        mine & (published.period_type == kind) & (published.period_start == first) & (published.period_end == last)
    ]
    held = {(row.indicator_id, row.unit_code): row for row in own.itertuples()}
    wrong = [f"{key}: published, but not counted" for key in set(held) - set(counted)]
    for key, figure in counted.items():
        row = held.get(key)
        if row is None:  # a single day is published only where something happened
            if kind != "day" or any(figure):
                wrong.append(f"{key}: not published, counted {figure}")
        elif not _agrees(row, figure):
            wrong.append(f"{key}: published {row.numerator}/{row.denominator} = {row.value}, counted {figure}")
    assert wrong == []


def _agrees(row: object, figure: Figure) -> bool:
    value = value_of(figure, row.unit_of_measure, row.kind)  # type: ignore[attr-defined]
    pairs = ((row.numerator, figure[0]), (row.denominator, figure[1]), (row.value, value))  # type: ignore[attr-defined]
    return all(same(one, other) for one, other in pairs)


def test_no_indicator_of_the_core_is_left_out(month: Loaded, parents: dict[str, str | None]) -> None:
    import yaml

    from cchc_pipeline.indicators import families

    core = Path(families.__file__).with_name("core.yaml")
    ids = {entry["id"] for entry in yaml.safe_load(core.read_text(encoding="utf-8"))["indicators"]}
    counted = Month(month.lake.root / "landing", FIRST, LAST, month.until).figures(parents)
    assert ids <= {name for name, _ in counted}


def test_the_month_has_something_of_everything(month: Loaded, parents: dict[str, str | None]) -> None:
    """An agreement about nothing proves nothing."""
    counted = Month(month.lake.root / "landing", *PERIODS[0][1:], month.until).figures(parents)
    october = Month(month.lake.root / "landing", *PERIODS[1][1:], month.until).figures(parents)
    empty = [name for name in FILLED if not any(found[name, "H99"][0] for found in (counted, october))]
    assert empty == []
