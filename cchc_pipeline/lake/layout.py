"""Where tables live: the folders of the lake and the names in them.

landing/<table>/<day>.parquet      what a source gave for a day, personal data already dropped
staged/<table>/<day>.parquet       the valid rows of that day
profiles/<table>/<month>.parquet   counts of every staged day, and codes_<table>.parquet
pulls/<source>/<first>_<last>.json how the pull of these days ended
ledgers/<consumer>_<table>.json    which day files a later stage has taken in
core/<table>.parquet               current state; dossiers: core/dossiers/<month>.parquet
built/<table>[/<month>].parquet    derived from core, rebuilt when stale
published/                         see `publish.py`
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake import files
from cchc_pipeline.lake.ledger import Ledger

#: Format of the folders and files below a lake's root. Raise it with every change that older code would misread.
FORMAT = 1


class LakeError(CchcError):
    """The lake does not hold what is asked for, or not in a format that this program knows."""


@dataclass(frozen=True)
class DataSpan:
    """Civil days of data: the first that was pulled, and the last (as of which stocks are counted)."""

    first: date
    as_of_on: date


@dataclass(frozen=True)
class Lake:
    """The lake below one root folder."""

    root: Path

    def identity(self) -> dict[str, Any]:
        """Read whose lake this is from `lake.json`; empty where nobody has claimed it yet.

        Raises:
            LakeError: a newer version of the program wrote the lake.
        """
        path = self.root / "lake.json"
        held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        found = held.pop("format", 1)  # lakes from before the key are of format 1
        if found > FORMAT:
            raise LakeError(
                f"lake {self.root}: it has format {found}, and this program knows formats up to {FORMAT}. "
                "Upgrade the program, or choose another folder with --data-dir (or CCHC_DATA_DIR)."
            )
        return held

    def claim(self, identity: dict[str, Any] | None = None) -> None:
        """Mark the lake as that of one province and of today's format, or check that it is.

        Args:
            identity: the province; None for whoever has claimed the lake before.

        Raises:
            LakeError: a newer version of the program wrote the lake, or it holds another province: two in one lake
                would be added up.
        """
        held = self.identity()
        identity = held if identity is None else identity
        if held and held != identity:
            raise LakeError(
                f"lake {self.root}: it holds {_words(held)}, not {_words(identity)}. "
                "Choose another folder with --data-dir (or CCHC_DATA_DIR), or remove this one (`make clean`)."
            )
        path = self.root / "lake.json"
        marker = {"format": FORMAT, **identity}
        if not path.exists() or json.loads(path.read_text(encoding="utf-8")) != marker:
            files.write_json(marker, path)

    def day_file(self, layer: str, table: str, day: date) -> Path:
        """File of one civil day of a `landing` or `staged` table."""
        return self.root / layer / table / f"{day.isoformat()}.parquet"

    def day_files(self, layer: str, table: str, days: Iterable[date]) -> list[Path]:
        """The existing files of these days, in order."""
        return [path for day in sorted(days) if (path := self.day_file(layer, table, day)).exists()]

    def state_file(self, layer: str, table: str, part: str | None = None) -> Path:
        """File of a `core` or `built` table, or of one part of it."""
        folder = self.root / layer
        return folder / f"{table}.parquet" if part is None else folder / table / f"{part}.parquet"

    def parts(self, layer: str, table: str) -> list[str]:
        """Names of the parts of a partitioned table, in order."""
        return sorted(path.stem for path in (self.root / layer / table).glob("[!.]*.parquet"))

    def read_state(self, layer: str, table: str, schema: pa.Schema) -> pa.Table:
        """The whole table; empty with `schema` where nothing was written yet."""
        path = self.state_file(layer, table)
        return files.read_parquet(path) if path.exists() else schema.empty_table()

    def read_state_part(self, layer: str, table: str, part: str, schema: pa.Schema) -> pa.Table:
        """One part of a partitioned table; empty with `schema` where there is none."""
        path = self.state_file(layer, table, part)
        return files.read_parquet(path) if path.exists() else schema.empty_table()

    def write_state(self, table: pa.Table, layer: str, name: str, part: str | None = None) -> bool:
        """Write the table unless the same content is there already; whether it was written."""
        path = self.state_file(layer, name, part)
        if path.exists():
            current = files.read_parquet(path)
            if current.schema.equals(table.schema, check_metadata=True) and current.equals(table):
                return False
        files.write_parquet(table, path)
        return True

    def ledger(self, layer: str, table: str, *, consumer: str, logic: str = "") -> Ledger:
        """What `consumer` has taken in of the day files of a table."""
        return Ledger(self.root / "ledgers" / f"{consumer}_{table}.json", self.root / layer / table, logic)

    # Outcomes of pulls: success and failure per source and day are data too.

    def record_pull(self, source: str, first: date, last: date, outcome: dict[str, Any]) -> None:
        """Keep how the pull of the days `first` to `last` ended; `outcome` has at least a `status`, ok or failed.

        Days that were once read to the end stay read (`is_read`) when a later pull of them fails: what it gave before
        is in the core tables.
        """
        path = self.root / "pulls" / source / f"{first.isoformat()}_{last.isoformat()}.json"
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        record = {"first": first.isoformat(), "last": last.isoformat(), "is_read": _is_read(before), **outcome}
        files.write_json({**record, "is_read": _is_read(record)}, path)

    def pulls(self, source: str) -> dict[date, dict[str, Any]]:
        """How the newest pull of each day ended, by day; `is_read` says whether any pull has read it to its end."""
        records = (self.root / "pulls" / source).glob("[!.]*.json")
        found: dict[date, dict[str, Any]] = {}
        for path in sorted(records, key=lambda path: path.stat().st_mtime_ns):
            outcome = json.loads(path.read_text(encoding="utf-8"))
            first, last = date.fromisoformat(outcome["first"]), date.fromisoformat(outcome["last"])
            for day in (first + timedelta(days=i) for i in range((last - first).days + 1)):
                found[day] = {**outcome, "is_read": _is_read(outcome) or _is_read(found.get(day, {}))}
        return dict(sorted(found.items()))

    def span(self, source: str = "one_stop") -> DataSpan:
        """First and last civil day that a pull of `source` read to the end.

        Raises:
            LakeError: no day was pulled yet.
        """
        days = [day for day, outcome in self.pulls(source).items() if outcome["is_read"]]
        if not days:
            raise LakeError(
                f"lake {self.root}: no day of {source} was pulled yet. Run the main job: `cchc run --day D`."
            )
        return DataSpan(min(days), max(days))

    @property
    def published(self) -> Path:
        """Folder of everything that is published."""
        return self.root / "published"


def _is_read(outcome: dict[str, Any]) -> bool:
    return outcome.get("status") == "ok" or bool(outcome.get("is_read"))


def _words(identity: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in identity.items())
