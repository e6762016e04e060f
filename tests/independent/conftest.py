"""The month that every test of this folder looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest import mock

import pytest
from desk import Desks
from independent_month import FIRST, LAST, LOADED, Month


@pytest.fixture(scope="session")
def month(make_desk: Desks) -> Iterator[Month]:
    """September 2026 and some days in one load and two nights, with many defective records."""
    desk = make_desk(
        "month",
        size=0.3,
        small=False,
        defects=0.04,
        days=42,
        nights=((FIRST, LOADED), (date(2026, 10, 7), LAST)),
        CCHC_SWEEP_NIGHTS="1",  # the whole sweep each night: what a source corrected late is read
    )
    with mock.patch.dict("os.environ", desk.variables(), clear=True):
        yield Month(desk.lake, desk.province, LAST)


@pytest.fixture(scope="session")
def current(month: Month) -> Path:
    """The published version."""
    return (month.lake.published / "current").resolve(strict=True)
