"""A YAML file is read into a model, and every mistake names its line, its keys and what to do."""

from __future__ import annotations

import pytest
from pydantic import field_validator, model_validator

from cchc_pipeline.errors import SettingsError
from cchc_pipeline.yaml_files import PlacedError, Strict, read_yaml


class Item(Strict):
    code: str
    points: float = 0


class Sheet(Strict):
    name: str
    items: list[Item]


def test_a_file_becomes_its_model():
    sheet = read_yaml("name: a\nitems:\n  - {code: x, points: 2}\n", Sheet, "sheet.yaml")
    assert sheet == Sheet(name="a", items=[Item(code="x", points=2)])
    assert read_yaml("- {code: x}", list[Item], "items.yaml") == [Item(code="x")]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("name: a\nitems:\n  - code: x\n    points: much\n", "line 4, items[0].points", "valid number"),
        ("name: a\nitems:\n  - code: x\n    pionts: 2\n", "line 4, items[0].pionts", "unknown key"),
        ("name: a\nitems:\n  - points: 2\n", "line 3, items[0].code", "missing; add it"),
        ("name: a\nname: b\nitems: []\n", "line 2", "stands twice"),
        ("name: [a\n", "no YAML", "line 2"),
        ("", "line 1, the whole file", "valid"),
    ],
)
def test_a_mistake_names_its_place(text, place, said):
    with pytest.raises(SettingsError) as found:
        read_yaml(text, Sheet, "sheet.yaml", SettingsError)
    assert str(found.value).startswith("sheet.yaml")
    assert place in str(found.value)
    assert said in str(found.value)


def test_many_mistakes_are_counted():
    text = "name: a\nitems:\n" + "".join(f"  - {{code: x, bad{i}: 1}}\n" for i in range(8))
    with pytest.raises(SettingsError, match="and 3 more"):
        read_yaml(text, Sheet, "sheet.yaml", SettingsError)


class Named(Strict):
    custom: dict[str, int]
    last: int

    @field_validator("custom", mode="before")
    @classmethod
    def _by_name(cls, value: list[dict[str, object]]) -> dict[str, object]:
        return {str(one["property"]): one["value"] for one in value}

    @model_validator(mode="after")
    def _ordered(self) -> Named:
        if self.last < self.custom["first"]:
            raise PlacedError("first lies after last; exchange them", "custom", "first")
        return self


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("last: 1\ncustom:\n  - property: first\n    value: x\n", "line 3, custom.first", "valid integer"),
        ("last: 1\ncustom:\n  - {property: first, value: 2}\n", "line 3, custom.first", "exchange them"),
    ],
)
def test_a_list_of_named_values_and_a_mistake_across_keys_have_a_place_too(text, place, said):
    with pytest.raises(SettingsError) as found:
        read_yaml(text, Named, "named.yaml", SettingsError)
    assert f"{place}: " in str(found.value)
    assert said in str(found.value)
