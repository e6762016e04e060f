"""PAPI on the map of the 34 provinces, where that can be honest.

Eleven provinces are as they were and keep their points. Of a merged one the surveys say what its parts had, and no
more: an average would need weights that are not published.
"""

from __future__ import annotations

import pyarrow as pa

from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.units_national import old_provinces
from cchc_pipeline.scorecards.papi.scorecard import VINTAGE

TABLE = "scorecard_papi_today"


def build_papi_today(lake: Lake) -> pa.Table:
    """The 34 provinces by year and criterion from the built `scorecard_papi`, kept in `built`."""
    table = on_todays_map(lake.store.read("built/scorecard_papi"))
    lake.store.update(table, f"built/{TABLE}")
    return table


def on_todays_map(card: pa.Table) -> pa.Table:
    """Points, or ranges of points, of the 34 provinces.

    Args:
        card: rows of `scorecard_papi`.

    Returns:
        The table `scorecard_papi_today`: per year and criterion one row for each province of today that has a former
        province in `card`. `points` only where a province is as it was; `points_low` and `points_high` of its parts
        where all of them have points.
    """
    contract = load_contract(TABLE)
    names = ("gso_code", "successor_agency_code", "successor_gso_code", "successor_name_vi")
    columns = {name: [getattr(province, name) for province in old_provinces()] for name in names}
    provinces = pa.table(columns | {"unit_vintage_of_code": [VINTAGE] * len(old_provinces())})
    found = run_file("scorecards/papi_today", card=card, provinces=provinces)
    return enforce(found, contract).sort_by([(name, "ascending") for name in contract.key]).combine_chunks()
