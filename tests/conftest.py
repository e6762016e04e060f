"""What every test shares: how hypothesis runs, and the switches of the process that must change nothing.

Belongs here: settings of tools for all tests, and fixtures that several folders use.
"""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import settings

# how long an example takes says something about the machine, and nothing about the code
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(params=["kept", "dropped"])
def zones_in_arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow as it is, and as a library may leave it: dropping the zone of Python moments."""
    monkeypatch.delenv("PYARROW_IGNORE_TIMEZONE", raising=False)
    if request.param == "dropped":
        monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", "1")
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    held = pa.array([noon.astimezone(timezone(timedelta(hours=7)))], pa.timestamp("us", tz="UTC"))
    assert (held[0].as_py() == noon) is (request.param == "kept"), "the switch has no effect: it proves nothing"
