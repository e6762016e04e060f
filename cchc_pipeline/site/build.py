"""Build the files of the site: pages, style, script and English dictionary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import resources
from pathlib import Path

from cchc_pipeline.drawing.plots import short
from cchc_pipeline.lake import files
from cchc_pipeline.lake.publish import PublishError, published_version, read_manifest
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.site import overview, words
from cchc_pipeline.site.data import SiteData, UnitPage
from cchc_pipeline.site.papi import PapiPage, papi_page
from cchc_pipeline.site.tables import NEEDED
from cchc_pipeline.site.words import render

ASSETS = ("site.css", "site.js")


def site_files(
    published: Mapping[str, Path], province_code: str, data_until: date, rubrics: RubricSet | None = None
) -> dict[str, bytes]:
    """Return path in the site -> content, sorted by path.

    `published` is published table -> Parquet file, at least those of `tables.NEEDED`. The scorecards were scored by
    `rubrics`, by default the shipped ones.
    """
    data = SiteData(published, province_code, data_until, rubrics or shipped())
    papi = papi_page(data)
    pages = dict(_pages(data, papi))
    dictionary = json.dumps(words.english(_names(data, papi)), ensure_ascii=False, indent=0)
    safe = dictionary.replace("<", "\\u003c")  # within a script element
    pages["english.js"] = f"window.cchcEnglish = {safe};\n".encode()
    for name in ASSETS:
        pages[name] = resources.files("cchc_pipeline.site.templates").joinpath(name).read_bytes()
    return dict(sorted(pages.items()))


def write_site(published: Path, folder: Path, rubrics: RubricSet) -> int:
    """Write the site of the current version into a folder and count the files.

    Pages of units that are gone are removed.

    Raises:
        PublishError: nothing was published, or the version lacks a table that the site needs.
    """
    version = published_version(published)
    manifest = read_manifest(version)
    tables = {resource["name"]: version / resource["path"] for resource in manifest["resources"]}
    lacking = sorted(set(NEEDED) - set(tables))
    if lacking:
        raise PublishError(
            f"published version {version.name} has no table {', '.join(lacking)}, which the site needs. "
            "Publish a newer version: `cchc run`."
        )
    pages = site_files(tables, manifest["province_code"], date.fromisoformat(manifest["data_until"]), rubrics)
    for path, content in pages.items():
        files.replace_file(folder / path, content)
    for gone in {path.name for path in (folder / "units").glob("*.html")} - {Path(path).name for path in pages}:
        (folder / "units" / gone).unlink()
    return len(pages)


def _pages(data: SiteData, papi: PapiPage | None) -> Iterator[tuple[str, bytes]]:
    common = {"data": data, "papi": papi}
    ranks = overview.levels(data, data.local)
    province = UnitPage(data, data.province)
    yield (
        "index.html",
        render(
            "overview.html",
            here="index.html",
            page=province,
            ranks=ranks,
            par_ranks=overview.levels(data, data.par),
            changes=overview.changes(province, ranks),
            lost=overview.lost(province),
            radar=overview.radar(province),
            trend=overview.trend(province),
            **common,
        ),
    )
    dots = {
        level.level: overview.rank_dots(
            f"ranks-{level.level}", ((one.unit.name, one.total, one.interval, False) for one in level.ranked)
        )
        for level in ranks
    }
    yield "ranks.html", render("ranks.html", here="ranks.html", ranks=ranks, dots=dots, **common)
    yield "days.html", render("days.html", here="days.html", units=overview.by_level(data), **common)
    yield "papi.html", render("papi.html", here="papi.html", **common)
    yield "about.html", render("about.html", here="about.html", page=province, **common)
    for unit in data.units.values():
        page = province if unit == data.province else UnitPage(data, unit)
        yield unit.page, render("unit.html", here=unit.page, root="../", page=page, **common)


def _names(data: SiteData, papi: PapiPage | None) -> Iterator[tuple[str, str]]:
    """Yield (Vietnamese, English) names from the tables, for the dictionary."""
    for rows in (*data.local.values(), *data.portal.values(), *data.par.values()):
        for row in rows:
            yield row["criterion_name_vi"], row["criterion_name_en"]
            yield words.rule(row["rule"])
    for indicator in data.indicators.values():
        yield indicator["name_vi"], indicator["name_en"]
    for row in data.country.own:
        yield row["name_vi"], row["name_en"]
    for state in data.states.values():
        yield state["sentence_vi"], state["sentence_en"]
    for index in data.external:
        yield index["index_name_vi"], index["index_name_en"]
    for code_list in ("unit_level", "today_basis", "counted_stage"):
        yield from words.labels(code_list).values()
    for row in papi.own_today.dimensions if papi and papi.own_today else ():
        if short(row["criterion_name_vi"]) != row["criterion_name_vi"]:  # drawings show the shortened label
            yield short(row["criterion_name_vi"]), short(row["criterion_name_en"])
    for row in papi.provinces[0].rows if papi else ():
        yield row["criterion_name_vi"], row["criterion_name_en"]
