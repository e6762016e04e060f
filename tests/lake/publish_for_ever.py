"""Publishes version after version until it is killed: `python publish_for_ever.py FOLDER`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from cchc_pipeline.lake import files
from cchc_pipeline.lake.publish import publish

TABLES = ("dossiers", "indicator_values", "units")


def main(folder: Path) -> None:
    sources = {name: folder / "built" / f"{name}.parquet" for name in TABLES}
    for number in range(100_000):
        for path in sources.values():
            files.write_parquet(pa.table({"number": [number] * 20_000}), path)
        publish(
            folder / "published",
            f"v{number:06d}",
            sources,
            lambda name: {"title": name},
            {"number": number},
            datetime.now(UTC),
            keep=3,
        )
        print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
