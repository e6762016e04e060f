"""No period of the portal can be compared, as in the first nights of a window: nothing to reconcile, no failure."""

from __future__ import annotations

from small_lake import FIRST

from cchc_pipeline.scorecards.reconciliation.build import build_reconciliation


def test_without_a_period_to_compare_the_tables_are_empty(own_lake):
    assert build_reconciliation(own_lake, FIRST).table.num_rows > 0
    held = own_lake.store.read("core/national_portal__metrics")
    own_lake.store.update(held.slice(0, 0), "core/national_portal__metrics")
    done = build_reconciliation(own_lake, FIRST)
    assert done.table.num_rows == done.dossiers.num_rows == 0
