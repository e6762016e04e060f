"""What can go wrong with a contract: the file itself, or a batch that does not keep to it."""

from __future__ import annotations

from collections.abc import Mapping

from cchc_pipeline.errors import CchcError


class ContractError(CchcError):
    """Base of the errors about contracts."""


class ContractFileError(ContractError):
    """A contract file cannot be used as it stands."""

    def __init__(self, *, file: str, where: str, problem: str, fix: str) -> None:
        super().__init__(
            f"Contract file {file}, {where}: {problem}. Fix: {fix}.", file=file, where=where, problem=problem, fix=fix
        )
        self.file, self.where, self.problem, self.fix = file, where, problem, fix


class ContractBroken(ContractError):  # noqa: N818 - says what happened
    """A batch breaks its contract as a whole; it is refused and the last good table stays."""

    def __init__(self, *, table: str, column: str, came: str, expected: str, fix: str) -> None:
        super().__init__(
            f"Table {table}, column {column}: came {came}, expected {expected}. Fix: {fix}.",
            table=table,
            column=column,
            came=came,
            expected=expected,
            fix=fix,
        )
        self.table, self.column, self.came, self.expected, self.fix = table, column, came, expected, fix


class RuleCouldNotRun(ContractError):  # noqa: N818 - says what happened
    """Rules of a contract cannot be run: a defect of the contract, never of the rows; nothing of the table is written.

    `problems` has the reason by rule id.
    """

    def __init__(self, *, table: str, file: str, problems: Mapping[str, str]) -> None:
        listed = "; ".join(f"{rule_id}: {problem}" for rule_id, problem in problems.items())
        super().__init__(
            f"Table {table}: a rule could not run (no row is to blame): {listed}. Nothing was written, what was staged "
            f"before stays. Fix: correct the rule in {file}; the next run judges the days that wait.",
            table=table,
            file=file,
            problems=dict(problems),
        )
        self.table, self.file, self.problems = table, file, dict(problems)


class RowsLost(ContractError):  # noqa: N818 - says what happened
    """Rows in are not rows valid plus rows quarantined: a defect of this room, never of the data."""

    def __init__(self, *, table: str, rows_in: int, rows_valid: int, rows_quarantined: int) -> None:
        super().__init__(
            f"Table {table}: {rows_in} rows came in, but {rows_valid} valid and {rows_quarantined} quarantined rows "
            "came out. Nothing was written. Fix: report this with the batch; it is a defect of the pipeline.",
            table=table,
            rows_in=rows_in,
            rows_valid=rows_valid,
            rows_quarantined=rows_quarantined,
        )
        self.table, self.rows_in = table, rows_in
        self.rows_valid, self.rows_quarantined = rows_valid, rows_quarantined


class NotReleasable(ContractError):  # noqa: N818 - says what happened
    """A record cannot be released from quarantine, or its release cannot be taken back."""

    def __init__(self, *, table: str, key: str, problem: str, fix: str) -> None:
        super().__init__(
            f"Table {table}, record {key}: {problem}. Fix: {fix}.", table=table, key=key, problem=problem, fix=fix
        )
        self.table, self.key, self.problem, self.fix = table, key, problem, fix


class NothingLanded(ContractError):  # noqa: N818 - says what happened
    """There is nothing to validate, or nowhere to write it to."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"Data Docs: {problem}. Fix: {fix}.", problem=problem, fix=fix)
        self.problem, self.fix = problem, fix
