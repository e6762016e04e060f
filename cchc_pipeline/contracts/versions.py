"""Record versions of published contracts in `released/`; check contracts by them.

A recorded file carries its code lists, so that a later change of a code's meaning is detected.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from cchc_pipeline.contracts.compatibility import Difference, compare, next_versions
from cchc_pipeline.contracts.errors import ContractFileError, VersionRefused
from cchc_pipeline.contracts.model import (
    SUFFIX,
    Contract,
    contract_folder,
    folder_contract,
    folder_contracts,
    read_contract,
)
from cchc_pipeline.contracts.parts import version_key
from cchc_pipeline.yaml_files import read_yaml


def self_contained(contract: Contract, data: Path | None = None) -> dict[str, Any]:
    """Return a contract's file as plain values, code lists inside, for any ODCS tool.

    Each coded column gets the rule of its list, because other tools do not read code lists. The Parquet file
    `data` replaces the contract's server.
    """
    document = _document(Path(contract.file).read_text(encoding="utf-8"), contract.file)
    if data is not None:
        document["servers"] = [{"server": "published", "type": "local", "path": str(data), "format": "parquet"}]
    if contract.code_lists:
        custom = [item for item in document["customProperties"] if item["property"] != "code_lists"]
        lists = [found.document() for found in contract.code_lists]
        document["customProperties"] = [*custom, {"property": "code_lists", "value": lists}]
    for entry in document["schema"][0]["properties"]:
        column = contract.column(entry["name"])
        if column.code_list and column.valid_values:
            rule: dict[str, Any] = {"id": f"{column.name}_values", "type": "library", "metric": "invalidValues"}
            rule |= {"arguments": {"validValues": list(column.valid_values)}, "mustBe": 0, "dimension": "conformity"}
            entry["quality"] = [rule | {"severity": column.valid_values_severity}]
    return document


def as_yaml(document: dict[str, Any]) -> str:
    """Return a contract document as YAML text."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def recorded_versions(family: str, folder: Path | None = None) -> dict[str, Path]:
    """Return the file of each recorded version of a table, oldest first."""
    place = (folder or contract_folder()) / "released" / family
    found = {path.name.removesuffix(SUFFIX): path for path in place.glob(f"*{SUFFIX}")}
    return dict(sorted(found.items(), key=lambda item: version_key(item[0])))


def named_contract(name: str, folder: Path | None = None) -> Contract:
    """Return the contract that a name stands for: a file, a table, or TABLE@VERSION for a recorded one.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
        VersionRefused: there is no such recorded version.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ContractFileError(f"{name}: there is no such file; correct the path", file=name)
        return read_contract(path)
    table, _, version = name.partition("@")
    if not version:
        return folder_contract(table, folder or contract_folder())
    files = recorded_versions(table, folder)
    if version not in files:
        fix = f"use one of {', '.join(files)}" if files else f"see `cchc contract list`, or release {table} first"
        raise VersionRefused(table, f"version {version} was never released", fix)
    return read_contract(files[version])


def record_version(contract: Contract, folder: Path | None = None) -> Path:
    """Record the current version of a published contract; return its file.

    Raises:
        VersionRefused: it is inbound, or its changes need a higher version.
    """
    if not contract.is_published:
        raise VersionRefused(contract.name, "it is inbound", "only what leaves the pipeline is released")
    if found := _change_without_version(contract, folder):
        raise found
    path = _file(contract, folder)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_yaml(self_contained(contract)), encoding="utf-8")
    return path


def compatibility_errors(contract: Contract, folder: Path | None = None) -> list[VersionRefused]:
    """Return what a contract breaks of its recorded versions; empty if compatible."""
    if found := _change_without_version(contract, folder):
        return [found]
    if _file(contract, folder).exists():
        return []
    problem, fix = f"version {contract.version} is not released", f"run `cchc contract release {contract.name}`"
    return [VersionRefused(contract.name, problem, fix)]


def all_compatibility_errors(folder: Path | None = None, today: date | None = None) -> list[VersionRefused]:
    """Return the errors of all published contracts, and of tables that are gone.

    A table may only go after the end of support that its last version announced: before `today`, never where that is
    None. The folder is the project's own by default.
    """
    folder = folder or contract_folder()
    contracts = [contract for contract in folder_contracts(folder) if contract.is_published]
    found = [error for contract in contracts for error in compatibility_errors(contract, folder)]
    held = {(contract.family, contract.major) for contract in contracts}
    for place in sorted(path for path in (folder / "released").glob("*") if path.is_dir() and path.name[0].isalpha()):
        newest = {version_key(version)[0]: path for version, path in recorded_versions(place.name, folder).items()}
        for major, path in newest.items():
            if any(name == place.name and other >= major for name, other in held):
                continue
            last = read_contract(path)
            if not (last.end_of_support and today and last.end_of_support < today):
                problem = f"the table of released version {last.version} is gone"
                fix = "restore its contract, or announce an endOfSupport first and remove it after that day"
                found.append(VersionRefused(place.name, problem, fix))
    return found


def _document(text: str, origin: str) -> dict[str, Any]:
    return read_yaml(text, dict[str, Any], origin, ContractFileError)


def _file(contract: Contract, folder: Path | None) -> Path:
    return (folder or contract_folder()) / "released" / contract.family / f"{contract.version}{SUFFIX}"


def _change_without_version(contract: Contract, folder: Path | None) -> VersionRefused | None:
    """Return the error of changes that need a higher version; None if there are none."""
    path = _file(contract, folder)
    if path.exists():
        recorded = _document(path.read_text(encoding="utf-8"), str(path))
        if recorded == _document(as_yaml(self_contained(contract)), contract.file):
            return None
        found = compare(read_contract(path), contract)
        said = _said(found.differences) or "text outside the promise"
        version = found.next_version if found.differences else next_versions(contract.version)["patch"]
        fix = f"write version: {version} and a changelog entry {version} that says what changed"
        return VersionRefused(contract.name, f"changed without a new version ({said})", fix)
    versions = recorded_versions(contract.family, folder).items()
    earlier = [one for version, one in versions if version_key(version)[0] <= contract.major]
    if not earlier:
        return None
    found = compare(read_contract(earlier[-1]), contract)
    if version_key(found.old.version) > version_key(contract.version):
        problem = f"version {contract.version} is older than the released {found.old.version}"
        return VersionRefused(contract.name, problem, f"raise it above {found.old.version}")
    if found.is_enough:
        return None
    said = _said([one for one in found.differences if one.is_breaking] or found.differences)
    change = f"{'breaking' if found.is_breaking else 'compatible'} change since {found.old.version}"
    fix = f"write version: {found.next_version} and a changelog entry for it, or take the change back"
    return VersionRefused(contract.name, f"{change} without a new {found.needed} version ({said})", fix)


def _said(differences: Sequence[Difference]) -> str:
    return "; ".join(f"{one.where}: {one.what}" for one in differences[:3])
