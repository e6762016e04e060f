"""The `score` commands as a user meets them."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd
import pytest
from acceptance_files import shared
from click.testing import CliRunner

from cchc_pipeline.errors import CchcError
from cchc_pipeline.scorecards.commands import score
from cchc_pipeline.scorecards.papi_instrument import PROVINCES, all_slots, instrument

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
    runner = CliRunner()
    assert "index766" in runner.invoke(score, ["--help"]).output
    assert "unit_code,metric_code,numerator,denominator" in runner.invoke(score, ["index766", "--help"]).output
    assert "P01 to P63" in runner.invoke(score, ["papi", "--help"]).output


def test_index766(metrics: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = CliRunner().invoke(score, ["index766", "--metrics", str(metrics), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "27.14" in result.output
    assert "một phần / partial" in result.output
    table = pd.read_csv(out)
    assert table.loc[0, ["metric_code", "score", "max_score", "status"]].tolist() == ["TOTAL", 27.14, 100.0, "partial"]
    assert CliRunner().invoke(score, ["index766", "--metrics", str(metrics)]).exit_code == 0


def test_a_complete_file_shows_its_band(tmp_path: Path) -> None:
    from cchc_pipeline.scorecards import index766

    codes = [criterion.code for criterion in index766.rubric().for_source("portal").criteria()]
    rows = [f"H1,{code},{'12,12' if code == 'ONLINE' else '17,20'}" for code in codes]
    path = tmp_path / "m.csv"
    path.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    result = CliRunner().invoke(score, ["index766", "--metrics", str(path)])
    assert "Tốt / Good" in result.output


def test_papi(papi_table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = CliRunner().invoke(score, ["papi", "--table", str(papi_table), "--year", "2021", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "42.00" in result.output
    assert "Đứt chuỗi 2020/2021" in result.output
    table = pd.read_csv(out)
    assert list(table.columns) == ["province", "level", "code", "score", "status", "reason"]
    assert len(table) == 63 * 38


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["index766", "--metrics", "absent.csv"], "absent.csv: there is no such file"),
        (["papi", "--table", "absent.csv", "--year", "2021"], "there is no such file"),
        (["papi", "--table", "absent.csv", "--year", "2026"], "No PAPI instrument is known for 2026"),
    ],
)
def test_bad_input_is_one_line_and_a_non_zero_exit(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(score, arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_bad_row_and_an_unwritable_out(metrics: Path, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no" / "out.csv")
    result = CliRunner().invoke(score, ["index766", "--metrics", str(metrics), "--out", nowhere])
    assert result.exit_code == 1
    assert "cannot be written" in result.output
    metrics.write_text(HEADER + "H1,DOSSIER_ON_TIME,11,10\n", encoding="utf-8")
    result = CliRunner().invoke(score, ["index766", "--metrics", str(metrics)])
    assert result.exit_code == 1
    assert "Line 2 (unit H1, metric DOSSIER_ON_TIME): numerator 11 is larger" in result.output


def test_below_a_root_command_the_error_is_left_to_the_root() -> None:
    root = click.Group("cchc", commands=[score])
    result = CliRunner().invoke(root, ["score", "papi", "--table", "x.csv", "--year", "2026"])
    assert isinstance(result.exception, CchcError)


@pytest.mark.acceptance
def test_published_files() -> None:
    metrics = shared("acceptance/index766_metrics_2026-10-10.csv")
    result = CliRunner().invoke(score, ["index766", "--metrics", str(metrics)])
    assert result.exit_code == 0, result.output
    assert "H21.227" in result.output
    table = shared("acceptance/papi_wide/2018.csv")
    result = CliRunner().invoke(score, ["papi", "--table", str(table), "--year", "2018"])
    assert result.exit_code == 0, result.output
