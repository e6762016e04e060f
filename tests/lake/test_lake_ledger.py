from __future__ import annotations

import os

import pyarrow as pa

from cchc_pipeline.lake import files


def land(lake, name, number=1, at=None):
    path = lake.root / "landing" / "t" / f"{name}.parquet"
    files.write_parquet(pa.table({"n": [number]}), path)
    if at is not None:
        os.utime(path, ns=(at, at))
    return path


def pending(lake, **options):
    return list(lake.ledger("landing", "t", **{"consumer": "staged", **options}).pending())


def note(lake, *names, **options):
    ledger = lake.ledger("landing", "t", **{"consumer": "staged", **options})
    ledger.note({name: lake.store.token("landing/t", name) for name in names})


def test_what_is_not_noted_is_pending_in_the_order_of_writing(lake):
    assert pending(lake) == []
    land(lake, "2026-10-02", at=1_000)
    land(lake, "2026-10-01", at=2_000)
    land(lake, "2026-10-04", at=3_000)
    land(lake, "2026-10-03", at=3_000)
    assert pending(lake) == ["2026-10-02", "2026-10-01", "2026-10-03", "2026-10-04"]
    note(lake, "2026-10-01", "2026-10-03")
    assert pending(lake) == ["2026-10-02", "2026-10-04"]
    note(lake, "2026-10-02", "2026-10-04")
    assert pending(lake) == []


def test_a_file_written_again_is_pending_again(lake):
    land(lake, "2026-10-01", at=1_000)
    note(lake, "2026-10-01")
    land(lake, "2026-10-01", at=2_000)
    assert pending(lake) == ["2026-10-01"]
    note(lake, "2026-10-01")
    assert pending(lake) == []


def test_other_logic_makes_everything_pending(lake):
    land(lake, "2026-10-01")
    note(lake, "2026-10-01", logic="1.0.0")
    assert pending(lake, logic="1.0.0") == []
    assert pending(lake, logic="1.1.0") == ["2026-10-01"]


def test_consumers_do_not_know_of_each_other(lake):
    land(lake, "2026-10-01")
    note(lake, "2026-10-01")
    assert pending(lake, consumer="core") == ["2026-10-01"]


def test_unfinished_files_are_passed_over(lake):
    land(lake, "2026-10-01")
    (lake.root / "landing" / "t" / ".2026-10-02.parquet.x.part").touch()
    assert pending(lake) == ["2026-10-01"]


def test_a_file_written_again_between_reading_and_noting_stays_pending(lake):
    path = land(lake, "2026-10-01", at=1_000)
    ledger = lake.ledger("landing", "t", consumer="staged")
    taken = ledger.pending()
    files.read_parquet(path)
    land(lake, "2026-10-01", number=2, at=2_000)
    ledger.note(taken)
    assert pending(lake) == ["2026-10-01"]


def test_forgotten_files_are_pending_again(lake):
    for name in ("2026-10-01", "2026-10-02"):
        land(lake, name)
    note(lake, "2026-10-01", "2026-10-02")
    lake.ledger("landing", "t", consumer="staged").forget(["2026-10-01"])
    assert pending(lake) == ["2026-10-01"]
