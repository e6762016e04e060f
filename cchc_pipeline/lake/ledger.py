"""Ledgers: which files a later stage has taken in, so that it can tell what is new.

Belongs here: remembering and comparing files by size and time of writing. A stage that broke off
before it noted its files takes them in again; every stage is made so that twice is once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cchc_pipeline.lake import files


@dataclass(frozen=True)
class Ledger:
    """The files that one consumer has taken in.

    Attributes:
        path: where the ledger is kept.
        folder: the folder whose Parquet files are consumed.
        logic: identity of what the consumer does; when it changes, every file is new again.
    """

    path: Path
    folder: Path
    logic: str = ""

    def pending(self) -> list[Path]:
        """Files that are new or were written again, in the order in which they were written."""
        noted = self._read()
        found = {path: _stamp(path) for path in self.folder.glob("[!.]*.parquet")}
        new = [path for path, stamp in found.items() if noted.get(path.name) != self._of(stamp)]
        return sorted(new, key=lambda path: (found[path][1], path.name))

    def note(self, paths: Iterable[Path]) -> None:
        """Remember these files as taken in, as they are now."""
        noted = self._read() | {path.name: self._of(_stamp(path)) for path in paths}
        files.write_json(dict(sorted(noted.items())), self.path)

    def _of(self, stamp: tuple[int, int]) -> str:
        return f"{stamp[0]}|{stamp[1]}|{self.logic}"

    def _read(self) -> dict[str, str]:
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
