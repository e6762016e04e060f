from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_manifest
from cchc_pipeline.scorecards.build import build_portal_ranks
from cchc_pipeline.site.build import site_files

UNTIL = date(2026, 10, 31)


@pytest.fixture(scope="session")
def site_lake(scored_lake) -> Lake:
    """A published lake that tests only read: three units, a month, four years of PAPI."""
    return scored_lake


@pytest.fixture(scope="session")
def tables(site_lake, tmp_path_factory) -> dict[str, Path]:
    """Its tables, with a month before in which two points fewer were won and one criterion was not scored."""
    version = current_version(site_lake.published)
    found = {one["name"]: version / one["path"] for one in read_manifest(version)["resources"]}
    card = files.read_parquet(found["scorecard_index766"])
    months = card.filter(pc.equal(card["period_type"], "month"))
    before = _shifted(months)
    path = tmp_path_factory.mktemp("tables") / "scorecard_index766.parquet"
    files.write_parquet(pa.concat_tables([card, before]), path)
    return {**found, "scorecard_index766": path, "portal_ranks": _ranks(tmp_path_factory.mktemp("ranks"))}


#: Days on which the list of provinces was read: the newest, the one before, a week before, and long ago.
READ_ON = [UNTIL, UNTIL - timedelta(1), UNTIL - timedelta(8), UNTIL - timedelta(40)]


def _ranks(folder: Path) -> Path:
    """34 provinces of which the own one, last in its first reading, has overtaken one, then five, then ten others."""
    above = dict(zip(READ_ON, (23, 28, 32, 33), strict=True))
    rows = [
        {"unit_code": f"H{place:02d}", "unit_name": f"Tỉnh số {place}", "period_type": "year",
         "period_start": date(2026, 1, 1), "period_end": date(2026, 12, 31), "captured_on": day, "metric_code": code,
         "score": 90.0 - place if place < 99 else 90.5 - above[day] - 1}
        for day in READ_ON for code in ("TOTAL", "GROUP.CKMB", "GROUP.ONLINE") for place in (*range(1, 34), 99)
    ]  # fmt: skip
    lake, name = Lake(folder), "national_portal__provinces"
    held = pa.Table.from_pylist(rows, schema=load_contract(name).arrow_schema(relaxed=True))
    lake.store.write(held.cast(load_contract(name).arrow_schema()), f"core/{name}")
    build_portal_ranks(lake)
    return lake.store.path("built/portal_ranks")


def _shifted(months: pa.Table) -> pa.Table:
    """The rows as those of September: two points fewer on time, and digitisation was not scored."""
    rows = months.to_pylist()
    for row in rows:
        row["period_start"], row["period_end"] = date(2026, 9, 1), date(2026, 9, 30)
        if row["criterion_code"] in ("DOSSIER_ON_TIME", "TDGQ") and row["points"] is not None:
            row["points"] = round(row["points"] - 2, 2)
        if row["criterion_code"] == "SO_HOA_GIAY_TO_GIAI_QUYET":
            row |= {"points": None, "status": "missing", "reason_vi": "Chưa có số liệu cho tiêu chí này"}
        if row["criterion_code"] in ("MDSH", "TOTAL") and row["denominator"] is not None:
            row["denominator"] -= 4
    return pa.Table.from_pylist(rows, schema=months.schema)


def written(pages: dict[str, bytes], folder: Path) -> Path:
    for path, content in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def pages(tables) -> dict[str, bytes]:
    """Every file of the site of the province H99."""
    return site_files(tables, "H99", UNTIL)


@pytest.fixture(scope="session")
def site(pages, tmp_path_factory) -> Path:
    """The site in a folder."""
    return written(pages, tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="session")
def merged_site(tables, tmp_path_factory) -> Path:
    """The site of Bắc Ninh, which was two provinces until 30/6/2025, in a folder."""
    return written(site_files(tables, "H05", UNTIL), tmp_path_factory.mktemp("merged"))


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-quic", "--renderer-process-limit=1"],
        )
        yield found
        found.close()
