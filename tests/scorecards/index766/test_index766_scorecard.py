"""QĐ 766: published scores are reproduced; bad files are refused; portal and local measures."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from published_files import published

from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.index766.scorecard import read_metrics
from cchc_pipeline.scorecards.scoring.measures import MeasureError
from cchc_pipeline.scorecards.scoring.rubric_set import shipped

HEADER = ["unit_code", "metric_code", "numerator", "denominator"]
ON_TIME = "DOSSIER_ON_TIME"


def score_rows(rows: list[tuple[Any, ...]], **options: Any) -> pd.DataFrame:
    return index766.score_metrics(pd.DataFrame(rows, columns=HEADER), **options)


def cell(table: pd.DataFrame, code: str, level: str = "criterion") -> pd.Series:
    return table[(table["metric_code"] == code) & (table["level"] == level)].iloc[0]


@pytest.mark.acceptance
def test_every_published_metric_score() -> None:
    given = pd.read_csv(published("acceptance/index766_metrics_2026-10-10.csv"))
    scored = index766.score_metrics(given)
    both = given.merge(scored[scored["level"] == "criterion"], on=["unit_code", "metric_code"], how="left")
    with_score = both[both["published_score"].notna()]
    assert len(with_score) == 90
    assert (with_score["score"] - with_score["published_score"]).abs().max() < 0.0051
    assert (with_score["max_score_x"] == with_score["max_score_y"]).all()
    paid = both[both["group_x"] == "TTTT"]
    most = paid["metric_code"].map({"DOSSIER_ONLINE_PAYMENT": 6, "FORMALITY_ONLINE_PAYMENT": 2})
    assert (paid["score"] - most * paid["numerator_x"] / paid["denominator_x"]).abs().max() <= 0.005


@pytest.mark.acceptance
def test_published_group_scores() -> None:
    units = pd.read_csv(published("acceptance/index766_units_2026-10-10.csv")).set_index("unit_code")
    metrics = pd.read_csv(published("acceptance/index766_metrics_2026-10-10.csv"))
    carried = pd.DataFrame(
        {"unit_code": units.index, "metric_code": "ONLINE", "numerator": units["ONLINE12"].to_list(), "denominator": 12}
    )
    for given in (metrics, pd.concat([metrics, carried])):
        scored = index766.score_metrics(given)
        groups = scored[scored["level"] == "group"].pivot(index="unit_code", columns="metric_code", values="score")
        columns = {"CKMB": "CKMB18", "TDGQ": "TDGQ20", "MDSH": "MDSH22", "MDHL": "MDHL18"}
        for code, column in columns.items():
            assert (groups[code] - units[column]).abs().max() < 0.0101, code
    assert groups["CLGQ"].eq(units["ONLINE12"].reindex(groups.index)).all()
    totals = scored[scored["level"] == "total"].set_index("unit_code")
    unexposed = units["total_score"] - totals["score"]
    assert unexposed.between(-0.02, 2.02).all(), "what is left is the third payment item, worth at most 2"
    assert set(totals["reason"]) == {"Chưa chấm được: FORMALITY_PAYMENT_AVAILABLE"}


@pytest.mark.acceptance
def test_every_published_group_and_total_with_the_payment_group_as_it_was_published() -> None:
    units = pd.read_csv(published("acceptance/index766_units_2026-10-10.csv")).set_index("unit_code")
    metrics = pd.read_csv(published("acceptance/index766_metrics_2026-10-10.csv"))
    groups = [("ONLINE", "ONLINE12", 12), ("TTTT", "TTTT10", 10)]
    carried = [(unit, code, units.loc[unit, name], most) for unit in units.index for code, name, most in groups]
    scored = index766.score_metrics(pd.concat([metrics, pd.DataFrame(carried, columns=HEADER)]))
    found = scored[scored["level"] != "criterion"].pivot(index="unit_code", columns="metric_code", values="score")
    columns = {"CKMB": "CKMB18", "TDGQ": "TDGQ20", "CLGQ": "ONLINE12", "TTTT": "TTTT10", "MDSH": "MDSH22"}
    for code, column in {**columns, "MDHL": "MDHL18", "TOTAL": "total_score"}.items():
        assert (found[code] - units[column]).abs().max() < 0.0101, code
    assert set(scored.loc[scored["level"] == "total", "status"]) == {"ok"}
    third = scored[scored["metric_code"] == "FORMALITY_PAYMENT_AVAILABLE"]
    assert third["score"].between(0, 2).all()
    assert third["reason"].str.startswith("Suy ra: điểm nhóm Cổng công bố").all()


PAID = [("H1", "DOSSIER_ONLINE_PAYMENT", 60, 100), ("H1", "FORMALITY_ONLINE_PAYMENT", 5, 10)]  # 3.6 and 1 point


@pytest.mark.parametrize(
    ("rows", "points", "said"),
    [
        ([*PAID, ("H1", "TTTT", 6.1, 10)], 1.5, "công bố 6,1 trừ hai tiêu chí"),
        ([*PAID, ("H1", "TTTT", 4.59, 10)], 0, "công bố 4,59 trừ hai tiêu chí"),
        ([*PAID, ("H1", "TTTT", 4.2, 10)], None, "Cổng không công bố số liệu của chỉ tiêu này"),
        ([*PAID, ("H1", "TTTT", 9, 10)], None, "Cổng không công bố số liệu của chỉ tiêu này"),
        ([*PAID, ("H2", "TTTT", 6, 10)], None, "Cổng không công bố số liệu của chỉ tiêu này"),
        ([PAID[0], ("H1", "TTTT", 6, 10)], None, "Cổng không công bố số liệu của chỉ tiêu này"),
        ([*PAID, ("H1", "TTTT", 6, 10), ("H1", "FORMALITY_PAYMENT_AVAILABLE", 1, 4)], 0.5, None),
    ],
)
def test_the_third_payment_item_is_what_is_left_of_the_published_group(rows, points, said) -> None:
    third = cell(score_rows(rows), "FORMALITY_PAYMENT_AVAILABLE")
    assert (None if pd.isna(third["score"]) else third["score"]) == points
    reason = third["reason"] if isinstance(third["reason"], str) else None
    assert reason is None if said is None else said in reason


def test_points_of_the_payment_group_above_its_maximum_are_refused() -> None:
    with pytest.raises(MeasureError, match=r"published points as numerator \(0 to 10\) and 10 as denominator"):
        score_rows([("H1", "TTTT", 11, 12)])


def test_a_metric_that_is_not_in_the_file_is_missing() -> None:
    table = score_rows([("H1", ON_TIME, 9, 10)])
    assert cell(table, ON_TIME)["score"] == 18
    assert cell(table, "TDGQ", "group")[["score", "max_score", "status"]].tolist() == [18, 20, "ok"]
    assert cell(table, "MDSH", "group")["status"] == "missing"
    assert pd.isna(cell(table, "MDSH", "group")["score"])
    assert cell(table, "TOTAL", "total")[["score", "max_score", "status"]].tolist() == [18, 100, "partial"]
    assert cell(table, "PUBLISH_ON_TIME")["reason"] == "Chưa có số liệu cho tiêu chí này"
    assert list(table.columns) == [
        *("unit_code", "metric_code", "level", "group", "numerator", "denominator"),
        *("ratio", "score", "max_score", "status", "reason"),
    ]


def complete(**changed: tuple[Any, Any]) -> list[tuple[Any, ...]]:
    codes = [criterion.code for criterion in index766.newest().for_source("portal").criteria()]
    rows = {code: ("H1", code, 1, 1) for code in codes} | {"ONLINE": ("H1", "ONLINE", "9.14", 12)}
    return list((rows | {code: ("H1", code, *counts) for code, counts in changed.items()}).values())


def test_a_complete_file_gives_a_complete_total() -> None:
    total = cell(score_rows(complete()), "TOTAL", "total")
    assert total[["score", "max_score", "status"]].tolist() == [97.14, 100, "ok"]


def test_a_unit_without_dossiers_or_petitions() -> None:
    zero = ("DOSSIER_ON_TIME", "DOSSIER_RECEIVING_SATISFACTION", "DOSSIER_ONLINE_PAYMENT", "FORMALITY_ONLINE_PAYMENT")
    zero += ("PETITION_PROCESSING_ON_TIME", "PUBLISH_ON_TIME")
    none = ("DOSSIER_SYNC", "ORIGINAL_RESULT_AVAILABLE", "CITIZEN_DATA_CONNECTED_FORMALITY")
    none += ("ELECTRONIC_CERTIFIED_COPY", "PETITION_HANDLING_SATISFACTION")
    table = score_rows(complete(**dict.fromkeys(zero, (0, 0)), **dict.fromkeys(none, (None, ""))))
    scores = {row.metric_code: row.score for row in table[table["level"] == "criterion"].itertuples()}
    nothing = ("DOSSIER_ON_TIME", "DOSSIER_SYNC", "ORIGINAL_RESULT_AVAILABLE", "DOSSIER_RECEIVING_SATISFACTION")
    for code in (*nothing, "DOSSIER_ONLINE_PAYMENT", "CITIZEN_DATA_CONNECTED_FORMALITY"):
        assert scores[code] == 0, code
    assert scores["ELECTRONIC_CERTIFIED_COPY"] == 2
    assert scores["PETITION_PROCESSING_ON_TIME"] == scores["PETITION_HANDLING_SATISFACTION"] == 6
    assert cell(table, "PUBLISH_ON_TIME")["status"] == "missing", "nobody has seen what this one scores then"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            ("H1", "DOSSIERS_ON_TIME", 1, 2),
            r"Line 3 \(unit H1, metric DOSSIERS_ON_TIME\): metric_code is unknown.* DOSSIER_ON_TIME,",
        ),
        (("H1", "PUBLISH_ON_TIME", "1,234", 2000), r"numerator '1,234' can be 1234 or 1\.2340"),
        (("H1", "PUBLISH_ON_TIME", "1.234", "2000"), r"numerator '1\.234' can be 1234 or .* separator of thousands"),
        (("H1", "PUBLISH_ON_TIME", 1, "2.34.5"), "denominator '2.34.5' is no number"),
        (("H1", "PUBLISH_ON_TIME", 1, "n/a"), "denominator 'n/a' is no number"),
        (("H1", "PUBLISH_ON_TIME", "inf", 2), "numerator 'inf' is no number"),
        (("H1", "PUBLISH_ON_TIME", -1, 2), "numerator is negative"),
        (("H1", "PUBLISH_ON_TIME", 1, -2), "denominator is negative"),
        (("H1", "PUBLISH_ON_TIME", 3, 2), "numerator 3 is larger than denominator 2"),
        (("H1", ON_TIME, 1, 2), "already in the file"),
        (("", "PUBLISH_ON_TIME", 1, 2), "unit_code is empty"),
        (("H1", None, 1, 2), "metric_code is empty"),
        (("H1", "ONLINE", 13, None), r"0 to 12\) and 12 as denominator"),
        (("H1", "ONLINE", 9, 10), "12 as denominator"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_fix(row: tuple[Any, ...], said: str) -> None:
    with pytest.raises(MeasureError, match=said) as refused:
        score_rows([("H1", ON_TIME, 1, 2), row])
    assert "Line 3" in str(refused.value)


def test_numbers_that_are_no_text_are_taken_as_they_are() -> None:
    assert cell(score_rows([("H1", ON_TIME, 1.125, 2.25)]), ON_TIME)["score"] == 10


def test_a_file_without_the_columns_or_rows() -> None:
    with pytest.raises(
        MeasureError, match=r"lacks the column denominator; .*\(found: unit_code, metric_code, numerator\)"
    ):
        index766.score_metrics(pd.DataFrame([("H1", ON_TIME, 1)], columns=HEADER[:3]))
    with pytest.raises(MeasureError, match="has no rows"):
        index766.score_metrics(pd.DataFrame(columns=HEADER))


def test_reading_the_file(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(f"\ufeff{','.join(HEADER)},x\nH1,{ON_TIME},1,2,\n,,,,\nH1,TDGQ,1,2,\n", encoding="utf-8")
    with pytest.raises(MeasureError, match=r"Line 4 \(unit H1, metric TDGQ\)"):
        index766.score_metrics(read_metrics(file))
    file.write_bytes(b"a,b\n1,2")
    with pytest.raises(MeasureError, match="Fix: write above"):
        read_metrics(file)
    with pytest.raises(MeasureError, match="no such file"):
        read_metrics(tmp_path / "absent.csv")


def test_local_variant_scores_the_three_online_criteria() -> None:
    rows = [("H1", "ONLINE_PROCEDURES", 8, 10), ("H1", "ONLINE_PROCEDURES_USED", 1, 4), ("H1", "ONLINE_DOSSIERS", 1, 4)]
    table = score_rows(rows, source="local")
    assert cell(table, "CLGQ", "group")[["score", "max_score", "status"]].tolist() == [2 + 1 + 3, 12, "ok"]
    with pytest.raises(MeasureError, match="metric_code is unknown"):
        score_rows(rows)


OCTOBER = {"period_type": "month", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}


def portal_row(code: str, **values: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("numerator", "denominator", "ratio_pct", "score", "max_score", "data_quality_status"))
    return {"unit_code": "H1", "metric_code": code, "report": "r", **OCTOBER, **empty, **values}


def test_portal_measures() -> None:
    rows = [
        portal_row(
            "DOSSIER_SYNC", numerator=3.0, denominator=3.0, data_quality_status="TEMP_NATIONAL_REPORT_DENOMINATOR"
        ),
        portal_row("PUBLISH_ON_TIME", numerator=1.0, denominator=48.0, score=0.12),
        portal_row("ELECTRONIC_CERTIFIED_COPY", ratio_pct=0.0, score=0.0),
        portal_row("GROUP.CLGQ", score=7.0),
        portal_row("GROUP.ONLINE", score=9.14),
        portal_row("GROUP.MDSH", score=5.0),
        portal_row("DOSSIER_ONLINE_PAYMENT", numerator=1.0, denominator=2.0),
        portal_row("FORMALITY_ONLINE_PAYMENT", numerator=0.0, denominator=0.0),
        portal_row("GROUP.TTTT", score=4.25),
        portal_row("TOTAL", score=60.0),
        portal_row("BRAND_NEW", numerator=1.0),
    ]
    table = pa.Table.from_pylist(rows)
    assert index766.unknown_metrics(table, shipped()) == ["BRAND_NEW"]
    card = {
        (row["criterion_level"], row["criterion_code"]): row
        for row in index766.score_portal(index766.newest(), table).to_pylist()
    }
    sync = card["criterion", "DOSSIER_SYNC"]
    assert sync["is_provisional"]
    assert "TEMP_NATIONAL_REPORT_DENOMINATOR" in sync["reason_vi"]
    publish = card["criterion", "PUBLISH_ON_TIME"]
    assert (publish["points"], publish["is_provisional"]) == (0.12, False)
    assert publish["evidence"] == "national_portal:r; điểm Cổng công bố 0.12"
    assert card["criterion", "ELECTRONIC_CERTIFIED_COPY"]["points"] == 0
    third = card["criterion", "FORMALITY_PAYMENT_AVAILABLE"]
    assert (third["points"], third["is_provisional"], third["evidence"]) == (
        1.25,
        True,
        "national_portal:điểm nhóm 4,25",
    )
    assert (card["group", "TTTT"]["points"], card["group", "TTTT"]["status"]) == (4.25, "ok")
    assert card["criterion", "ONLINE"]["points"] == card["group", "CLGQ"]["points"] == 9.14
    assert card["total", "TOTAL"]["status"] == "partial"
    assert card["total", "TOTAL"]["period_start"] == date(2026, 10, 1)


def test_portal_without_an_online_score_or_any_row() -> None:
    table = pa.Table.from_pylist([portal_row("DOSSIER_ON_TIME", numerator=1.0, denominator=2.0)])
    card = index766.score_portal(index766.newest(), table).to_pylist()
    status = {row["criterion_code"]: row["status"] for row in card}
    assert len(status) == len(card), "codes are unique over groups and criteria"
    assert status["ONLINE"] == status["CLGQ"] == "missing"
    assert index766.score_portal(index766.newest(), table.slice(0, 0)).num_rows == 0


def test_local_measures_are_scored_with_their_own_gaps() -> None:
    ids = index766.newest().for_source("local").indicators()
    assert len(ids) == 17
    values = pd.DataFrame(
        [{"indicator_id": name, "unit_code": "H1", **OCTOBER, "numerator": 1, "denominator": 2} for name in ids]
    )
    card = index766.score_local(index766.newest(), values).to_pandas()
    missing = card[(card["criterion_level"] == "criterion") & (card["status"] == "missing")]["criterion_code"]
    assert sorted(missing) == [
        *("ELECTRONIC_CERTIFIED_COPY", "FORMALITY_PAYMENT_AVAILABLE"),
        *("PETITION_HANDLING_SATISFACTION", "PETITION_PROCESSING_ON_TIME"),
    ]
    assert card.loc[card["criterion_code"] == "ONLINE_DOSSIERS", "points"].tolist() == [6.0]
