"""Find and load contracts: the project's own, and those of any folder."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import Contract, parse_contract

SUFFIX = ".odcs.yaml"


def contract_folder() -> Path:
    """Return the folder of the project's own contracts."""
    return Path(str(resources.files("data_contracts")))


@cache
def contract_names() -> tuple[str, ...]:
    """Return the names of the project's contracts, sorted."""
    return _names(contract_folder())


@cache
def load_contract(name: str) -> Contract:
    """Load the contract of table `name`.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
    """
    return folder_contract(name, contract_folder(), shown_as="data_contracts")


def all_contracts() -> tuple[Contract, ...]:
    """Load every contract of the project, sorted by name."""
    return tuple(load_contract(name) for name in contract_names())


def read_contract(path: Path) -> Contract:
    """Read the contract in the file `path`; ContractFileError where it is wrong."""
    return parse_contract(path.read_bytes(), file=str(path))


def folder_contracts(folder: Path) -> tuple[Contract, ...]:
    """Read every contract in a folder, sorted by name; raises as `folder_contract`."""
    return tuple(folder_contract(name, folder) for name in _names(folder))


def folder_contract(name: str, folder: Path, *, shown_as: str = "") -> Contract:
    """Read the contract of table `name` in a folder, called `shown_as` in messages.

    Raises:
        ContractFileError: there is none, it is wrong, or its file is not named after its table.
    """
    path, file = folder / f"{name}{SUFFIX}", f"{shown_as or folder}/{name}{SUFFIX}"
    if not path.is_file():
        known = ", ".join(_names(folder))
        raise ContractFileError(f"{file}: there is no such contract; use one of {known}", file=file)
    contract = parse_contract(path.read_bytes(), file=file)
    if contract.name != name:
        raise ContractFileError(f"{file}: the table is called {contract.name}; give both one name", file=file)
    return contract


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")))
