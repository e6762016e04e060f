"""Record which parts of a table a later stage has taken in, to find the new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cchc_pipeline.lake.files import Store, Token


@dataclass(frozen=True)
class Ledger:
    """The parts of one table that one consumer has taken in.

    Attributes:
        store: holds the ledger and the table.
        name: name of the ledger in the store.
        table: name of the table whose parts are consumed.
        logic: identity of what the consumer does; when it changes, every part is new again.
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
        """Record these parts as taken in.

        Args:
            taken: the parts with their tokens from before they were read: one that was written again in between
                stays pending.
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
