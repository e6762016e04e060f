"""PAR INDEX: provisional throughout, scored only where there is evidence."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from cchc_pipeline.scorecards import par_index
from cchc_pipeline.scorecards.errors import MeasureError

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


def card(evidence: pd.DataFrame | None = None, **changed: tuple[float, float]) -> pd.DataFrame:
    table = par_index.score_local(values(**changed), evidence).to_pandas()
    return table[table["unit_code"] == "H67"].set_index("criterion_code")


def plan(**more: Any) -> pd.DataFrame:
    row = {"unit_code": "H67", "metric_code": "REFORM_PLAN_ISSUED", "evidence": "25/KH-VPUBND 08/01/2020"}
    return pd.DataFrame([{**row, **more}])


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


def test_document_evidence_counts_and_is_named() -> None:
    assert card().loc["REFORM_PLAN_ISSUED", "status"] == "missing"
    for evidence in (plan(), plan(**YEAR)):
        row = card(evidence).loc["REFORM_PLAN_ISSUED"]
        assert (row["points"], row["status"], row["evidence"]) == (1.0, "ok", "25/KH-VPUBND 08/01/2020")
    partly = plan(metric_code="REFORM_REPORT_ON_TIME", numerator=3, denominator=4)
    assert card(partly).loc["REFORM_REPORT_ON_TIME", "points"] == 0.75
    assert card(plan(unit_code="H67.1")).loc["REFORM_PLAN_ISSUED", "status"] == "missing"


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (plan(metric_code="DOSSIERS_TIMELY"), "'DOSSIERS_TIMELY', which is computed or unknown"),
        (plan(metric_code="X"), "use one of: REFORM_PLAN_ISSUED"),
        (plan(evidence=" "), "has no evidence; name the document"),
        (plan(evidence=None), "has no evidence"),
        (plan().drop(columns="evidence"), "lacks the column evidence"),
    ],
)
def test_bad_evidence(evidence: pd.DataFrame, said: str) -> None:
    with pytest.raises(MeasureError, match=said):
        par_index.measures(values(), evidence)
