"""QĐ 766: what is said on the row about few dossiers, none, and figures that are the province's."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.scorecards.index766 import scorecard as index766

MONTH = {"report": "r", "period_type": "month", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
UNITS = pa.table({"unit_code": ["H1", "H1.2"], "unit_level": ["province", "commune"]})


def said(
    unit: str, figures: dict[str, tuple[float | None, float | None]], score: dict[str, float] | None = None
) -> dict[str, str]:
    """The reason of every row of one unit on the portal, by code."""
    rows = [
        {"unit_code": unit, "metric_code": code, **MONTH, "numerator": top, "denominator": bottom}
        | dict.fromkeys(("ratio_pct", "data_quality_status"))
        | {"score": (score or {}).get(code)}
        for code, (top, bottom) in figures.items()
    ]
    card = index766.score_portal(index766.newest(), pa.Table.from_pylist(rows))
    found = run_file("scorecards/caveats_index766", card=card, units=UNITS)
    assert found.num_rows > len(rows)
    return {row["criterion_code"]: row["reason_vi"] or "" for row in found.to_pylist()}


@pytest.mark.parametrize(
    ("figures", "criterion", "total"),
    [
        ((9.0, 9.0), "Mẫu số chỉ có 9", "Kỳ có dưới 10 hồ sơ tiếp nhận"),
        ((0.0, 1.0), "Mẫu số chỉ có 1", "Kỳ có dưới 10 hồ sơ tiếp nhận"),
        ((0.0, 0.0), "Không phát sinh mẫu số", "Kỳ không có hồ sơ tiếp nhận"),
        ((None, None), "Không phát sinh mẫu số", "Kỳ không có hồ sơ tiếp nhận"),
    ],
)
def test_a_month_of_few_or_no_dossiers(figures: tuple[float | None, float | None], criterion: str, total: str) -> None:
    found = said("H1", {"DOSSIER_ON_TIME": figures})
    assert criterion in found["DOSSIER_ON_TIME"]
    assert total in found["TOTAL"]
    assert total not in found["TDGQ"]


def test_a_total_over_enough_dossiers_or_over_other_figures_says_nothing() -> None:
    assert "hồ sơ tiếp nhận" not in said("H1", {"DOSSIER_ON_TIME": (10.0, 10.0)})["TOTAL"]
    assert "hồ sơ tiếp nhận" not in said("H1", {"PUBLISH_ON_TIME": (1.0, 1.0)})["TOTAL"]


def test_counts_of_procedures_that_are_the_provinces() -> None:
    inherited = "không dùng để so sánh các đơn vị"
    assert inherited in said("H1.2", {"PUBLIC_CONTENT_FULL": (40.0, 48.0)})["PUBLIC_CONTENT_FULL"]
    assert inherited not in said("H1", {"PUBLIC_CONTENT_FULL": (40.0, 48.0)})["PUBLIC_CONTENT_FULL"]


def test_points_over_points_are_no_small_denominator() -> None:
    found = said("H1", {"GROUP.TTTT": (None, None)}, score={"GROUP.TTTT": 6.0})
    assert found["PAYMENT"] == "Ghi nhận điểm của cả nhóm như Cổng công bố"
