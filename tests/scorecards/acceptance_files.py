"""Where the published figures lie; tests that need them skip where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def shared(relative: str) -> Path:
    """A file or folder below `shared`, beside or inside the repository; skips the test where there is none."""
    for base in (_ROOT.parent / "shared", _ROOT / "shared"):
        if (base / relative).exists():
            return base / relative
    pytest.skip(f"shared/{relative} is not on this machine: the published figures are not part of the project")
