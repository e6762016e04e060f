"""PAR INDEX: provisional throughout, scored only where there is evidence."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import from_indicators
from cchc_pipeline.scorecards.scoring.rubric_set import shipped

YEAR = {"period_type": "year", "period_start": date(2026, 1, 1), "period_end": date(2026, 12, 31)}
RATES = {
    "timely_rate": (96, 100),
    "apology_rate": (0, 0),
    "digitised_result_rate": (7738, 10000),
    "documents_electronic_rate": (962, 1000),
    "idx766_publish_on_time": (117, 119),
    "satisfaction_rate": (7901, 7921),
}


def values(**changed: tuple[float, float]) -> pd.DataFrame:
    rates = RATES | changed
    rows = [
        {"indicator_id": name, "unit_code": unit, **YEAR, "numerator": n, "denominator": d}
        for name, (n, d) in rates.items()
        for unit in ("H67", "H67.1")
    ]
    return pd.DataFrame(rows)


def card(**changed: tuple[float, float]) -> pd.DataFrame:
    rubric = shipped().find("par_index")
    table = score(rubric, from_indicators(rubric, values(**changed)), source="local").to_pandas()
    return table[table["unit_code"] == "H67"].set_index("criterion_code")


def test_eight_domains_all_provisional_and_in_conventional_units() -> None:
    table = card()
    domains = table[(table["criterion_level"] == "group") & (table["parent_code"] == "TOTAL")]
    assert domains.index.tolist() == [f"D{number}" for number in range(1, 9)]
    assert table["is_provisional"].all()
    assert table["reason_vi"].str.contains("đơn vị quy ước").all()
    assert set(table.loc[table["criterion_level"] == "criterion", "max_points"]) == {1.0}
    assert table.loc["D2", "status"] == "missing"
    assert "LEGAL_DOCUMENTS_REVIEWED" in table.loc["D2", "reason_vi"]
    assert table.loc["TOTAL", "status"] == "partial"


def test_computed_criteria() -> None:
    table = card()
    assert table.loc["DOSSIERS_TIMELY", "points"] == 0.96
    assert card(timely_rate=(949, 1000)).loc["DOSSIERS_TIMELY", "points"] == 0
    assert table.loc["RESULTS_DIGITISED", "points"] == 0.77
    assert table.loc["DOCUMENTS_ELECTRONIC", "points"] == 0.96
    assert table.loc["APOLOGY_WHEN_LATE", "status"] == "missing"
    assert "Không có hồ sơ trễ hạn" in table.loc["APOLOGY_WHEN_LATE", "reason_vi"]
    assert table.loc["SIPAS", "status"] == "missing"
