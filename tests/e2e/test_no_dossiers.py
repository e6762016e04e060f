"""A province whose first days have no dossier at all, such as a weekend in a small place: published, with none."""

from __future__ import annotations

from datetime import date

import pyarrow.parquet as pq
import pytest
from desk import Desks

pytestmark = pytest.mark.e2e


def test_a_first_weekend_without_a_dossier_is_published(make_desk: Desks) -> None:
    desk = make_desk("no-dossiers", size=0.0001, small=True)
    desk.set_clock_after(date(2026, 9, 6))
    done = desk.cchc("run", "--from", "2026-09-05", "--to", "2026-09-06")
    assert done.returncode == 0, done.stdout + done.stderr
    current = desk.lake.published / "current"
    assert pq.read_metadata(current / "dossiers.parquet").num_rows == 0
    received = pq.read_table(
        current / "indicator_values.parquet", filters=[("indicator_id", "==", "received_total")]
    ).to_pylist()
    assert {row["numerator"] for row in received} <= {0, None}
