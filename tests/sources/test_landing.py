from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from cchc_pipeline.sources.landing import to_arrow

AT = datetime(2026, 9, 1, 23, 30, tzinfo=timezone(timedelta(hours=7)))


@pytest.mark.usefixtures("zones_in_arrow")
def test_landed_moments_are_those_of_the_source():
    table = to_arrow("one_stop__dossiers", [{"applied_at": AT, "extra": AT}, {"applied_at": AT.astimezone(UTC)}])
    assert table["applied_at"].to_pylist() == [AT, AT]
    assert table["extra"].to_pylist() == [AT, None]


def test_a_moment_without_zone_is_landed_as_the_text_that_came():
    """The contract then says that the column came with another type; no zone is guessed."""
    table = to_arrow("one_stop__dossiers", [{"applied_at": datetime(2026, 9, 1, 23, 30)}])  # noqa: DTZ001
    assert table["applied_at"].type == pa.string()
    assert table["applied_at"].to_pylist() == ["2026-09-01 23:30:00"]
