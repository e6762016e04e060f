"""Contracts: what a table that enters or leaves the pipeline must be.

Belongs here: contracts as objects, conforming, verdicts per row, the Great Expectations suite. Not
here: the contracts themselves (`data_contracts/`), files (`lake/`).
"""

from cchc_pipeline.contracts.conform import Drift, conform, drift, enforce
from cchc_pipeline.contracts.describe import resource, rule_list, table_schema
from cchc_pipeline.contracts.errors import (
    ContractBroken,
    ContractError,
    ContractFileError,
    NotReleasable,
    RowsLost,
    RuleCouldNotRun,
)
from cchc_pipeline.contracts.model import Column, Contract, Rule
from cchc_pipeline.contracts.registry import all_contracts, contract_names, load_contract, parse_contract, read_contract

__all__ = [
    "Column",
    "Contract",
    "ContractBroken",
    "ContractError",
    "ContractFileError",
    "Drift",
    "NotReleasable",
    "RowsLost",
    "Rule",
    "RuleCouldNotRun",
    "all_contracts",
    "conform",
    "contract_names",
    "drift",
    "enforce",
    "load_contract",
    "parse_contract",
    "read_contract",
    "resource",
    "rule_list",
    "table_schema",
]
