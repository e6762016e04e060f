"""Run a contract's rules as Great Expectations suites, and build its Data Docs.

The suite is the validator of record. The pages as Great Expectations builds them load styles and scripts
from other hosts and a picture that reports the reader to its makers. Both are removed, and a policy in
every page forbids to load anything from other hosts.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts.errors import ContractBroken, NothingLanded
from cchc_pipeline.contracts.model import Contract, load_contract
from cchc_pipeline.contracts.parts import Rule
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import Progress, silent
from cchc_pipeline.validation.admission import admit

_DATE = re.compile(r"\{date:(\d{4}-\d{2}-\d{2})\}")
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
class RuleResult:
    """Result of one rule over one batch; `problem`: why it could not run, else empty."""

    rule_id: str
    success: bool
    unexpected_count: int
    problem: str = ""

    def __add__(self, other: RuleResult) -> RuleResult:
        return RuleResult(
            self.rule_id,
            self.success and other.success,
            self.unexpected_count + other.unexpected_count,
            self.problem or other.problem,
        )


def validate(table: pa.Table, contract: Contract, as_of_on: date) -> list[RuleResult]:
    """Run every rule over a batch; return one result per rule, in contract order.

    The table is a conformed batch of a day or a month, never a whole history; CURRENT_DATE in a rule is `as_of_on`.
    Every row of a repeated key counts here, while a verdict rejects all but the last.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # noqa: TID251

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("contracts").add_dataframe_asset(contract.name)
    seen = frame(table, contract)
    batch = asset.add_batch_definition_whole_dataframe("batch").get_batch({"dataframe": seen})
    refused: dict[str, str] = {}
    suite = build_suite(contract, as_of_on, refused)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*has match groups.*")  # pandas, on every grouped pattern
        outcome = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    found = {one.expectation_config.meta["rule_id"]: one for one in outcome.results}
    return [_result(rule, found.get(rule.id), refused.get(rule.id)) for rule in contract.rules]


def build_suite(contract: Contract, as_of_on: date, refused: dict[str, str] | None = None) -> Any:
    """Return the `ExpectationSuite` of `contract`; the meta of each has its rule_id.

    Rules whose expectation Great Expectations does not accept are left out and named in `refused`, with the reason;
    without it they raise.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # noqa: TID251
    from great_expectations import expectations as gxe  # noqa: TID251
    from great_expectations.expectations.row_conditions import PassThroughCondition  # noqa: TID251

    suite = []
    for rule in contract.rules:
        kind = "".join(part.capitalize() for part in rule.expectation.type.split("_"))
        kwargs = expectation_kwargs(rule, as_of_on)
        if "row_condition" in kwargs:
            kwargs["row_condition"] = PassThroughCondition(pass_through_filter=kwargs["row_condition"])
        try:
            suite.append(getattr(gxe, kind)(meta={"rule_id": rule.id}, **kwargs))
        except (AttributeError, TypeError, ValueError) as error:  # no such expectation, wrong arguments
            if refused is None:
                raise
            refused[rule.id] = " ".join(str(error).split())[:300]
    return gx.ExpectationSuite(name=contract.name, expectations=suite)


def expectation_kwargs(rule: Rule, as_of_on: date) -> dict[str, Any]:
    r"""Return the arguments of a rule's expectation, with dates filled in.

    `{as_of_on}` and `{date:YYYY-MM-DD}` become dates. A pattern's closing `$` becomes `\Z`: in
    Python `$` also matches before a final line break, in SQL it does not.
    """
    kwargs: dict[str, Any] = {}
    for name, value in rule.expectation.kwargs.items():
        if value == "{as_of_on}":
            value = datetime.combine(as_of_on, datetime.min.time())
        elif isinstance(value, str) and (match := _DATE.fullmatch(value)):
            value = datetime.fromisoformat(match[1])
        elif isinstance(value, str):
            value = value.replace("{as_of_on}", as_of_on.isoformat())
        if name == "regex" and value.endswith("$"):
            value = value[:-1] + r"\Z"
        kwargs[name] = value
    return kwargs


def frame(table: pa.Table, contract: Contract) -> Any:
    """Return `table` as the pandas frame that expectations read.

    Dates are datetime64, text is str, and the columns that a rule derives (`expectation.derive`,
    pandas expressions) are added once, because a row condition would be evaluated four times. A derived
    column that needs a missing one is left out, and its rule cannot run.
    """
    found = table.to_pandas(date_as_object=False)
    for column in contract.columns:
        if column.physical_type == "DATE" and column.name in found:
            with contextlib.suppress(ValueError):  # years that nanoseconds cannot hold stay as they are: slower
                found[column.name] = found[column.name].astype("datetime64[ns]")
    for rule in contract.rules:
        for name, expression in rule.expectation.derive.items():
            with contextlib.suppress(NameError, AttributeError):  # raised by pandas where a column is missing
                found[name] = found.eval(expression)
    return found


def _result(rule: Rule, one: Any, refused: str | None) -> RuleResult:
    raised = [refused or "no result came back"] if one is None else _exceptions(one.exception_info or {})
    if raised:
        return RuleResult(rule.id, False, 0, f"could not run: {raised[0]}")
    return RuleResult(rule.id, bool(one.success), int(one.result.get("unexpected_count") or 0))


def _exceptions(info: Mapping[str, Any]) -> list[str]:
    """Return the first lines of raised errors; `info` is one dict, or one per metric."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return [
        str(entry.get("exception_message") or "unknown error").strip().splitlines()[0][:300]
        for entry in entries
        if isinstance(entry, Mapping) and entry.get("raised_exception")
    ]


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

    Tables without rows for the day are passed over. CURRENT_DATE in a rule is `as_of_on`; `progress` is told which
    table is being validated.

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
