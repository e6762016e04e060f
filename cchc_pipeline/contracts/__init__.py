"""Define what a table that enters or leaves the pipeline must hold: its contract.

Belongs here: contracts and code lists as objects, the shape of a batch, what changed between versions.
Not here: the files themselves (`data_contracts/`), what becomes of a batch (`validation/`), storage (`lake/`).
"""

from cchc_pipeline.contracts.conform import enforce
from cchc_pipeline.contracts.model import Contract, all_contracts, contract_names, load_contract, parse_contract

__all__ = ["Contract", "all_contracts", "contract_names", "enforce", "load_contract", "parse_contract"]
