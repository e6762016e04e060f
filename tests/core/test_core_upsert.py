from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from dossier_lives import held, row
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.core.state import NO_MONTH, merge, open_dossiers, upsert, upsert_by_month
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake

SCHEMA = pa.schema(
    [("key", pa.string()), ("received_on", pa.date32()), ("applied_on", pa.date32()), ("value", pa.int64())]
)
COMPOUND = pa.schema([("a", pa.string()), ("b", pa.int32()), ("value", pa.int64())])
QUICK = settings(max_examples=15, deadline=None)
DAYS = st.none() | st.sampled_from([date(2026, month, 10) for month in (8, 9, 10)])
ROWS = st.builds(
    lambda key, received, applied, value: {"key": key, "received_on": received, "applied_on": applied, "value": value},
    st.sampled_from("abcdefgh"),
    DAYS,
    DAYS,
    st.integers(0, 9),
)
BATCHES = st.lists(st.lists(ROWS, max_size=8), max_size=5)


def table(rows, schema=SCHEMA):
    return pa.Table.from_pylist(rows, schema=schema)


def take_in(lake: Lake, *batches) -> list[set[str]]:
    return [upsert_by_month(lake, "t", table(batch), "key", ("received_on", "applied_on")) for batch in batches]


def content(lake: Lake) -> dict[str, list[dict]]:
    """Rows by part; parts that hold none are left out."""
    parts = {part: lake.store.read("core/t", part).to_pylist() for part in lake.store.parts("core/t")}
    return {part: rows for part, rows in parts.items() if rows}


def expected(batches) -> dict[str, list[dict]]:
    """Last row by key, in the part of its month, ordered by key."""
    last = {row["key"]: row for batch in batches for row in batch}
    parts: dict[str, list[dict]] = {}
    for key in sorted(last):
        day = last[key]["received_on"] or last[key]["applied_on"]
        parts.setdefault(f"{day:%Y-%m}" if day else NO_MONTH, []).append(last[key])
    return parts


def stamps(lake: Lake) -> dict[str, tuple[int, int]]:
    found = {part: lake.store.path("core/t", part).stat() for part in lake.store.parts("core/t")}
    return {part: (stat.st_mtime_ns, stat.st_ino) for part, stat in found.items()}


@QUICK
@given(BATCHES)
def test_the_last_row_of_a_key_stays_in_the_part_of_its_month_and_only_what_changed_is_written(batches):
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for batch in batches:
            before, rows = stamps(lake), content(lake)
            (changed,) = take_in(lake, batch)
            after = stamps(lake)
            assert {part for part in after if before.get(part) != after[part]} == changed
            assert {part for part in content(lake) if content(lake)[part] != rows.get(part)} <= changed
        assert content(lake) == expected(batches)
        written = stamps(lake)
        whole = list({row["key"]: row for batch in batches for row in batch}.values())
        assert take_in(lake, whole) == [set()]
        assert content(lake) == expected(batches)
        assert stamps(lake) == written, "doing it twice writes nothing"


@QUICK
@given(BATCHES, st.data())
def test_splitting_batches_otherwise_changes_nothing(batches, data):
    rows = [row for batch in batches for row in batch]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    other = [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        first, second = Lake(Path(one)), Lake(Path(two))
        take_in(first, *batches)
        take_in(second, *other)
        assert content(first) == content(second)
        for part in content(first):
            paths = [lake.store.path("core/t", part) for lake in (first, second)]
            assert files.sha256(paths[0]) == files.sha256(paths[1])


def test_a_row_whose_month_is_corrected_leaves_its_old_part(lake):
    old = {"key": "a", "received_on": date(2026, 9, 30), "applied_on": None, "value": 1}
    other = old | {"key": "b"}
    take_in(lake, [old, other])
    (changed,) = take_in(lake, [old | {"received_on": date(2026, 10, 1)}])
    assert changed == {"2026-09", "2026-10"}
    assert content(lake) == {"2026-09": [other], "2026-10": [old | {"received_on": date(2026, 10, 1)}]}


def test_an_empty_batch_touches_nothing(lake):
    assert take_in(lake, []) == [set()]
    assert list(lake.store.parts("core/t")) == []


@QUICK
@given(
    st.lists(
        st.lists(
            st.builds(
                lambda a, b, v: {"a": a, "b": b, "value": v},
                st.sampled_from("xy"),
                st.integers(1, 3),
                st.integers(0, 9),
            ),
            max_size=6,
        ),
        max_size=4,
    )
)
def test_compound_keys(batches):
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for batch in batches:
            upsert(lake, "t", table(batch, COMPOUND), ("a", "b"))
        last = {(row["a"], row["b"]): row for batch in batches for row in batch}
        assert lake.store.read("core/t", schema=COMPOUND).to_pylist() == [last[key] for key in sorted(last)]


def test_unchanged_rows_do_not_rewrite_an_unpartitioned_table(lake):
    rows = [{"a": "x", "b": 1, "value": 1}, {"a": "x", "b": 2, "value": 2}]
    assert upsert(lake, "t", table(rows, COMPOUND), ("a", "b")) == 2
    before = lake.store.path("core/t").stat().st_mtime_ns
    assert upsert(lake, "t", table(rows[:1], COMPOUND), ("a", "b")) == 2
    assert upsert(lake, "t", table([], COMPOUND), ("a", "b")) == 2
    assert lake.store.path("core/t").stat().st_mtime_ns == before


def test_merging_nothing_gives_what_was_held():
    held = table([{"key": "a", "received_on": None, "applied_on": None, "value": 1}])
    assert merge(held, SCHEMA.empty_table(), ["key"]) is held
    assert merge(SCHEMA.empty_table(), held, ["key"]).equals(held)


@pytest.mark.parametrize("status", range(1, 11))
def test_open_dossiers_are_those_accepted_and_not_finished(lake, status):
    assert open_dossiers(lake).num_rows == 0
    lake.store.update(held([row(1, status_code=status)]), "core/dossiers", "2026-09")
    assert open_dossiers(lake)["dossier_code"].to_pylist() == (
        [row(1)["dossier_code"]] if status in (2, 4, 5, 6) else []
    )


def test_what_was_captured_earlier_never_replaces_what_was_captured_later() -> None:
    schema = pa.schema([("unit", pa.string()), ("captured_on", pa.date32()), ("count", pa.int64())])

    def rows(*given: tuple[int | None, int]) -> pa.Table:
        days = [date(2026, 11, day) if day else None for day, _ in given]
        return pa.table([["H44"] * len(given), days, [count for _, count in given]], schema=schema)

    for before, incoming, count in (((11, 90), [(5, 50)], 90), ((5, 50), [(11, 90)], 90), ((5, 50), [(5, 60)], 60),
                                  ((None, 1), [(5, 60)], 60), ((4, 1), [(9, 3), (6, 2)], 3)):  # fmt: skip
        assert merge(rows(before), rows(*incoming), ["unit"])["count"].to_pylist() == [count]
