"""Searching every file of a folder for the invented people of the sandbox."""

from __future__ import annotations

import gzip
import re
import unicodedata
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NAMES = "NGƯỜI MẪU", "Người Mẫu", "CÔNG TY MẪU"


def _forms(text: str) -> list[bytes]:
    """A text as files can hold it: UTF-8 composed and decomposed, UTF-16, JSON with escapes."""
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    found = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le")]
    escaped = forms[0].encode("ascii", "backslashreplace")
    return [*found, escaped, escaped.upper().replace(b"\\U", b"\\u")]


MARKERS = {
    "name": re.compile(b"|".join(re.escape(form) for name in NAMES for form in _forms(name))),
    "identity number": re.compile(rb"(?<![0-9a-fA-F.])999\d{9}(?![0-9a-fA-F])"),
    "phone": re.compile(rb"\+84000\d{6}"),
    "e-mail": re.compile(rb"@example\.invalid"),
}


def personal_traces(folder: Path) -> list[tuple[str, str]]:
    """(file, what was found in it) for every file below `folder`; Parquet, gzip and zip are searched unpacked too."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += _text_of(path)
        elif content.startswith(b"\x1f\x8b"):
            content += gzip.decompress(content)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                content += b"\n".join(archive.read(name) for name in archive.namelist())
        found += [(str(path), what) for what, marker in MARKERS.items() if marker.search(content)]
    return found


def _text_of(path: Path) -> bytes:
    """Every value of a Parquet file as text, one per line."""
    lines: list[str] = []
    for column in pq.read_table(path, partitioning=None).itercolumns():
        if pa.types.is_nested(column.type):
            lines += map(str, column.to_pylist())
        else:
            lines += (value for value in column.unique().cast(pa.string()).to_pylist() if value is not None)
    return "\n".join(lines).encode()
