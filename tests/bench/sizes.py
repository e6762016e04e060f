"""Define the sizes that each bench works on."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Sizes:
    """Sizes of all benches.

    Attributes:
        batches: rows of the batches of `contracts`, a day's and a month's.
        weighed: engines of `contracts` whose memory is measured, in a process each.
        events: dossiers behind the events of `indicators`.
        held: dossiers held in `night`; then ten times as many.
        held_months: months that they are spread over.
        province: size of the built-in province of `night`; 4 has about 3,000 changed dossiers on a working day.
        days_before: days of `night` that are pulled before the night.
        load: dossiers of `first-load`, about; a tenth is loaded before, where that is 100 or more.
        load_days: days over which they are spread.
        starts: fresh processes of `code-location`, the best of which counts.
        scored_units: units of `scoring`.
        draws: draws of `monte-carlo`, in ten parts or fewer.
        coinr_draws: draws that COINr makes.
    """

    batches: tuple[int, int] = (5_000, 150_000)
    weighed: tuple[str, ...] = ("hand", "verdict", "suite", "pandera")
    events: int = 2_000_000
    held: int = 100_000
    held_months: int = 36
    province: float = 4.0
    days_before: int = 7
    load: int = 20_000
    load_days: int = 30
    starts: int = 3
    scored_units: int = 3_500
    draws: int = 10_000
    coinr_draws: int = 100


USUAL = Sizes()
FULL = replace(USUAL, events=20_000_000, held=1_000_000)
TINY = Sizes(
    batches=(500, 1_500),
    weighed=("verdict",),
    events=2_000,
    held=2,
    held_months=1,
    province=1.0,
    days_before=0,
    load=100,
    load_days=3,
    starts=1,
    scored_units=10,
    draws=100,
    coinr_draws=2,
)
