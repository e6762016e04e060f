"""PAR INDEX in the report: every stage of the appraisal in its column, the rank among units of its kind."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from docx_text import Read, read, written
from small_lake import appraisal, copy_of, land, publish

from cchc_pipeline.days import parse_period
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_published
from cchc_pipeline.reports.cchc_report.report import make_report
from cchc_pipeline.reports.cchc_report.template import load_template
from cchc_pipeline.scorecards.build import build_par_index
from cchc_pipeline.scorecards.par_index.appraisals import build_appraisals

NAME = "Lĩnh vực/Tiêu chí/Tiêu chí thành phần"
PLAIN = ("STT", NAME, "Điểm tối đa", "Điểm đạt", "Kết quả, căn cứ")
YEAR, OCTOBER = parse_period("2026"), parse_period("2026-10")


ROWS = [
    appraisal("H99.02", "DISCIPLINE_KEPT", "self", 1.0),
    appraisal("H99.02", "DISCIPLINE_KEPT", "first", 0.5),
    appraisal("H99.02", "STAFFING_KEPT", "self", 0.75),
    appraisal("H99.02", "FUNCTIONS_DEFINED", "self", 0.5),
    appraisal("H99.02", "FUNCTIONS_DEFINED", "first", 0.0),
    appraisal("H99.02", "FUNCTIONS_DEFINED", "second", 0.25, note="Đơn vị bổ sung tài liệu"),
    appraisal("H99.02", "SATISFACTION_SURVEY", "survey", 0.9),
]


@pytest.fixture(scope="module")
def lake(published_lake, tmp_path_factory) -> Lake:
    made = copy_of(published_lake, tmp_path_factory.mktemp("par"))
    land(made, "registers__appraisals", ROWS)
    build_appraisals(made)
    build_par_index(made)
    publish(made, "appraised")
    return made


@pytest.fixture(scope="module")
def department(lake) -> Read:
    return read(make_report(lake, load_template(), YEAR, "H99.02").docx)


def card(lake: Lake, unit: str, kind: str) -> list[dict]:
    rows = read_published(lake.published, "scorecard_par_index").to_pylist()
    return [row for row in rows if (row["unit_code"], row["period_type"]) == (unit, kind)]


def test_every_stage_stands_in_its_column(department, lake):
    heads = ("TĐ lần 1", "TĐ lần 2", "ĐT XHH", "Điểm được tính", "Chênh lệch", "Kết quả, căn cứ")
    rows = {row[1]: row for row in department.table("STT", NAME, "Điểm tối đa", "Tự chấm", *heads)}
    found = card(lake, "H99.02", "year")
    assert sorted(rows) == sorted(row["criterion_name_vi"] for row in found)
    columns = ("self_points", "first_points", "second_points", "survey_points", "points")
    people = 0
    for row in found:
        shown = rows[row["criterion_name_vi"]]
        if row["criterion_level"] != "criterion":
            assert shown[3:7] == [""] * 4
            assert shown[7] == written(row["points"])
            continue
        assert shown[3:8] == [written(row[column]) for column in columns]
        difference = row["appraisal_difference"]
        assert shown[8] == ("–" if difference is None else "0" if not difference else written(difference))
        if row["counted_stage"] not in (None, "computed"):
            people += 1
            assert shown[9].startswith(row["evidence"])
    assert people == 4
    by_code = {row["criterion_code"]: rows[row["criterion_name_vi"]] for row in found}
    assert by_code["FUNCTIONS_DEFINED"][3:9] == ["0,50", "0,00", "0,25", "–", "0,25", "-0,25"]
    assert by_code["FUNCTIONS_DEFINED"][9].endswith("đơn vị bổ sung tài liệu")
    assert by_code["STAFFING_KEPT"][9].endswith("chỉ có điểm tự chấm, chưa thẩm định: tạm tính")
    assert by_code["TOTAL"][8] == "-0,75"


def test_the_sentence_says_points_stages_and_that_they_are_provisional(department, lake):
    (total,) = [row for row in card(lake, "H99.02", "year") if row["criterion_code"] == "TOTAL"]
    assert f"Năm 2026, PAR INDEX của Sở Mẫu đạt {written(total['points'])} điểm trên" in department.text
    assert "(tạm tính)." in department.text and "(tạm tính, không phải điểm chính thức)" in department.text
    assert (
        "tự chấm: 2,25/3; thẩm định lần 1: 0,50/2; thẩm định lần 2: 0,25/1; điều tra xã hội học: 0,90/1."
        in department.text
    )
    assert "Ở 02 tiêu chí có cả hai, thẩm định thấp hơn 0,75 điểm so với tự chấm." in department.text
    assert "Còn 01 tiêu chí mới có điểm tự chấm, chưa thẩm định." in department.text
    assert "xếp thứ" not in department.text.partition("PAR INDEX của Sở Mẫu")[2].partition("Bảng")[0], "alone"


def test_the_rank_is_among_units_of_the_kind(lake, tmp_path):
    own = Lake(shutil.copytree(lake.root, tmp_path / "lake", symlinks=True))
    folder = current_version(own.published)
    assert folder is not None
    path = folder / "scorecard_par_index.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index("rank_of")
    many = pa.array([14 if value is not None else None for value in table["rank_of"].to_pylist()], pa.int32())
    pq.write_table(table.set_column(place, table.schema.field("rank_of"), many), path)
    found = read(make_report(own, load_template(), YEAR, "H99.02").docx)
    assert "(tạm tính), xếp thứ 1/14 trong các sở, ban, ngành." in found.text


def test_without_appraisals_there_are_no_empty_columns(lake):
    for unit, period in (("H99.02", OCTOBER), ("H99.201", YEAR)):
        found = read(make_report(lake, load_template(), period, unit).docx)
        assert found.table(*PLAIN)
        assert "thẩm định thấp hơn" not in found.text and "TĐ: thẩm định" not in found.text
