"""Build Great Expectations' Data Docs over the rows landed for a day.

The pages as Great Expectations builds them load styles and scripts from other hosts and a picture that
reports the reader to its makers. Both are removed, and a policy in every page forbids to load anything
from other hosts.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts.errors import ContractBroken, NothingLanded
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.registry import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import Progress, silent
from cchc_pipeline.validation.admission import admit
from cchc_pipeline.validation.expectations import build_suite, frame

_SITE = "site"
_FOREIGN = re.compile(
    r"<script\b[^>]*\bsrc=[\"']https?:[^>]*>\s*</script>|<link\b[^>]*\bhref=[\"']https?:[^>]*>|<img\b[^>]*\bsrc=[\"']https?:[^>]*>",
    re.DOTALL,
)
_FOOTER = re.compile(r"<footer\b.*?</footer>", re.DOTALL)
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "img-src data: 'self'; style-src 'self' 'unsafe-inline'; script-src 'unsafe-inline'\">"
)


@dataclass(frozen=True)
class DataDocs:
    """Site that was built, and the result of each table.

    Attributes:
        index: its first page.
        held: tables without a broken rule.
        failed: number of broken rules of each other table.
        refused: reason by table that broke its contract as a whole; these have no page.
    """

    index: Path
    held: tuple[str, ...]
    failed: dict[str, int]
    refused: dict[str, str]


def landed_days(lake: Lake, tables: Iterable[str]) -> dict[date, list[str]]:
    """Return the days with landed rows and the tables of each, oldest day first."""
    found: dict[date, list[str]] = {}
    for table in tables:
        for part in lake.store.parts(f"landing/{table}"):
            if lake.store.rows(f"landing/{table}", part):
                found.setdefault(date.fromisoformat(part), []).append(table)
    return dict(sorted(found.items()))


def build_data_docs(
    lake: Lake, tables: Iterable[str], day: date, as_of_on: date, out: Path, progress: Progress = silent
) -> DataDocs:
    """Validate what was landed for `day` and build the site in `out`, replacing it.

    Args:
        lake: the lake.
        tables: inbound tables; those without rows for the day are passed over.
        day: civil day.
        as_of_on: what CURRENT_DATE means in a rule.
        out: folder of the site; an older site there is replaced.
        progress: told which table is being validated.

    Raises:
        NothingLanded: no table has rows for the day, or `out` holds something else.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # noqa: TID251

    names = [table for table in tables if table in landed_days(lake, tables).get(day, [])]
    if not names:
        raise NothingLanded(
            "Data Docs", f"nothing was landed for {day}", "choose another day, or pull it: `cchc run --day D`"
        )
    if out.exists() and any(out.iterdir()) and not (out / "index.html").exists():
        raise NothingLanded(
            "Data Docs", f"the folder {out} holds other files", "name an empty or a new folder with --out"
        )
    failed: dict[str, int] = {}
    refused: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        context = gx.get_context(mode="file", project_root_dir=scratch)
        context.variables.progress_bars = {"globally": False}
        for name in context.get_site_names():
            context.delete_data_docs_site(name)
        site = Path(scratch) / _SITE
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        about = {"class_name": "SiteBuilder", "show_how_to_buttons": False, "site_index_builder": index}
        context.add_data_docs_site(_SITE, about | {"store_backend": store})
        source = context.data_sources.add_pandas("landed")
        for number, name in enumerate(names):
            progress(number, len(names), name)
            contract = load_contract(name)
            try:
                rows = admit(lake.store.read(f"landing/{name}", day.isoformat()), contract).table
            except ContractBroken as error:
                refused[name] = str(error)
                continue
            result = _validate(gx, context, source, rows, contract, as_of_on, day)
            failed[name] = sum(not one.success for one in result.results)
        context.build_data_docs(site_names=[_SITE])
        for page in site.rglob("*.html"):
            _make_offline(page, site)
        _list_pages(site)
        (site / "offline.css").write_bytes(resources.files(__package__).joinpath("data_docs.css").read_bytes())
        if out.exists():
            shutil.rmtree(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(site, out)
    held = tuple(name for name, broken in failed.items() if not broken)
    return DataDocs(out / "index.html", held, {name: n for name, n in failed.items() if n}, refused)


def _validate(gx: Any, context: Any, source: Any, rows: pa.Table, contract: Contract, as_of_on: date, day: date) -> Any:
    """Validate one table; Data Docs make a page of every validation definition."""
    suite = build_suite(contract, as_of_on)
    for one in suite.expectations:
        rule = contract.rule(one.meta["rule_id"])
        one.description = f"{rule.sentence_vi} / {rule.sentence_en}"
        one.notes = f"{rule.id} ({rule.severity})"
    suite = context.suites.add(suite)
    batch = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe(str(day))
    definition = gx.ValidationDefinition(name=suite.name, data=batch, suite=suite)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*has match groups.*")  # pandas, on every grouped pattern
        return context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": frame(rows, contract)},
            # a page must not hold values of records: it has counts of rows only
            result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
            run_id=gx.RunIdentifier(run_name=str(day)),
        )


def _make_offline(page: Path, site: Path) -> None:
    up = "../" * (len(page.relative_to(site).parts) - 1)
    text = _FOOTER.sub("", _FOREIGN.sub("", page.read_text(encoding="utf-8")))
    style = f'{_POLICY}<link rel="stylesheet" href="{up}offline.css">'
    page.write_text(text.replace("<head>", f"<head>{style}", 1), encoding="utf-8")


def _list_pages(site: Path) -> None:
    """Add links to all pages to the index, whose own list needs a foreign script."""
    pages = sorted(path.relative_to(site) for path in site.rglob("*.html") if path.name != "index.html")
    results = [(path, " · ".join(path.parts[1:3])) for path in pages if path.parts[0] == "validations"]
    suites = [(path, path.stem) for path in pages if path.parts[0] == "expectations"]
    lists = [
        f"<h2>{title}</h2><ul>"
        + "".join(f'<li><a href="{escape(path.as_posix())}">{escape(text)}</a></li>' for path, text in found)
        + "</ul>"
        for title, found in (("Kết quả / results", results), ("Bộ quy tắc / suites", suites))
    ]
    index = site / "index.html"
    text = index.read_text(encoding="utf-8")
    text = re.sub(r"<body[^>]*>", lambda body: f'{body[0]}<nav class="pages">{"".join(lists)}</nav>', text, count=1)
    index.write_text(text, encoding="utf-8")
