from __future__ import annotations

import json
import re

import pytest
from contract_folders import contract_of, raised, text_of, without_column

from cchc_pipeline.contracts import contract_names, load_contract
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.contracts.compatibility import compare

NEW_COLUMN = """      - name: colour
        description: "Colour."
        logicalType: string
        physicalType: VARCHAR
        required: {required}
        classification: public
        customProperties:
          - {{property: label_vi, value: "Màu"}}
          - {{property: label_en, value: "Colour"}}
          - {{property: description_vi, value: "Màu."}}
"""
NEW_RULE = """      - id: no_colour
        type: sql
        dimension: accuracy
        severity: {severity}
        query: |-
          SELECT COUNT(*) FROM {{object}}
          WHERE unit_code = 'red'
        mustBe: 0
        customProperties:
          - property: sentence_vi
            value: "Đỏ."
          - property: sentence_en
            value: "Red."
          - property: expectation
            value:
              type: expect_column_values_to_not_be_in_set
              kwargs: {{column: unit_code, value_set: [red]}}
"""


def with_column(text, required="false"):
    return text.replace(
        "    quality:\n      - id:", NEW_COLUMN.format(required=required) + "    quality:\n      - id:", 1
    )


def with_rule(text, severity="reject"):
    return text.replace(
        "    quality:\n      - id:", "    quality:\n" + NEW_RULE.format(severity=severity) + "      - id:", 1
    )


def with_codes(text, change, name="service_level"):
    """The contract carries its own copy of a code list, changed."""
    held = load_code_list(name).document()
    held["codes"] = change(held["codes"])
    line = f"  - {{property: code_lists, value: {json.dumps([held], ensure_ascii=False)}}}\n"
    return text.replace("  - property: changelog\n", line + "  - property: changelog\n")


def swap(old, new, count=1):
    def change(text):
        assert old in text, old
        return text.replace(old, new, count)

    return change


def relabel(codes, **words):
    return [{**codes[0], **words}, *codes[1:]]


def rejecting(text, rule):
    """The contract whose first rule of this name (a regular expression) rejects."""
    return re.sub(rf"(- id: {rule}\n(?:.*\n)*?\s+severity:) \w+", r"\1 reject", text, count=1)


def of_column(name, old, new):
    def change(text):
        part = re.search(rf"      - name: {name}\n(?:        .*\n)+", text)
        assert part and old in part[0], name
        return text.replace(part[0], part[0].replace(old, new, 1))

    return change


def of_sector(old, new):
    return of_column("sector_name", old, new)


FEE = ("has_fee", "required: true", "required: false")
SECTOR, LEVEL = "column sector_name", "column service_level"
LIST = "          - {property: code_list, value: service_level}\n"
UNIT = "          - {property: unit, value: VND}\n"
TEXT, DAY = ("logicalType: string\n        physicalType: VARCHAR", "logicalType: date\n        physicalType: DATE")
MORE = {"code": "x", "label_vi": "x", "label_en": "x"}
# change -> where it is seen, breaking for readers of `procedures`, for the writer of `one_stop__procedures`
CASES = {
    "column removed": (lambda text: without_column(text, "sector_name"), SECTOR, True, False),
    "optional column added": (with_column, "column colour", False, False),
    "required column added": (lambda text: with_column(text, "true"), "column colour", False, True),
    "column renamed": (swap("- name: sector_name", "- name: sector_title"), SECTOR, True, True),
    "retyped": (of_sector(TEXT, DAY), SECTOR, True, True),
    "required to null": (of_column(*FEE), "column has_fee", True, False),
    "null to required": (of_sector("required: false", "required: true"), SECTOR, False, True),
    "grain": (swap("One row per procedure.", "One row per procedure and unit."), "table", True, True),
    "key": (of_column("has_fee", FEE[1], FEE[1] + "\n        primaryKey: true\n        primaryKeyPosition: 2"),
            "table", True, True),
    "unit stated": (of_sector("customProperties:\n", "customProperties:\n" + UNIT), SECTOR, False, False),
    "pattern added": (of_sector("required:", "logicalTypeOptions:\n          pattern: '^a'\n        required:"),
                      SECTOR, False, True),
    "code removed": (lambda text: with_codes(text, lambda codes: codes[:-1]), LEVEL, True, True),
    "code added": (lambda text: with_codes(text, lambda codes: [*codes, MORE]), LEVEL, False, False),
    "code means something else": (
        lambda text: with_codes(text, lambda c: relabel(c, label_vi="Khác", label_en="Other")), LEVEL, True, True),
    "code worded better": (
        lambda text: with_codes(text, lambda c: relabel(c, label_vi="Toàn trình")), LEVEL, False, False),
    "code list gone": (swap(LIST, ""), LEVEL, True, False),
    "code list only counts": (
        swap(LIST, LIST + "          - {property: code_list_severity, value: warn}\n"), LEVEL, True, False),
    "rule added": (with_rule, "rule no_colour", False, True),
    "counting rule added": (lambda text: with_rule(text, "warn"), "rule no_colour", False, False),
    "rule rejects now": (lambda text: rejecting(text, "paid.*"), "rule ", False, True),
    "class more careful": (of_sector("classification: public", "classification: internal"), SECTOR, True, False),
    "fresher": (swap("freshness, value: 30", "freshness, value: 26"), "promises", False, True),
    "staler": (swap("freshness, value: 30", "freshness, value: 50"), "promises", True, False),
    "label": (swap('"Tên lĩnh vực"', '"Tên của lĩnh vực"'), SECTOR, False, False),
    "description": (swap("Tên lĩnh vực.", "Tên của lĩnh vực."), SECTOR, False, False),
    "owner": (lambda text: re.sub("team:\n  name: .*", "team:\n  name: others", text), "table", False, False),
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("name", ["procedures", "one_stop__procedures"])
def test_each_change_is_judged_from_its_side(kind, name):
    change, where, for_readers, for_writer = CASES[kind]
    text = text_of(name)
    if kind == "rule rejects now":
        rule = next(
            r for r in load_contract(name).rules if r.id.endswith("payment_without_fee") or r.severity == "warn"
        )
        short = rule.id.split(".")[1]
        new = rejecting(text, short)
        where = f"rule {short}"
    else:
        new = change(text)
    assert new != text
    found = compare(contract_of(text), contract_of(new))
    assert where in {one.where for one in found.differences}, found.differences
    assert found.is_breaking == (for_readers if name == "procedures" else for_writer), found.differences
    assert all(one.why for one in found.differences)
    assert found.needed == ("major" if found.is_breaking else found.needed)


@pytest.mark.parametrize("kind", [kind for kind in CASES if kind not in ("rule rejects now", "unit stated")])
def test_a_change_taken_back_has_the_opposite_effect(kind):
    text = text_of("procedures")
    new = CASES[kind][0](text)
    there, back = compare(contract_of(text), contract_of(new)), compare(contract_of(new), contract_of(text))
    opposite = {"tightened": "loosened", "loosened": "tightened", "changed": "changed", "described": "described"}
    ways = sorted(opposite.get(one.effect, one.effect) for one in there.differences)
    assert kind.startswith("code ") or ways == sorted(one.effect for one in back.differences)
    assert len(there.differences) == len(back.differences)


@pytest.mark.parametrize("name", contract_names())
def test_a_contract_does_not_differ_from_itself(name):
    found = compare(load_contract(name), contract_of(text_of(name)))
    assert found.differences == ()
    assert (found.needed, found.is_breaking, found.is_enough) == ("none", False, True)


@pytest.mark.parametrize(
    "change, version, needed, enough",
    [
        (swap('"Tên lĩnh vực"', '"Tên của lĩnh vực"'), "1.0.0", "patch", False),
        (swap('"Tên lĩnh vực"', '"Tên của lĩnh vực"'), "1.0.1", "patch", True),
        (with_column, "1.0.1", "minor", False),
        (with_column, "1.1.0", "minor", True),
        (lambda text: without_column(text, "sector_name"), "1.1.0", "major", False),
        (lambda text: without_column(text, "sector_name"), "2.0.0", "major", True),
        (lambda text: text, "1.0.0", "none", True),
    ],
)
def test_the_version_that_a_change_needs(change, version, needed, enough):
    text = text_of("procedures")
    new = change(text)
    found = compare(contract_of(text), contract_of(new if version == "1.0.0" else raised(new, version)))
    assert (found.needed, found.is_enough) == (needed, enough)
    assert found.next_version == {"none": "1.0.0", "patch": "1.0.1", "minor": "1.1.0", "major": "2.0.0"}[needed]


@pytest.mark.parametrize(
    "name, old, new, breaking",
    [
        ("one_stop__dossiers", "INTEGER", "BIGINT", False),
        ("one_stop__dossiers", "BIGINT", "INTEGER", True),
        ("dossiers", "INTEGER", "BIGINT", True),
    ],
)
def test_a_wider_number_takes_what_a_writer_sent_and_is_another_type_to_a_reader(name, old, new, breaking):
    text = text_of(name)
    column = next(c.name for c in load_contract(name).columns if c.physical_type == old)
    found = compare(
        contract_of(text), contract_of(of_column(column, f"physicalType: {old}", f"physicalType: {new}")(text))
    )
    assert [one.is_breaking for one in found.differences] == [breaking]


@pytest.mark.parametrize(
    "old, new, breaking",
    [
        ("evolve", "freeze", True),
        ("evolve", "discard_row", True),
        ("discard_row", "evolve", False),
        ("freeze", "evolve", False),
    ],
)
def test_a_stricter_drift_policy_breaks_the_writer(old, new, breaking):
    texts = [re.sub("columns: evolve", f"columns: {one}", text_of("documents__statuses")) for one in (old, new)]
    (one,) = compare(*map(contract_of, texts)).differences
    assert (one.what, one.is_breaking) == (f"drift.columns: {old} → {new}", breaking)


def test_an_unexpected_column_is_dropped_unless_the_policy_freezes():
    text = text_of("one_stop__procedures").replace("columns: evolve", "columns: freeze")
    (one,) = compare(contract_of(text), contract_of(without_column(text, "sector_name"))).differences
    assert (one.what, one.is_breaking) == ("column removed", True)


@pytest.mark.parametrize(
    "name, column, old, new, breaking",
    [
        ("papi__subdimensions", "year", "minimum: 2009", "minimum: 2011", True),
        ("papi__subdimensions", "year", "minimum: 2009", "minimum: 2000", False),
        ("papi__subdimensions", "year", "maximum: 2100", "maximum: 2050", True),
        ("papi__subdimensions", "slot", "pattern: '^SC", "pattern: '^XC", True),
    ],
)
def test_bounds_and_patterns(name, column, old, new, breaking):
    text = text_of(name)
    found = compare(contract_of(text), contract_of(of_column(column, old, new)(text)))
    assert [one.is_breaking for one in found.differences] == [breaking]


def test_a_rule_with_another_condition_or_without():
    text = text_of("dossiers")
    other = text.replace("WHERE outcome IS NULL AND closed_on IS NOT NULL", "WHERE outcome IS NULL")
    (one,) = compare(contract_of(text), contract_of(other)).differences
    assert (one.where, one.effect, one.is_breaking) == ("rule outcome_missing", "changed", True)
    gone = re.sub(r"      - id: outcome_missing\n(?:        .*\n)+", "", text)
    (one,) = compare(contract_of(text), contract_of(gone)).differences
    assert (one.what, one.is_breaking) == ("rule removed (reject)", True)


def test_another_unit_is_another_quantity():
    text = text_of("dossiers")
    other = text.replace("unit, value: working_days", "unit, value: hours", 1)
    (one,) = compare(contract_of(text), contract_of(other)).differences
    assert (one.where, one.is_breaking) == ("column handling_working_days", True)


def test_an_end_of_support_may_be_announced_and_not_brought_forward():
    text = text_of("units")
    line = '  - {property: endOfSupport, value: "2028-12-31"}\n'
    announced = text.replace("slaProperties:\n", "slaProperties:\n" + line)
    assert not compare(contract_of(text), contract_of(announced)).is_breaking
    sooner = announced.replace("2028", "2027")
    assert compare(contract_of(announced), contract_of(sooner)).is_breaking
    assert not compare(contract_of(sooner), contract_of(announced)).is_breaking
