"""The periodic report of Đắk Nông 2020, made by the real command: every figure that the office printed stands in it."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import RunOf
from published_figures import SCENARIOS, Figure, figures
from scenario_runs import ScenarioRun

sys.path.append(str(Path(__file__).parents[1] / "reports"))
from docx_text import Read, number, read

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance]

#: The report closes dossiers on days of its own and counts the rest by the year, as the office did.
PERIOD = ("--year", "2020", "--from", "2019-11-16", "--to", "2020-11-08")
STATED = [figure for figure in figures() if figure.id.startswith("dn20.")]
#: Printed for the Văn phòng UBND tỉnh alone, whose plan it is; the report of the province has that of the province.
OTHER_UNITS = {"dn20.par_plan_done"}


@pytest.fixture(scope="module")
def run(run_of: RunOf) -> ScenarioRun:
    return run_of(SCENARIOS["dn20"])


@pytest.fixture(scope="module")
def report(run: ScenarioRun) -> Read:
    done = run.cchc("report", "cchc", *PERIOD, "--out", "bao-cao.docx")
    assert done.returncode == 0, done.stdout + done.stderr
    return read((run.folder / "bao-cao.docx").read_bytes())


def by_indicator(report: Read) -> dict[str, str]:
    """The values in the table of sources."""
    found = {}
    for name, _, _, _, value in report.sources().values():
        if indicator := re.search(r"\(([a-z0-9_]+)\)$", name):
            found[indicator[1]] = value
    return found


PROVINCE = [f for f in STATED if "unit" not in f.source and "query" not in f.source and f.id not in OTHER_UNITS]


@pytest.mark.parametrize("figure", PROVINCE, ids=lambda figure: figure.id)
def test_what_the_office_printed_for_the_province(report: Read, figure: Figure) -> None:
    values = by_indicator(report)
    indicator = figure.source["indicator"]
    assert indicator in values, f"{indicator} is not in the report"
    decimals = len(figure.value.partition(".")[2])
    shown = Decimal(str(number(values[indicator])))
    assert round(shown, decimals) == Decimal(figure.value)


CAUSES = {
    "late_real": "Trễ thực tế",
    "late_judicial_record": "Chờ cơ quan ngoài tỉnh",
    "late_software_only": "Chỉ trễ trên phần mềm",
}


def test_the_late_dossiers_by_department(report: Read, run: ScenarioRun) -> None:
    heads = ("TT", "Đơn vị", *CAUSES.values(), "Chưa rõ", "Cộng", "Có thư xin lỗi")
    rows = {row[1]: dict(zip(heads, row, strict=True)) for row in report.table(*heads)}
    names = dict(run.rows("SELECT unit_code, unit_name FROM units"))
    checked = 0
    for figure in STATED:
        kind = figure.id.split(".")[1]
        if kind in CAUSES and "unit" in figure.source:
            (row,) = [row for name, row in rows.items() if names[figure.source["unit"]].startswith(name)]
            assert row[CAUSES[kind]] == figure.value, figure.id
            checked += 1
    assert checked == 18
    assert [rows["Cộng"][head] for head in (*CAUSES.values(), "Chưa rõ", "Cộng", "Có thư xin lỗi")] == [
        "13", "64", "25", "–", "102", "6",
    ]  # fmt: skip


def test_the_paragraph_on_late_dossiers_tells_steps_and_letters(report: Read) -> None:
    text = report.text
    for part in (
        "13 hồ sơ trễ hạn thực tế, 64 hồ sơ chờ cơ quan ngoài tỉnh, 25 hồ sơ chỉ trễ trên phần mềm",
        "03 hồ sơ của Sở Kế hoạch và Đầu tư (trong đó: 02 hồ sơ trễ bước Sở Kế hoạch và Đầu tư, không có thư xin lỗi; "
        "01 hồ sơ trễ bước Sở Kế hoạch và Đầu tư và Sở Tài nguyên và Môi trường, có thư xin lỗi)",
        "01 hồ sơ của Sở Nông nghiệp và Phát triển nông thôn (trễ bước Sở Nông nghiệp và Phát triển nông thôn và UBND",
        "64 hồ sơ của Sở Tư pháp",
        "chờ Bộ Công an",
        "04 hồ sơ của Sở Kế hoạch và Đầu tư (trễ bước UBND tỉnh",
    ):
        assert part in text, part
