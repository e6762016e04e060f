"""Contracts under the public tool, datacontract-cli: `lint FILE…` or `test FILE…`, warnings as errors.

Belongs here: what has to run in the tool's own environment, which pins an older DuckDB; nothing of
the project is imported. Prints a line per contract and every complaint; exit status 1 on any. A quality
rule of severity warn or note that rows break is told, not complained of: the contract admits such rows.
"""

from __future__ import annotations

import sys

from datacontract.data_contract import DataContract

#: The tool says this of every column of a Parquet file. Types are enforced by Arrow when a table is written.
_NOT_DONE = "Checking types in parquet files is not supported yet."


def main(mode: str, files: list[str]) -> int:
    """Run the tool over `files`; how many of them it complains about."""
    refused = 0
    for file in files:
        contract = DataContract(data_contract_file=file)
        run = contract.lint() if mode == "lint" else contract.test()
        passed = [check for check in run.checks if check.result == "passed"]
        others = [check for check in run.checks if check.result != "passed" and check.reason != _NOT_DONE]
        admitted = [one for one in others if one.category == "quality" and one.result.value in ("warning", "info")]
        others = [check for check in others if check not in admitted]
        complaints = [f"{check.result.value}: {check.name}: {check.reason}" for check in others]
        complaints += [f"{log.level}: {log.message}" for log in run.logs or [] if log.level in ("WARN", "ERROR")]
        if not passed:
            complaints.append("error: no check ran")
        skipped = len(run.checks) - len(passed) - len(others) - len(admitted)
        said = f"{len(passed)} checks passed" + (f", {skipped} column types not checked by the tool" if skipped else "")
        print(f"{'ok ' if not complaints else 'BAD'} {mode} {file}: {said}")
        for check in admitted:
            print(f"    admitted: {check.qualityId}: {check.reason}")
        for complaint in complaints:
            print(f"    {complaint}")
        refused += bool(complaints)
    return refused


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("lint", "test"):
        sys.exit("usage: public_tool.py lint|test FILE…")
    sys.exit(1 if main(sys.argv[1], sys.argv[2:]) else 0)
