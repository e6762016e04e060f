"""Publish a version: every table with a contract for publication, with the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from cchc_pipeline.contracts import Contract, all_contracts, enforce, load_contract
from cchc_pipeline.contracts.describe import resource
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.parts import Derivation
from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.lake.engine import EngineError, session
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import Published, publish
from cchc_pipeline.reports.scope import unit_names
from cchc_pipeline.scorecards.scoring.rubric_set import FOLDER as RUBRICS
from cchc_pipeline.scorecards.scoring.rubric_set import load_rubrics
from cchc_pipeline.settings import Settings
from cchc_pipeline.site import FOLDER
from cchc_pipeline.site.build import site_files
from cchc_pipeline.site.quality_page import quality_files, quality_of_sources
from cchc_pipeline.sources.registry import SOURCES
from cchc_pipeline.sources.states import TABLE as STATES
from cchc_pipeline.sources.states import states_table
from cchc_pipeline.validation.acceptances import acceptances_table
from cchc_pipeline.validation.staging import published_state


def missing_days(lake: Lake) -> list[tuple[str, date, date]]:
    """Return ranges of days that a daily source was never read for, before the last day that it was read for.

    Each is (source, first day, last day).
    """
    found = []
    for source in (name for name, kind in SOURCES.items() if kind.is_daily):
        days = enumerate(lake.gaps(source))
        for _, run in groupby(days, lambda one: one[1].toordinal() - one[0]):  # consecutive days
            one, *more = (day for _, day in run)
            found.append((source, one, more[-1] if more else one))
    return found


def release(
    lake: Lake, settings: Settings, inbound: Sequence[str], run_id: str, contracts: Sequence[Contract] | None = None
) -> Published:
    """Publish a complete version of every table that has a contract for publication.

    An older major is made from the current table and published beside it until its end of support. With it go
    quarantine and counts of the `inbound` tables. The first 8 characters of the run's id are part of the version's
    name.

    Raises:
        ContractBroken: a table breaks its contract. The pointer has not moved.
        ContractFileError: the query of an older major cannot be run.
        LakeError: no day was pulled yet.
        PublishError: a table was not built.
    """
    span = lake.span()
    lake.store.update(published_state(lake, "quarantine", inbound), "built/quarantine")
    lake.store.update(published_state(lake, "data_quality", inbound), "built/data_quality")
    lake.store.update(acceptances_table(lake, inbound), "built/quarantine_releases")
    lake.store.update(states_table(lake), f"built/{STATES}")
    schema = load_contract("dossiers").arrow_schema()
    months = (lake.store.read("built/dossiers", part) for part in lake.store.parts("built/dossiers"))
    joined = (month.select(schema.names).cast(schema) for month in months)  # one in memory at a time
    lake.store.write(joined, "built/dossiers", schema=schema)
    created = datetime.now(UTC)
    held = {one.name: one for one in (all_contracts() if contracts is None else contracts) if one.is_published}
    today = created.astimezone(LOCAL_ZONE).date()
    ended = tuple(sorted(name for name, one in held.items() if one.end_of_support and one.end_of_support < today))
    names = [name for name in held if name not in ended]
    for name in names:
        built = lake.store.schema(f"built/{name}")
        if derivation := held[name].derived_from:
            _make_older(lake, held[name], derivation)
        elif built is not None and not built.equals(held[name].arrow_schema(), check_metadata=False):
            enforce(lake.store.read(f"built/{name}"), held[name])  # raises ContractBroken with the column that differs
    paths = {name: lake.store.path(f"built/{name}") for name in names}
    days = {"data_from": span.first.isoformat(), "data_until": span.as_of_on.isoformat()}
    done = publish(
        lake.published,
        version=f"{created:%Y%m%dT%H%M%SZ}-{run_id[:8]}",
        tables=paths,
        describe=lambda name: {**resource(held[name]), "name": name},
        details={"province_code": settings.province_code, **days},
        created=created,
        keep=settings.keep_versions,
        pages=lambda: _quality(lake, settings, inbound, span.as_of_on) | _site(paths, settings, span.as_of_on),
    )
    return replace(done, ended=ended)


def _quality(lake: Lake, settings: Settings, inbound: Sequence[str], last_on: date) -> dict[str, bytes]:
    """Return the files of the quality report: path in the version -> content."""
    quality, quarantine, releases, units = (
        lake.store.read(f"built/{name}", schema=load_contract(name).arrow_schema())
        for name in ("data_quality", "quarantine", "quarantine_releases", "units")
    )
    contracts = [load_contract(table) for table in inbound]
    states = {row["source"]: row["sentence_vi"] for row in states_table(lake).to_pylist()}
    found = quality_of_sources(contracts, quality, quarantine, releases, units, last_on)
    found = [{**one, "sentence_vi": states.get(one["source"])} for one in found]
    return quality_files(found, unit_names(units).get(settings.province_code) or settings.province_code)


def _site(paths: Mapping[str, Path], settings: Settings, last_on: date) -> dict[str, bytes]:
    """Return the pages of scores: path in the version -> content."""
    rubrics = load_rubrics(settings.drop_folder / RUBRICS)
    pages = site_files(paths, settings.province_code, last_on, rubrics)
    return {f"{FOLDER}/{path}": page for path, page in pages.items()}


def _make_older(lake: Lake, contract: Contract, derivation: Derivation) -> None:
    """Write the table of an older major, derived from the current one batch by batch."""
    current = f"built/{derivation.table}"
    if not lake.store.has(current):
        return  # `publish` raises PublishError for the missing table
    query = derivation.over("current_table", contract.key)
    with session(current_table=lake.store.source(current)) as engine:
        try:
            batches = engine.batches(query)
        except EngineError as error:
            problem = f"the query of derived_from cannot be run over {derivation.table}: {str(error).splitlines()[0]}"
            raise ContractFileError(f"{contract.file}: {problem}; correct it", file=contract.file) from error
        tables = (enforce(pa.Table.from_batches([batch]), contract) for batch in batches)
        lake.store.write(tables, f"built/{contract.name}", schema=contract.arrow_schema())
