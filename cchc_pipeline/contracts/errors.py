"""Define the errors about contracts: files, batches, decisions and versions."""

from __future__ import annotations

from collections.abc import Mapping

from cchc_pipeline.errors import CchcError


class ContractError(CchcError):
    """Base of the errors about contracts."""


class ContractFileError(ContractError):
    """Contract or code list that is wrong; the message has file, line, keys and fix."""


class ContractBroken(ContractError):  # noqa: N818 - says what happened
    """Batch that breaks its contract as a whole: refused, the last good table stays."""

    def __init__(self, table: str, column: str, came: str, expected: str, fix: str) -> None:
        said = f"Table {table}, column {column}: came {came}, expected {expected}. Fix: {fix}."
        super().__init__(said, table=table, column=column, came=came, expected=expected, fix=fix)
        self.table, self.column, self.came, self.expected, self.fix = table, column, came, expected, fix


class RuleCouldNotRun(ContractError):  # noqa: N818 - says what happened
    """Rules that cannot run (`problems`: reason by rule id); the table stays as is."""

    def __init__(self, table: str, file: str, problems: Mapping[str, str]) -> None:
        listed = "; ".join(f"{rule_id}: {problem}" for rule_id, problem in problems.items())
        super().__init__(
            f"Table {table}: a rule could not run (no row is to blame): {listed}. Nothing was written, what was staged "
            f"before stays. Fix: correct the rule in {file}; the next run judges the days that wait.",
            table=table,
            file=file,
            problems=dict(problems),
        )
        self.problems = dict(problems)


class RowsLost(ContractError):  # noqa: N818 - says what happened
    """Rows in are not rows valid plus rows quarantined: a defect of the pipeline."""

    def __init__(self, table: str, rows_in: int, rows_valid: int, rows_quarantined: int) -> None:
        super().__init__(
            f"Table {table}: {rows_in} rows came in, but {rows_valid} valid and {rows_quarantined} quarantined rows "
            "came out. Nothing was written. Fix: report this with the batch; it is a defect of the pipeline."
        )


class _RefusedError(ContractError):
    """Base of refusals: what it is about, the problem and the fix."""

    def __init__(self, subject: str, problem: str, fix: str) -> None:
        super().__init__(f"{subject}: {problem}. Fix: {fix}.", subject=subject, problem=problem, fix=fix)
        self.subject, self.problem, self.fix = subject, problem, fix


class NotAcceptable(_RefusedError):  # noqa: N818 - says what happened
    """Acceptance of a quarantined record, or its withdrawal, that is impossible."""


class VersionRefused(_RefusedError):  # noqa: N818 - says what happened
    """Version of a contract that breaks change control, or was never recorded."""


class NothingLanded(_RefusedError):  # noqa: N818 - says what happened
    """Data Docs without landed rows to validate, or without a folder to write to."""
