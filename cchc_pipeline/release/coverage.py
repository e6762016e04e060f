"""Find the civil days that no pull of a source has read."""

from __future__ import annotations

from datetime import date, timedelta

from cchc_pipeline.lake.layout import Lake


def uncovered_days(lake: Lake, source: str, overlap_days: int, last: date) -> list[date]:
    """Return the days from the first pull to `last` that no successful pull has read.

    A pull of a day also reads the `overlap_days` before it, so a short outage heals with the next night.
    """
    pulled = [day for day, outcome in lake.pulls(source).items() if outcome["is_read"]]
    if not pulled:
        return []
    covered = {day - timedelta(days=back) for day in pulled for back in range(overlap_days + 1)}
    first = min(pulled)
    return [day for i in range((last - first).days + 1) if (day := first + timedelta(days=i)) not in covered]


def ranges(days: list[date]) -> list[tuple[date, date]]:
    """Return runs of consecutive days as (first, last) pairs, in order."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and spans[-1][1] + timedelta(days=1) == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
