"""Run a contract's rules as a Great Expectations suite, the validator of record."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Rule

_DATE = re.compile(r"\{date:(\d{4}-\d{2}-\d{2})\}")


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

    Every row of a repeated key counts here, while a verdict rejects all but the last.

    Args:
        table: a conformed batch of a day or a month, never a whole history.
        contract: the contract it came under.
        as_of_on: what CURRENT_DATE means in a rule.
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
