"""Folders of contracts that a test may change: copies of a few of the project's own."""

from __future__ import annotations

import re
from pathlib import Path

from cchc_pipeline.contracts import Contract, parse_contract
from cchc_pipeline.contracts.model import contract_folder

CHANGE = """      - version: {version}
        changed_on: "2027-01-15"
        text_vi: "Sửa."
        text_en: "Changed."
"""


def text_of(name: str) -> str:
    """The contract as if it were in its first version, so that tests need not follow the project's own versions."""
    text = (contract_folder() / f"{name}.odcs.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^version: .*$", "version: 1.0.0", text, count=1, flags=re.MULTILINE)
    return re.sub(r"      - version: (?!1\.0\.0$)\S+\n(?:        \S.*\n)+", "", text, flags=re.MULTILINE)


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
    """A folder with the contracts of some tables in their first version, nothing released."""
    path.mkdir(parents=True, exist_ok=True)
    for name in names:
        (path / f"{name}.odcs.yaml").write_text(text_of(name), encoding="utf-8")
    return path


def rewrite(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.odcs.yaml").write_text(text, encoding="utf-8")
