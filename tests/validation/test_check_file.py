from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import cchc
from contract_batches import AS_OF, CLEAN, INBOUND, batch, breaking_row, dirty_batch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import day_measures
from cchc_pipeline.contracts.model import contract_folder
from cchc_pipeline.tabular.cells import read_cell
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.validation.check_file import check_file
from cchc_pipeline.validation.verdict import judge

PAPI = load_contract("papi__subdimensions")
GOOD = [["2024", "P01", "SC11", "1,25"], ["2024", "P02", "SC11", "2"]]
LABELS = ["Năm", "Mã tỉnh PAPI", "Chỉ số thành phần", "Điểm"]


def vietnamese(value):
    """A value as a Vietnamese office writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if isinstance(value, datetime):
        return (
            f"{value:%d/%m/%Y %H:%M:%S}.{value.microsecond:06d}" if value.microsecond else f"{value:%d/%m/%Y %H:%M:%S}"
        )
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, float):
        return repr(value).replace(".", ",")
    return str(value)


def text_of(rows, headers, delimiter=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows([headers, *rows])
    return stream.getvalue()


def found_rules(report):
    return {(problem.row, problem.rule_id) for problem in report.problems}


@pytest.mark.parametrize("name", INBOUND)
@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_file_gets_the_verdict_of_the_batch(name, form, tmp_path):
    """Whatever the file, its rows are judged as the same rows of a pull are."""
    contract = load_contract(name)
    rows = [breaking_row(contract, rule.id) for rule in contract.rules] + [CLEAN[name]] * 2
    rows = [row for row in rows if form == "parquet" or all(row.get(key) is not None for key in contract.key)]
    # «khác» is the label of a code in a file, and no code in a pull
    rows = [{key: "không có" if value == "khác" else value for key, value in row.items()} for row in rows]
    if form != "parquet":  # of a measure of a day the drop folder fills in the period
        rows = [
            {**row, "period_start": row["observed_on"]} if row.get("measure_code") in day_measures() else row
            for row in rows
        ]
    table = batch(contract, rows)
    path = tmp_path / f"rows.{form}"
    if form == "parquet":
        pq.write_table(table, path)
        first = 1
    else:
        first = 2
        lines = [[vietnamese(row[name]) for name in contract.column_names] for row in table.to_pylist()]
        if form == "csv":
            path.write_text(text_of(lines, [c.label_vi for c in contract.columns], ";"), encoding="utf-8-sig")
        else:
            book = openpyxl.Workbook()
            for line in [list(contract.column_names), *lines]:
                book.active.append(line)
            book.save(path)
    report = check_file(path, contract, AS_OF)
    verdict = judge(table, contract, AS_OF)
    assert not report.shape
    unreadable = {row for row, rule in found_rules(report) if rule.endswith("_unreadable")}
    assert not unreadable
    assert (report.rows, report.rejected) == (table.num_rows, verdict.rows_quarantined)
    counts = {rule_id: rows for rule_id, rows in verdict.rows_broken.items() if rows}
    ours = {}
    for _, rule in found_rules(report):
        ours[rule] = ours.get(rule, 0) + 1
    assert ours == counts
    assert {row for row, _ in found_rules(report)} <= set(range(first, first + table.num_rows))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.lists(st.one_of(st.none(), st.decimals(0, 10, places=2).map(float)), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    english=st.booleans(),
    titles=st.integers(0, 5),
)
def test_any_csv_of_good_rows_is_good(scores, delimiter, encoding, english, titles, tmp_path):
    rows = [
        [2009 + i, "P01", "SC11", "" if score is None else str(score) if english else vietnamese(score)]
        for i, score in enumerate(scores)
    ]
    head = ["Year", "Province code", "Slot", "Score"] if english else LABELS
    path = tmp_path / "any.csv"
    path.write_text("Bảng điểm\n" * titles + text_of(rows, head, delimiter), encoding=encoding)
    report = check_file(path, PAPI, date(2100, 1, 1))
    assert (report.shape, report.rows, report.rejected) == ([], len(rows), 0), report.problems
    assert sum(p.rule_id.endswith("score_missing") for p in report.problems) == scores.count(None)
    assert {p.row for p in report.problems} <= set(range(titles + 2, titles + 2 + len(rows)))


def html_page(rows, head=LABELS):
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        '<html><table><tr><td colspan="4">BẢNG ĐIỂM</td></tr><tr>'
        + "".join(f"<th>{cell}</th>" for cell in head)
        + f"</tr>{lines}<tr><td colspan='4'>Tổng số: {len(rows)}</td></tr></table></html>"
    )


def test_an_html_table_under_the_name_xls(tmp_path):
    path = tmp_path / "export.xls"
    path.write_text(html_page([*GOOD, ["2024", "P03", "SC11", "chưa có"]]), encoding="utf-8")
    report = check_file(path, PAPI, AS_OF)
    assert (report.how, report.rows, report.rejected) == ("HTML table, headers in row 2", 3, 1)
    assert found_rules(report) == {(5, "papi__subdimensions.score_unreadable")}
    assert "«chưa có»" in report.problems[0].sentence_vi
    assert "rows without a record at the end, not judged: 6 to 6" in report.notes


def test_the_best_sheet_is_taken_and_the_footer_is_named(tmp_path):
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Ghi chú", "Điểm"])
    sheet = book.create_sheet("Số liệu")
    lines = [["BẢNG ĐIỂM"], [], LABELS, [2024, "P01", "SC11", 1.5], [2024.0, "P02", "SC11", "2,5"]]
    for row in [*lines, [None, None, None, 4.0]]:
        sheet.append(row)
    book.save(path)
    report = check_file(path, PAPI, AS_OF)
    assert (report.how, report.rows, report.rejected) == ("Excel, sheet Số liệu, headers in row 3", 2, 0)
    assert any("not judged: 6 to 6" in note for note in report.notes)
    assert check_file(path, PAPI, AS_OF, sheet="Sheet").shape
    with pytest.raises(TableFileError, match="there is no sheet Khác"):
        check_file(path, PAPI, AS_OF, sheet="Khác")


UNREADABLE = {
    "nothing there": (None, "there is no such file"),
    "empty": (b"", "it is empty"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "save it as .xlsx"),
    "another encoding": ("Năm;Điểm\n2024;x".encode("cp1258", "ignore") + b"\xff\xfe\x80", "neither UTF-8 nor UTF-16"),
    "another table": (b"a,b\n1,2\n", "names its columns"),
    "broken zip": (b"PK\x03\x04 not a zip at all", "no whole Excel workbook"),
    "broken Parquet": (b"PAR1 not Parquet", "cannot be read as Parquet"),
    "login page": (b"<html><body>Login</body></html>", "without a table"),
    "open quote": ('Năm,Điểm\n2024,"1\n'.encode(), "correct the quotes"),
    "binary": (b"\x01\x02\x00\x03" * 20, "no text file"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_is_no_table_is_named_with_the_fix(kind, tmp_path):
    content, said = UNREADABLE[kind]
    path = tmp_path / "file.csv"
    if content is not None:
        path.write_bytes(content)
    done = cchc("validate", "papi__subdimensions", path)
    assert (done.exit_code, said in done.output, "Fix: " in done.output) == (2, True, True), done.output
    assert json.loads(cchc("validate", "papi__subdimensions", path, "--format", "json").output)["fix"]


def test_a_broken_shape_names_every_column_and_judges_no_row(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("Năm,Điểm,Score\n2024,1,1\n", encoding="utf-8")
    done = cchc("validate", "papi__subdimensions", path, "--format", "json")
    found = json.loads(done.output)
    assert (done.exit_code, found["valid"], found["rules"]) == (2, 0, [])
    assert "province_code («Mã tỉnh PAPI»), slot («Chỉ số thành phần»)" in found["shape"][0]
    assert "Column score comes 2 times («Điểm», «Score»)" in found["shape"][1]
    parquet = tmp_path / "file.parquet"
    table = batch(PAPI, [CLEAN["papi__subdimensions"]])
    retyped = table.set_column(0, "year", pa.array(["năm nay"]))
    pq.write_table(retyped.drop_columns(["slot"]).append_column("score2", table["score"]), parquet)
    report = check_file(parquet, PAPI, AS_OF)
    assert [one.split(":")[0] for one in report.shape] == [
        "Table papi__subdimensions, column year",
        "Table papi__subdimensions, column slot",
    ]
    assert report.notes == ["columns that the contract does not have: score2"]


def test_labels_of_codes_are_read_as_the_codes(tmp_path):
    path = tmp_path / "file.csv"
    contract = load_contract("one_stop__procedures")
    labels = {"executing_level": "Cấp xã", "service_level": "dịch vụ công trực tuyến toàn trình"}
    row = CLEAN["one_stop__procedures"] | labels
    path.write_text(text_of([[vietnamese(value) for value in row.values()]], list(row)), encoding="utf-8")
    assert check_file(path, contract, AS_OF).rejected == 0
    path.write_text(path.read_text("utf-8").replace("Cấp xã", "Cấp thôn"), encoding="utf-8")
    assert found_rules(check_file(path, contract, AS_OF)) == {(2, "one_stop__procedures.executing_level_values")}


def test_a_value_that_may_be_personal_is_never_quoted(tmp_path):
    contract = load_contract("one_stop__dossiers")
    assert contract.column("received_on").classification == "indirect-personal"
    row = {**CLEAN["one_stop__dossiers"], "received_on": "hôm kia"}
    path = tmp_path / "file.csv"
    path.write_text(text_of([[vietnamese(value) for value in row.values()]], list(row)), encoding="utf-8")
    (problem,) = [p for p in check_file(path, contract, AS_OF).problems if p.rule_id.endswith("received_on_unreadable")]
    assert "hôm kia" not in problem.sentence_vi + problem.sentence_en


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_command_prints_and_writes_what_is_wrong(suffix, tmp_path):
    path, out = tmp_path / "file.csv", tmp_path / f"out.{suffix}"
    path.write_text(text_of([*GOOD, ["2024", "P99", "SC11", "abc"]], LABELS, ";"), encoding="utf-8")
    done = cchc("validate", "papi__subdimensions", path, "--report", out)
    assert done.exit_code == 1
    assert "3 bản ghi / rows: 2 hợp lệ / valid, 1 bị loại / rejected" in done.output
    assert "score_unreadable" in done.output
    if suffix == "csv":
        lines = list(csv.reader(io.StringIO(out.read_text("utf-8-sig"))))
    else:
        lines = [list(map(str, row)) for row in openpyxl.load_workbook(out).active.iter_rows(values_only=True)]
    assert [line[:3] for line in lines[1:]] == [
        ["4", "reject", "papi__subdimensions.score_unreadable"],
        ["4", "reject", "papi__subdimensions.province_code_pattern"],
    ]
    path.write_text(text_of(GOOD, LABELS), encoding="utf-8")
    assert cchc("validate", "papi__subdimensions", path).exit_code == 0
    assert cchc("validate", "papi__subdimensions", path, "--report", "x.pdf").exit_code == 2


def test_a_contract_file_and_the_last_day_of_data_can_be_named(tmp_path):
    rows = [{**CLEAN["documents__statuses"], "status_on": date(2026, 7, 15)}]
    path = tmp_path / "file.parquet"
    pq.write_table(batch(load_contract("documents__statuses"), rows), path)
    contract = contract_folder() / "documents__statuses.odcs.yaml"
    rules = {}
    for day in ("2026-07-14", "2026-07-15"):
        done = cchc("validate", contract, path, "--as-of", day, "--format", "json")
        rules[day] = [rule["rule_id"] for rule in json.loads(done.output)["rules"]]
    assert rules == {"2026-07-14": ["documents__statuses.status_in_future"], "2026-07-15": []}


def test_a_long_file_shows_its_progress(tmp_path):
    seen = []
    path = tmp_path / "file.parquet"
    pq.write_table(dirty_batch(PAPI, seed=3), path)
    check_file(path, PAPI, AS_OF, progress=lambda *step: seen.append(step))
    assert seen[-1][:2] == (len(PAPI.rules), len(PAPI.rules))


@pytest.mark.usefixtures("zones_in_arrow")
def test_a_moment_in_a_file_is_local_time():
    column = load_contract("documents__statuses").column("status_at")
    (held,) = array([read_cell(column, "02/03/2026 23:30")], column.arrow_type).to_pylist()
    assert held == datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
