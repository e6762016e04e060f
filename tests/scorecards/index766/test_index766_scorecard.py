"""QĐ 766: published scores are reproduced; bad files are refused; portal and local measures."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.index766.metrics_file import differences, read_metrics, score_metrics
from cchc_pipeline.scorecards.scoring.measures import MeasureError
from cchc_pipeline.scorecards.scoring.rubric_set import shipped

HEADER = ["unit_code", "metric_code", "numerator", "denominator"]
ON_TIME = "DOSSIER_ON_TIME"
CKMB = ("PUBLISH_ON_TIME", "PUBLIC_UPDATE_ON_TIME", "PUBLIC_CONTENT_FULL", "DOSSIER_SYNC")


def score_rows(rows: list[tuple[Any, ...]], **options: Any) -> pd.DataFrame:
    return score_metrics(pd.DataFrame(rows, columns=HEADER), **options)


def cell(table: pd.DataFrame, code: str, level: str = "criterion") -> pd.Series:
    return table[(table["metric_code"] == code) & (table["level"] == level)].iloc[0]


PAID = [("H1", "DOSSIER_ONLINE_PAYMENT", 60, 100), ("H1", "FORMALITY_ONLINE_PAYMENT", 5, 10)]  # 3.6 and 1.25 points
AVAILABLE = ("H1", "FORMALITY_PAYMENT_AVAILABLE", 1, 4)  # 0.63: 25 % of 80 % of 2 is 0.625, a half of a double goes up


@pytest.mark.parametrize(
    ("rows", "items", "group", "said"),
    [
        (PAID, [3.6, 1.25, None], (4.85, "partial"), "FORMALITY_PAYMENT_AVAILABLE"),
        ([*PAID, AVAILABLE], [3.6, 1.25, 0.63], (5.48, "ok"), None),
        ([*PAID, AVAILABLE, ("H1", "TTTT", 6, 10)], [3.6, 1.25, 0.63], (5.48, "ok"), None),
        ([*PAID, ("H1", "TTTT", 6.1, 10)], [None, None, None], (6.1, "ok"), None),
        ([*PAID, ("H2", "GROUP.TTTT", 6, 10)], [3.6, 1.25, None], (4.85, "partial"), "FORMALITY_PAYMENT_AVAILABLE"),
    ],
)
def test_items_are_computed_and_a_published_group_counts_only_where_they_cannot_be(rows, items, group, said) -> None:
    table = score_rows(rows)
    table = table[table["unit_code"] == "H1"]
    codes = ("DOSSIER_ONLINE_PAYMENT", "FORMALITY_ONLINE_PAYMENT", "FORMALITY_PAYMENT_AVAILABLE")
    found = [cell(table, code)["score"] for code in codes]
    assert [None if pd.isna(one) else one for one in found] == items
    assert tuple(cell(table, "TTTT", "group")[["score", "status"]]) == group
    assert said is None or said in cell(table, "TTTT", "group")["reason"]


PARTS = st.tuples(*[st.none() | st.integers(0, 40)] * 3)
PUBLISHED = st.none() | st.integers(0, 1200).map(lambda hundredths: hundredths / 100)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(PARTS, PUBLISHED), min_size=10, max_size=16))
def test_a_group_is_the_sum_of_its_items_or_what_was_published_and_never_a_mixture(
    units: list[tuple[tuple[int | None, ...], float | None]],
) -> None:
    codes = ("ONLINE_PROCEDURES", "ONLINE_PROCEDURES_USED", "ONLINE_DOSSIERS")
    rows: list[tuple[Any, ...]] = []
    for n, (parts, published) in enumerate(units):
        rows += [(f"H{n}", code, part, 40) for code, part in zip(codes, parts, strict=True) if part is not None]
        rows += [(f"H{n}", "GROUP.ONLINE", published, 12)] * (published is not None)
        rows.append((f"H{n}", ON_TIME, 1, 2))
    cards = dict(list(score_rows(rows).groupby("unit_code")))
    for n, (parts, published) in enumerate(units):
        table = cards[f"H{n}"]
        group = cell(table, "CLGQ", "group")
        items = [cell(table, code)["score"] for code in codes]
        known = [one for one in items if not pd.isna(one)]
        if None not in parts or published is None:
            assert len(known) == sum(part is not None for part in parts)
            assert group["status"] == ("ok" if len(known) == 3 else "partial" if known else "missing")
            assert pd.isna(group["score"]) if not known else group["score"] == pytest.approx(sum(known))
        else:
            assert (group["score"], group["status"], known) == (published, "ok", [])
        assert group["max_score"] == 12
        assert cell(table, "TOTAL", "total")["max_score"] == 100


def test_a_published_group_or_total_that_is_not_what_is_computed_is_named() -> None:
    right = [*PAID, AVAILABLE, ("H1", "TTTT", 5.48, 10), ("H1", "TOTAL", 90, 100)]
    wrong = [*right[:3], ("H1", "GROUP.TTTT", 5.47, 10), ("H1", "GROUP.TDGQ", 17, 20), ("H1", ON_TIME, 9, 10)]
    for rows, codes in ((right, []), (wrong, ["TDGQ", "TTTT"])):
        file = pd.DataFrame(rows, columns=HEADER)
        found = differences(score_metrics(file), file, index766.newest())
        assert found["metric_code"].tolist() == codes, "a total that is not complete is held against nothing"


def test_publicity_in_totals_comes_from_rounded_ratios() -> None:
    """16.9155 % of 6 are 1.01 in the report; in a total the ratio is 16.92 % first, and the points 1.02."""
    rows = [("H1", "PUBLISH_ON_TIME", 169155, 1_000_000), *(("H1", code, 0, 1) for code in CKMB[1:])]
    newest = index766.newest()
    for rubric, points in ((newest, 1.01), (newest.for_totals(), 1.02)):
        assert cell(score_rows(rows, rubric=rubric), "CKMB", "group")["score"] == points
    for published, codes in ((1.01, []), (1.02, []), (1.03, ["CKMB"])):
        file = pd.DataFrame([*rows, ("H1", "GROUP.CKMB", published, 18)], columns=HEADER)
        assert differences(score_metrics(file), file, newest)["metric_code"].tolist() == codes


def test_points_of_the_payment_group_above_its_maximum_are_refused() -> None:
    with pytest.raises(MeasureError, match=r"published points as numerator \(0 to 10\) and 10 as denominator"):
        score_rows([("H1", "TTTT", 11, 12)])


def test_a_metric_that_no_rubric_knows_is_kept_and_not_scored() -> None:
    table = score_rows([("H1", ON_TIME, 9, 10), ("H1", "PETITION_CLASSIFICATION_TTHC", 4, 3), ("H2", "NEW", "?", 2)])
    kept = table[table["level"] == "unscored"]
    assert kept[["unit_code", "metric_code", "denominator"]].to_numpy().tolist() == [
        ["H1", "PETITION_CLASSIFICATION_TTHC", 3],
        ["H2", "NEW", 2],
    ]
    assert kept["score"].isna().all()
    assert kept["reason"].str.contains("không chấm điểm").all()


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
        *("ratio", "score", "max_score", "status", "reason", "published"),
    ]


def complete(**changed: tuple[Any, Any]) -> list[tuple[Any, ...]]:
    criteria = index766.newest().for_source("portal").criteria()
    rows = {one.code: ("H1", one.code, 1, 1) for one in criteria if not one.code.startswith(("ONLINE_", "PAYMENT"))}
    rows |= {"ONLINE": ("H1", "ONLINE", "9.14", 12)}
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
    assert cell(table, "PUBLISH_ON_TIME")[["score", "status"]].tolist() == [0, "ok"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
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
        score_metrics(pd.DataFrame([("H1", ON_TIME, 1)], columns=HEADER[:3]))
    with pytest.raises(MeasureError, match="has no rows"):
        score_metrics(pd.DataFrame(columns=HEADER))


def test_reading_the_file(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(f"\ufeff{','.join(HEADER)},x\nH1,{ON_TIME},1,2,\n,,,,\nH1,{ON_TIME},1,2,\n", encoding="utf-8")
    with pytest.raises(MeasureError, match=r"Line 4 \(unit H1, metric DOSSIER_ON_TIME\)"):
        score_metrics(read_metrics(file))
    file.write_bytes(b"a,b\n1,2")
    with pytest.raises(MeasureError, match="Fix: write above"):
        read_metrics(file)
    with pytest.raises(MeasureError, match="no such file"):
        read_metrics(tmp_path / "absent.csv")


def test_local_variant_scores_the_three_online_criteria() -> None:
    rows = [("H1", "ONLINE_PROCEDURES", 8, 10), ("H1", "ONLINE_PROCEDURES_USED", 1, 4), ("H1", "ONLINE_DOSSIERS", 1, 4)]
    table = score_rows(rows, source="local")
    assert cell(table, "CLGQ", "group")[["score", "max_score", "status"]].tolist() == [2 + 1 + 3, 12, "ok"]
    assert cell(score_rows(rows), "CLGQ", "group")["score"] == 6, "the same criteria on the portal"


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
    carried = card["criterion", "PAYMENT"]
    assert (carried["points"], carried["reason_vi"]) == (4.25, "Ghi nhận điểm của cả nhóm như Cổng công bố")
    assert card["criterion", "DOSSIER_ONLINE_PAYMENT"]["status"] == "not_applicable"
    assert (card["group", "TTTT"]["points"], card["group", "TTTT"]["status"]) == (4.25, "ok")
    assert card["criterion", "ONLINE"]["points"] == card["group", "CLGQ"]["points"] == 9.14
    assert card["total", "TOTAL"]["status"] == "partial"
    assert card["total", "TOTAL"]["period_start"] == date(2026, 10, 1)


def test_portal_without_an_online_score_or_any_row() -> None:
    table = pa.Table.from_pylist([portal_row("DOSSIER_ON_TIME", numerator=1.0, denominator=2.0)])
    card = index766.score_portal(index766.newest(), table).to_pylist()
    status = {row["criterion_code"]: row["status"] for row in card}
    assert len(status) == len(card), "codes are unique over groups and criteria"
    assert (status["ONLINE"], status["ONLINE_DOSSIERS"], status["CLGQ"]) == ("not_applicable", "missing", "missing")
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
    nothing = values.assign(numerator=[None, *[0] * 16], denominator=[None, *[0] * 16])
    card = index766.score_local(index766.newest(), nothing).to_pandas().set_index("criterion_code")
    assert card.loc["PUBLISH_ON_TIME", "status"] == "missing", "a period that no source covers is no 0"
    assert card.loc["PUBLIC_UPDATE_ON_TIME", ["status", "points"]].tolist() == ["ok", 0]
