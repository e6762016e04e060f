"""The truth: identities that have to hold, and a case worked out by hand."""

from __future__ import annotations

import ast
from datetime import date, datetime
from pathlib import Path

import pytest

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sandbox.life.dossiers import Life
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth import indicators as truth_module
from cchc_pipeline.sandbox.truth.definitions import definitions, indicators, register_indicators
from cchc_pipeline.sandbox.truth.indicators import indicator_truth

AS_OF = date(2026, 10, 16)


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(size=0.3)


def test_it_shares_nothing_with_the_pipeline() -> None:
    tree = ast.parse(Path(truth_module.__file__).read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    ours = {module for module in modules if module.startswith("cchc_pipeline")}
    assert all(module.startswith("cchc_pipeline.sandbox") for module in ours)


def test_every_indicator_of_every_unit(province: Province) -> None:
    truth = indicator_truth(province, AS_OF, date(2026, 9, 1), date(2026, 9, 30))
    unknown = {"services_level_1_2_count", "services_level_3_count", "services_level_4_count"}  # an older scale
    known = {name for name, _ in truth}
    assert known <= set(indicators())
    # of registers only what was written down in the window is known
    assert set(indicators()) - known <= unknown | set(register_indicators())
    assert {unit for _, unit in truth} == {unit.code for unit in province.units}
    for (indicator, unit), (numerator, denominator) in truth.items():
        assert numerator >= 0 or indicator.endswith("_change"), (indicator, unit)
        if indicator in definitions().rates and "days" not in indicator:
            assert denominator is not None
            assert numerator <= denominator, (indicator, unit)


def test_balances(province: Province) -> None:
    truth = indicator_truth(province, AS_OF, date(2026, 9, 14), date(2026, 10, 5))
    for unit in province.units:
        one = {indicator: pair[0] for (indicator, code), pair in truth.items() if code == unit.code}
        assert one["carried_over"] + one["received_total"] == one["resolved_total"] + one["pending_total"]
        assert one["resolved_total"] == one["resolved_early"] + one["resolved_on_time"] + one["resolved_late"]
        assert one["pending_total"] == one["pending_in_time"] + one["pending_overdue"]
        assert one["received_total"] == one["received_online"] + one["received_direct"] + one["received_postal"]
    children = [unit.code for unit in province.units[1:]]
    for indicator in ("received_total", "resolved_late", "pending_overdue"):
        assert sum(truth[indicator, code][0] for code in children) == truth[indicator, "H99"][0]


def test_flows_add_up_over_periods(province: Province) -> None:
    whole = indicator_truth(province, AS_OF, date(2026, 9, 1), date(2026, 10, 10))
    parts = [
        indicator_truth(province, AS_OF, date(2026, 9, 1), date(2026, 9, 17)),
        indicator_truth(province, AS_OF, date(2026, 9, 18), date(2026, 10, 10)),
    ]
    for indicator in ("received_total", "resolved_total", "suspended_count", "refused_count", "documents_sent_count"):
        assert whole[indicator, "H99"][0] == sum(part[indicator, "H99"][0] for part in parts)


def test_nothing_after_as_of_counts(province: Province) -> None:
    early = indicator_truth(province, date(2026, 9, 10), date(2026, 9, 1), date(2026, 12, 31))
    same = indicator_truth(province, date(2026, 9, 10), date(2026, 9, 1), date(2026, 9, 10))
    assert early == same


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=LOCAL_ZONE)


def test_a_case_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six dossiers of one commune; 7 September 2026 is a Monday."""
    province = Province(size=0.1)
    unit = province.scenario.unit("H99.201")
    procedure = province.scenario.procedures_of(unit)[0]

    def life(number: int, **what: object) -> Life:
        return Life(f"{number:024x}", f"H99.201-260907-{number:04d}", None, unit, procedure, "online", number,
                    date(2026, 9, 7), at(7, 8), **{"received_at": at(7), **what})  # type: ignore[arg-type]  # fmt: skip

    lives = [
        life(1, due_at=at(11, 17), closed_at=at(9), returned_at=at(9, 10)),  # early, 2 days
        life(2, due_at=at(9, 17), closed_at=at(10)),  # late, 3 days
        life(3, due_at=at(9, 17)),  # overdue
        life(4, due_at=at(9, 17), suspended_at=at(9, 8)),  # paused before it could be overdue
        life(5, due_at=at(9, 17), closed_at=at(11), closed_status=7),  # withdrawn: on time
        life(6, due_at=at(8, 17), suspended_at=at(8, 8), resumed_at=at(10, 8), extended_due_at=at(10, 17),
             closed_at=at(10, 16)),  # on time, 3 - 2 days
        life(7, defect="date_format"),
    ]  # fmt: skip
    monkeypatch.setattr(province, "lives_between", lambda *_: iter(lives))
    truth = indicator_truth(province, date(2026, 9, 11), date(2026, 9, 7), date(2026, 9, 11))
    code = unit.code
    expected = {
        "received_total": (6, None), "resolved_early": (1, None), "resolved_on_time": (2, None),
        "resolved_late": (1, None), "pending_total": (2, None), "pending_overdue": (1, None),
        "suspended_count": (2, None), "withdrawn_count": (1, None), "handling_time_mean_days": (6, 3),
        "handling_time_median_days": (2, 3), "idx766_on_time": (4, 6),
    }  # fmt: skip
    assert {name: truth[name, code] for name in expected} == expected
    day_before = indicator_truth(province, date(2026, 9, 11), date(2026, 9, 10), date(2026, 9, 10))
    assert day_before["carried_over", code] == (5, None)
    assert day_before["pending_overdue", code] == (2, None)  # 3 and 5; 2 was closed on this very day
