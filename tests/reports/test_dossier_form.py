from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from command_line import cchc
from small_lake import FIRST, LAST, WHOLE, days, october

from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import PublishError
from cchc_pipeline.reports.forms import dossier_form, shares
from cchc_pipeline.reports.scope import ReportError, scope

UNITS = ("H99", "H99.02", "H99.201")


def counts(lake, first=FIRST, last=LAST, unit=None) -> dict[str, int]:
    return dossier_form(scope(lake.published, first, last, unit))


def test_the_whole_period_as_counted_by_hand(published_lake):
    assert counts(published_lake) == {**WHOLE, "total": 8}
    about = scope(published_lake.published, FIRST, LAST, None)
    assert (about.unit_code, about.unit_name) == ("H99", "UBND Tỉnh Mẫu")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("first", days()[::3])
def test_identities_hold_for_every_period_and_unit(published_lake, unit, first):
    for last in (day for day in days() if day >= first):
        found = counts(published_lake, first, last, unit)
        assert found["total"] == found["received"] + found["carried_over"] == found["resolved"] + found["pending"]
        assert found["received"] == found["received_online"] + found["received_direct"] + found["received_postal"]
        assert found["resolved"] == found["resolved_early"] + found["resolved_on_time"] + found["resolved_late"]
        assert found["pending"] == found["pending_in_time"] + found["pending_overdue"]
        assert min(found.values()) >= 0


def test_the_province_is_the_sum_of_its_units(published_lake):
    whole, *parts = (counts(published_lake, unit=unit) for unit in UNITS)
    assert whole == {name: sum(part[name] for part in parts) for name in whole}


def test_what_is_pending_is_carried_over_into_the_next_period(published_lake):
    first = counts(published_lake, FIRST, october(5))
    second = counts(published_lake, october(6), LAST)
    assert second["carried_over"] == first["pending"]
    assert [first[name] + second[name] for name in ("received", "resolved")] == [WHOLE["received"], WHOLE["resolved"]]


def test_overdue_comes_and_goes_by_the_day(published_lake):
    overdue = {day.day: counts(published_lake, day, day)["pending_overdue"] for day in days()}
    # 3 is overdue 6-7 (finished on the 8th), 5 from the 7th on, 8 on no day: withdrawn the day after its due date
    assert overdue == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 1, 7: 2, 8: 1, 9: 1, 10: 1}


def test_an_unknown_unit_is_named_with_some_that_exist(published_lake):
    with pytest.raises(ReportError) as caught:
        counts(published_lake, unit="H99.77")
    for part in ("no unit H99.77", "units.parquet", "H99.02 Sở Mẫu"):
        assert part in str(caught.value)


@pytest.mark.parametrize("first, last", [(FIRST - timedelta(days=1), LAST), (FIRST, LAST + timedelta(days=1))])
def test_a_period_that_is_not_covered_says_what_is(published_lake, first, last):
    with pytest.raises(ReportError) as caught:
        counts(published_lake, first, last)
    for part in (f"{first} … {last}", f"from {FIRST} to {LAST}", f"cchc run --from {first} --to {last}"):
        assert part in str(caught.value)


def test_a_reversed_period_is_refused(published_lake):
    with pytest.raises(ReportError, match="Exchange --from and --to"):
        counts(published_lake, LAST, FIRST)


def test_nothing_published_says_so(tmp_path):
    with pytest.raises(PublishError, match="nothing is published"):
        counts(Lake(tmp_path))


def test_shares_have_the_base_of_the_form(published_lake):
    found = shares(counts(published_lake))
    assert found["received_online"] == 75.0
    assert found["resolved_late"] == 20.0
    assert found["pending_overdue"] == pytest.approx(100 / 3)
    assert "total" not in found
    assert shares(counts(published_lake, october(1), october(1), "H99.201")) == {}


def report(lake, *options):
    return cchc("report", "dossiers", "--from", FIRST, "--to", LAST, "--data-dir", lake.root, *options)


def test_as_json(published_lake):
    found = json.loads(report(published_lake, "--format", "json").stdout)
    assert {name: found[name] for name in WHOLE} == WHOLE
    assert (found["total"], found["period_start"], found["unit_name"]) == (8, "2026-10-01", "UBND Tỉnh Mẫu")
    assert found["received_online_pct"] == 75.0
    assert found["pending_overdue_pct"] == 33.33


def test_as_csv(published_lake):
    rows = list(csv.DictReader(io.StringIO(report(published_lake, "--format", "csv", "--unit", "H99.201").stdout)))
    by_code = {row["code"]: row for row in rows}
    assert list(rows[0]) == ["code", "label_vi", "count", "pct"]
    assert (by_code["resolved_late"]["count"], by_code["resolved_late"]["pct"]) == ("1", "50.00")
    assert by_code["received_postal"]["label_vi"] == "Bưu chính công ích"
    assert by_code["received"]["pct"] == ""


def test_as_a_table(published_lake):
    text = report(published_lake).stdout
    for part in ("Biểu II.06a", "UBND Tỉnh Mẫu", "01/10/2026–10/10/2026", "75.00 %", "Từ kỳ trước chuyển sang"):
        assert part in text


def test_an_unknown_unit_ends_in_one_message(published_lake):
    result = report(published_lake, "--unit", "H21")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: report: no unit H21")
