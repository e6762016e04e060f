"""Staging by the SQL verdict alone, for tests that do not judge the cross-check by Great Expectations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from cchc_pipeline.validation import staging


@contextmanager
def sql_verdict_alone() -> Iterator[None]:
    """Leave the cross-check out: a third of a second of processor time per batch that is staged."""
    with mock.patch.object(staging, "validate", return_value=[]):
        yield


@pytest.fixture(scope="module", autouse=True)
def without_cross_check() -> Iterator[None]:
    """For a module that imports it: no test of it runs Great Expectations."""
    with sql_verdict_alone():
        yield
