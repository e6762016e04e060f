"""Build the published scorecard tables from the lake."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.papi_instrument import province_names
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.par_index import appraisals as appraisals_of
from cchc_pipeline.scorecards.par_index.appraisals import appraised_card
from cchc_pipeline.scorecards.par_index.evidence import find_evidence
from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA
from cchc_pipeline.scorecards.scoring.measures import SCORED_PERIODS, concat, from_indicators
from cchc_pipeline.scorecards.scoring.rubric_diff import note_version
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.scorecards.source_reasons import note_sources
from cchc_pipeline.sources.national_portal.source import METRICS
from cchc_pipeline.sources.states import states_table

#: Share of the maximum that must have been scored for a band to be named at all.
LEAST_SCORED = 0.8


def build_index766(lake: Lake, rubrics: RubricSet | None = None) -> pa.Table:
    """Score QĐ 766 of every unit and period, from our dossiers and from the portal.

    Args:
        lake: indicators and the portal's counts.
        rubrics: rubrics; each period is scored by the version in force on its last day. The shipped ones by default.

    Returns:
        The table `scorecard_index766`, which is kept in `built`.

    Raises:
        RubricError: a version lacks what the index needs.
    """
    rubrics, states = rubrics or shipped(), states_table(lake)
    portal = lake.store.read(f"core/{METRICS}", schema=load_contract(METRICS).arrow_schema())
    cards = [
        note_version(note_sources(score(rubric, rows), rubric, states), rubric, rubrics)
        for score, table in ((index766.score_local, _values(lake)), (index766.score_portal, portal))
        for rubric, rows in rubrics.by_version(index766.RUBRIC, table)
    ]
    card = pa.concat_tables(cards) if cards else SCORECARD_SCHEMA.empty_table()
    card = run_file("scorecards/caveats_index766", SCORECARD_SCHEMA, card=card, units=_units(lake))
    return _keep_ranked(lake, "scorecard_index766", card, _units(lake), rubrics)


def build_par_index(lake: Lake, rubrics: RubricSet | None = None) -> pa.Table:
    """Score PAR INDEX of every unit and period by the rubric of its level.

    Args:
        lake: indicators, documents, inspections, published indices, and appraisals built by the same rubrics.
        rubrics: rubrics; each period is scored by the version in force on its last day. The shipped ones by default.

    Returns:
        The table `scorecard_par_index`, which is kept in `built`.
    """
    rubrics, states = rubrics or shipped(), states_table(lake)
    values = _values(lake)
    names = ("documents", "inspections", "external_indices", "units")
    archive = {name: lake.store.read(f"built/{name}") for name in names}
    documents = lake.read_span("documents")
    archive["run"] = pa.table(
        {
            "as_of_on": [lake.span().as_of_on],
            "first_on": [documents.first if documents else date.max],
            "documents_until": [documents.as_of_on if documents else date.min],
        }
    )
    appraisals = lake.store.read(f"built/{appraisals_of.NAME}", schema=load_contract(appraisals_of.NAME).arrow_schema())
    cards = []
    for rubric in appraisals_of.par_index_rubrics(rubrics):
        own = rubrics.scored_by(rubric, values)
        if rubric.unit_levels:
            scored = pc.is_in(archive["units"]["unit_level"], value_set=pa.array(rubric.unit_levels))
            codes = archive["units"].filter(scored)["unit_code"].combine_chunks()
            own = own.filter(pc.is_in(own["unit_code"], value_set=codes))
        asked = own.select(["unit_code", "period_type", "period_start", "period_end"])
        found = find_evidence(rubric, asked.group_by(asked.column_names).aggregate([]), archive)
        card = appraised_card(rubric, concat([from_indicators(rubric, own), found]), appraisals)
        cards.append(note_version(note_sources(card, rubric, states), rubric, rubrics))
    return _keep_ranked(lake, "scorecard_par_index", pa.concat_tables(cards), _units(lake), rubrics)


def build_papi(lake: Lake) -> pa.Table:
    """Build `scorecard_papi` of every year in the drop folder; kept in `built`."""
    names = ("papi__subdimensions", "papi__totals")
    for name in names:
        state.take_in(lake, name)
    scores, totals = (lake.store.read(f"core/{name}", schema=load_contract(name).arrow_schema()) for name in names)
    years = sorted(set(scores["year"].to_pylist()))
    cards = [papi.to_scorecard(papi.compose(scores, year), year, totals) for year in years]
    card = pa.concat_tables(cards) if cards else papi.PAPI_SCHEMA.empty_table()
    names_vi = province_names()
    units = {
        "unit_code": list(names_vi),
        "unit_name": list(names_vi.values()),
        "unit_level": ["province"] * len(names_vi),
    }
    return _keep_ranked(lake, "scorecard_papi", card, pa.table(units))


def build_papi_today(lake: Lake) -> pa.Table:
    """Build `scorecard_papi_today` from `scorecard_papi`; kept in `built`."""
    return keep(lake, "scorecard_papi_today", papi.on_todays_map(lake.store.read("built/scorecard_papi")))


def build_portal_ranks(lake: Lake) -> pa.Table:
    """Build `portal_ranks`: the provinces on the portal on each night, with ranks and changes; kept in `built`."""
    inbound = "national_portal__provinces"
    held = lake.store.source(f"core/{inbound}", load_contract(inbound).arrow_schema())
    table = run_file("scorecards/portal_ranks", load_contract("portal_ranks").arrow_schema(), held=held)
    return keep(lake, "portal_ranks", table)


def _units(lake: Lake) -> pa.Table:
    return lake.store.read("built/units", columns=["unit_code", "unit_name", "unit_level"])


def _values(lake: Lake) -> pa.Table:
    values = lake.store.read("built/indicator_values")
    return values.filter(pc.is_in(values["period_type"], value_set=pa.array(SCORED_PERIODS)))


def _keep_ranked(lake: Lake, name: str, card: pa.Table, units: pa.Table, rubrics: RubricSet | None = None) -> pa.Table:
    """Add names, levels, bands and ranks, and keep the card."""
    card = card.append_column("band_vi", _bands(card, rubrics))
    promised = load_contract(name).column_names
    card = card.select([column for column in card.column_names if column in promised])
    return keep(lake, name, run_file("scorecards/ranked", card=card, units=units))


def _bands(card: pa.Table, rubrics: RubricSet | None) -> pa.Array:
    """Return the band of every total; null where less than LEAST_SCORED was scored.

    A band says "(tạm tính)" where a part of the maximum was not scored. Without rubrics there are no bands.
    """
    bands: list[str | None] = [None] * card.num_rows
    rows = np.flatnonzero(pc.equal(card["criterion_level"], "total").to_numpy()) if rubrics else ()
    columns = ["index_code", "rubric_version", "numerator", "denominator", "max_points"]
    for row, total in zip(rows, card.select(columns).take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
        points, reachable, most = (total[name] for name in columns[2:])
        if rubrics is None or points is None or not reachable or reachable < LEAST_SCORED * most:
            continue
        band = rubrics.version(total["index_code"], total["rubric_version"]).band(points, reachable)
        if band is not None:
            bands[row] = band.name_vi if reachable == most else f"{band.name_vi} (tạm tính)"
    return pa.array(bands, pa.string())
