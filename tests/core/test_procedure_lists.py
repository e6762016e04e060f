"""Which dossiers the catalogue of their day does not cover."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from cchc_pipeline.core.build import unlisted
from cchc_pipeline.lake.layout import Lake

TODAY = date(2026, 10, 31)


def read(lake: Lake, day: date, **in_force: bool) -> None:
    """A catalogue read on `day`: code (its point written as _) -> whether it is in force."""
    rows = {
        "procedure_code": [code.strip("p").replace("_", ".") for code in in_force],
        "is_in_force": list(in_force.values()),
    }
    types = pa.schema([("procedure_code", pa.string()), ("is_in_force", pa.bool_())])
    lake.store.write(pa.table(rows, schema=types), "staged/one_stop__procedures", day)


def hold(lake: Lake, *dossiers: tuple[str, date]) -> None:
    by_month: dict[str, list[tuple[str, date]]] = {}
    for one in dossiers:
        by_month.setdefault(f"{one[1]:%Y-%m}", []).append(one)
    for month, some in by_month.items():
        table = pa.table(
            {
                "procedure_code": [code for code, _ in some],
                "received_on": pa.array([day for _, day in some], pa.date32()),
                "unit_code": ["H99.02"] * len(some),
            }
        )
        lake.store.update(table, "core/dossiers", month)


def found(lake: Lake) -> list[tuple[str, bool, int]]:
    rows = unlisted(lake, TODAY).to_pylist()
    return [(row["procedure_code"], row["is_listed"], row["dossiers"]) for row in rows]


def test_what_no_list_has_and_what_was_abolished_are_told(lake: Lake) -> None:
    read(lake, TODAY, p1_000001=True, p1_000002=False)
    hold(lake, *[(code, date(2026, 10, 5)) for code in ("1.000001", "1.000002", "1.000003", "1.000003")])
    assert found(lake) == [("1.000003", False, 2), ("1.000002", True, 1)]


def test_the_list_of_the_day_counts_and_not_todays(lake: Lake) -> None:
    read(lake, date(2026, 10, 1), p1_000001=True)
    read(lake, date(2026, 10, 10), p1_000001=False, p1_000002=True)
    hold(lake, ("1.000001", date(2026, 10, 9)), ("1.000002", date(2026, 10, 10)))
    assert found(lake) == []
    hold(lake, ("1.000001", date(2026, 10, 10)), ("1.000002", date(2026, 10, 9)))
    assert found(lake) == [("1.000001", True, 1), ("1.000002", False, 1)]


def test_before_the_first_list_the_first_one_counts(lake: Lake) -> None:
    read(lake, TODAY, p1_000001=True)
    hold(lake, ("1.000001", date(2026, 9, 1)), ("1.000009", date(2026, 9, 1)))
    assert found(lake) == [("1.000009", False, 1)]


def test_a_suffix_that_names_the_province_is_no_other_procedure(lake: Lake) -> None:
    read(lake, TODAY, p1_000001=True)
    hold(lake, ("1.000001.000.00.00.H99", date(2026, 10, 5)))
    assert found(lake) == []


def test_old_dossiers_old_lists_and_no_list_at_all_say_nothing(lake: Lake) -> None:
    assert found(lake) == []
    hold(lake, ("1.000001", date(2026, 10, 5)))
    assert found(lake) == []
    read(lake, date(2026, 1, 1))
    assert found(lake) == []
    read(lake, date(2026, 1, 1), p1_000001=True)
    hold(lake, ("1.000001", date(2026, 10, 5)), ("1.000009", date(2026, 3, 1)))
    assert found(lake) == []
