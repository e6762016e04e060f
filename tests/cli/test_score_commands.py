"""The `score` commands as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from command_line import cchc, output
from published_files import published

from cchc_pipeline.reference.papi_instrument import PROVINCES, all_slots, instrument

HEADER = "unit_code,metric_code,numerator,denominator\n"


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.csv"
    path.write_text(HEADER + "H1,DOSSIER_ON_TIME,9,10\nH1,ONLINE,9.14,12\n", encoding="utf-8")
    return path


@pytest.fixture
def papi_table(tmp_path: Path) -> Path:
    wanted = instrument(2021)
    rows = [",".join([code, *("1.5" if slot in wanted.slots else "" for slot in all_slots())]) for code in PROVINCES]
    path = tmp_path / "2021.csv"
    path.write_text("\n".join([",".join(["Province", *all_slots()]), *rows]), encoding="utf-8")
    return path


def test_help_says_what_a_file_needs() -> None:
    assert "index766" in output("score", "--help")
    assert HEADER.strip() in output("score", "index766", "--help")
    assert "P01 to P63" in output("score", "papi", "--help")


def test_index766(metrics: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    said = output("score", "index766", "--metrics", metrics, "--out", out)
    assert "27.14" in said
    assert "một phần / partial" in said
    table = pd.read_csv(out)
    assert table.loc[0, ["metric_code", "score", "max_score", "status"]].tolist() == ["TOTAL", 27.14, 100.0, "partial"]
    assert output("score", "index766", "--metrics", metrics)


def test_a_complete_file_shows_its_band(tmp_path: Path) -> None:
    from cchc_pipeline.scorecards.index766 import scorecard as index766

    codes = [criterion.code for criterion in index766.newest().for_source("portal").criteria()]
    rows = [f"H1,{code},17,20" for code in codes if code not in index766.CARRIED]
    path = tmp_path / "m.csv"
    path.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    assert "Tốt / Good" in output("score", "index766", "--metrics", path)


def test_what_differs_from_the_published_group_is_said_and_fails(metrics: Path, tmp_path: Path) -> None:
    text = HEADER + "H1,DOSSIER_ON_TIME,9,10\nH1,GROUP.TDGQ,18.01,20\nH1,PETITION_CLASSIFICATION_STAFF,1,2\n"
    metrics.write_text(text, encoding="utf-8")
    said = output("score", "index766", "--metrics", metrics, "--out", tmp_path / "out.csv", code=1)
    assert "H1 TDGQ: tính được / computed 18.00, Cổng công bố / published 18.01" in said
    assert "kept, not scored: PETITION_CLASSIFICATION_STAFF" in said
    assert (tmp_path / "out.csv").exists()


def test_papi(papi_table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    said = output("score", "papi", "--table", papi_table, "--year", "2021", "--out", out)
    assert "42.00" in said
    assert "Đứt chuỗi 2020/2021" in said
    table = pd.read_csv(out)
    assert list(table.columns) == ["province", "level", "code", "score", "status", "reason"]
    assert len(table) == 63 * 38


APPRAISALS = (
    "rubric_id,unit_code,year,criterion_code,stage,points,is_not_applicable,scored_by,scored_on,evidence,note\n"
)
RIGHT = (
    "par_index_department,H99.02,2025,DISCIPLINE_KEPT,self,1,,Sở Mẫu,05/01/2026,12/BC-SM,\n"
    'par_index_department,H99.02,2025,DISCIPLINE_KEPT,first,"0,75",,Hội đồng,05/02/2026,12/BC-SM,\n'
    "par_index_department,H99.02,2025,STAFFING_KEPT,self,1,,Sở Mẫu,05/01/2026,12/BC-SM,\n"
    "par_index_commune,H99.201,2025,STAFFING_KEPT,self,1,,Xã Mẫu,05/01/2026,12/BC-SM,\n"
)


def score_appraisals(folder: Path, text: str, *more: str) -> tuple[Result, pd.DataFrame | None]:
    path, out = folder / "so.csv", folder / "out.csv"
    path.write_text(APPRAISALS + text, encoding="utf-8")
    given = ("--appraisals", path, "--rubric", "par_index_department", "--out", out, *more)
    result = cchc("score", "par-index", *given)
    return result, pd.read_csv(out).set_index("criterion_code") if out.exists() else None


def test_par_index_of_a_file_with_figures_beside_it(tmp_path: Path) -> None:
    figures = tmp_path / "figures.csv"
    figures.write_text(HEADER + "H99.02,DOSSIERS_TIMELY,99,100\n", encoding="utf-8")
    result, card = score_appraisals(tmp_path, RIGHT, "--metrics", str(figures))
    assert result.exit_code == 0, result.output
    assert "1 dòng của bộ tiêu chí khác" in result.output
    assert card is not None
    assert card.loc["DISCIPLINE_KEPT", ["points", "self_points", "first_points", "appraisal_difference"]].tolist() == [
        *(0.75, 1.0, 0.75, -0.25)
    ]
    assert card.loc["DOSSIERS_TIMELY", ["points", "counted_stage"]].tolist() == [0.99, "computed"]
    assert card.loc["TOTAL", ["points", "max_points", "status"]].tolist() == [2.74, 30, "partial"]


def test_par_index_names_every_row_that_does_not_count(tmp_path: Path) -> None:
    text = (
        "par_index_department,H99.02,2025,DISCIPLINE_KEPT,self,1.5,,Sở Mẫu,05/01/2026,12/BC-SM,\n"
        "par_index_department,H99.02,2025,TALK,self,1,,Sở Mẫu,05/01/2026,12/BC-SM,\n"
        "par_index_department,H99.02,2025,STAFFING_KEPT,third,1,,Sở Mẫu,05/01/2026,12/BC-SM,\n"
        "par_index_department,H99.02,2025,JOB_POSITIONS_DEFINED,self,1,,Sở Mẫu,05/01/2026,12/BC-SM,\n"
    )
    result, card = score_appraisals(tmp_path, text)
    assert result.exit_code == 1
    assert "3 dòng không được tính" in result.output
    for said in ("lớn hơn điểm tối đa", "không có tiêu chí «TALK»", "«Bước chấm» phải là một trong"):
        assert said in result.output
    assert card is not None
    assert card.loc["TOTAL", "points"] == 1


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        (RIGHT, ("--year", "2024"), "no row of 2024; it has 2025"),
        (RIGHT + RIGHT.replace(",2025,", ",2024,"), (), "the years 2024, 2025; choose one with --year"),
        (RIGHT, ("--rubric", "par_index"), "no row of this rubric"),
        ("", (), "no row of this rubric"),
        (RIGHT, ("--rubric", "nothing"), "No rubric is called 'nothing'"),
    ],
)
def test_par_index_says_what_cannot_be_scored(tmp_path: Path, text: str, more: tuple[str, ...], said: str) -> None:
    result, _ = score_appraisals(tmp_path, text, *more)
    assert result.exit_code == 1
    assert said in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["par-index", "--appraisals", "absent.csv"], "there is no such file (absent.csv)"),
        (["index766", "--metrics", "absent.csv"], "absent.csv: there is no such file"),
        (["papi", "--table", "absent.csv", "--year", "2021"], "there is no such file"),
        (["papi", "--table", "absent.csv", "--year", "2026"], "No PAPI instrument is known for 2026"),
    ],
)
def test_bad_input_is_one_line_and_a_non_zero_exit(arguments: list[str], said: str) -> None:
    (line,) = output("score", *arguments, code=1).strip().splitlines()
    assert said in line


def test_a_bad_row_and_an_unwritable_out(metrics: Path, tmp_path: Path) -> None:
    said = output("score", "index766", "--metrics", metrics, "--out", tmp_path / "no" / "out.csv", code=1)
    assert "cannot be written" in said
    assert "(None)" not in said
    metrics.write_text(HEADER + "H1,DOSSIER_ON_TIME,11,10\n", encoding="utf-8")
    said = output("score", "index766", "--metrics", metrics, code=1)
    assert "Line 2 (unit H1, metric DOSSIER_ON_TIME): numerator 11 is larger" in said


@pytest.mark.acceptance
def test_published_files() -> None:
    metrics = published("acceptance/index766_metrics_2026-10-10.csv")
    assert "H21.227" in output("score", "index766", "--metrics", metrics)
    assert output("score", "papi", "--table", published("acceptance/papi_wide/2018.csv"), "--year", "2018")
