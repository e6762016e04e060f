"""Finding contracts: those that come with the project, and files anywhere.

Belongs here: names and caching. Not here: reading the text of a contract (`odcs.py`).
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from .errors import ContractFileError
from .model import Contract
from .odcs import parse_contract

_SUFFIX = ".odcs.yaml"


@cache
def contract_names() -> tuple[str, ...]:
    """Names of the contracts that come with the project, sorted."""
    files = resources.files("data_contracts").iterdir()
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX)))


@cache
def load_contract(name: str) -> Contract:
    """The contract of table `name`.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
    """
    file = resources.files("data_contracts").joinpath(name + _SUFFIX)
    if name not in contract_names():
        raise ContractFileError(
            file=f"data_contracts/{name}{_SUFFIX}",
            where="the file",
            problem="there is no such contract",
            fix=f"use one of {', '.join(contract_names())}",
        )
    return parse_contract(file.read_bytes(), file=f"data_contracts/{name}{_SUFFIX}")


def all_contracts() -> tuple[Contract, ...]:
    """Every contract that comes with the project, by name."""
    return tuple(load_contract(name) for name in contract_names())


def read_contract(path: Path) -> Contract:
    """The contract in the file `path`, which may lie anywhere."""
    return parse_contract(path.read_bytes(), file=str(path))


__all__ = ["all_contracts", "contract_names", "load_contract", "parse_contract", "read_contract"]
