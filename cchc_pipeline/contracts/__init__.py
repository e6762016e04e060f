"""Contracts: what a table that enters or leaves the pipeline must be, and what became of a batch.

Belongs here: contracts as objects, conforming, verdicts per row, the Great Expectations suite. Not
here: the contracts themselves (`data_contracts/`), files (`lake/`).
"""

from .conform import Drift, conform, drift, enforce
from .contract import all_contracts, contract_names, load_contract, parse_contract, read_contract
from .describe import resource, rule_list, table_schema
from .errors import ContractBroken, ContractError, ContractFileError, NotReleasable, RowsLost, RuleCouldNotRun
from .expectations import RuleResult, validate
from .model import Column, Contract, Rule
from .verdict import Finding, Verdict, judge

__all__ = [
    "Column",
    "Contract",
    "ContractBroken",
    "ContractError",
    "ContractFileError",
    "Drift",
    "Finding",
    "NotReleasable",
    "RowsLost",
    "Rule",
    "RuleCouldNotRun",
    "RuleResult",
    "Verdict",
    "all_contracts",
    "conform",
    "contract_names",
    "drift",
    "enforce",
    "judge",
    "load_contract",
    "parse_contract",
    "read_contract",
    "resource",
    "rule_list",
    "table_schema",
    "validate",
]
