"""Units as people name them on the command line.

Belongs here: finding a published unit by its code, or saying which there are.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from cchc_pipeline.lake.publish import current_version, read_manifest, read_published
from cchc_pipeline.reports.scope import ReportError

LISTED = 60


def unit_or_error(published: Path, unit: str | None) -> tuple[str, str]:
    """Code and name of a published unit; the province where none is asked for.

    Raises:
        ReportError: there is no such unit; the message lists those there are, near ones first.
        PublishError: nothing was published.
    """
    units = read_published(published, "units")
    names = dict(zip(units["unit_code"].to_pylist(), units["unit_name"].to_pylist(), strict=True))
    version = current_version(published)
    code = unit or (read_manifest(version)["province_code"] if version else "")
    if code in names:
        return code, names[code]
    near = get_close_matches(code, names, n=3, cutoff=0.6)
    meant = f" Did you mean {', '.join(near)}?" if near else ""
    listed = "; ".join(f"{one} {name}" for one, name in list(names.items())[:LISTED])
    more = f"; and {len(names) - LISTED} more in units.parquet" if len(names) > LISTED else ""
    raise ReportError(f"report: no unit {code}.{meant} Units: {listed}{more}.")
