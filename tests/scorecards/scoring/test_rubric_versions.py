"""Versions of rubrics: which of them scores a period, an office's own before the shipped, breaks said on the row."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner
from command_line import output
from hypothesis import given
from hypothesis import strategies as st
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.cli.main import main
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards import build
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator
from cchc_pipeline.scorecards.par_index.appraisals import judge
from cchc_pipeline.scorecards.scoring.rubric import Rubric, RubricError
from cchc_pipeline.scorecards.scoring.rubric_diff import changed_criteria
from cchc_pipeline.scorecards.scoring.rubric_set import (
    FOLDER,
    SHIPPED_FOLDER,
    RubricSet,
    load_rubrics,
    shipped,
)

#: What a province's software of 2022 to 2024 gave full points from, as the reference table of rules states it.
FULL_AT_2022 = {
    "ONLINE_PROCEDURES": 0.8, "ONLINE_PROCEDURES_USED": 1, "ONLINE_DOSSIERS": 0.5, "DOSSIER_ONLINE_PAYMENT": 0.3,
    "FORMALITY_ONLINE_PAYMENT": 0.5, "ORIGINAL_RESULT_AVAILABLE": 1, "SO_HOA_GIAY_TO_GIAI_QUYET": 0.8,
    "REUSED_DIGITIZED_DATA": 0.8, "DOSSIER_ON_TIME": 1,
}  # fmt: skip
PUBLICITY = ("PUBLISH_ON_TIME", "PUBLIC_UPDATE_ON_TIME", "PUBLIC_CONTENT_FULL")
MONTHS = [date(2022, 5, 1), date(2022, 7, 1), date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def version(name: str, first: date, last: date | None = None, **more: Any) -> Rubric:
    held = rubric_content(group("G", criterion("A", 2, "linear") | more), version=name, valid_from=first, valid_to=last)
    return rubric_from(held, f"mau-{name}.yaml")


def month(first: date) -> dict[str, Any]:
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return {"period_type": "month", "period_start": first, "period_end": last}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Indicators of the months around the turns of versions: every ratio is 0.6, and the portal's as well."""
    made = Lake(tmp_path)
    ids = {name for one in shipped().versions("index766") for name in one.for_source("local").indicators()}
    rows = [
        {"indicator_id": name, "unit_code": unit, **month(first), "numerator": 60.0, "denominator": 100.0}
        for name in sorted(ids)
        for first in MONTHS
        for unit in ("H99", "H99.01")
    ]
    made.store.update(
        pa.Table.from_pylist(rows, schema=load_contract("indicator_values").arrow_schema(relaxed=True)),
        "built/indicator_values",
    )
    portal = [
        {
            "unit_code": "H99", "metric_code": "DOSSIER_ONLINE_PAYMENT", "report": "r", **month(first),
            "numerator": 24.0, "denominator": 100.0,
        }
        for first in MONTHS[2:]
    ]  # fmt: skip
    schema = load_contract("national_portal__metrics").arrow_schema(relaxed=True)
    made.store.update(pa.Table.from_pylist(portal, schema=schema), "core/national_portal__metrics")
    units = [
        {"unit_code": "H99", "unit_name": "Tỉnh Mẫu", "unit_level": "province"},
        {"unit_code": "H99.01", "unit_name": "Sở Mẫu", "unit_level": "department"},
    ]
    schema = load_contract("units").arrow_schema(relaxed=True)
    made.store.update(pa.Table.from_pylist(units, schema=schema), "built/units")
    return made


def card(lake: Lake, rubrics: RubricSet | None = None, source: str = "local", unit: str = "H99") -> pd.DataFrame:
    table = build.build_index766(lake, rubrics).to_pandas()
    table = table[(table["source"] == source) & (table["unit_code"] == unit)]
    return table.set_index(["period_start", "criterion_code"]).sort_index()


def test_the_thresholds_of_2022_are_those_of_the_software_of_that_time() -> None:
    old, replaced, new = shipped().versions("index766")
    assert (old.version, replaced.version, new.version) == ("2022.1", "2026.1", "2026.2")
    found = {one.code: float(one.rule.full_at) for one in old.criteria() if one.code in FULL_AT_2022}
    assert found == FULL_AT_2022
    assert old.is_provisional
    for source in ("local", "portal"):
        assert sum(one.max_hundredths for one in old.for_source(source).criteria()) == 100_00
    codes = [[one.code for one in rubric.criteria() if one.code != "PAYMENT"] for rubric in (old, new)]
    assert codes[0] == codes[1], "the criteria are the same"
    assert changed_criteria(old, replaced) == {
        *("DOSSIER_ONLINE_PAYMENT", "FORMALITY_ONLINE_PAYMENT", "SO_HOA_GIAY_TO_GIAI_QUYET")
    }
    assert changed_criteria(replaced, new) == {
        *("FORMALITY_ONLINE_PAYMENT", "FORMALITY_PAYMENT_AVAILABLE", "PAYMENT", *PUBLICITY)
    }


def test_a_replaced_version_scores_nothing_and_can_still_be_read(lake: Lake) -> None:
    rubrics = shipped()
    assert rubrics.version("index766", "2026.1").replaced_by == rubrics.newest("index766").version == "2026.2"
    assert {rubrics.scoring("index766", first).version for first in MONTHS} == {"2022.1", "2026.2"}
    assert "2026.1" not in set(card(lake)["rubric_version"])
    said = output("rubric", "list")
    assert "index766@2026.1" in said
    assert "thay bằng / replaced by 2026.2" in said


def test_each_period_is_scored_by_the_version_in_force_on_its_last_day(lake: Lake) -> None:
    found = card(lake)
    versions = {first: set(found.loc[first]["rubric_version"]) for first in MONTHS}
    assert versions == {first: {"2022.1" if first.year < 2026 else "2026.2"} for first in MONTHS}
    payment = {first: found.loc[(first, "DOSSIER_ONLINE_PAYMENT"), "points"] for first in MONTHS}
    assert payment == {first: 6.0 if first.year < 2026 else 3.6 for first in MONTHS}, (
        "60 % paid: from 30 % on all points"
    )
    portal = card(lake, source="portal")
    assert portal.loc[(date(2025, 12, 1), "DOSSIER_ONLINE_PAYMENT"), "points"] == 4.8  # 24 of 30 % needed
    assert portal.loc[(date(2026, 1, 1), "DOSSIER_ONLINE_PAYMENT"), "points"] == 1.44


def test_the_break_stands_on_the_rows_that_it_concerns_and_only_in_the_first_period(lake: Lake) -> None:
    found = card(lake)
    said = found["reason_vi"].fillna("").str.contains("Đứt chuỗi: kỳ trước chấm theo phiên bản 2022.1")
    assert sorted(code for first, code in found.index[said]) == sorted(
        [
            *("TOTAL", "CKMB", "TTTT", "MDSH", *PUBLICITY, "DOSSIER_ONLINE_PAYMENT", "FORMALITY_ONLINE_PAYMENT"),
            *("FORMALITY_PAYMENT_AVAILABLE", "SO_HOA_GIAY_TO_GIAI_QUYET"),
        ]
    )
    assert {first for first, _ in found.index[said]} == {date(2026, 1, 1)}


def test_what_is_outside_of_validity_or_of_the_older_version_is_provisional(lake: Lake) -> None:
    found = card(lake)
    assert found.loc[MONTHS[0]]["is_provisional"].all()
    outside = found.loc[MONTHS[0]]["reason_vi"].fillna("")
    assert outside.str.contains(
        "2022.1 (hiệu lực từ 23/06/2022 đến 31/12/2025); kỳ này nằm ngoài hiệu lực", regex=False
    ).all()
    assert found.loc[MONTHS[2]]["is_provisional"].all(), "the older version is provisional as a whole"
    assert not found.loc[(date(2026, 1, 1), "DOSSIER_ON_TIME"), "is_provisional"]
    assert not found.loc[MONTHS[1]]["reason_vi"].fillna("").str.contains("ngoài hiệu lực").any()


def test_a_period_that_began_before_the_version_says_so(lake: Lake) -> None:
    path = lake.store.path("built/indicator_values")
    values = pa.parquet.read_table(path)
    half = values.filter(pa.compute.equal(values["period_start"], pa.scalar(MONTHS[1])))
    for name, value in (("period_start", date(2022, 6, 1)), ("period_type", "custom")):
        column = pa.array([value] * half.num_rows, half.schema.field(name).type)
        half = half.set_column(half.schema.get_field_index(name), half.schema.field(name), column)
    lake.store.update(half, "built/indicator_values")
    total = card(lake).loc[(date(2022, 6, 1), "TOTAL")]
    assert "Kỳ bắt đầu trước ngày phiên bản 2022.1 có hiệu lực (23/06/2022)" in total["reason_vi"]


def test_an_offices_own_version_stands_before_the_shipped_one_while_it_is_in_force(lake: Lake, tmp_path: Path) -> None:
    content = yaml.safe_load((SHIPPED_FOLDER / "index766-2026.2.yaml").read_text("utf-8"))
    content |= {"version": "H99-2026", "valid_from": date(2026, 2, 1)}
    payment = next(group for group in content["groups"] if group["code"] == "TTTT")
    next(one for one in payment["criteria"] if one["code"] == "DOSSIER_ONLINE_PAYMENT")["rule"]["full_at"] = 0.6
    folder = tmp_path / "drop" / FOLDER
    folder.mkdir(parents=True)
    (folder / "cua-tinh.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    rubrics = load_rubrics(folder)
    found = card(lake, rubrics)
    payments = {first: found.loc[(first, "DOSSIER_ONLINE_PAYMENT"), "points"] for first in MONTHS[3:]}
    assert payments == {date(2025, 12, 1): 6.0, date(2026, 1, 1): 3.6, date(2026, 2, 1): 6.0}
    february = found.loc[date(2026, 2, 1)]
    assert set(february["rubric_version"]) == {"H99-2026"}
    assert "phiên bản 2026.2, không so sánh" in february.loc["DOSSIER_ONLINE_PAYMENT", "reason_vi"]
    assert rubrics.newest("index766").version == rubrics.find("index766").version == "H99-2026"
    assert rubrics.find("index766@2026.1").version == "2026.1"
    shown = CliRunner().invoke(main, ["rubric", "list"], env={"CCHC_DROP_DIR": str(tmp_path / "drop")})
    assert shown.exit_code == 0
    assert "H99-2026" in shown.output
    assert "rubrics/cua-tinh.yaml" in shown.output


def test_files_of_an_office_that_cannot_be_meant(tmp_path: Path) -> None:
    content = yaml.safe_load((SHIPPED_FOLDER / "index766-2026.2.yaml").read_text("utf-8"))

    def put(name: str, **changes: Any) -> None:
        text = yaml.safe_dump(copy.deepcopy(content) | changes, allow_unicode=True)
        (tmp_path / name).write_text(text, "utf-8")

    put("a.yaml", version="a")
    put("b.yaml", version="b", valid_from=date(2026, 7, 1))
    with pytest.raises(RubricError, match=r"a\.yaml and b\.yaml are both in force on 2026-07-01.*valid_to: 2026-06-30"):
        load_rubrics(tmp_path)
    put("a.yaml", version="a", valid_to=date(2026, 6, 30))
    assert [one.version for one in load_rubrics(tmp_path).own] == ["a", "b"]
    put("c.yaml", id="index767")
    with pytest.raises(RubricError, match=r"c\.yaml: nothing is scored by a rubric called 'index767'"):
        load_rubrics(tmp_path)
    (tmp_path / "c.yaml").write_text("id: [", "utf-8")
    with pytest.raises(RubricError, match=r"c\.yaml: no YAML"):
        load_rubrics(tmp_path)
    assert load_rubrics(tmp_path / "absent") == shipped()


def test_a_version_that_is_gone_is_named_with_the_fix() -> None:
    with pytest.raises(RubricError, match=r"no version '2024\.9'; it has 2022\.1, 2026\.1, 2026\.2\. Put the file"):
        shipped().version("index766", "2024.9")
    with pytest.raises(RubricError, match="choose one of: index766"):
        shipped().find("pci")


DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))


@given(turns=st.lists(DAYS, min_size=1, max_size=5, unique=True), gap=st.sampled_from([1, 30]), day=DAYS, own=DAYS)
def test_some_version_scores_every_day_and_one_in_force_wherever_there_is_one(
    turns: list[date], gap: int, day: date, own: date
) -> None:
    starts = sorted(turns)
    ends = [*(following - timedelta(days=gap) for following in starts[1:]), None]
    spans = [(first, last) for first, last in zip(starts, ends, strict=True) if last is None or first <= last]
    rubrics = RubricSet(tuple(version(f"{first}", first, last) for first, last in spans))
    found = rubrics.scoring("mau", day)
    in_force = [one for one in rubrics.shipped if one.is_valid_on(day)]
    assert found in (in_force or rubrics.shipped)
    if not in_force:
        begun = [one for one in rubrics.shipped if one.valid_from <= day]
        assert found == (max(begun, key=lambda one: one.valid_from) if begun else rubrics.versions("mau")[0])
    office = version("office", own)
    with_own = RubricSet(rubrics.shipped, (office,))
    nothing_else = not in_force and day < starts[0] and own < starts[0]
    assert (with_own.scoring("mau", day) == office) == (day >= own or nothing_else)
    rows = pa.table({"period_end": pa.array([day, own, *starts], pa.date32())})
    parts = [table.num_rows for _, table in with_own.by_version("mau", rows)]
    assert sum(parts) == rows.num_rows, "every row is scored once"


def test_appraisals_are_held_against_the_version_of_their_year() -> None:
    old, new = version("1", date(2020, 1, 1), date(2025, 12, 31)), version("2", date(2026, 1, 1), max=3)
    inbound = load_contract("registers__appraisals")
    held = [
        dict.fromkeys(inbound.column_names)
        | {
            "rubric_id": "mau", "unit_code": "H99", "year": year, "criterion_code": "A", "stage": "first",
            "points": 2.5, "scored_by": "Hội đồng", "scored_on": date(2026, 11, 2), "source_row": f"{year}",
        }
        for year in (2019, 2025, 2026)
    ]  # fmt: skip
    units = pa.table({"unit_code": ["H99"], "unit_name": ["Tỉnh"], "unit_level": ["province"]})
    documents = load_contract("documents").arrow_schema().empty_table()
    table = judge(pa.Table.from_pylist(held, schema=inbound.arrow_schema()), units, documents, [old, new])
    found = {row["year"]: (row["rubric_version"], row["is_refused"], row["reason_vi"]) for row in table.to_pylist()}
    assert found[2026] == ("2", False, None)
    assert found[2025][:2] == ("1", True)
    assert "lớn hơn điểm tối đa 2" in found[2025][2]
    assert found[2019][1]
    assert "không có hiệu lực trong năm 2019" in found[2019][2]


def test_a_metric_of_no_version_is_told() -> None:
    table = pa.table({"metric_code": ["DOSSIER_ON_TIME", "TOTAL", "GROUP.X", "BRAND_NEW", None]})
    assert index766.unknown_metrics(table, shipped()) == ["BRAND_NEW"]
    unscored = table.append_column("max_score", pa.array([20.0, 100.0, 1.0, 0.0, None]))
    assert index766.unknown_metrics(unscored, shipped()) == []


def test_an_indicator_names_each_criterion_once_however_many_versions_score_it() -> None:
    assert criteria_by_indicator()["idx766_on_time"] == ("index766: DOSSIER_ON_TIME",)


def test_a_file_of_figures_can_be_scored_by_an_older_version(tmp_path: Path) -> None:
    metrics = tmp_path / "metrics.csv"
    metrics.write_text("unit_code,metric_code,numerator,denominator\nH1,DOSSIER_ONLINE_PAYMENT,24,100\n", "utf-8")
    for name, points in (("index766@2022.1", 4.8), ("index766", 1.44), ("index766@2026.1", 1.44)):
        out = tmp_path / "scored.csv"
        output("score", "index766", "--metrics", metrics, "--rubric", name, "--out", out)
        scored = pd.read_csv(out).set_index("metric_code")
        assert scored.loc["DOSSIER_ONLINE_PAYMENT", "score"] == points
    assert "DOSSIER_ONLINE_PAYMENT" in output("rubric", "diff", "index766@2022.1", "index766@2026.1")
