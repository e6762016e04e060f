"""Publish complete versions of the tables, read them, and roll back.

A version is completed beside the old ones and becomes the current one by one switch.

A reader that opens one file through `current` sees one version. A reader of several files
resolves `current` first (`current_version`), because names are resolved file by file.
"""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake import files
from cchc_pipeline.lake.files import Store

MANIFEST = "datapackage.json"


class PublishError(CchcError):
    """A version that cannot be completed or read; the pointer has not moved."""


@dataclass(frozen=True)
class Published:
    """Result of one publication.

    Attributes:
        version: name of the version.
        folder: its folder.
        changed: tables whose bytes differ from the version before.
        rows: rows by table.
        ended: tables that are no longer published, because their support has ended.
    """

    version: str
    folder: Path
    changed: tuple[str, ...]
    rows: dict[str, int]
    ended: tuple[str, ...] = ()


def current_version(published: Path) -> Path | None:
    """Return the folder of the current version; None before the first publication."""
    return Store(published).pointed()


def published_version(published: Path) -> Path:
    """Return the folder of the current version.

    Raises:
        PublishError: nothing was published yet.
    """
    if (version := current_version(published)) is None:
        raise PublishError(
            f"nothing is published in {published} yet. Run the main job first: `make run` or `cchc run`."
        )
    return version


def what_stays(published: Path) -> str:
    """Return, as part of a sentence, what readers see after a run without publication."""
    return "nothing is published yet" if current_version(published) is None else "the last published version stays"


def read_manifest(version: Path) -> dict[str, Any]:
    """Read the manifest of a version.

    Raises:
        PublishError: the manifest is absent or damaged.
    """
    try:
        return json.loads((version / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PublishError(
            f"published version {version.name}: {MANIFEST} cannot be read ({error}). "
            "Roll back to another version (`cchc versions --use NAME`) or publish again."
        ) from error


def publish(
    published: Path,
    version: str,
    tables: Mapping[str, Path],
    describe: Callable[[str], dict[str, Any]],
    details: Mapping[str, Any],
    created: datetime,
    keep: int,
    pages: Callable[[], Mapping[str, bytes]] | None = None,
) -> Published:
    """Write a complete version, sync it, then move the pointer.

    Args:
        published: the published folder.
        version: name of the new version; an unfinished folder of this name is replaced.
        tables: table name -> Parquet file to publish.
        describe: table name -> resource descriptor (schema and labels) for the manifest.
        details: more top-level keys of the manifest.
        created: time stamp of the manifest.
        keep: number of versions that are kept, this one included.
        pages: makes the files for people beside the tables: path below the version -> content. Called when every
            table is known to be there.

    Raises:
        PublishError: a table file is absent. The pointer has not moved.
    """
    missing = sorted(name for name, path in tables.items() if not path.exists())
    if missing:
        raise PublishError(f"publishing: no file for table {', '.join(missing)}; run the whole job again.")
    before = _hashes(current_version(published))
    versions = published / "versions"
    folder, building = versions / version, versions / f".{version}.building"
    for leftover in versions.glob(".*"):
        shutil.rmtree(leftover)
    building.mkdir(parents=True)
    resources = [_copy(name, path, building, describe(name)) for name, path in sorted(tables.items())]
    manifest = {
        "profile": "tabular-data-package",
        "name": "cchc-pipeline",
        "title": "Chỉ số và bảng điểm cải cách hành chính",
        "version": version,
        "created": created.isoformat(timespec="seconds"),
        **details,
        "resources": resources,
    }
    if pages:
        manifest["files"] = [_write(path, content, building) for path, content in sorted(pages().items())]
    files.write_json(manifest, building / MANIFEST)
    files.sync_folder(building)
    if folder.exists():
        _remove(folder)
    building.rename(folder)
    files.sync_folder(versions)
    Store(published).point(f"versions/{version}")
    _prune(versions, keep, folder)
    changed = tuple(r["name"] for r in resources if before.get(r["name"]) != r["hash"])
    return Published(version, folder, changed, {r["name"]: r["rows"] for r in resources})


def roll_back(published: Path, version: str) -> Path:
    """Point `current` at an older version.

    Raises:
        PublishError: there is no such version, or its files are not those of its manifest.
    """
    folder = published / "versions" / version
    if not folder.is_dir():
        known = ", ".join(version_names(published)) or "none"
        raise PublishError(f"published version {version}: not there. Versions kept: {known}.")
    manifest = read_manifest(folder)
    for resource in [*manifest["resources"], *manifest.get("files", ())]:
        path = folder / resource["path"]
        if not path.exists() or f"sha256:{files.sha256(path)}" != resource["hash"]:
            raise PublishError(f"published version {version}: {resource['path']} is damaged. Choose another version.")
    Store(published).point(f"versions/{version}")
    return folder


def version_names(published: Path) -> list[str]:
    """Return the names of the complete versions, oldest first."""
    return sorted(path.name for path in (published / "versions").glob("[!.]*") if path.is_dir())


def _hashes(version: Path | None) -> dict[str, str]:
    """Return table -> hash of a version; empty without a version or sound manifest."""
    try:
        return {r["name"]: r["hash"] for r in read_manifest(version)["resources"]} if version else {}
    except PublishError:
        return {}


def _copy(name: str, source: Path, folder: Path, descriptor: Mapping[str, Any]) -> dict[str, Any]:
    target = folder / f"{name}.parquet"
    with source.open("rb") as stream:
        files.replace_file(target, lambda out: shutil.copyfileobj(stream, out))
    about = {"path": target.name, "format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    size = {"rows": Store(folder).rows(name), "bytes": target.stat().st_size}
    return {"name": name, **about, **descriptor, **size, "hash": f"sha256:{files.sha256(target)}"}


def _write(name: str, content: bytes, folder: Path) -> dict[str, Any]:
    """Write a page or its CSV; return its entry in `files`, apart from the tables."""
    target = folder / name
    files.replace_file(target, content)
    return {
        "path": name,
        "mediatype": mimetypes.guess_type(name)[0] or "application/octet-stream",
        "bytes": len(content),
        "hash": f"sha256:{files.sha256(target)}",
    }


def _prune(versions: Path, keep: int, current: Path) -> None:
    for name in version_names(versions.parent)[:-keep]:
        if versions / name != current:
            _remove(versions / name)


def _remove(version: Path) -> None:
    """Remove a version; rename it first, so that a kill leaves no half version."""
    hidden = version.with_name(f".{version.name}.gone")
    version.rename(hidden)
    shutil.rmtree(hidden)


def read_published(published: Path, table: str) -> pa.Table:
    """Read a table of the current version.

    Raises:
        PublishError: nothing was published yet, or the version has no such table.
    """
    version = published_version(published)
    store = Store(version)
    if not store.has(table):
        raise PublishError(f"published version {version.name} has no table {table}. Run the main job again.")
    return store.read(table)
