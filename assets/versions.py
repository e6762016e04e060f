"""Compute code versions: digests of the files that make an asset."""

import hashlib
from functools import cache
from importlib import resources

from cchc_pipeline.contracts import Contract


@cache
def code_version(*rooms: str, contract: Contract | None = None, more: str = "") -> str:
    """Return a digest of the files of packages, of a contract, and of `more`."""
    digest = hashlib.sha256(((contract.sha256 if contract else "") + more).encode())
    for room in rooms:
        for file in sorted(resources.files(f"cchc_pipeline.{room}").iterdir(), key=lambda file: file.name):
            if file.is_file() and file.name.endswith((".py", ".sql", ".yaml")):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
