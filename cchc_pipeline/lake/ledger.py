"""Ledgers: which files a later stage has taken in, so that it can tell what is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cchc_pipeline.lake import files

#: Size in bytes and time of writing in nanoseconds: what tells that a file was written again.
Stamp = tuple[int, int]


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

    def pending(self) -> dict[Path, Stamp]:
        """Files that are new or were written again, with their stamps, in the order in which they were written."""
        noted = self._read()
        found = stamps(self.folder.glob("[!.]*.parquet"))
        new = [path for path, stamp in found.items() if noted.get(path.name) != self._of(stamp)]
        return {path: found[path] for path in sorted(new, key=lambda path: (found[path][1], path.name))}

    def note(self, taken: Mapping[Path, Stamp]) -> None:
        """Remember these files as taken in.

        Args:
            taken: the files with their stamps from before they were read (`pending`, `stamps`): one that was
                written again in between stays pending.
        """
        noted = self._read() | {path.name: self._of(stamp) for path, stamp in taken.items()}
        files.write_json(dict(sorted(noted.items())), self.path)

    def forget(self, paths: Iterable[Path]) -> None:
        """Drop the entries of these files: what is still there is pending again, what is gone takes no place."""
        noted = self._read()
        names = {path.name for path in paths} & set(noted)
        if names:
            files.write_json({name: text for name, text in noted.items() if name not in names}, self.path)

    def _of(self, stamp: Stamp) -> str:
        return f"{stamp[0]}|{stamp[1]}|{self.logic}"

    def _read(self) -> dict[str, str]:
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}


def stamps(paths: Iterable[Path]) -> dict[Path, Stamp]:
    """The stamps of files that are about to be read."""
    found = {}
    for path in paths:
        stat = path.stat()
        found[path] = (stat.st_size, stat.st_mtime_ns)
    return found
