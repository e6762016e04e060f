"""List the table files of a drop folder, and say which of them cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.tabular.files import TableFileError

#: Suffixes of table files; the kind of a file is found by its content.
SUFFIXES = frozenset({".csv", ".tsv", ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"})


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder by name, without hidden ones and Excel's locks."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in entries if path.is_file() and not path.name.startswith((".", "~$"))]


def table_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are named as tables, by name."""
    return [path for path in files_in(folder) if path.suffix.lower() in SUFFIXES]


@contextmanager
def file_errors(source: str, folder: Path, day: date, shown: str = "") -> Iterator[None]:
    """Raise FileUnusable for a TableFileError, its `folder` shown as `shown`."""
    try:
        yield
    except TableFileError as error:
        culprit = shown + error.file.removeprefix(str(folder)).lstrip("/\\")
        raise FileUnusable(error.problem, source=source, culprit=culprit, day=day, fix=error.fix) from None
