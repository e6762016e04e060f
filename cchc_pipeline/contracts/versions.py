"""Released versions of published contracts: what readers were promised, kept word by word.

A released file carries its code lists in itself, so that a code that changed its meaning later is
seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from cchc_pipeline.contracts.compatibility import Comparison, compare
from cchc_pipeline.contracts.document import load_yaml
from cchc_pipeline.contracts.errors import ContractError
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.promises import version_key
from cchc_pipeline.contracts.registry import SUFFIX, contract_folder, folder_contracts, read_contract


class ReleaseRefused(ContractError):  # noqa: N818 - says what happened
    """A contract cannot be released as it stands; nothing was written."""

    def __init__(self, *, table: str, problem: str, fix: str) -> None:
        super().__init__(f"Contract {table}: {problem}. Fix: {fix}.", table=table, problem=problem, fix=fix)
        self.table, self.problem, self.fix = table, problem, fix


@dataclass(frozen=True)
class Problem:
    """Why the contract of a published table breaks change control, and what mends it."""

    table: str
    problem: str
    fix: str

    def __str__(self) -> str:
        return f"{self.table}: {self.problem}. Fix: {self.fix}."


def self_contained(contract: Contract, data: Path | None = None) -> dict[str, Any]:
    """The contract as plain values with its code lists inside, readable by any ODCS tool.

    Each coded column gets the rule of its list, because only this project follows a list's name.

    Args:
        contract: a contract that was read from a file.
        data: the Parquet file that takes the place of the contract's server.
    """
    document: dict[str, Any] = load_yaml(Path(contract.file).read_bytes(), contract.file)
    if data is not None:
        document["servers"] = [{"server": "published", "type": "local", "path": str(data), "format": "parquet"}]
    if contract.code_lists:
        custom = [item for item in document["customProperties"] if item["property"] != "code_lists"]
        lists = [found.document() for found in contract.code_lists]
        document["customProperties"] = [*custom, {"property": "code_lists", "value": lists}]
    for entry in document["schema"][0]["properties"]:
        column = contract.column(entry["name"])
        if column.code_list and column.valid_values:
            entry["quality"] = [
                {
                    "id": f"{column.name}_values",
                    "type": "library",
                    "metric": "invalidValues",
                    "arguments": {"validValues": list(column.valid_values)},
                    "mustBe": 0,
                    "dimension": "conformity",
                    "severity": column.valid_values_severity,
                }
            ]
    return document


def dump(document: dict[str, Any]) -> str:
    """A contract as YAML text."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def released_versions(family: str, folder: Path | None = None) -> list[Path]:
    """Files of the released versions of a table, oldest first."""
    place = (folder or contract_folder()) / "released" / family
    return sorted(place.glob(f"*{SUFFIX}"), key=lambda path: version_key(path.name.removesuffix(SUFFIX)))


def released_contract(family: str, version: str, folder: Path | None = None) -> Contract:
    """A released version.

    Raises:
        ReleaseRefused: there is no such version.
    """
    files = {path.name.removesuffix(SUFFIX): path for path in released_versions(family, folder)}
    if version not in files:
        raise ReleaseRefused(
            table=family,
            problem=f"version {version} was never released",
            fix=f"use one of {', '.join(files)}" if files else f"see `cchc contract list`, or release {family} first",
        )
    return read_contract(files[version])


def problems(contract: Contract, folder: Path | None = None) -> list[Problem]:
    """What keeps a published contract from being what its released versions promise; none when all is well."""
    refused = _refusal(contract, folder)
    if refused:
        return [refused]
    path = _released_file(contract, folder)
    if not path.exists():
        command = f"run `cchc contract release {contract.name}`"
        return [Problem(contract.name, f"version {contract.version} is not released", command)]
    return []


def all_problems(folder: Path | None = None, today: date | None = None) -> list[Problem]:
    """Problems of every published contract of a folder, and of tables whose contract is gone.

    A table may only go after the end of support that its last version announced.

    Args:
        folder: a folder of contracts; the project's own where None.
        today: the civil day that ends of support are compared with; None where none has passed.
    """
    folder = folder or contract_folder()
    contracts = [contract for contract in folder_contracts(folder) if contract.is_published]
    found = [problem for contract in contracts for problem in problems(contract, folder)]
    held = {(contract.family, contract.major) for contract in contracts}
    for place in sorted(path for path in (folder / "released").glob("*") if path.is_dir() and path.name[0].isalpha()):
        lines: dict[int, Path] = {}
        for path in released_versions(place.name, folder):
            lines[version_key(path.name.removesuffix(SUFFIX))[0]] = path
        for major, path in lines.items():
            if (place.name, major) in held:
                continue
            last = read_contract(path)
            superseded = any(name == place.name and other > major for name, other in held)
            ended = last.end_of_support is not None and today is not None and last.end_of_support < today
            if not superseded and not ended:
                fix = "restore its contract, or announce an endOfSupport first and remove it after that day"
                found.append(Problem(place.name, f"the table of released version {last.version} is gone", fix))
    return found


def release_contract(contract: Contract, folder: Path | None = None) -> Path:
    """Put the current version of a published contract among the released ones; the file.

    Raises:
        ReleaseRefused: it is inbound, changed without a new version, or breaks its readers without a new major.
    """
    if not contract.is_published:
        raise ReleaseRefused(
            table=contract.name, problem="it is inbound", fix="only what leaves the pipeline is released"
        )
    refused = _refusal(contract, folder)
    if refused:
        raise ReleaseRefused(table=refused.table, problem=refused.problem, fix=refused.fix)
    path = _released_file(contract, folder)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(self_contained(contract)), encoding="utf-8")
    return path


def _released_file(contract: Contract, folder: Path | None) -> Path:
    return (folder or contract_folder()) / "released" / contract.family / f"{contract.version}{SUFFIX}"


def _refusal(contract: Contract, folder: Path | None) -> Problem | None:
    """Why the contract could not be released now."""
    path = _released_file(contract, folder)
    if path.exists():
        if load_yaml(path.read_bytes(), str(path)) == load_yaml(dump(self_contained(contract)), contract.file):
            return None
        found = compare(read_contract(path), contract)
        said = "; ".join(f"{one.where}: {one.what}" for one in found.differences[:3]) or "text outside the promise"
        version = found.next_version if found.differences else _patch(contract.version)
        return Problem(
            contract.name,
            f"changed without a new version ({said})",
            f"write version: {version} and a changelog entry {version} that says what changed",
        )
    before = previous(contract, folder)
    if before is None:
        return None
    if version_key(before.version) > version_key(contract.version):
        return Problem(
            contract.name,
            f"version {contract.version} is older than the released {before.version}",
            f"raise it above {before.version}",
        )
    return _not_enough(compare(before, contract))


def previous(contract: Contract, folder: Path | None = None) -> Contract | None:
    """The newest released version whose major is not above the contract's; None before the first release."""
    files = [
        path
        for path in released_versions(contract.family, folder)
        if version_key(path.name.removesuffix(SUFFIX))[0] <= contract.major
    ]
    return read_contract(files[-1]) if files else None


def _not_enough(found: Comparison) -> Problem | None:
    if found.is_enough:
        return None
    culprits = [one for one in found.differences if one.is_breaking] or list(found.differences)
    said = "; ".join(f"{one.where}: {one.what}" for one in culprits[:3])
    kind = "breaking" if found.is_breaking else "compatible"
    return Problem(
        found.new.name,
        f"{kind} change since {found.old.version} without a new {found.needed} version ({said})",
        f"write version: {found.next_version} and a changelog entry for it, or take the change back",
    )


def _patch(version: str) -> str:
    major, minor, patch = version_key(version)
    return f"{major}.{minor}.{patch + 1}"
