"""Show PAPI on the map of the 34 provinces, where that can be honest.

Eleven provinces are as they were and keep their points. Of a merged one the surveys say what its parts had, and no
more: an average would need weights that are not published.
"""

from __future__ import annotations

import pyarrow as pa

from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.units_national import old_provinces
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.papi.scorecard import VINTAGE


def build_papi_today(lake: Lake) -> pa.Table:
    """Build `scorecard_papi_today` from `scorecard_papi`; kept in `built`."""
    return keep(lake, "scorecard_papi_today", on_todays_map(lake.store.read("built/scorecard_papi")))


def on_todays_map(card: pa.Table) -> pa.Table:
    """Return points, or ranges of points, of the 34 provinces.

    Args:
        card: rows of `scorecard_papi`.

    Returns:
        Columns of `scorecard_papi_today`: per year and criterion one row for each province of today that has a former
        province in `card`. `points` only where a province is as it was; `points_low` and `points_high` of its parts
        where all of them have points.
    """
    names = ("gso_code", "successor_agency_code", "successor_gso_code", "successor_name_vi")
    columns = {name: [getattr(province, name) for province in old_provinces()] for name in names}
    provinces = pa.table(columns | {"unit_vintage_of_code": [VINTAGE] * len(old_provinces())})
    return run_file("scorecards/papi_today", card=card, provinces=provinces)
