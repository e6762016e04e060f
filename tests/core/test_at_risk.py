"""Tomorrow's late dossiers: counted groups, shrinkage, calibration, and that nothing looks into the future."""

from __future__ import annotations

import json
from datetime import date, timedelta
from fractions import Fraction

import pyarrow as pa
import pytest
from built_dossiers import CALENDAR, built
from dossier_lives import day, held, row, seen_on, several
from hypothesis import given, settings
from hypothesis import strategies as st
from working_time_by_day import add_working_days, working_days_between

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import at_risk, state
from cchc_pipeline.core.build import build_dossiers
from cchc_pipeline.core.state import upsert_by_month
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.verdict import judge

KEY = ("month", "days_left", "procedure_code", "unit_code", "step")


def steps(*begun):
    return json.dumps([{"step": name, "begun": f"{on}T08:00:00"} for name, on in begun])


def counts_of(rows, as_of_on):
    return at_risk.count_outcomes(built(rows, as_of_on), held(rows), CALENDAR, as_of_on)


def cases_of(counts, month):
    """Every group of the counts, as something to be said about in a month."""
    names = ("days_left", "procedure_code", "unit_code", "step")
    groups = sorted({tuple(r[n] for n in names) for r in counts.to_pylist()})
    columns = {name: [group[i] for group in groups] for i, name in enumerate(names)}
    return pa.table({"month": pa.array([month] * len(groups), pa.date32()), **columns})


def predicted(counts, cases):
    return {
        tuple(r[n] for n in KEY): r for r in at_risk.predict(cases, at_risk.count_groups(cases, counts)).to_pylist()
    }


def observed_rows(rows, as_of_on=date(2026, 12, 31)):
    return {(r["days_left"], r["step"]): (r["dossiers"], r["late"]) for r in counts_of(rows, as_of_on).to_pylist()}


def test_a_dossier_counts_once_at_each_number_of_days_left():
    """Received on Tuesday 1/9 (a holiday), due on Thursday 10/9, closed on Monday 14/9/2026: late."""
    history = steps(("Tiếp nhận", "2026-09-01"), ("Thẩm định", "2026-09-07"), ("Ký duyệt", "2026-09-14"))
    late = row(1, status_code=9, due_on=date(2026, 9, 10), finished_on=date(2026, 9, 14), steps=history)
    found = observed_rows([late])
    assert found[3, "Thẩm định"] == found[0, "Thẩm định"] == (1, 1)
    assert found[4, "Tiếp nhận"] == (1, 1)
    assert (1, "Ký duyệt") not in found  # that step began after the due date
    early = late | {"finished_on": date(2026, 9, 8)}
    assert set(observed_rows([early])) == {
        (5, "Tiếp nhận"),
        (4, "Tiếp nhận"),
        (3, "Thẩm định"),
    }  # closed on the day with 2 left
    assert {n for _, n in observed_rows([early]).values()} == {0}


COMPARABLE = [
    ({"status_code": 4, "finished_on": None}, True),  # open and past its due date: late, whatever comes
    ({"status_code": 5, "finished_on": None, "suspended_on": date(2026, 9, 8)}, False),  # its clock stands still
    ({"status_code": 5, "finished_on": None, "suspended_on": date(2026, 9, 11)}, True),  # asked when it was late
    ({"suspended_on": date(2026, 9, 8), "resumed_on": date(2026, 9, 11)}, False),  # stood still on its due date
    ({"due_on": None}, False),
    ({"status_code": 3}, False),
]


def test_what_is_comparable():
    plain = {"status_code": 9, "due_on": date(2026, 9, 10), "finished_on": date(2026, 9, 14)}
    rows = [row(n, **{**plain, **values, "procedure_code": f"1.00000{n}"}) for n, (values, _) in enumerate(COMPARABLE)]
    found = set(counts_of(rows, date(2026, 12, 31))["procedure_code"].to_pylist())
    for n, (values, counted) in enumerate(COMPARABLE):
        assert (f"1.00000{n}" in found) is counted, values


def test_a_resumed_dossier_counts_from_that_day():
    resumed = row(
        1, status_code=9, due_on=date(2026, 9, 17), finished_on=date(2026, 9, 18),
        suspended_on=date(2026, 9, 4), resumed_on=date(2026, 9, 14),
    )  # fmt: skip
    assert {left for left, _ in observed_rows([resumed])} == {3, 2, 1, 0}


def test_shrinkage_by_counts():
    """(late + m p) / (n + m), group after group, with plain fractions."""
    month, counts = date(2026, 10, 1), []
    groups = [("p", "u", "s", 4, 3), ("p", "u", "t", 6, 0), ("p", "v", "s", 10, 1), ("q", "u", "s", 80, 8)]
    for procedure, unit, step, dossiers, late in groups:
        counts.append(
            {
                "due_month": date(2026, 9, 1), "said_month": date(2026, 9, 1), "procedure_code": procedure,
                "unit_code": unit, "step": step, "days_left": 3, "dossiers": dossiers, "late": late,
            }
        )  # fmt: skip
    table = pa.Table.from_pylist(counts, schema=at_risk._OBSERVED)
    cases = pa.table(
        {
            "month": pa.array([month] * 4, pa.date32()), "days_left": [3, 3, 3, 5],
            "procedure_code": ["p", "p", "r", "p"], "unit_code": ["u", "w", "u", "u"], "step": ["s", "s", "s", "s"],
        }
    )  # fmt: skip
    found = predicted(table, cases)
    m, p0 = at_risk.PRIOR_DOSSIERS, Fraction(12, 100)
    p1 = (4 + m * p0) / (20 + m)
    p2 = (3 + m * p1) / (10 + m)
    p3 = (3 + m * p2) / (4 + m)
    own = found[month, 3, "p", "u", "s"]
    assert own["probability"] == pytest.approx(float(p3))
    assert (own["level"], own["group_dossiers"], own["group_late"]) == ("step", 4, 3)
    other_unit = found[month, 3, "p", "w", "s"]
    assert other_unit["probability"] == pytest.approx(float(p1))
    assert (other_unit["level"], other_unit["group_dossiers"], other_unit["group_late"]) == ("procedure", 20, 4)
    assert found[month, 3, "r", "u", "s"]["probability"] == pytest.approx(float(p0))
    nothing = found[month, 5, "p", "u", "s"]
    assert (nothing["probability"], nothing["level"], nothing["group_dossiers"]) == (None, None, 0)


#: Groups are made of dossiers: many in few examples say as much.
QUICK = settings(max_examples=3, deadline=None)


@QUICK
@given(several(minimum=15), st.integers(1, 3), st.integers(1, 60))
def test_nothing_looks_into_the_future(some, months, later):
    """What is said at the beginning of a month is the same, whether or not we know what came afterwards."""
    month = date(2026, 9 + months, 1)
    then = (month - day(0)).days
    known_then = counts_of(list(seen_on(some, then)), month)
    known_later = counts_of(list(seen_on(some, then + later)), month + timedelta(days=later))
    cases = cases_of(known_later, month)
    assert predicted(known_then, cases) == predicted(known_later, cases)


@QUICK
@given(several(minimum=15), st.integers(0, 120))
def test_probabilities_are_probabilities(some, today):
    counts = counts_of(list(seen_on(some, today)), day(today))
    for month in (date(2026, 9, 1), date(2026, 10, 1), date(2026, 12, 1)):
        for found in predicted(counts, cases_of(counts, month)).values():
            assert found["probability"] is None or 0 <= found["probability"] <= 1
            assert found["group_late"] <= found["group_dossiers"]
            assert (found["probability"] is None) == (found["group_dossiers"] == 0)


def test_calibration_is_counted_as_the_score_is_defined():
    rows = []
    for number in range(1, 61):
        month, late = 9 + (number - 1) // 20, number % 4 == 0
        received = date(2026, month, 7)
        due = add_working_days(received, 5)
        finished = due + timedelta(days=1) if late else due
        rows.append(row(number, status_code=9, received_on=received, due_on=due, finished_on=finished))
    as_of_on = date(2026, 12, 5)
    counts = counts_of(rows, as_of_on)
    table = at_risk.calibrate(counts, as_of_on)
    schema = load_contract("at_risk_calibration").arrow_schema()
    assert (
        judge(table.select(schema.names).cast(schema), load_contract("at_risk_calibration"), as_of_on).rows_quarantined
        == 0
    )
    whole = next(r for r in table.to_pylist() if r["decile"] == 0)
    expected, base = [], []
    for r in counts.to_pylist():
        known = [c for c in counts.to_pylist() if c["due_month"] < r["said_month"]]
        if r["days_left"] == 0 or not known:
            continue
        cases = pa.table(
            {
                "month": pa.array([r["said_month"]], pa.date32()), "days_left": [r["days_left"]],
                "procedure_code": [r["procedure_code"]], "unit_code": [r["unit_code"]], "step": [r["step"]],
            }
        )  # fmt: skip
        (one,) = at_risk.predict(cases, at_risk.count_groups(cases, counts)).to_pylist()
        known = [c for c in known if c["days_left"] > 0]
        share = sum(c["late"] for c in known) / sum(c["dossiers"] for c in known)
        expected += [(1 - one["probability"]) ** 2] * r["late"]
        expected += [one["probability"] ** 2] * (r["dossiers"] - r["late"])
        base += [(1 - share) ** 2] * r["late"] + [share**2] * (r["dossiers"] - r["late"])
    assert whole["predictions"] == len(expected) > 0
    assert whole["brier_score"] == pytest.approx(sum(expected) / len(expected))
    assert whole["base_brier_score"] == pytest.approx(sum(base) / len(base))
    assert whole["skill_score"] == pytest.approx(1 - whole["brier_score"] / whole["base_brier_score"])
    assert (whole["first_month"], whole["last_month"]) == (date(2026, 10, 1), date(2026, 11, 1))
    deciles = [r for r in table.to_pylist() if r["decile"]]
    assert sum(r["predictions"] for r in deciles) == whole["predictions"]
    assert sum(r["late"] for r in deciles) == whole["late"]


# -- the tables of a lake -------------------------------------------------------------------------------------------


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    closed = {"status_code": 9, "received_on": date(2026, 9, 7), "due_on": date(2026, 9, 14)}
    rows = [row(n, **closed, finished_on=date(2026, 9, 15 if n <= 3 else 11)) for n in range(1, 11)]
    open_ = {"received_on": date(2026, 10, 5)}
    rows += [
        row(11, **open_, due_on=date(2026, 10, 12)),  # 4 working days left on the 6th
        row(12, **open_, due_on=date(2026, 10, 6)),  # today
        row(13, **open_, due_on=date(2026, 10, 5)),  # overdue already
        row(14, **open_, due_on=date(2026, 10, 12), status_code=5, suspended_on=date(2026, 10, 6)),
        row(15, **open_, due_on=None),
    ]
    upsert_by_month(lake, "dossiers", held(rows), "dossier_id", state.MONTH_OF_DOSSIER)
    build_dossiers(lake, date(2026, 10, 6))
    return lake


def test_the_table_of_a_night(lake):
    as_of_on = date(2026, 10, 6)
    assert at_risk.update_counts(lake, as_of_on) == 2
    table = at_risk.build_at_risk(lake, as_of_on)
    found = {int(r["dossier_id"], 16): r for r in table.to_pylist()}
    assert set(found) == {11, 12}
    assert judge(table, load_contract("at_risk_dossiers"), as_of_on).rows_quarantined == 0
    risky = found[11]
    assert risky["working_days_left"] == working_days_between(as_of_on, date(2026, 10, 12)) == 4
    assert risky["working_hours_left"] == 32
    assert (risky["group_level"], risky["group_dossiers"], risky["group_late"]) == ("step", 10, 3)
    assert risky["late_probability"] == pytest.approx(0.3)
    assert risky["sentence_vi"] == (
        "Hẹn trả 12/10/2026, còn 4 ngày làm việc (32 giờ). Trong 10 hồ sơ cùng thủ tục, đơn vị và bước xử lý khi còn "
        "4 ngày làm việc, 3 hồ sơ đã trễ hạn; khả năng trễ hạn 30 %."
    )
    assert found[12]["sentence_vi"].startswith("Đã hết ngày hẹn trả 06/10/2026 mà chưa kết thúc.")
    assert found[12]["late_probability"] == 1  # nobody closes a dossier on a day that is over


def test_only_what_changed_is_counted_again(lake):
    assert at_risk.update_counts(lake, date(2026, 10, 6)) == 2
    assert at_risk.update_counts(lake, date(2026, 10, 6)) == 0
    build_dossiers(lake, date(2026, 10, 7))
    assert at_risk.update_counts(lake, date(2026, 10, 7)) == 1  # dossier 12 fell due in October
    assert at_risk.update_counts(lake, date(2026, 10, 8)) == 0


def test_a_lake_without_history_says_nothing(tmp_path):
    lake = Lake(tmp_path)
    assert at_risk.build_at_risk(lake, date(2026, 10, 6)).num_rows == 0
    assert at_risk.build_calibration(lake, date(2026, 10, 6)).num_rows == 0
    upsert_by_month(lake, "dossiers", held([row(1, due_on=day(9))]), "dossier_id", state.MONTH_OF_DOSSIER)
    build_dossiers(lake, day(3))
    at_risk.update_counts(lake, day(3))
    (found,) = at_risk.build_at_risk(lake, day(3)).to_pylist()
    assert (found["late_probability"], found["group_level"], found["group_dossiers"]) == (None, None, 0)
    assert found["sentence_vi"].endswith("Chưa có hồ sơ tương tự đã hết hạn để so sánh.")
