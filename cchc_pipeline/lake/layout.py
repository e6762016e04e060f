"""Open a lake, and record pulls; docs/architecture.md lists its folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cchc_pipeline.lake.files import LakeError, Store, Token

#: Format of the folders and files below a lake's root. Raise it with every change that older code would misread.
FORMAT = 1


@dataclass(frozen=True)
class Ledger:
    """The parts of one table that one consumer has taken in.

    `name` is the name of the ledger in the store. `logic` is the identity of what the consumer does; when it changes,
    every part is new again.
    """

    store: Store
    name: str
    table: str
    logic: str = ""

    def pending(self) -> dict[str, Token]:
        """Return part -> token of the parts that are new or rewritten, in write order."""
        noted, held = self.store.read_json(self.name) or {}, self.store.parts(self.table)
        new = [part for part, token in held.items() if noted.get(f"{part}.parquet") != f"{token}|{self.logic}"]
        return {part: held[part] for part in sorted(new, key=lambda part: (held[part].written_ns, part))}

    def note(self, taken: Mapping[str, Token]) -> None:
        """Record these parts as taken in, with their tokens from before they were read.

        One that was written again in between stays pending.
        """
        new = {f"{part}.parquet": f"{token}|{self.logic}" for part, token in taken.items()}
        noted = (self.store.read_json(self.name) or {}) | new
        self.store.write_json(dict(sorted(noted.items())), self.name)

    def forget(self, parts: Iterable[str]) -> None:
        """Remove the entries of these parts; those that still exist are pending again."""
        noted = self.store.read_json(self.name) or {}
        gone = {f"{part}.parquet" for part in parts}
        kept = {key: text for key, text in noted.items() if key not in gone}
        if kept != noted:
            self.store.write_json(kept, self.name)


@dataclass(frozen=True)
class DataSpan:
    """First and last civil day of data; stocks are counted as of the last."""

    first: date
    as_of_on: date


@dataclass(frozen=True)
class Lake:
    """The lake below one root folder."""

    root: Path

    @property
    def store(self) -> Store:
        """Return the store of tables and states; a name begins with its layer."""
        return Store(self.root)

    def identity(self) -> dict[str, Any]:
        """Return the identity that `lake.json` holds, such as the province; empty if none.

        Raises:
            LakeError: a newer version of the program wrote the lake.
        """
        held = self.store.read_json("lake") or {}
        found = held.pop("format", 1)  # lakes from before the key are of format 1
        if found > FORMAT:
            raise LakeError(
                f"lake {self.root}: it has format {found}, and this program knows formats up to {FORMAT}. "
                "Upgrade the program, or choose another folder with --data-dir (or CCHC_DATA_DIR)."
            )
        return held

    def claim(self, identity: dict[str, Any] | None = None) -> None:
        """Mark the lake with a province and the current format, or check that mark.

        Without an identity, that of whoever has claimed the lake before holds.

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
        marker = {"format": FORMAT, **identity}
        if self.store.read_json("lake") != marker:
            self.store.write_json(marker, "lake")

    def ledger(self, layer: str, table: str, *, consumer: str, logic: str = "") -> Ledger:
        """Return the ledger of what a stage, the `consumer`, has taken in of a table.

        The layer is landing, staged or releases; on `logic` see `Ledger`.
        """
        return Ledger(self.store, f"ledgers/{consumer}_{table}", f"{layer}/{table}", logic)

    def record_pull(self, source: str, first: date, last: date, outcome: dict[str, Any]) -> None:
        """Record the outcome of the pull of the days `first` to `last`.

        `outcome` has at least a `status`: ok, failed, or absent where the settings do not name the source; and
        `overlap_days`, the days before `first` that the pull has read as well. Days that were once read to the end stay
        read (`is_read`) when a later pull of them fails: what the earlier pull gave is in the core tables.
        """
        name = f"pulls/{source}/{first.isoformat()}_{last.isoformat()}"
        before = self.store.read_json(name) or {}
        days = {"first": first.isoformat(), "last": last.isoformat()}
        record = {**days, "overlap_days": before.get("overlap_days", _OVERLAP_DAYS), **outcome}
        if outcome.get("status") == "ok":
            known = self.pulls(source)
            window = (first + timedelta(days=n) for n in range((last - first).days + 1))
            record["new_days"] = [str(day) for day in window if not known.get(day, {}).get("is_read")]
        else:
            record |= {key: before[key] for key in ("refused", "new_days") if key in before}
        self.store.write_json({**record, "is_read": _is_read(before) or _is_read(record)}, name)

    def refuse_days(self, source: str, refused: Mapping[date, str]) -> None:
        """Record that days were pulled but are not usable: day -> why.

        They count as failed until they are pulled again.
        """
        named = {day.isoformat(): why for day, why in refused.items()}
        records = self.store.parts(f"pulls/{source}", suffix=".json")
        for name in (f"pulls/{source}/{part}" for part in sorted(records, key=lambda part: records[part])):
            record = self.store.read_json(name)
            within = {day: why for day, why in named.items() if record["first"] <= day <= record["last"]}
            if within:
                self.store.write_json({**record, "refused": record.get("refused", {}) | within}, name)

    def pulls(self, source: str) -> dict[date, dict[str, Any]]:
        """Return civil day -> outcome of the newest pull of the day, in order of days.

        `is_read` tells whether any pull has read the day to its end, and what it gave was usable; `is_refused` is there
        where the contract refused what the newest one gave.
        """
        records = self.store.parts(f"pulls/{source}", suffix=".json")
        return dict(_pulls(self.store, source, tuple(sorted(records.items(), key=lambda one: one[1]))))

    def gaps(self, source: str) -> list[date]:
        """Return the days between the first and the last one read that no pull has read, in order.

        A pull also reads the days of its overlap before it, so that a short outage heals with the next night.
        """
        read = self._read(source)
        covered = {day - timedelta(days=back) for day, overlap in read.items() for back in range(overlap + 1)}
        first = min(read, default=date.max)
        days = (max(read, default=first) - first).days
        return [day for n in range(days) if (day := first + timedelta(days=n)) not in covered]

    def read_span(self, source: str) -> DataSpan | None:
        """Return the first day that was read of a source, and the last one up to which no day is missing.

        None where none of its days was read to the end.
        """
        read = self._read(source)
        if not read:
            return None
        return DataSpan(min(read), min([max(read), *(day - timedelta(days=1) for day in self.gaps(source)[:1])]))

    def span(self) -> DataSpan:
        """Return the first and the last civil day of data.

        They are those of the one-stop system. Where none of its days was read yet, or the newest night did not have it
        in the settings, those of the document system, and then those of the other sources, which give whole periods: a
        day on which one of them was not read is no gap. Days of a source that left the settings stay.

        Raises:
            LakeError: no day of any source was read yet.
        """
        found: list[DataSpan] = []
        for source in ("one_stop", "documents"):
            if own := self.read_span(source):
                found.append(own)
                if self._is_configured(source):
                    break
        else:
            names = {path.name for path in (self.root / "pulls").glob("*/")}
            kept = sorted(source for source in names if self._is_configured(source) or not found)
            if read := [day for source in kept for day in self._read(source)]:
                found.append(DataSpan(min(read), max(read)))
        if not found:
            raise LakeError(
                f"lake {self.root}: no day of any source was read yet. Run the main job: `cchc run --day D`."
            )
        return DataSpan(min(span.first for span in found), max(span.as_of_on for span in found))

    def dossiers_until(self) -> date:
        """Return the day as of which dossiers stand: the last that the one-stop system gave, else that of the span."""
        last = self.span().as_of_on
        own = self.read_span("one_stop")
        return min(own.as_of_on, last) if own else last

    def _is_configured(self, source: str) -> bool:
        """Return whether the settings named a source in the newest night that asked for it."""
        pulls = self.pulls(source)
        return bool(pulls) and pulls[max(pulls)].get("status") != "absent"

    def _read(self, source: str) -> dict[date, int]:
        """Return the days read to the end, with the days before each that its pull has read too."""
        outcomes = self.pulls(source).items()
        return {day: int(one.get("overlap_days", _OVERLAP_DAYS)) for day, one in outcomes if one["is_read"]}

    @property
    def published(self) -> Path:
        """Return the folder of everything that is published."""
        return self.root / "published"


#: Overlap of pulls that were recorded without one: the default of the setting.
_OVERLAP_DAYS = 7
#: Why a day that was refused has no figures, for officials.
REFUSED_VI = "số liệu không đúng hợp đồng dữ liệu"


@lru_cache(maxsize=16)
def _pulls(store: Store, source: str, records: tuple[tuple[str, Token], ...]) -> dict[date, dict[str, Any]]:
    """Return what `Lake.pulls` returns, from records in the order in which they were written."""
    found: dict[date, dict[str, Any]] = {}
    for name, _ in records:
        outcome = store.read_json(f"pulls/{source}/{name}")
        first, last = date.fromisoformat(outcome["first"]), date.fromisoformat(outcome["last"])
        for day in (first + timedelta(days=i) for i in range((last - first).days + 1)):
            refused, before = outcome.get("refused", {}).get(str(day)), found.get(day, {})
            usable, is_read = outcome, _is_read(outcome)
            if refused is not None:
                usable = {**outcome, "status": "failed", "error": refused, "error_vi": REFUSED_VI, "is_refused": True}
                is_read = str(day) not in outcome.get("new_days", ())
            if not is_read and before.get("is_read"):
                usable = {**usable, "overlap_days": before.get("overlap_days", _OVERLAP_DAYS)}
            found[day] = {**usable, "is_read": is_read or bool(before.get("is_read"))}
    return dict(sorted(found.items()))


def _is_read(outcome: dict[str, Any]) -> bool:
    return outcome.get("status") == "ok" or bool(outcome.get("is_read"))


def _words(identity: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in identity.items())
