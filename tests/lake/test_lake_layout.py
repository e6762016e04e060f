from __future__ import annotations

import json
import pickle
from datetime import date, timedelta

import pyarrow as pa
import pytest

from cchc_pipeline.lake.files import LakeError
from cchc_pipeline.lake.layout import FORMAT, DataSpan

DAY = date(2026, 10, 1)
TABLE = pa.table({"k": ["a", "b"], "v": [1, 2]})


def test_a_lake_is_claimed_by_one_province(lake):
    lake.claim({"province_code": "H99", "seed": 766})
    lake.claim({"province_code": "H99", "seed": 766})
    with pytest.raises(LakeError) as caught:
        lake.claim({"province_code": "H99", "seed": 767})
    for part in ("seed 766", "seed 767", "--data-dir", "CCHC_DATA_DIR"):
        assert part in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own


def marker(lake):
    return json.loads((lake.root / "lake.json").read_text(encoding="utf-8"))


def test_a_claimed_lake_says_its_format(lake):
    lake.claim({"province_code": "H99"})
    assert marker(lake) == {"format": FORMAT, "province_code": "H99"}
    assert lake.identity() == {"province_code": "H99"}


@pytest.mark.parametrize("identity", [None, {"province_code": "H99"}], ids=["a scheduled run", "its own province"])
def test_a_lake_from_before_formats_is_of_format_1_and_is_told_so(lake, identity):
    (lake.root / "lake.json").write_text('{"province_code": "H99"}', encoding="utf-8")
    assert lake.identity() == {"province_code": "H99"}
    lake.claim(identity)
    assert marker(lake) == {"format": FORMAT, "province_code": "H99"}


def test_a_lake_that_nobody_claimed_can_still_be_claimed(lake):
    lake.claim()
    assert marker(lake) == {"format": FORMAT}
    lake.claim({"province_code": "H99"})
    assert marker(lake) == {"format": FORMAT, "province_code": "H99"}


def test_the_marker_is_written_only_when_it_changes(lake):
    lake.claim({"province_code": "H99"})
    before = (lake.root / "lake.json").stat().st_ino
    lake.claim({"province_code": "H99"})
    lake.claim()
    assert (lake.root / "lake.json").stat().st_ino == before


def test_a_lake_of_a_newer_format_is_refused_and_stays_as_it_is(lake):
    text = json.dumps({"format": FORMAT + 1, "province_code": "H99"})
    (lake.root / "lake.json").write_text(text, encoding="utf-8")
    for look in (lake.identity, lake.claim, lambda: lake.claim({"province_code": "H99"})):
        with pytest.raises(LakeError, match=rf"format {FORMAT + 1}, .*up to {FORMAT}\. Upgrade the program"):
            look()
    assert (lake.root / "lake.json").read_text(encoding="utf-8") == text


def test_parts_pass_over_unfinished_files(lake):
    lake.store.update(TABLE, "core/dossiers", "2026-10")
    lake.store.update(TABLE, "core/dossiers", "2026-09")
    (lake.root / "core" / "dossiers" / ".2026-08.parquet.x.part").touch()
    (lake.root / "core" / "dossiers" / ".hidden.parquet").touch()
    assert list(lake.store.parts("core/dossiers")) == ["2026-09", "2026-10"]
    assert list(lake.store.parts("core/nothing")) == []


def test_state_that_was_never_written_is_empty_with_its_schema(lake):
    for found in (
        lake.store.read("core/t", schema=TABLE.schema),
        lake.store.read("core/t", "2026-10", schema=TABLE.schema),
    ):
        assert found.num_rows == 0
        assert found.schema == TABLE.schema


def test_unchanged_state_is_not_written(lake):
    assert lake.store.update(TABLE, "core/t") is True
    path = lake.store.path("core/t")
    stamp = path.stat().st_mtime_ns, path.stat().st_ino
    assert lake.store.update(pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]), "core/t") is False
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == stamp
    assert lake.store.update(TABLE.slice(0, 1), "core/t") is True


@pytest.mark.parametrize(
    "changed",
    [
        TABLE.replace_schema_metadata({"contract_version": "2.0.0"}),
        TABLE.rename_columns(["k", "w"]),
        TABLE.set_column(1, "v", pa.array([1, 3])),
        TABLE.set_column(1, pa.field("v", pa.int32()), pa.array([1, 2], pa.int32())),
    ],
)
def test_changed_values_types_names_and_labels_are_written(lake, changed):
    lake.store.update(TABLE, "core/t")
    assert lake.store.update(changed, "core/t") is True
    assert lake.store.read("core/t").equals(changed)


def test_pulls_keep_how_each_day_ended(lake):
    lake.record_pull(
        "one_stop", DAY + timedelta(days=1), DAY + timedelta(days=1), {"status": "failed", "error": "hết giờ"}
    )
    lake.record_pull("one_stop", DAY, DAY, {"status": "ok", "rows": {"t": 3}})
    assert list(lake.pulls("one_stop")) == [DAY, DAY + timedelta(days=1)]
    assert lake.pulls("one_stop")[DAY + timedelta(days=1)]["error"] == "hết giờ"
    assert lake.pulls("documents") == {}


def test_the_span_is_of_the_days_that_were_read_to_the_end(lake):
    with pytest.raises(LakeError, match=r"no day of any source was read yet.*cchc run"):
        lake.span()
    lake.record_pull("one_stop", DAY - timedelta(days=1), DAY - timedelta(days=1), {"status": "failed"})
    with pytest.raises(LakeError):
        lake.span()
    for offset in (4, 0, 2):
        lake.record_pull("one_stop", DAY + timedelta(days=offset), DAY + timedelta(days=offset), {"status": "ok"})
    lake.record_pull("one_stop", DAY + timedelta(days=9), DAY + timedelta(days=9), {"status": "failed"})
    assert lake.span() == DataSpan(DAY, DAY + timedelta(days=4))
    assert lake.read_span("documents") is None


def test_the_span_is_that_of_other_sources_where_the_one_stop_system_was_never_read(lake):
    lake.record_pull("registers", DAY, DAY + timedelta(days=3), {"status": "ok"})
    lake.record_pull("one_stop", DAY, DAY + timedelta(days=3), {"status": "absent"})
    assert lake.span() == DataSpan(DAY, DAY + timedelta(days=3))
    lake.record_pull("documents", DAY, DAY, {"status": "ok"})
    assert lake.span() == DataSpan(DAY, DAY)


def test_the_span_follows_the_sources_that_are_still_in_the_settings(lake):
    """The one-stop system leaves the settings, then the document system; at last the first comes back."""

    def night(number: int, **status: str) -> DataSpan:
        day = DAY + timedelta(days=number)
        for source, how in status.items():
            lake.record_pull(source, day, day, {"status": how})
        return lake.span()

    def until(number: int) -> DataSpan:
        return DataSpan(DAY, DAY + timedelta(days=number))

    assert night(0, one_stop="ok") == until(0)
    assert night(1, one_stop="ok", documents="ok", national_portal="failed") == until(1)
    assert night(2, one_stop="absent", documents="ok", national_portal="ok") == until(2)
    assert lake.dossiers_until() == DAY + timedelta(days=1), "nobody knows what became of dossiers since"
    assert night(3, one_stop="absent", documents="failed", national_portal="ok") == until(2)
    assert night(4, one_stop="absent", documents="absent", national_portal="ok") == until(4)
    assert night(5, one_stop="ok", documents="absent", national_portal="ok") == until(5)
    assert lake.dossiers_until() == DAY + timedelta(days=5)
    assert night(6, one_stop="failed", documents="ok", national_portal="ok") == until(5)
    assert night(7, one_stop="absent", documents="absent", national_portal="absent") == until(6)


def test_a_day_that_was_read_once_stays_read_when_it_fails_later(lake):
    next_day = DAY + timedelta(days=1)
    lake.record_pull("one_stop", DAY, next_day, {"status": "ok", "rows": {}})
    lake.record_pull("one_stop", DAY, DAY, {"status": "failed", "error": "hết giờ"})  # in another window
    lake.record_pull("one_stop", DAY, next_day, {"status": "failed", "error": "hết giờ"})  # in the same window
    pulls = lake.pulls("one_stop")
    assert {outcome["status"] for outcome in pulls.values()} == {"failed"}
    assert {outcome["is_read"] for outcome in pulls.values()} == {True}
    assert lake.span() == DataSpan(DAY, next_day)


def test_a_day_that_only_failed_is_not_read(lake):
    lake.record_pull("one_stop", DAY, DAY, {"status": "failed", "error": "hết giờ"})
    lake.record_pull("one_stop", DAY, DAY, {"status": "failed", "error": "hết giờ"})
    assert lake.pulls("one_stop")[DAY]["is_read"] is False


def test_a_night_without_the_portal_does_not_hold_a_lake_of_the_portal_alone(lake):
    for days, status in ((0, "ok"), (1, "failed"), (2, "ok")):
        day = DAY + timedelta(days=days)
        lake.record_pull("national_portal", day, day, {"status": status, "overlap_days": 0})
    assert lake.span() == DataSpan(DAY, DAY + timedelta(days=2))
