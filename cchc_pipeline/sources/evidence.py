"""Keep the raw replies of a pull, with request, time and sha256, as one archive in the lake.

`evidence/<source>/<day>_<time>.zip` holds each reply byte for byte, and `requests.json` with the request behind it. The
archive has the form of a folder of saved replies: unpacked into one it is read again by the same parser.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.lake.layout import Lake

INDEX = "requests.json"
FOLDER = "evidence"


class Evidence:
    """Raw replies of one pull, usable or not."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, dict[str, Any]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, name: str, content: bytes, request: Mapping[str, Any], came_from: str) -> None:
        """Keep one reply under a file name.

        Args:
            name: of the file; a second one of the same name gets a number.
            content: the reply as it came.
            request: `url` and `body`, and what else is known, such as `status` and `captured`, the time of the reply.
            came_from: `call` or `file`.
        """
        while name in self._kept:
            name = f"{len(self._kept)}-{name}"
        known = {"captured": datetime.now(LOCAL_ZONE).isoformat(timespec="seconds"), **request}
        more = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "from": came_from}
        self._kept[name] = content, {**known, **more}

    def write(self, lake: Lake, source: str, day: date) -> str | None:
        """Write the archive of a pull for a day, and begin anew; return its name, None where nothing came."""
        if not self._kept:
            return None
        packed = BytesIO()
        index = {name: entry for name, (_, entry) in self._kept.items()}
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(INDEX, json.dumps(index, ensure_ascii=False, indent=1))
            for name, (content, _) in self._kept.items():
                archive.writestr(name, content)
        name = f"{FOLDER}/{source}/{day}_{datetime.now(LOCAL_ZONE):%Y%m%dT%H%M%S%f}.zip"
        lake.store.write_bytes(packed.getvalue(), name)
        self._kept = {}
        return name


def archives(lake: Lake, source: str, day: date | None = None) -> list[Path]:
    """Return the archives of a source, of one day or of all, oldest first."""
    names = lake.store.parts(f"{FOLDER}/{source}", ".zip")
    return [lake.root / FOLDER / source / f"{name}.zip" for name in names if day is None or name.startswith(f"{day}_")]


def read_archive(path: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Yield name, content and request of every reply; `is_whole` in the request says whether the sha256 holds."""
    with zipfile.ZipFile(path) as archive:
        for name, entry in json.loads(archive.read(INDEX)).items():
            content = archive.read(name)
            yield name, content, {**entry, "is_whole": hashlib.sha256(content).hexdigest() == entry["sha256"]}
