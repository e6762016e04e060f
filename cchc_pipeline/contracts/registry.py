"""Finding contracts: those that come with the project, and files anywhere."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.odcs import parse_contract

SUFFIX = ".odcs.yaml"


@cache
def contract_names() -> tuple[str, ...]:
    """Names of the contracts that come with the project, sorted."""
    files = resources.files("data_contracts").iterdir()
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in files if file.name.endswith(SUFFIX)))


@cache
def load_contract(name: str) -> Contract:
    """The contract of table `name`.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
    """
    file = resources.files("data_contracts").joinpath(name + SUFFIX)
    if name not in contract_names():
        raise ContractFileError(
            file=f"data_contracts/{name}{SUFFIX}",
            where="the file",
            problem="there is no such contract",
            fix=f"use one of {', '.join(contract_names())}",
        )
    return parse_contract(file.read_bytes(), file=f"data_contracts/{name}{SUFFIX}")


def all_contracts() -> tuple[Contract, ...]:
    """Every contract that comes with the project, by name."""
    return tuple(load_contract(name) for name in contract_names())


def read_contract(path: Path) -> Contract:
    """The contract in the file `path`, which may lie anywhere."""
    return parse_contract(path.read_bytes(), file=str(path))


def contract_folder() -> Path:
    """The folder of the project's own contracts."""
    return Path(str(resources.files("data_contracts")))


def folder_contracts(folder: Path) -> tuple[Contract, ...]:
    """Every contract that lies in a folder, by name.

    Raises:
        ContractFileError: one of them is wrong, or is called otherwise than its table.
    """
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        contract = read_contract(path)
        if contract.name != path.name.removesuffix(SUFFIX):
            raise ContractFileError(
                file=str(path), where="schema", problem=f"the table is {contract.name}", fix="give both one name"
            )
        found.append(contract)
    return tuple(found)


__all__ = [
    "SUFFIX",
    "all_contracts",
    "contract_folder",
    "contract_names",
    "folder_contracts",
    "load_contract",
    "parse_contract",
    "read_contract",
]
