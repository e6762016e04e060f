"""Store tables as Parquet files and small states as JSON files, atomically.

A reader sees the old content of a file or the new, never a mixture.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.errors import CchcError

# Fixed so that equal content gives equal bytes on every machine.
_PARQUET = {"compression": "zstd", "write_statistics": True, "version": "2.6"}
_ROW_GROUP = 128 * 1024

#: An engine source: an Arrow table, or Parquet files of one schema, read in place.
Source: TypeAlias = pa.Table | Path | Sequence[Path]
#: Name of a part; a part of one civil day is named by the day.
Part: TypeAlias = str | date | None


class LakeError(CchcError):
    """Data that the lake does not hold, or holds in an unknown format."""


class Token(NamedTuple):
    """Write time and size of a part: rewritten parts differ, and tokens sort by time."""

    written_ns: int
    size: int

    def __str__(self) -> str:
        return f"{self.size}|{self.written_ns}"


@dataclass(frozen=True)
class Store:
    """Tables and JSON values below one folder, by names such as `built/units`.

    A table is one file, `built/units.parquet`, or has parts: `core/dossiers/2026-10.parquet`.
    """

    root: Path

    def path(self, table: str, part: Part = None) -> Path:
        """Return the path of a table, or of one part, whether or not it exists."""
        return self.root / (f"{table}.parquet" if part is None else f"{table}/{part}.parquet")

    def has(self, table: str, part: Part = None) -> bool:
        """Return whether the table, or the part, was written."""
        return self.path(table, part).exists()

    def read(
        self,
        table: str,
        part: Part = None,
        *,
        schema: pa.Schema | None = None,
        columns: list[str] | None = None,
        threads: bool = True,
    ) -> pa.Table:
        """Read a table, or one part of it: its `columns`, all by default.

        Without `threads` many small parts one after the other take a fifth of the processor time.

        Raises:
            LakeError: nothing was written yet, and no `schema` of an empty table is given.
        """
        path = self.path(table, part)
        if path.exists():
            return pq.read_table(path, columns=columns, partitioning=None, use_threads=threads)
        if schema is None:
            raise LakeError(f"lake {self.root}: no table {table} yet. Run the main job: `cchc run --day D`.")
        return schema.empty_table()

    def source(self, table: str, schema: pa.Schema | None = None) -> pa.Table | Path:
        """Return a table of one file as an engine source; empty where there is none.

        Raises:
            LakeError: nothing was written yet, and no `schema` is given.
        """
        return self.path(table) if self.has(table) else self.read(table, schema=schema)

    def source_of_parts(
        self, table: str, schema: pa.Schema | None = None, only: Collection[str] | None = None
    ) -> Source:
        """Return the parts of a table, or `only` the named ones, as an engine source.

        Raises:
            LakeError: no part was written yet, and no `schema` of an empty table is given.
        """
        names = [part for part in self.parts(table) if only is None or part in only]
        return [self.path(table, part) for part in names] or self.read(table, "", schema=schema)

    def parts(self, table: str, suffix: str = ".parquet") -> dict[str, Token]:
        """Return part name -> token for the parts of a table, in the order of names."""
        found = [(path, path.stat()) for path in sorted((self.root / table).glob(f"[!.]*{suffix}"))]
        return {path.name.removesuffix(suffix): Token(stat.st_mtime_ns, stat.st_size) for path, stat in found}

    def token(self, table: str, part: Part = None) -> Token:
        """Return the token of a table or a part that was written."""
        stat = self.path(table, part).stat()
        return Token(stat.st_mtime_ns, stat.st_size)

    def schema(self, table: str, part: Part = None) -> pa.Schema | None:
        """Return schema and metadata from the footer; None where nothing was written."""
        path = self.path(table, part)
        return pq.read_schema(path) if path.exists() else None

    def rows(self, table: str, part: Part = None) -> int:
        """Return the number of rows, from the footer."""
        return int(pq.read_metadata(self.path(table, part)).num_rows)

    def write(
        self, content: pa.Table | Iterable[pa.Table], table: str, part: Part = None, schema: pa.Schema | None = None
    ) -> None:
        """Write a table, or one part of it, replacing what was there; see `write_parquet`."""
        write_parquet(content, self.path(table, part), schema)

    def update(self, content: pa.Table, table: str, part: Part = None) -> bool:
        """Write a table if its content changed; return whether it was written."""
        if self.has(table, part):
            current = self.read(table, part)
            if current.schema.equals(content.schema, check_metadata=True) and current.equals(content):
                return False
        self.write(content, table, part)
        return True

    def remove(self, table: str, parts: Iterable[str], suffix: str = ".parquet") -> None:
        """Remove parts of a table."""
        for part in parts:
            (self.root / table / f"{part}{suffix}").unlink()
        if (self.root / table).is_dir():
            sync_folder(self.root / table)

    def read_json(self, name: str) -> Any:
        """Return the value that was written under a name; None where there is none."""
        path = self.root / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def write_json(self, value: Any, name: str) -> None:
        """Write a value under a name, as readable JSON."""
        write_json(value, self.root / f"{name}.json")

    def write_bytes(self, content: bytes, name: str) -> None:
        """Write bytes under a name, with its suffix."""
        replace_file(self.root / name, content)

    def point(self, to: str) -> None:
        """Point `current` at the folder `to`, atomically."""
        temporary = self.root / ".current.new"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(to, target_is_directory=True)
        temporary.replace(self.root / "current")
        sync_folder(self.root)

    def pointed(self) -> Path | None:
        """Return the folder that `current` points to; None where it points nowhere."""
        pointer = self.root / "current"
        return pointer.resolve(strict=True) if pointer.is_symlink() and pointer.exists() else None


def sync_folder(folder: Path) -> None:
    """Sync renames and new names in `folder` to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes | Callable[[IO[bytes]], object]) -> None:
    """Write bytes, or what a function writes, beside `path`; then rename it.

    A kill leaves the old file whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content) if isinstance(content, bytes) else content(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_parquet(tables: pa.Table | Iterable[pa.Table], path: Path, schema: pa.Schema | None = None) -> None:
    """Write a table, or a stream of tables of one `schema`, to a Parquet file.

    Raises:
        pa.ArrowInvalid: a table does not have `schema`.
    """
    if isinstance(tables, pa.Table):
        schema = schema or tables.schema
        tables = [tables]
    if schema is None:
        raise ValueError("a stream of tables needs the schema")

    def write(stream: IO[bytes]) -> None:
        with pq.ParquetWriter(stream, schema, **_PARQUET) as writer:
            for table in tables:
                writer.write_table(table.cast(schema), row_group_size=_ROW_GROUP)

    replace_file(path, write)


def write_json(value: Any, path: Path) -> None:
    """Write `value` as readable UTF-8 JSON, atomically."""
    replace_file(path, (json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n").encode())


def read_parquet(path: Path) -> pa.Table:
    """Read the table in one Parquet file."""
    return pq.read_table(path, partitioning=None)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
