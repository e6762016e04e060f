"""Folders of contracts that a test may change: copies of a few of the project's own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from cchc_pipeline.contracts import Contract, parse_contract
from cchc_pipeline.contracts.contract import contract_folder

CHANGE = """      - version: {version}
        changed_on: "2027-01-15"
        text_vi: "Sửa."
        text_en: "Changed."
"""


def text_of(name: str) -> str:
    return (contract_folder() / f"{name}.odcs.yaml").read_text(encoding="utf-8")


def raised(text: str, version: str) -> str:
    """The contract with another version and an entry for it on top of its changelog."""
    text = re.sub(r"^version: .*$", f"version: {version}", text, count=1, flags=re.MULTILINE)
    head, entry = "  - property: changelog\n    value:\n", CHANGE.format(version=version)
    assert head in text
    return text.replace(head, head + entry)


def contract_of(text: str) -> Contract:
    return parse_contract(text, file="here")


def without_column(text: str, name: str) -> str:
    return re.sub(rf"      - name: {name}\n(?:        .*\n)+", "", text)


def a_folder(path: Path, *names: str) -> Path:
    """A folder with the current contracts of some tables, nothing released."""
    path.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(contract_folder() / f"{name}.odcs.yaml", path)
    return path


def rewrite(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.odcs.yaml").write_text(text, encoding="utf-8")
