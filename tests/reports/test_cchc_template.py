"""The template of the report: what fills its slots, and what it refuses with line and fix."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.reports.cchc_report.template import (
    WORDS,
    Gap,
    LateWords,
    Slot,
    SlotError,
    TemplateError,
    load_template,
    read_template,
    shipped_text,
    tokens,
)

SHIPPED = shipped_text()


def broken(old: str, new: str) -> tuple[str, int]:
    """The shipped template with one thing changed, and the line of it."""
    assert SHIPPED.count(old) >= 1, old
    at = SHIPPED.index(old)
    return SHIPPED.replace(old, new, 1), SHIPPED[:at].count("\n") + 1


def refusal(text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        read_template(text, "mau.yaml")
    return str(caught.value)


def line_of(message: str) -> int:
    found = re.search(r"line (\d+)", message)
    assert found, message
    return int(found[1])


def test_the_shipped_template_is_accepted_and_uses_every_section_of_the_form():
    template = load_template()
    assert len(template.sections) == 7
    assert {"late", "late_by_unit", "papi", "par_index", "index766", "external_indices", "sources"} == {
        block.part
        for section in (*template.sections, *template.appendices)
        for block in section.blocks
        if hasattr(block, "part")
    }
    assert {slot.name for slot in template.slots()} >= {"received_total", "late_rate", "plan_done_rate", "apology_rate"}


def test_pieces_of_a_text_in_order():
    found = list(tokens("Đạt {late_rate@H16.12.numerator} hồ sơ, {plan_done_rate:calendar}; [[số văn bản|sổ đi]]."))
    assert found == [
        "Đạt ", Slot("late_rate", "H16.12", "numerator"), " hồ sơ, ",
        Slot("plan_done_rate", is_calendar=True), "; ", Gap("số văn bản", "sổ đi"), ".",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text, slot",
    [
        ("{late_rate}", Slot("late_rate")),
        ("{late_rate.denominator}", Slot("late_rate", part="denominator")),
        ("{late_rate@H16.12}", Slot("late_rate", "H16.12")),
        ("{late_rate@H16.12.numerator}", Slot("late_rate", "H16.12", "numerator")),
        ("{late_rate:calendar@H16.numerator}", Slot("late_rate", "H16", "numerator", is_calendar=True)),
        ("{late_rate.change_year}", Slot("late_rate", part="change_year")),
        ("{period}", Slot("period")),
    ],
)
def test_slots(text, slot):
    assert list(tokens(text)) == [slot]


@pytest.mark.parametrize(
    "text, said",
    [
        ("{late_rate", "without its counterpart"),
        ("late_rate}", "without its counterpart"),
        ("[[số văn bản", "without its counterpart"),
        ("{Late Rate}", "is no slot"),
        ("{late_rate.share}", "no part “share”"),
        ("{period@H16}", "without unit and part"),
        ("{late_rate:calendar.change}", "of the report's own days"),
        ("[[|sổ đi]]", "without what has to be added"),
    ],
)
def test_what_is_no_slot_says_why(text, said):
    with pytest.raises(SlotError, match=re.escape(said)):
        list(tokens(text))


@given(st.text(st.characters(exclude_characters="{}[]", exclude_categories=("Cs",))), st.sampled_from(sorted(WORDS)))
def test_text_around_slots_stays_as_it_is(text, word):
    found = list(tokens(f"{text}{{{word}}}{text}"))
    assert [one for one in found if isinstance(one, Slot)] == [Slot(word)]
    assert "".join(one for one in found if isinstance(one, str)) == text + text


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("{inspections_count:calendar}", "{inspection_count}", "Did you mean inspections_count"),
        ("          - resolved_early", "          - resolved_erly", "Did you mean resolved_early"),
        ("          late_rate: Quá hạn (%)", "          lateness: Quá hạn (%)", "“lateness” is no indicator"),
        ("{dissatisfaction_rate} không hài lòng.", "{dissatisfaction_rate không hài lòng.", "without its counterpart"),
        ("  title: BÁO CÁO", "  titel: BÁO CÁO", "unknown key; correct its name or remove it"),
        ("      - part: papi", "      - part: papy", "Input should be 'late'"),
        ("widths: [6, 24, 32, 38]", "widths: [6, 24, 32]", "equal length"),
        ("{units}.\"\n  other_authority", "{unitz}.\"\n  other_authority", "{unitz} fills nothing here"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_line_and_the_fix(old, new, said):
    text, line = broken(old, new)
    message = refusal(text)
    assert said in message
    assert "mau.yaml" in message
    # a block of several lines is named by one of its lines
    assert any(abs(int(found) - line) <= 3 for found in re.findall(r"line (\d+)", message)), message


def test_a_block_without_a_kind_and_an_empty_file_are_refused():
    text, line = broken("      - part: late\n", "      - {valid_from: 2020-01-01}\n")
    message = refusal(text)
    assert "a block holds one of heading, text, compare, table, by_unit, part" in message
    assert line_of(message) == line
    assert "mau.yaml, line 1" in refusal("")
    assert "no YAML" in refusal("frame: [")


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path):
    with pytest.raises(TemplateError, match=r"--show-template > mau-bao-cao\.yaml"):
        load_template(tmp_path / "none.yaml")


def test_every_phrase_about_late_dossiers_has_its_slots_checked():
    phrases = [field for field in LateWords.model_fields.values() if field.annotation is str]
    assert len(phrases) == 14
    assert all(field.metadata for field in phrases)
