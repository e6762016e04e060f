"""Build a scenario by its name."""

from __future__ import annotations

from pathlib import Path

from cchc_pipeline.sandbox.life.scenario import SandboxError, Scenario

_FOLDER = Path(__file__).with_name("scenarios")
SCENARIO_NAMES = (
    "two-level-2026",
    "dak-nong-2020",
    "dak-nong-2024",
    "ha-giang-2023",
    "kon-tum-2024",
    "nam-dinh-2019",
    "merger-2025",
)


def load_scenario(name: str, seed: int) -> Scenario:
    """Build the scenario `name` for `seed`.

    Raises:
        SandboxError: no scenario has this name.
    """
    # Loaded on first use: importing this module for the names stays cheap.
    from cchc_pipeline.sandbox.exact.scenario import build_exact
    from cchc_pipeline.sandbox.scenarios import merger_2025, two_level_2026

    if name not in SCENARIO_NAMES:
        raise SandboxError(f"no sandbox scenario {name!r}; choose one of {sorted(SCENARIO_NAMES)}", scenario=name)
    for drawn in (two_level_2026, merger_2025):
        if name == drawn.NAME:
            return drawn.build(seed)
    return build_exact(_FOLDER / f"{name}.yaml", seed)
