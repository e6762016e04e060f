"""Breaks between periods: copied years and columns, instruments that change, totals that jump."""

from __future__ import annotations

import random
from datetime import date

import pytest
from lake_of_days import found, night
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

PAPI, PORTAL = "papi__subdimensions", "national_portal__metrics"
PROVINCES = [f"P{n:02d}" for n in range(1, 64)]
SLOTS = [f"SC{dimension}{part}" for dimension in range(1, 9) for part in (1, 2, 3)]
TODAY, TOMORROW = date(2026, 10, 20), date(2026, 10, 21)


def year(number, slots=SLOTS, seed=None, factor=None):
    """An invented year of PAPI: scores between 0.4 and 2.4 for 63 provinces."""
    draw = random.Random(f"papi-{seed or number}")
    made = []
    for province in PROVINCES:
        for slot in SLOTS:
            score = round(draw.uniform(0.9, 1.9), 4) * (factor or {}).get(slot, 1.0)
            if slot in slots:
                made.append({"year": number, "province_code": province, "slot": slot, "score": score})
    return made


def papi(lake, day, *years):
    night(lake, PAPI, day, [row for rows in years for row in rows])
    return found(lake, [day], PAPI)


def portal(lake, day, changes=None, months=(date(2026, 10, 1),), skip=()):
    """An invented reading of the portal: 25 units, three metrics, growing with the month."""
    rows = []
    for month in months:
        for n in range(25):
            for metric, group, size in (("ON_TIME", "TDGQ", 40), ("ONLINE", "DVCTT", 20), ("COPY", "DVCTT", 8)):
                if metric in skip:
                    continue
                counted = size * (day.day if month.month == day.month else 30) + n
                counted = round(counted * (changes or {}).get(metric, 1))
                rows.append(
                    {
                        "unit_code": f"H99.{n + 10}", "period_type": "month", "period_start": month,
                        "period_end": month.replace(day=28), "report": "r", "group_code": group, "metric_code": metric,
                        "numerator": float(counted // 2), "denominator": float(counted),
                    }
                )  # fmt: skip
    night(lake, PORTAL, day, rows)
    return found(lake, [day], PORTAL)


def told(comparisons):
    return {name: [one.sentence_en for one in found.breaks] for name, found in comparisons.items() if found.breaks}


# -- PAPI ---------------------------------------------------------------------------------------------------------


def test_ordinary_years_alarm_nobody(lake):
    assert told(papi(lake, TODAY, year(2021), year(2022), year(2023))) == {}


def test_one_year_alone_claims_nothing(lake):
    compared = papi(lake, TODAY, year(2024))
    assert told(compared) == {}
    assert compared["copies"].judged == 0


def test_years_that_are_copies_are_told_pair_by_pair(lake):
    """A published workbook repeated 2019 as 2020 and 2021."""
    copies = papi(lake, TODAY, year(2018), year(2019), year(2020, seed=2019), year(2021, seed=2019))["copies"]
    assert [(one.numbers["first"], one.numbers["second"]) for one in copies.breaks] == [
        ("2019", "2020"), ("2019", "2021"), ("2020", "2021"),
    ]  # fmt: skip
    assert "năm 2020 giống hệt năm 2019 ở cả 24 chỉ số" in copies.breaks[0].sentence_vi


def test_a_copied_column_is_named(lake):
    rows = year(2023)
    copied = {row["province_code"]: row["score"] for row in year(2022) if row["slot"] == "SC42"}
    for row in rows:
        if row["slot"] == "SC42":
            row["score"] = copied[row["province_code"]]
    (one,) = papi(lake, TODAY, year(2022), rows)["copies"].breaks
    assert one.numbers["items"] == ["SC42"]
    assert "SC42 của năm 2023 giống hệt năm 2022" in one.sentence_vi


def test_a_year_that_was_there_on_an_earlier_night_counts_too(lake):
    papi(lake, TODAY, year(2019))
    copies = papi(lake, TOMORROW, year(2020, seed=2019))["copies"]
    assert [one.numbers["second"] for one in copies.breaks] == ["2020"]


def test_what_was_told_is_known_on_the_next_night(lake):
    years = (year(2019), year(2020, seed=2019))
    assert papi(lake, TODAY, *years)["copies"].breaks
    again = papi(lake, TOMORROW, *years)["copies"]
    assert again.breaks == ()
    assert len(again.known) == 1
    # but a third copy is news
    third = papi(lake, date(2026, 10, 22), *years, year(2021, seed=2019))["copies"]
    assert {one.numbers["second"] for one in third.breaks} == {"2021"}


def test_a_dimension_with_other_items_is_told(lake):
    compared = papi(lake, TODAY, year(2018, [s for s in SLOTS if s != "SC83"]), year(2019))
    (one,) = compared["instrument"].breaks
    assert (one.numbers["group"], one.numbers["items_before"], one.numbers["items_after"]) == ("SC8", 2, 3)
    assert "năm 2018 có 2 chỉ số, năm 2019 có 3 (thêm SC83" in one.sentence_vi


def test_a_metric_that_went_from_one_item_to_four_shows_in_its_level(lake):
    """7.1 had one item in 2018 (mean 1.94) and four in 2019 (0.97)."""
    (one,) = papi(lake, TODAY, year(2018, factor={"SC71": 2.0}), year(2019))["level"].breaks
    assert one.numbers["item"] == "SC71"
    assert one.numbers["before"] / one.numbers["after"] == pytest.approx(2, abs=0.3)


def test_a_year_with_few_provinces_is_told(lake):
    (one,) = papi(lake, TODAY, year(2021), year(2022), year(2023), year(2024)[:30])["volume"].breaks
    assert one.culprit == "2024"
    assert one.numbers["rows"] == 30


# -- the portal ---------------------------------------------------------------------------------------------------


def test_a_month_that_grows_alarms_nobody(lake):
    for day in (date(2026, 10, n) for n in range(12, 23)):
        assert told(portal(lake, day, months=(date(2026, 9, 1), date(2026, 10, 1)))) == {}


@pytest.mark.parametrize("factor", [0.3, 2.2])
def test_a_total_that_jumps_over_night_is_told(lake, factor):
    portal(lake, TODAY)
    (one,) = portal(lake, TOMORROW, {"ON_TIME": factor})["level"].breaks
    assert one.numbers["item"] == "ON_TIME"
    assert "Tổng ON_TIME của tháng 10/2026 nhảy từ" in one.sentence_vi


def test_a_metric_that_leaves_its_group_is_told(lake):
    portal(lake, TODAY)
    (one,) = portal(lake, TOMORROW, skip=("COPY",))["instrument"].breaks
    assert (one.numbers["group"], one.numbers["items_before"], one.numbers["items_after"]) == ("DVCTT", 2, 1)


def test_a_month_that_copies_another_is_told_but_equal_counts_of_one_metric_are_not(lake):
    months = (date(2026, 8, 1), date(2026, 9, 1))
    (one,) = portal(lake, TODAY, months=months)["copies"].breaks
    assert (one.numbers["first"], one.numbers["second"]) == ("month 2026-08-01", "month 2026-09-01")
