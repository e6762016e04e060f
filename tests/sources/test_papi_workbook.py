"""PAPI workbooks: both layouts are read, in any order, and what is doubtful is refused by its cell."""

from __future__ import annotations

import csv
import random
from datetime import date
from pathlib import Path
from typing import Any

import papi_books as books
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_files import published

from cchc_pipeline.days import Window
from cchc_pipeline.progress import silent
from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, all_slots, instrument
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.papi.source import PapiDropSource, papi_tables, read_wide
from cchc_pipeline.sources.papi.tables import join_years
from cchc_pipeline.sources.papi.workbook import province_code, tables_of_sheets
from cchc_pipeline.sources.protocol import KnownState, Row
from cchc_pipeline.tabular.files import TableFileError

DAY = date(2026, 3, 10)
Rows = list[books.Row]


def pull(folder: Path, table: str = "papi__subdimensions") -> list[Row]:
    batches = PapiDropSource(folder).pull(Window(DAY, DAY), KnownState(), silent)
    return next(batch.rows for batch in batches if batch.table == table)


def scores(sheets: dict[str, Rows], file: str) -> dict[int, books.Scores]:
    return {
        table.year: {
            key: figure.value for key, figure in table.figures.items() if key[1] in instrument(table.year).slots
        }
        for table in tables_of_sheets(sheets.items(), file)
    }


def changed(rows: Rows, row: int, column: int, value: Any) -> Rows:
    """The rows with another value in one cell (numbers from 1, as in Excel)."""
    return [(n, tuple(value if (n, c) == (row, column) else x for c, x in enumerate(cells, 1))) for n, cells in rows]


@pytest.mark.parametrize("year", [2011, 2016, 2017])
def test_a_row_per_province(year: int, tmp_path: Path) -> None:
    given = books.invented(year, gaps=("P15",))
    sheets = {f"{year}PAPI- Bảng tổng hợp kết quả": books.by_rows(given, year)}
    (table,) = papi_tables(books.write(tmp_path / f"PAPI-{year}-Dữ-liệu-1.xlsx", sheets))
    assert {key: figure.value for key, figure in table.figures.items() if key[1].startswith("SC")} == given


@pytest.mark.parametrize("year", [2018, 2019, 2021, 2024])
def test_a_column_per_province(year: int, tmp_path: Path) -> None:
    given = books.invented(year, gaps=("P26", "P52"))
    sheets = {
        "Ghi chú": [(1, ("Tài liệu hướng dẫn",))],
        f"{year}_VIE_ENG": books.by_columns(given, year, weighted=True),
    }
    (table,) = papi_tables(books.write(tmp_path / f"{year}PAPI_ProvincialIndicators.xlsx", sheets))
    assert {key: figure.value for key, figure in table.figures.items() if key[1].startswith("SC")} == given
    assert table.figures["P01", "TOTAL_WEIGHTED"].value == 41.5
    assert table.figures["P01", "TOTAL_STANDARD_ERROR"].value == 0.5
    assert table.figures["P02", "D1"].where == f"sheet «{year}_VIE_ENG», cell E7"


def test_header_rows_of_the_34_provinces_above_the_names_of_the_63() -> None:
    given = books.invented(2024)
    assert scores({"2024_PAPI_VIE_ENG": books.by_columns(given, 2024, new_map=True)}, "x.xlsx") == {2024: given}


def test_a_workbook_with_years_and_one_with_a_sheet_per_dimension() -> None:
    years = {year: books.invented(year) for year in (2019, 2020, 2022)}
    sheets = {f"{year}_VIE_ENG": books.by_columns(given, year) for year, given in years.items()}
    assert scores(sheets, "2022PAPI.xlsx") == years
    given = books.invented(2015)
    header, *body = books.by_rows(given, 2015)
    starts = [place for place, text in enumerate(header[1]) if str(text)[1] == ":"]
    parts = {}
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True), 1):
        parts[f"Điểm thành phần {number}"] = [(n, (cells[0], *cells[start:end])) for n, cells in (header, *body)]
    assert scores(parts, "PAPI-2015-Dữ-liệu-1.xlsx") == {2015: given}


def test_the_wide_table_as_a_workbook() -> None:
    given = books.invented(2021)
    header = (1, ("Province", *all_slots()))
    body = [(n, (code, *(given.get((code, slot)) for slot in all_slots()))) for n, code in enumerate(PROVINCES, 2)]
    assert scores({"Sheet1": [header, *body]}, "2021.xlsx") == {2021: given}


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), layout=st.sampled_from(["rows", "columns"]))
def test_the_order_of_rows_and_columns_changes_nothing(seed: int, layout: str) -> None:
    draw = random.Random(seed)
    if layout == "rows":
        given = books.invented(2016)
        (_, header), *body = books.by_rows(given, 2016)
        order = draw.sample(range(1, len(header)), len(header) - 1)
        mixed = [[header[0], *(header[i] for i in order)]]
        mixed += [[cells[0], *(cells[i] for i in order)] for _, cells in draw.sample(body[:63], 63)]
        assert scores({"2016": books._numbered(mixed)}, "x.xlsx") == {2016: given}
        return
    given = books.invented(2023)
    title, names, *body = (cells for _, cells in books.by_columns(given, 2023)[:-1])
    order = [0, 1, 2, *draw.sample(range(3, len(names)), len(names) - 3)]
    mixed = [list(title), *([cells[i] for i in order] for cells in (names, *draw.sample(body, len(body))))]
    assert scores({"2023": books._numbered(mixed)}, "x.xlsx") == {2023: given}


@pytest.mark.parametrize("province", PROVINCES)
def test_names_are_known_in_their_spellings(province: str) -> None:
    plain = books._NAMES[PROVINCES.index(province)]
    for spelling in (plain, plain.upper(), f" {plain}  ", books.name(province), province, province.lower()):
        assert province_code(spelling) == province


GOOD_ROWS = books.by_rows(books.invented(2016), 2016)
GOOD_COLUMNS = books.by_columns(books.invented(2022), 2022)


@pytest.mark.parametrize(
    ("rows", "name", "said"),
    [
        (changed(GOOD_ROWS, 5, 3, "chưa có"), "2016", r"cell C5 \(Bắc Cạn, SC11\): 'chưa có' is no number"),
        (changed(GOOD_ROWS, 5, 3, 12.5), "2016", r"cell C5 \(Bắc Cạn, SC11\): 12.5 is no score between 0 and 10"),
        (changed(GOOD_ROWS, 5, 3, True), "2016", "True is no score between 0 and 10"),
        (
            changed(GOOD_ROWS, 5, 1, "Bắc Kạm"),
            "2016",
            "cell A5: «Bắc Kạm» is no province of before 1/7/2025, but figures",
        ),
        (changed(GOOD_ROWS, 5, 1, None), "2016", "cell A5: no name is no province"),
        (changed(GOOD_ROWS, 5, 1, "Hà Giang"), "2016", "cell A5: «Hà Giang» also stands in cell A3"),
        (changed(GOOD_ROWS, 1, 4, "1.1: lần nữa"), "2016", "column C and column D both say that they hold SC11"),
        (changed(GOOD_ROWS, 1, 4, "ghi chú"), "2016", r"no label for 1.2 \(Cơ hội tham gia\)"),
        (changed(GOOD_ROWS, 7, 2, 9.9), "2016", r"cell B7: D1 of P06 is 9.9000, but its sub-dimensions add up to"),
        (
            changed(GOOD_COLUMNS, 3, 6, 9.9),
            "2022",
            "cell F3: TOTAL_UNWEIGHTED of P03 is 9.9000, but its sub-dimensions",
        ),
        (GOOD_ROWS[:30], "2016", "holds only 29 of the 63 provinces"),
        (changed(GOOD_COLUMNS, 2, 9, "Lào Kai"), "2022", "cell I2: «Lào Kai» is no province"),
        (changed(GOOD_COLUMNS, 7, 9, "?"), "2022", r"cell I7 \(Lào Cai, SC11\): '\?' is no number"),
        (GOOD_COLUMNS, "2020", "which the instrument of 2020 has"),
        (books.by_columns(books.invented(2020), 2020), "2022", "stands for SC52, which the instrument of 2022 has"),
        (GOOD_ROWS, "bảng", "neither sheet «bảng» nor the name of the file says which year it is"),
        (GOOD_ROWS, "2009", "holds the year 2009"),
        ([(1, ("Tỉnh", "Dân số")), (2, ("Hà Nội", 8))], "2016", "no label 1.1, 1.2"),
        ([(1, ("một", "hai"))], "2016", "no names of provinces"),
    ],
)
def test_what_is_doubtful_is_refused_by_its_cell(rows: Rows, name: str, said: str) -> None:
    with pytest.raises(TableFileError, match=said) as caught:
        tables_of_sheets([(name, rows)], "bang.xlsx")
    assert caught.value.file == "bang.xlsx"
    assert caught.value.fix


def test_a_table_of_the_34_provinces_is_refused_by_its_map() -> None:
    header, *_ = GOOD_ROWS
    names = sorted({province.successor_name_vi for province in books.old_provinces()})
    rows = [header, *((n, (name, *[1.5] * 28)) for n, name in enumerate(names, 2))]
    with pytest.raises(TableFileError, match="holds 34 provinces of the map since 1/7/2025"):
        tables_of_sheets([("2024", rows)], "2024.xlsx")


def test_a_sheet_and_a_file_name_that_disagree_about_the_year() -> None:
    with pytest.raises(TableFileError, match="sheet «2012PAPI» says 2012, but the name of the file says 2011"):
        tables_of_sheets([("2012PAPI", GOOD_ROWS)], "PAPI-2011-Dữ-liệu-1.xlsx")


def test_a_formula_that_was_never_calculated(tmp_path: Path) -> None:
    path = books.write(tmp_path / "2016.xlsx", {"2016": changed(GOOD_ROWS, 4, 3, "=1+1")})
    with pytest.raises(TableFileError, match=r"cell C4 \(Cao Bằng, SC11\): the formula '=1\+1' has no value"):
        papi_tables(path)


def test_no_figure_is_no_zero_and_texts_for_it_are_known() -> None:
    rows = GOOD_ROWS
    for row, text in enumerate(("-", "n/a", "NA", " ", "#N/A"), 2):
        rows = changed(rows, row, 3, text)
    found = scores({"2016": changed(changed(changed(rows, 8, 3, 0), 9, 3, "1,25"), 9, 2, None)}, "x.xlsx")[2016]
    assert [found[code, "SC11"] for code in PROVINCES[:5]] == [None] * 5
    assert (found["P07", "SC11"], found["P08", "SC11"]) == (0, 1.25)


def copied(years: tuple[int, ...]) -> dict[str, Rows]:
    """Sheets of several years that all hold the scores of the first."""
    given = books.invented(years[0])
    return {f"{year}_VIE_ENG": books.by_columns(given, year) for year in years}


def test_a_workbook_whose_sheets_repeat_a_year_is_refused_with_the_proof(tmp_path: Path) -> None:
    books.write(tmp_path / "2020PAPI.xlsx", copied((2019, 2020)))
    with pytest.raises(FileUnusable) as caught:
        pull(tmp_path)
    said = str(caught.value)
    assert "sheet «2020_VIE_ENG», the year 2020 repeats the year 2019" in said
    assert "sheet «2019_VIE_ENG»): 29 sub-dimensions are the same" in said
    assert "63 of 63 provinces have the same score to the last digit" in said
    assert "Fix: remove the copied sheet" in said
    with pytest.raises(PapiTableError, match="the year 2020 repeats the year 2019"):
        read_wide(tmp_path / "2020PAPI.xlsx", 2020)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_copy_is_found_across_files(tmp_path: Path, kind: str) -> None:
    given = books.invented(2019)
    put_csv(tmp_path / "2019.csv", given, 2019)
    if kind == "csv":
        put_csv(tmp_path / "2020.csv", given, 2020)
    else:
        books.write(tmp_path / "PAPI 2020.xlsx", {"Sheet1": books.by_columns(given, 2020)})
    with pytest.raises(FileUnusable, match=r"2020.*repeats the year 2019 \(2019.csv\)"):
        pull(tmp_path)


def test_a_copy_that_was_rounded_is_a_copy() -> None:
    given = books.invented(2019)
    rounded = {place: score and round(score, 3) for place, score in given.items()}
    tables = tables_of_sheets([(str(y), books.by_columns(s, y)) for y, s in ((2019, given), (2020, rounded))], "x.xlsx")
    with pytest.raises(TableFileError) as caught:
        join_years(tables)
    assert "repeats the year 2019" in caught.value.problem
    assert "63 of 63 provinces have the same score but for rounding" in caught.value.problem


def test_one_copied_dimension_is_enough_and_a_few_equal_scores_are_not() -> None:
    given, other = books.invented(2022), books.invented(2023)
    few = other | {(code, "SC44"): given[code, "SC44"] for code in PROVINCES[:50]}
    tables = tables_of_sheets([(str(y), books.by_columns(s, y)) for y, s in ((2022, given), (2023, few))], "x.xlsx")
    assert len(join_years(tables)) == 2
    most = other | {(code, "SC44"): given[code, "SC44"] for code in PROVINCES[:60]}
    tables = tables_of_sheets([(str(y), books.by_columns(s, y)) for y, s in ((2022, given), (2023, most))], "x.xlsx")
    with pytest.raises(TableFileError, match="1 sub-dimensions are the same, SC44; in SC44 60 of 63"):
        join_years(tables)


def test_printed_totals_and_errors_are_landed_beside_the_scores(tmp_path: Path) -> None:
    given = {year: books.invented(year) for year in (2019, 2022)}
    weighted = books.by_columns(given[2019], 2019, weighted=True)
    books.write(tmp_path / "2022PAPI.xlsx", {"2019_VIE_ENG": weighted, "2022": books.by_columns(given[2022], 2022)})
    put_csv(tmp_path / "2020.csv", books.invented(2020), 2020)
    rows = {(row["year"], row["province_code"]): row for row in pull(tmp_path, "papi__totals")}
    assert len(rows) == 2 * 63
    assert rows[2019, "P63"] == {
        "year": 2019, "province_code": "P63", "weighted_total": 41.5, "standard_error": 0.5,
        "parse_errors": None,
    }  # fmt: skip
    assert rows[2022, "P01"]["weighted_total"] is None
    assert rows[2022, "P01"]["standard_error"] == 0.5


def put_csv(path: Path, given: books.Scores, year: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Province", *all_slots()])
        for code in PROVINCES:
            cells = [given.get((code, slot)) if slot in instrument(year).slots else None for slot in all_slots()]
            writer.writerow([code, *("" if cell is None else repr(cell) for cell in cells)])


def test_the_drop_folder_takes_both_kinds_and_a_year_carried_along_fills_gaps(tmp_path: Path) -> None:
    own, later = books.invented(2019, gaps=("P07",)), books.invented(2022)
    put_csv(tmp_path / "2019.csv", own, 2019)
    again = books.invented(2019, gaps=("P08", "P09"))
    sheets = {"2019_VIE_ENG": books.by_columns(again, 2019), "2022_VIE_ENG": books.by_columns(later, 2022)}
    books.write(tmp_path / "2022PAPI.xlsx", sheets)
    (tmp_path / "~$2022PAPI.xlsx").write_bytes(b"lock")
    found = {(row["year"], row["province_code"], row["slot"]): row["score"] for row in pull(tmp_path)}
    assert {(2019, *key): value for key, value in books.invented(2019).items()}.items() <= found.items()
    assert {(2022, *key): value for key, value in later.items()}.items() <= found.items()
    assert {year for year, _, _ in found} == {2019, 2022}


def test_two_files_that_contradict_each_other_name_both_cells(tmp_path: Path) -> None:
    given = books.invented(2019)
    put_csv(tmp_path / "2019.csv", given, 2019)
    given["P03", "SC12"] = 1.111
    books.write(tmp_path / "2022PAPI.xlsx", {"2019_VIE_ENG": books.by_columns(given, 2019)} | sheet_of(2022))
    with pytest.raises(FileUnusable, match=r"P03 has two scores of SC12 in 2019: .*line 4.* and 1.111 .*cell F9"):
        pull(tmp_path)


def sheet_of(year: int) -> dict[str, Rows]:
    return {f"{year}_VIE_ENG": books.by_columns(books.invented(year), year)}


def test_a_workbook_is_one_whatever_its_name_ends_in(tmp_path: Path) -> None:
    (tmp_path / "2020.csv").write_bytes(books.file(sheet_of(2020)))
    assert {row["year"] for row in pull(tmp_path)} == {2020}


def test_scoring_a_workbook_is_scoring_its_table(tmp_path: Path) -> None:
    given = books.invented(2022, gaps=("P15",))
    put_csv(tmp_path / "2022.csv", given, 2022)
    path = books.write(tmp_path / "2022PAPI.xlsx", sheet_of(2020) | {"2022_VIE_ENG": books.by_columns(given, 2022)})
    by_book, by_table = (papi.compose(read_wide(one, 2022), 2022) for one in (path, tmp_path / "2022.csv"))
    assert by_book.equals(by_table)
    with pytest.raises(PapiTableError, match=r"2022PAPI.xlsx holds 2020, 2022, not 2019"):
        read_wide(path, 2019)


@pytest.mark.acceptance
def test_the_published_scores_laid_out_as_workbooks_read_as_the_tables_do(tmp_path: Path) -> None:
    for year in (2014, 2018, 2019, 2022):
        table = read_wide(published(f"acceptance/papi_wide/{year}.csv"), year)
        given: books.Scores = {
            (row.province_code, row.slot): None if row.score != row.score else row.score for row in table.itertuples()
        }
        layout = books.by_rows if year < 2018 else books.by_columns
        blank = {key: None if value == 0 else value for key, value in given.items()}
        path = books.write(tmp_path / f"{year}.xlsx", {f"{year}": layout(blank, year)})
        again = papi.compose(read_wide(path, year), year)
        assert again["score"].equals(papi.compose(table, year)["score"]), year
