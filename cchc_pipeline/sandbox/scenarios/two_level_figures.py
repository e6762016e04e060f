"""Read what the invented two-level province consists of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cchc_pipeline.sandbox.life.province_parts import SandboxError
from cchc_pipeline.yaml_files import Strict, read_yaml


class TwoLevelFigures(Strict):
    """The content of `two-level-2026.yaml`, which says what each entry means."""

    departments: tuple[tuple[str, str, float, dict[str, str]], ...]
    commune_procedures: dict[str, dict[str, tuple[str, ...]]]
    acts: tuple[str, ...]
    traits: dict[str, tuple[float, float]]
    flows: dict[str, tuple[int, int]]
    stocks: dict[str, tuple[int, int, int | None]]
    indices: dict[str, tuple[float, float, int, int]]
    scored_by_hand: dict[str, tuple[str, ...]]


@cache
def figures() -> TwoLevelFigures:
    """Return the content of the file."""
    path = Path(__file__).with_name("two-level-2026.yaml")
    return read_yaml(path.read_bytes(), TwoLevelFigures, path.name, SandboxError)
