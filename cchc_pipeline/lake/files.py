"""Writing and reading files so that a reader sees the old content or the new, never a mixture."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

# Fixed so that equal content gives equal bytes on every machine.
_PARQUET = {"compression": "zstd", "write_statistics": True, "version": "2.6", "row_group_size": 128 * 1024}


def sync_folder(folder: Path) -> None:
    """Make renames and new names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside `path`, sync, then take its place: a kill at any moment leaves the old file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_parquet(tables: pa.Table | Iterable[pa.Table], path: Path, schema: pa.Schema | None = None) -> None:
    """Write one Parquet file from a table or a stream of tables of one schema, atomically.

    Raises:
        pa.ArrowInvalid: a table does not have `schema`.
    """
    if isinstance(tables, pa.Table):
        schema = schema or tables.schema
        tables = [tables]
    if schema is None:
        raise ValueError("a stream of tables needs the schema")

    def write(stream: IO[bytes]) -> None:
        with pq.ParquetWriter(stream, schema, **{k: v for k, v in _PARQUET.items() if k != "row_group_size"}) as writer:
            for table in tables:
                writer.write_table(table.cast(schema), row_group_size=_PARQUET["row_group_size"])

    replace_file(path, write)


def write_json(value: Any, path: Path) -> None:
    """Write `value` as readable UTF-8 JSON, atomically."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n"
    replace_file(path, lambda stream: _write_all(stream, text.encode("utf-8")))


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file for people (a page, a picture), atomically."""
    replace_file(path, lambda stream: _write_all(stream, content))


def _write_all(stream: IO[bytes], content: bytes) -> None:
    stream.write(content)


def read_parquet(path: Path) -> pa.Table:
    """The table in one Parquet file."""
    return pq.read_table(path, partitioning=None)


def sha256(path: Path) -> str:
    """Hash of a file's bytes, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def row_count(path: Path) -> int:
    """Rows of a Parquet file, from its footer."""
    return int(pq.read_metadata(path).num_rows)
