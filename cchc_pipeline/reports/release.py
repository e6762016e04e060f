"""A release: which tables make up a published version, and whether days are missing from it.

Belongs here: putting the built tables together for `lake/publish.py`. Every published table has a
contract; a table without one, or a contract without its table, is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import all_contracts, enforce, load_contract, resource
from cchc_pipeline.contracts.staging import kept_of_all
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import Published, publish
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.landing import ranges, uncovered_days

#: Sources whose past days cannot be had from a later pull of another day.
DAILY_SOURCES = ("one_stop", "documents")


def missing_days(lake: Lake, overlap_days: int) -> list[tuple[str, date, date]]:
    """Ranges of days up to the last day of data that a source was never read for: (source, first, last)."""
    last = lake.span().as_of_on
    return [
        (source, first, until)
        for source in DAILY_SOURCES
        for first, until in ranges(uncovered_days(lake, source, overlap_days, last))
    ]


def release(lake: Lake, settings: Settings, inbound: Sequence[str], run_id: str) -> Published:
    """Publish a complete version of every table that has a contract for publication.

    Args:
        lake: the lake.
        settings: settings of the province.
        inbound: names of the inbound tables, whose quarantine and counts are published.
        run_id: id of the run; part of the version's name.

    Raises:
        ContractBroken: a table does not keep its contract. The pointer has not moved.
        PublishError: a table was not built.
    """
    span = lake.span()
    for name, kind in (("quarantine", "quarantine"), ("data_quality", "quality")):
        lake.write_state(kept_of_all(lake, kind, load_contract(name), inbound), "built", name)
    _join_parts(lake, "dossiers")
    names = [contract.name for contract in all_contracts() if contract.is_published]
    for name in names:
        path = lake.state_file("built", name)
        if path.exists() and not pq.read_schema(path).equals(load_contract(name).arrow_schema(), check_metadata=False):
            enforce(files.read_parquet(path), load_contract(name))  # names the column that differs
    created = datetime.now(UTC)
    return publish(
        lake.published,
        version=f"{created:%Y%m%dT%H%M%SZ}-{run_id[:8]}",
        tables={name: lake.state_file("built", name) for name in names},
        describe=lambda name: {**resource(load_contract(name)), "name": name},
        details={
            "province_code": settings.province_code,
            "data_from": span.first.isoformat(),
            "data_until": span.as_of_on.isoformat(),
        },
        created=created,
        keep=settings.keep_versions,
    )


def _join_parts(lake: Lake, table: str) -> None:
    """One file from the monthly parts, one part at a time in memory."""
    schema: pa.Schema = load_contract(table).arrow_schema()
    parts = (
        files.read_parquet(lake.state_file("built", table, part)).select(schema.names).cast(schema)
        for part in lake.parts("built", table)
    )
    files.write_parquet(parts, lake.state_file("built", table), schema)
