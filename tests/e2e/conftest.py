"""A province's first load that several modules go on from, each at a copy."""

from __future__ import annotations

from datetime import date

import pytest
from desk import Desk, Desks


@pytest.fixture(scope="module")
def two_ranges(make_desk: Desks) -> Desk:
    """The first 16 days of September 2026 in two ranges, while the sources are already at the end of the second.

    A short overlap: the second range does not read the whole first one again.
    """
    first, last = date(2026, 9, 1), date(2026, 9, 16)
    nights = (first, date(2026, 9, 8)), (date(2026, 9, 9), last)
    return make_desk("two-ranges", size=0.1, nights=nights, clock_after=last, CCHC_OVERLAP_DAYS="2")
