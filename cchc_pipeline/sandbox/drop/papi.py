"""Write an invented PAPI wide table into the drop folder."""

from __future__ import annotations

import csv
import random
from pathlib import Path

from cchc_pipeline.reference.papi_instrument import PROVINCES, all_slots, instrument

YEAR = 2024
#: Provinces left blank, so that the sandbox has gaps as the real tables do.
GAPS = ("P15", "P40")


def write_papi_table(folder: Path, seed: int) -> Path:
    """Write `<folder>/2024.csv` unless it exists; return its path.

    Columns: `Province` and one per slot of the instrument; a row per province, blank cells for gaps.
    """
    path = folder / f"{YEAR}.csv"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(f"papi-{seed}")
    asked = instrument(YEAR)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Province", *all_slots()])
        for province in PROVINCES:
            scores = [
                "" if slot not in asked.slots or province in GAPS else _draw(draw, *asked.bounds(slot))
                for slot in all_slots()
            ]
            writer.writerow([province, *scores])
    return path


def _draw(draw: random.Random, low: float, high: float) -> str:
    return f"{low + (high - low) * draw.betavariate(5, 4):.4f}"
