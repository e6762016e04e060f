"""Build a scenario by its name."""

from __future__ import annotations

from cchc_pipeline.sandbox.life.scenario import SandboxError, Scenario


def load_scenario(name: str, seed: int) -> Scenario:
    """Build the scenario `name` for `seed`.

    Raises:
        SandboxError: no scenario has this name.
    """
    # Loaded on first use: importing this module for the names stays cheap.
    from cchc_pipeline.sandbox.scenarios import dak_nong_2020 as dak_nong
    from cchc_pipeline.sandbox.scenarios import dak_nong_2024
    from cchc_pipeline.sandbox.scenarios import ha_giang_2023 as ha_giang
    from cchc_pipeline.sandbox.scenarios import kon_tum_2024 as kon_tum
    from cchc_pipeline.sandbox.scenarios import merger_2025 as merger
    from cchc_pipeline.sandbox.scenarios import nam_dinh_2019 as nam_dinh
    from cchc_pipeline.sandbox.scenarios import two_level_2026 as two_level

    builders = {
        one.NAME: one.build for one in (two_level, dak_nong, dak_nong_2024, ha_giang, kon_tum, nam_dinh, merger)
    }
    if name not in builders:
        raise SandboxError(f"no sandbox scenario {name!r}; choose one of {sorted(builders)}", scenario=name)
    return builders[name](seed)


SCENARIO_NAMES = (
    "two-level-2026",
    "dak-nong-2020",
    "dak-nong-2024",
    "ha-giang-2023",
    "kon-tum-2024",
    "nam-dinh-2019",
    "merger-2025",
)
