"""Wording, charts, bands, previews and the command, one by one."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib import resources

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cchc_pipeline.cli.main import main
from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg, png
from cchc_pipeline.drawing.plots import PHONE, Dot, dots
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake import files
from cchc_pipeline.lake.publish import current_version
from cchc_pipeline.scorecards.scoring.rubric_set import shipped
from cchc_pipeline.site import preview, words
from cchc_pipeline.site.data import LIKELY, SOON_DAYS
from cchc_pipeline.site.tables import run as run_query
from cchc_pipeline.vietnamese import period_label

SVG = "{http://www.w3.org/2000/svg}"
values = st.none() | st.floats(0, 100, allow_nan=False)
spots = st.lists(st.builds(plots.Spot, st.uuids().map(str), values, st.sampled_from("ab"), st.booleans()), max_size=12)


@pytest.mark.parametrize(
    ("label", "vietnamese", "english"),
    [
        ("linear(full_at=1)", "Tỷ lệ × điểm tối đa", "Share × maximum"),
        ("linear(full_at=0.8)", "Tỷ lệ × điểm tối đa, đủ điểm từ 80\u00a0%", "Share × maximum, full points from 80%"),
        (
            "linear_above_floor(floor=0.95, full_at=1)",
            "Tỷ lệ × điểm tối đa; dưới 95\u00a0%: 0 điểm",
            "Share × maximum; below 95%: 0 points",
        ),
        ("all_or_nothing(full_at=1)", "Đủ điểm từ 100\u00a0%, nếu không: 0 điểm", "Full points from 100%, otherwise 0"),
        (
            "steps(0.5:1, 0.8:2.5)",
            "Theo bậc: từ 50\u00a0%: 1 điểm; từ 80\u00a0%: 2,5 điểm",
            "In steps: from 50%: 1 points; from 80%: 2.5 points",
        ),
        ("penalty(points_each=0.5)", "Điểm trừ: 0,5 điểm mỗi lần", "Penalty: 0.5 points each"),
        ("flag", "Có: đủ điểm; không: 0 điểm", "Yes: full points; no: 0"),
        ("something new", "something new", "something new"),
    ],
)
def test_rules_read_as_sentences(label, vietnamese, english):
    assert words.rule(label) == (vietnamese, english)


def test_every_rule_of_every_shipped_rubric_has_a_sentence():
    found = {criterion.rule.label() for rubric in shipped().shipped for criterion in rubric.criteria()}
    assert found
    assert [label for label in found if words.rule(label)[0] == label] == []


def test_every_family_of_indicators_has_a_name():
    assert {indicator.family for indicator in catalogue()} <= set(words.FAMILIES)
    assert set(words.FAMILIES.values()) <= set(words.phrases())


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (words.number(1234.0), "1.234"), (words.number(12.5), "12,50"), (words.number(None), "—"),
        (words.points(0.0), "0,00"), (words.points(None), "—"), (words.most(18.0), "18"),
        (words.percent(0.86303), "86,3\u00a0%"), (words.signed(-1.25), "−1,25"), (words.signed(0.001), "±0,00"),
        (words.moved(12.0), "+12"), (words.day(date(2026, 1, 31)), "31/01/2026"),
        (period_label("quarter", date(2026, 10, 1), date(2026, 12, 31)), "Q4/2026"), (words.band(15), "15–19"),
    ],
)  # fmt: skip
def test_numbers_and_days_are_written_as_in_vietnam(said, wanted):
    assert said == wanted


def test_every_phrase_is_used_and_has_english_words():
    folder = resources.files("cchc_pipeline.site")
    rooms = (folder, resources.files("cchc_pipeline.drawing"))
    sources = [one.read_text("utf-8") for room in rooms for one in room.iterdir() if one.name.endswith(".py")]
    sources += [one.read_text("utf-8") for one in folder.joinpath("templates").iterdir() if one.is_file()]
    text = "".join(sources)
    assert [phrase for phrase in words.phrases() if f'"{phrase}"' not in text] == []
    assert all(words.phrases().values())
    with pytest.raises(words.PhraseError, match=r"phrases\.yaml"):
        words.phrase("Câu chưa dịch")


@given(spots)
def test_a_line_joins_neighbours_of_one_stretch_and_no_gap(found):
    order = {id(spot): place for place, spot in enumerate(found)}
    for piece in plots.pieces(found):
        assert len(piece) > 1
        assert len({spot.stretch for spot in piece}) == 1
        assert None not in [spot.value for spot in piece]
        places = [order[id(spot)] for spot in piece]
        assert places == list(range(places[0], places[0] + len(places)))
    joined = sum(len(piece) - 1 for piece in plots.pieces(found))
    neighbours = [
        1
        for one, other in zip(found, found[1:], strict=False)  # noqa: RUF007 - pairs are meant
        if None not in (one.value, other.value) and one.stretch == other.stretch
    ]
    assert joined == len(neighbours), "whatever may be joined is joined"


def test_a_chart_has_a_label_ids_of_its_own_and_the_same_bytes_again():
    def drawn(name):
        rows = [Dot(f"Xã {n} & <b>", n, n - 1, n + 1) for n in range(1, 5)]
        return page_svg(dots(rows, PHONE), name, 'nhãn "x"')

    assert drawn("a") == drawn("a")
    trees = [etree.fromstring(drawn(name).encode()) for name in ("a", "b")]
    ids = [{one.get("id") for one in tree.iter() if one.get("id")} for tree in trees]
    assert ids[0] and not ids[0] & ids[1]
    for tree in trees:
        assert tree.get("aria-label") == 'nhãn "x"'
        assert "Xã 1 & <b>" in [one.text for one in tree.iter(f"{SVG}text")]
        for use in tree.iter(f"{SVG}use"):
            address = use.get("{http://www.w3.org/1999/xlink}href")
            assert tree.xpath(f"//*[@id='{address.removeprefix('#')}']")


def test_a_group_without_figures_is_a_gap_in_the_radar():
    figure = plots.radar(list("ABC"), {"x": [0.5, None, 1.0]})
    (axes,) = figure.axes
    drawn = axes.lines[0].get_ydata()
    assert [value == value for value in drawn] == [True, False, True, True]
    assert not axes.patches, "an area with a gap is not filled"


def test_dossiers_at_risk_are_told_in_bands_of_the_unit_with_everything_below(tmp_path):
    units = [
        {"unit_code": code, "unit_name": code, "parent_code": parent, "is_current": True}
        for code, parent in (("H99", None), ("H99.02", "H99"), ("H99.02.01", "H99.02"))
    ]
    rows = [
        {"dossier_id": f"{n}", "unit_code": code, "working_days_left": n % 4, "late_probability": n / 10}
        for code, count in (("H99.02.01", 4), ("H99.02", 3))
        for n in range(count)
    ]
    paths = {"units": tmp_path / "units.parquet", "at_risk": tmp_path / "at_risk.parquet"}
    files.write_parquet(pa.Table.from_pylist(units), paths["units"])
    files.write_parquet(pa.Table.from_pylist(rows), paths["at_risk"])
    found = {row["unit_code"]: row for row in run_query("risk", {"soon_days": SOON_DAYS, "likely": LIKELY}, **paths)}
    assert [found[code]["open_from"] for code in ("H99", "H99.02", "H99.02.01")] == [5, 5, 0]
    assert all(one["likely_from"] == 0 for one in found.values())


def scored(kind: str, first: date, last: date, *criteria: str, source: str = "local") -> list[dict]:
    """Rows of a scorecard in one period: the total, and the criteria that have points."""
    period = {"unit_code": "H99", "source": source, "period_type": kind, "period_start": first, "period_end": last}
    filled = {"rubric_version": "1", "points": 1.0, "denominator": 2.0, "ratio": 0.5, "rank": 1, "rank_of": 1}
    codes = {"TOTAL": "total", **dict.fromkeys(criteria, "criterion")}
    return [{**period, **filled, "criterion_code": code, "criterion_level": level} for code, level in codes.items()]


def test_periods_of_other_criteria_are_marked_within_their_kind(tmp_path):
    rows = [
        *scored("month", date(2026, 9, 1), date(2026, 9, 30), "A"),
        *scored("quarter", date(2026, 7, 1), date(2026, 9, 30), "A", "B"),
        *scored("month", date(2026, 10, 1), date(2026, 10, 31), "A"),
        *scored("month", date(2026, 10, 1), date(2026, 10, 31), "C", source="portal"),
        *scored("month", date(2026, 11, 1), date(2026, 11, 30), "B"),
        *scored("month", date(2026, 12, 1), date(2026, 12, 31), "B", source="portal"),
    ]
    files.write_parquet(pa.Table.from_pylist(rows), tmp_path / "card.parquet")
    found = run_query("history", {"until": date(2026, 11, 21)}, card=tmp_path / "card.parquet")
    assert [(one["period_type"], one["is_break"], one["is_open"]) for one in found] == [
        ("month", False, False),
        ("month", False, False),
        ("month", True, True),
        ("month", False, True),
        ("quarter", False, False),
    ]
    assert [(one["points"], one["portal_points"]) for one in found[1:4]] == [(1.0, 1.0), (1.0, None), (None, 1.0)]


def test_the_preview_has_the_province_and_its_units(tables):
    card = files.read_parquet(tables["scorecard_index766"])
    text = preview.markdown(card, "local", "month")
    assert text.startswith("**10/2026**")
    assert "| 1/1 | UBND Tỉnh Mẫu |" in text and "Sở Mẫu" in text
    assert preview.markdown(card, "nobody", "month").startswith("Chưa có điểm")
    assert png(preview.radar(card, "H99", "month")).startswith(b"\x89PNG")
    assert preview.radar(card, "H00", "month") is None


def run(*words_: str):
    return CliRunner().invoke(main, ["site", *words_], catch_exceptions=False)


def test_the_command_makes_the_same_pages_in_a_folder(site_lake, tmp_path):
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "H99.77.html").write_text("gone", encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"kept")
    found = run("build", "--data-dir", str(site_lake.root), "--out", str(tmp_path))
    assert found.exit_code == 0 and (tmp_path / "index.html").as_uri() in found.output
    version = current_version(site_lake.published) / "site"
    made = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert made.pop("logo.png") == b"kept"
    assert made == {
        str(path.relative_to(version)): path.read_bytes() for path in version.rglob("*.*") if path.is_file()
    }


def test_the_command_prints_where_a_page_is(site_lake):
    found = run("open", "--print", "--unit", "H99.02", "--data-dir", str(site_lake.root))
    assert found.output.strip().endswith("/site/units/H99.02.html") and found.output.startswith("file://")
    found = run("open", "--print", "--unit", "H12", "--data-dir", str(site_lake.root))
    assert found.exit_code == 2 and "H99.02" in found.output


def test_without_a_version_the_command_says_what_to_do(tmp_path):
    for words_ in (["build"], ["open", "--print"]):
        found = run(*words_, "--data-dir", str(tmp_path))
        assert found.exit_code == 1 and "cchc run" in found.output


def test_a_version_without_a_needed_table_is_refused(site_lake, tmp_path):
    import shutil

    root = shutil.copytree(site_lake.root, tmp_path / "lake", symlinks=True)
    manifest = (root / "published" / "current" / "datapackage.json").resolve()
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["resources"] = [one for one in content["resources"] if one["name"] != "rank_intervals"]
    manifest.write_text(json.dumps(content), encoding="utf-8")
    found = run("build", "--data-dir", str(root))
    assert found.exit_code == 1 and re.search(r"no table rank_intervals.*cchc run", found.output, re.DOTALL)
