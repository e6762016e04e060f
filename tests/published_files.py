"""Where the published figures lie, and the one sentence of a test that needs them and does not find them.

Belongs here: the folder `shared`, beside the repository or inside it. Not here: what the files hold.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
PLACES = (_ROOT.parent / "shared", _ROOT / "shared")


def find(relative: str) -> Path | None:
    """A file or folder below `shared`; None where there is none."""
    return next((base / relative for base in PLACES if (base / relative).exists()), None)


def absent(relative: str, how: str = "") -> str:
    """Why a test skips, and what to do about it; `.ci/run` knows these skips by their first words."""
    return (
        f"published figures: {relative} is absent. They belong to their publishers and are no part of the project; "
        + (how or f"put a copy of the folder with them at {PLACES[0]}, or in the repository as shared")
    )


def published(relative: str, how: str = "") -> Path:
    """A file or folder below `shared`; skips the test where there is none."""
    path = find(relative)
    return path if path else pytest.skip(absent(relative, how))


def needs(relative: str) -> pytest.MarkDecorator:
    """Marks a test that needs a file below `shared`."""
    return pytest.mark.skipif(find(relative) is None, reason=absent(relative))
