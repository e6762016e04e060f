"""Ranks of the provinces on the portal, and reports of the portal held against each other."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.state import upsert
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.build import build_portal_ranks
from cchc_pipeline.scorecards.index766.published import country_differences, out_of_step

PROVINCES = "national_portal__provinces"
DAY = date(2026, 10, 10)


def listed(day: date, scores: dict[str, float | None], metric: str = "TOTAL") -> list[dict[str, Any]]:
    return [
        {"unit_code": code, "unit_name": f"Tỉnh {code}", "period_type": "year", "period_start": date(2026, 1, 1),
         "period_end": date(2026, 12, 31), "captured_on": day, "metric_code": metric, "score": score}
        for code, score in scores.items()
    ]  # fmt: skip


def ranks(folder: Path, *rows: list[dict[str, Any]]) -> dict[tuple[str, date], dict[str, Any]]:
    lake = Lake(folder)
    schema = load_contract(PROVINCES).arrow_schema(relaxed=True)
    held = pa.Table.from_pylist([row for some in rows for row in some], schema=schema)
    lake.store.write(held.cast(load_contract(PROVINCES).arrow_schema()), f"core/{PROVINCES}")
    return {(row["unit_code"], row["captured_on"]): row for row in build_portal_ranks(lake).to_pylist()}


def test_ranks_ties_and_changes_since_the_night_and_the_month_before(tmp_path: Path) -> None:
    month_ago, last = DAY - timedelta(days=33), DAY - timedelta(days=3)  # nights between were not read
    found = ranks(
        tmp_path,
        listed(month_ago, {"H01": 50, "H05": 60, "H44": 70}),
        listed(last, {"H01": 72.5, "H05": 60, "H44": 70}),
        listed(DAY, {"H01": 71, "H05": 72.25, "H44": 71}),
    )
    own = found["H44", DAY]
    assert (own["rank"], own["rank_of"], own["is_tied"]) == (2, 3, True)
    assert found["H01", DAY]["rank"] == 2
    assert (found["H05", DAY]["rank"], found["H05", DAY]["is_tied"]) == (1, False)
    assert (own["previous_on"], own["score_change"], own["rank_change"]) == (last, 1.0, 0)
    assert (own["month_before_on"], own["month_score_change"], own["month_rank_change"]) == (month_ago, 1.0, -1)
    assert (found["H05", DAY]["rank_change"], found["H05", DAY]["month_rank_change"]) == (2, 1)
    assert (found["H44", month_ago]["previous_on"], found["H44", month_ago]["rank_change"]) == (None, None)


def test_a_province_that_is_not_listed_is_missing_with_its_reason(tmp_path: Path) -> None:
    before = DAY - timedelta(days=1)
    found = ranks(tmp_path, listed(before, {"H01": 50, "H05": 60, "H44": 70}), listed(DAY, {"H01": 50, "H05": None}))
    gone, blank = found["H44", DAY], found["H05", DAY]
    assert (gone["status"], gone["score"], gone["rank"], gone["score_change"]) == ("missing", None, None, None)
    assert "Không có trong danh sách" in gone["reason_vi"]
    assert (blank["status"], blank["rank"]) == ("missing", None)
    assert "không công bố điểm" in blank["reason_vi"]
    assert (found["H01", DAY]["rank"], found["H01", DAY]["rank_of"]) == (1, 1)
    assert found["H01", DAY]["rank_change"] is None  # another number of provinces was ranked


def test_the_country_is_no_province(tmp_path: Path) -> None:
    found = ranks(tmp_path, listed(DAY, {"H01": 50, "VN": 99}))
    assert (found["VN", DAY]["rank"], found["VN", DAY]["rank_of"], found["VN", DAY]["status"]) == (None, None, "ok")
    assert (found["H01", DAY]["rank"], found["H01", DAY]["rank_of"]) == (1, 1)


def test_the_country_is_held_against_its_provinces(tmp_path: Path) -> None:
    groups = {"CKMB": (10, 11), "TDGQ": (20, 19), "ONLINE": (8, 9), "TTTT": (6, 7), "MDHL": (9, 9), "MDSH": (7, 8)}
    rows = [listed(DAY, dict(zip(("H01", "H05"), two, strict=True)), f"GROUP.{code}") for code, two in groups.items()]
    lake = Lake(tmp_path)
    ranks(tmp_path, *rows, listed(DAY, {"VN": 61.5}), listed(DAY, {"VN": 15.0}, "RADAR.ONLINE_SERVICE"))
    assert country_differences(lake.store.read("built/portal_ranks")) == []
    ranks(tmp_path, *rows, listed(DAY, {"VN": 61.5}), listed(DAY, {"VN": 15.1}, "RADAR.ONLINE_SERVICE"))
    (said,) = country_differences(lake.store.read("built/portal_ranks"))
    assert "RADAR.ONLINE_SERVICE: computed 15.00, published 15.10" in said


@given(st.dictionaries(st.sampled_from([f"H{n:02d}" for n in range(1, 12)]), st.integers(0, 5), min_size=1))
def test_a_rank_is_one_more_than_the_provinces_with_a_better_score(scores: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = ranks(Path(folder), listed(DAY, {code: float(score) for code, score in scores.items()}))
    for code, score in scores.items():
        row = found[code, DAY]
        assert row["rank"] == 1 + sum(other > score for other in scores.values())
        assert row["is_tied"] == (list(scores.values()).count(score) > 1)
        assert row["rank_of"] == len(scores)


# -- reports of the portal among themselves ----------------------------------------------------------------------------


def metrics(*rows: tuple[str, str, str, float | None, float | None, date | None]) -> pa.Table:
    schema = load_contract("national_portal__metrics").arrow_schema(relaxed=True)
    names = ("unit_code", "report", "metric_code", "numerator", "denominator", "captured_on")
    period = {"period_type": "month", "period_start": date(2026, 8, 1), "period_end": date(2026, 8, 31)}
    return pa.Table.from_pylist([{**period, **dict(zip(names, row, strict=True))} for row in rows], schema=schema)


def test_reports_out_of_step_name_both_figures_report_and_period() -> None:
    other = DAY - timedelta(days=1)
    said = out_of_step(
        metrics(
            ("H44", "dvc-progress-tree", "DOSSIER_ON_TIME", 90, 100, DAY),
            ("H44", "dossier-digitized", "ORIGINAL_RESULT_AVAILABLE", 80, 90, DAY),
            ("H44.01", "dvc-progress-tree", "DOSSIER_ON_TIME", 60, 60, DAY),
            ("H44.02", "dvc-progress-tree", "DOSSIER_ON_TIME", 30, 39, DAY),
            ("H44.01", "dossier-digitized", "ORIGINAL_RESULT_AVAILABLE", 1, 90, DAY),
            ("H44", "service-results", "FIELD.onlineDossier.ONLINE", 70, None, DAY),
            ("H44", "provide-online-tree", "ONLINE_DOSSIERS", 71, 100, other),
        )
    )
    where = "H44 month 2026-08-01"
    assert f"{where}, received: dossier-digitized 90, dvc-progress-tree 100" in said
    assert f"{where}, received: dvc-progress-tree 100, dvc-progress-tree, sum of its units 99" in said
    assert f"{where}, received online: provide-online-tree 71, service-results 70" in said
    assert any("read on: " in one and f"{DAY}, provide-online-tree {other}" in one for one in said)
    assert said[-1] == "H44.01 month 2026-08-01, received: dossier-digitized 90, dvc-progress-tree 60"
    assert len(said) == 5


def test_periods_that_are_read_no_more_are_no_news() -> None:
    old = DAY - timedelta(days=8)
    apart = metrics(
        ("H44", "dvc-progress-tree", "DOSSIER_ON_TIME", 9, 10, old),
        ("H44", "dossier-digitized", "ORIGINAL_RESULT_AVAILABLE", 8, 11, old),
    )
    assert len(out_of_step(apart)) == 1
    later = metrics(("H44", "dvc-progress-tree", "DOSSIER_ON_TIME", 9, 10, DAY)).to_pylist()
    later = pa.Table.from_pylist([{**row, "period_start": date(2026, 10, 1)} for row in later], schema=apart.schema)
    assert out_of_step(pa.concat_tables([apart, later])) == []


def test_reports_in_step_say_nothing() -> None:
    both = (("H44", "dvc-progress-tree", "DOSSIER_ON_TIME", 9, 10, DAY),
            ("H44", "dossier-digitized", "ORIGINAL_RESULT_AVAILABLE", 8, 10, DAY))  # fmt: skip
    assert out_of_step(metrics(*both)) == []
    assert out_of_step(metrics()) == []


def test_a_core_table_of_before_gets_the_columns_that_its_contract_has_now(tmp_path: Path) -> None:
    lake, now = Lake(tmp_path), metrics(("H44", "dvc-progress-tree", "DOSSIER_ON_TIME", 9, 10, DAY))
    lake.store.write(now.drop_columns(["captured_on", "growth_pct"]), "core/national_portal__metrics")
    key = load_contract("national_portal__metrics").key
    upsert(lake, "national_portal__metrics", now.schema.empty_table(), key)
    (row,) = lake.store.read("core/national_portal__metrics").to_pylist()
    assert (row["denominator"], row["captured_on"]) == (10, None)
    upsert(lake, "national_portal__metrics", now, key)
    assert lake.store.read("core/national_portal__metrics").to_pylist()[0]["captured_on"] == DAY
