"""The project's contracts with one of them changed, as if its file had been edited: for tests of broken contracts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from unittest import mock

from cchc_pipeline.contracts import Contract, load_contract, parse_contract
from cchc_pipeline.contracts import registry as contract

SOURCE = Path(str(resources.files("data_contracts")))


@contextmanager
def spoiled(folder: Path, name: str, wrong: dict[str, str]) -> Iterator[Contract]:
    """Within: the file of the contract `name` has other texts (what was: what becomes); the changed contract."""
    target = folder / "data_contracts"
    shutil.copytree(SOURCE, target, dirs_exist_ok=True)
    file = target / f"{name}.odcs.yaml"
    text = file.read_text(encoding="utf-8")
    for was, becomes in wrong.items():
        assert was in text, f"{name} has no {was!r}"
        text = text.replace(was, becomes)
    file.write_text(text, encoding="utf-8")
    files = resources.files

    def overlaid(package: str) -> object:
        return target if package == "data_contracts" else files(package)

    with mock.patch.object(contract.resources, "files", overlaid):
        load_contract.cache_clear()
        try:
            yield load_contract(name)
        finally:
            load_contract.cache_clear()


def mended(name: str) -> Contract:
    """The contract as the project has it."""
    return parse_contract((SOURCE / f"{name}.odcs.yaml").read_bytes(), file=name)
