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
        noted, held = self._read(), self.store.parts(self.table)
        new = [part for part, token in held.items() if noted.get(_key(part)) != self._of(token)]
        return {part: held[part] for part in sorted(new, key=lambda part: (held[part].written_ns, part))}

    def note(self, taken: Mapping[str, Token]) -> None:
        """Record these parts as taken in.

        Args:
            taken: the parts with their tokens from before they were read: one that was written again in between
                stays pending.
        """
        noted = self._read() | {_key(part): self._of(token) for part, token in taken.items()}
        self._write(noted)

    def forget(self, parts: Iterable[str]) -> None:
        """Remove the entries of these parts; those that still exist are pending again."""
        noted = self._read()
        gone = {_key(part) for part in parts}
        if gone & set(noted):
            self._write({key: text for key, text in noted.items() if key not in gone})

    def _of(self, token: Token) -> str:
        return f"{token}|{self.logic}"

    def _read(self) -> dict[str, str]:
        return self.store.read_json(self.name) or {}

    def _write(self, noted: Mapping[str, str]) -> None:
        self.store.write_json(dict(sorted(noted.items())), self.name)


def _key(part: str) -> str:
    return f"{part}.parquet"
