"""Find and load contracts: the project's own, and those of any folder."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import Contract, parse_contract

SUFFIX = ".odcs.yaml"


@cache
def contract_names() -> tuple[str, ...]:
    """Return the names of the project's contracts, sorted."""
    files = resources.files("data_contracts").iterdir()
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in files if file.name.endswith(SUFFIX)))


@cache
def load_contract(name: str) -> Contract:
    """Load the contract of table `name`.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
    """
    file = f"data_contracts/{name}{SUFFIX}"
    if name not in contract_names():
        raise _absent(file, contract_names())
    return parse_contract(resources.files("data_contracts").joinpath(name + SUFFIX).read_bytes(), file=file)


def all_contracts() -> tuple[Contract, ...]:
    """Load every contract of the project, sorted by name."""
    return tuple(load_contract(name) for name in contract_names())


def read_contract(path: Path) -> Contract:
    """Read the contract in the file `path`; ContractFileError where it is wrong."""
    return parse_contract(path.read_bytes(), file=str(path))


def contract_folder() -> Path:
    """Return the folder of the project's own contracts."""
    return Path(str(resources.files("data_contracts")))


def folder_contracts(folder: Path) -> tuple[Contract, ...]:
    """Read every contract in a folder, sorted by name.

    Raises:
        ContractFileError: one of them is wrong, or its file is not named after its table.
    """
    return tuple(folder_contract(path.name.removesuffix(SUFFIX), folder) for path in sorted(folder.glob(f"*{SUFFIX}")))


def folder_contract(name: str, folder: Path) -> Contract:
    """Read the contract of table `name` in a folder.

    Raises:
        ContractFileError: there is none, it is wrong, or its file is not named after its table.
    """
    path = folder / f"{name}{SUFFIX}"
    if not path.is_file():
        raise _absent(str(path), [one.name.removesuffix(SUFFIX) for one in sorted(folder.glob(f"*{SUFFIX}"))])
    contract = read_contract(path)
    if contract.name != name:
        raise ContractFileError(f"{path}: the table is called {contract.name}; give both one name", file=str(path))
    return contract


def _absent(file: str, known: Iterable[str]) -> ContractFileError:
    return ContractFileError(f"{file}: there is no such contract; use one of {', '.join(known)}", file=file)
