"""Define what a table that enters or leaves the pipeline must hold: its contract.

Belongs here: contracts and code lists as objects, the shape of a batch, what changed between versions.
Not here: the files themselves (`data_contracts/`), what becomes of a batch (`validation/`), storage (`lake/`).
"""

from cchc_pipeline.contracts.conform import absent_columns, conform, enforce, unknown_columns
from cchc_pipeline.contracts.describe import resource, rule_list, table_schema
from cchc_pipeline.contracts.errors import (
    ContractBroken,
    ContractError,
    ContractFileError,
    NotAcceptable,
    RowsLost,
    RuleCouldNotRun,
)
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column, Rule
from cchc_pipeline.contracts.registry import all_contracts, contract_names, load_contract, parse_contract, read_contract

__all__ = [
    "Column",
    "Contract",
    "ContractBroken",
    "ContractError",
    "ContractFileError",
    "NotAcceptable",
    "RowsLost",
    "Rule",
    "RuleCouldNotRun",
    "absent_columns",
    "all_contracts",
    "conform",
    "contract_names",
    "enforce",
    "load_contract",
    "parse_contract",
    "read_contract",
    "resource",
    "rule_list",
    "table_schema",
    "unknown_columns",
]
