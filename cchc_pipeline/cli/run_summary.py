"""Make the tables that a run prints when it is over."""

from __future__ import annotations

from rich.console import Group, RenderableType

from cchc_pipeline.cli.printing import Column, Rows, table
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_manifest, read_published, what_stays
from cchc_pipeline.site import FOLDER
from cchc_pipeline.sources.states import source_states


def closing_table(lake: Lake, window: Window, seconds: float, run_id: str, *, success: bool) -> Group:
    """Return what the run did, table by table, and where the files are."""
    heads = {"table": "table", "landed": "rows pulled", "valid": "valid", "quarantined": "quarantined"}
    parts: list[RenderableType] = [table(_pulled(lake, window), heads, f"Nguồn / sources, {window}")]
    version = current_version(lake.published)
    is_published = version is not None and version.name.endswith(run_id[:8])
    if version is not None and (success or is_published):
        manifest = read_manifest(version)
        rows = {resource["name"]: resource["rows"] for resource in manifest["resources"]}
        facts = {
            "units": f"{rows['units']:,}",
            "dossiers": f"{rows['dossiers']:,}",
            "indicators × units × periods": f"{rows['indicators']:,} → {rows['indicator_values']:,} values",
        }
        for index in ("index766", "par_index", "papi"):
            points = read_published(lake.published, f"scorecard_{index}")["points"]
            facts[f"scores {index}"] = f"{len(points) - points.null_count:,} of {len(points):,}"
        facts |= {one.title_en: one.sentence_vi for one in source_states(lake).values() if one.state != "read"}
        current = lake.published / "current"
        facts |= {
            "data": f"{manifest['data_from']} … {manifest['data_until']}",
            "version": manifest["version"],
            "files": str(current),
            "pages": str(current / FOLDER / "index.html"),
        }
        listed = [{"fact": fact, "value": value} for fact, value in facts.items()]
        parts.append(table(listed, {"fact": "", "value": Column("", justify="right")}, "Bản công bố / published"))
    state = "[bold green]published[/]" if success else f"[bold red]failed; {what_stays(lake.published)}[/]"
    if is_published and not success:
        state = "[bold yellow]published what is complete[/]; [bold red]not everything was read[/]"
    parts.append(f"{state} after {seconds:.0f} s, run {run_id}")
    return Group(*parts)


def _pulled(lake: Lake, window: Window) -> Rows:
    """Return per inbound table the rows of the window's days: landed, valid, quarantined."""
    schema = load_contract("data_quality").arrow_schema()
    sql = """
        SELECT
            COALESCE(SUM(rows_in), 0)::BIGINT AS landed,
            COALESCE(SUM(rows_valid), 0)::BIGINT AS valid,
            COALESCE(SUM(rows_quarantined), 0)::BIGINT AS quarantined
        FROM quality WHERE rule_id = 'TOTAL' AND pulled_for_on BETWEEN ? AND ?
    """
    found = []
    for name in (name for name in lake.store.parts("core") if name.startswith("quality_")):
        quality = lake.store.read(f"core/{name}", schema=schema)
        (counts,) = run_sql(sql, params=[window.first, window.last], quality=quality).to_pylist()
        found.append({"table": name.removeprefix("quality_"), **counts})
    return found
