"""Tell the kind of a table file by its content, and read it within safe limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.errors import CchcError

Kind = Literal["parquet", "xlsx", "html", "csv"]
#: Number of a row in its file from 1, as a spreadsheet shows it, and its cells; None where one is blank.
Row = tuple[int, tuple[Any, ...]]
#: Largest file and, unpacked, largest workbook; and most cells of one file. A reader holds all of it in memory.
MAX_BYTES = 256 * 2**20
MAX_CELLS = 20_000_000


class TableFileError(CchcError):
    """File that cannot be read as a table.

    Attributes:
        file: the file.
        problem: what is wrong with it, with sheet, row or cell where known.
        fix: what to do.
    """

    def __init__(self, file: Path | str, problem: str, fix: str) -> None:
        super().__init__(f"File {file}: {problem}. Fix: {fix}.", file=str(file), problem=problem, fix=fix)
        self.file, self.problem, self.fix = str(file), problem, fix


def file_kind(path: Path) -> Kind:
    """Tell what kind of table a file is, by its first bytes and never by its name.

    Raises:
        TableFileError: it is not there, empty, or of a kind that is not read.
    """
    if not path.is_file():
        raise TableFileError(path, "there is no such file", "correct the path")
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise _no_access(path, error) from error
    if not head.strip():
        raise TableFileError(path, "it is empty", "export it again")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableFileError(
            path, "it is an old Excel workbook (.xls), or one with a password", "save it as .xlsx without a password"
        )
    text = head.lstrip(b"\xef\xbb\xbf").lstrip()
    return "html" if text.startswith(b"<") or head.startswith((b"<\x00", b"\xff\xfe<\x00")) else "csv"


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        TableFileError: it is too large, may not be read, or is just being written.
    """
    try:
        before = path.stat()
        if before.st_size > MAX_BYTES:
            raise too_large(path, f"{before.st_size // 2**20} MB")
        content = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise _no_access(path, error) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise TableFileError(path, "it is just being written", "wait until it is copied, then run again")
    return content


def read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file as an Arrow table.

    Raises:
        TableFileError: it is damaged.
    """
    try:
        return pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        problem = f"it cannot be read as Parquet ({str(error).splitlines()[0]})"
        raise TableFileError(path, problem, "write or copy it again") from error


def filled_rows(path: Path, rows: Iterable[tuple[int, Sequence[Any]]], *, is_ragged: bool = False) -> list[Row]:
    """Keep the rows with a filled cell, their texts without outer white space.

    Blank cells at the end of a row are kept if `is_ragged`, because there a row that ends early is cut off.

    Raises:
        TableFileError: there are more cells than fit into memory.
    """
    kept, total = [], 0
    for number, raw in rows:
        cells = [(cell.strip() or None) if isinstance(cell, str) else cell for cell in raw]
        while cells and cells[-1] is None and not is_ragged:
            cells.pop()
        if any(cell is not None for cell in cells):
            kept.append((number, tuple(cells)))
            total += len(cells)
            if total > MAX_CELLS:
                raise too_large(path, "too many cells")
    return kept


def too_large(path: Path, size: str) -> TableFileError:
    """Build the error of a file that would not fit into memory."""
    return TableFileError(
        path,
        f"it holds {size}, more than {MAX_BYTES // 2**20} MB or {MAX_CELLS:,} cells",
        "delete what is blank or stray below and beside the table, or split the file",
    )


def _no_access(path: Path, error: OSError) -> TableFileError:
    return TableFileError(path, f"it cannot be read ({error.strerror})", "give this user the right to read it")
