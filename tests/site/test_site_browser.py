"""The site in a browser: from a file, with the keyboard, in both languages, on a phone, on paper."""

from __future__ import annotations

import shutil

import pytest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is absent: install the package chromium"),
]
PAGES = ("index.html", "days.html", "ranks.html", "papi.html", "about.html", "units/H99.html", "units/H99.02.html")
#: Pages of thousands of elements: axe takes seconds for each, and looks at them in one width.
LARGE = ("papi.html", "units/H99.html")


@pytest.fixture
def page(browser):
    """A page that remembers what it said and asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = context.new_page()
    found.said, found.asked = [], []
    found.on("console", lambda message: found.said.append(message.text))
    found.on("pageerror", lambda error: found.said.append(str(error)))
    found.on("request", lambda request: found.asked.append(request.url))
    yield found
    context.close()


def address(site, path: str) -> str:
    return (site / path).as_uri()


def column(table, place: int) -> list[str]:
    return [text.strip() for text in table.locator(f"tbody tr > :nth-child({place})").all_inner_texts()]


def figures(texts: list[str]) -> list[float]:
    return [float(text.replace(",", ".")) for text in texts if text != "—"]


def violations(page, *, colours: bool = True) -> list[tuple[str, list]]:
    """What axe, the usual check of accessibility, finds: rule, and the first elements that break it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"rules": {"color-contrast": {"enabled": colours}}}).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found]


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_open_from_a_file_fit_the_screen_and_can_be_used_by_everybody(page, site, width):
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.said.clear()  # axe fetches the style sheet, and the policy of the page refuses it
        page.asked.clear()
        page.goto(address(site, path))
        assert page.locator("h1").count() == 1, path
        assert page.locator("#language").is_visible(), path
        for language in ("vi", "en"):
            assert page.evaluate("document.documentElement.lang") == language, path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, language)
            page.locator("#language").click()
        assert page.evaluate("document.documentElement.lang") == "vi", path
        assert page.said == [], path
        assert all(url.startswith(site.as_uri()) for url in page.asked), path
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        # units/H99.02.html: the template and the parts of units/H99.html
        if path != "units/H99.02.html" and (width == 1280 or path not in LARGE):
            assert violations(page) == [], path


@pytest.mark.parametrize("width", [360, 1280])
def test_a_merged_province_fits_the_screen_and_can_be_used_by_everybody(page, merged_site, width):
    """On a phone axe looks at the Vietnamese page, on a desk at the English one, colours included."""
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("papi.html", "index.html"):
        page.goto(address(merged_site, path))
        for language in ("vi", "en"):
            assert page.evaluate("document.documentElement.lang") == language, path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, language)
            if (language, width) in (("vi", 360), ("en", 1280)):
                assert violations(page, colours=width == 1280) == [], (path, language)
            page.locator("#language").click()


def test_a_merged_province_reads_in_english_and_its_ranges_sort(page, merged_site):
    page.goto(address(merged_site, "papi.html"))
    page.locator("#language").click()
    assert page.locator("#former").inner_text() == "The provinces before the merger"
    table = page.locator("table").first
    ranges = column(table, 2)
    assert all("–" in text and "," not in text for text in ranges)
    table.locator("thead th:nth-child(2) button").click()
    lows = [float(text.split("–")[0]) for text in column(table, 2) if text]
    assert lows == sorted(lows, reverse=True) and len(lows) > 20
    drawn = page.locator("figure.dots svg text").all_text_contents()
    assert "points" in drawn
    assert page.said == []


def test_a_table_is_sorted_with_the_keyboard_and_comes_back_to_its_order(page, site):
    page.goto(address(site, "papi.html"))
    table = page.locator("table").last
    before = column(table, 3)
    heading = table.locator("thead th:nth-child(3)")
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    values = figures(column(table, 3))
    assert values == sorted(values, reverse=True) and len(set(values)) > 1
    assert column(table, 3)[-1] == "—", "a missing figure is last"
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert figures(column(table, 3)) == sorted(values)
    assert column(table, 3)[-1] == "—"
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "none"
    assert column(table, 3) == before


def test_sorting_a_scorecard_leaves_out_the_sums(page, site):
    page.goto(address(site, "units/H99.html"))
    table = page.locator("table.tree").first
    sums = table.locator("tr.group").count()
    assert sums and table.locator("tr.group:visible").count() == sums
    table.locator("thead th:nth-child(2) button").click()
    assert table.locator("tr.group:visible").count() == 0
    values = figures([text.strip() for text in table.locator("tr.criterion td:nth-child(2)").all_inner_texts()])
    assert values == sorted(values, reverse=True) and len(values) > 3


def test_on_a_phone_the_sorting_is_a_list_to_choose_from(page, site):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(address(site, "ranks.html"))
    choice = page.locator(".sorter select").first
    assert choice.is_visible() and "Điểm" in choice.locator("option").all_inner_texts()
    page.goto(address(site, "papi.html"))
    page.locator(".sorter select").last.select_option("Tổng điểm")
    values = figures([text.split("\n")[-1].strip() for text in column(page.locator("table").last, 3)])
    assert values == sorted(values, reverse=True) and len(values) > 3


def test_english_is_one_click_away_and_remembered(page, site):
    page.goto(address(site, "index.html"))
    assert page.locator("h1").inner_text() == "Tổng quan cải cách hành chính"
    total = page.locator("tr.total td.n").first.inner_text()
    page.locator("#language").click()
    assert page.locator("h1").inner_text() == "Administrative reform at a glance"
    assert page.title().startswith("Administrative reform at a glance")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("tr.total td.n").first.inner_text() == total.replace(",", ".")
    page.locator("nav a", has_text="Ranks of units").click()
    page.wait_for_load_state()
    assert page.locator("h1").inner_text() == "Ranks of units"
    assert page.locator("thead button", has_text="Unit").first.is_visible()
    page.reload()
    assert page.locator("h1").inner_text() == "Ranks of units"
    page.locator("#language").click()
    page.goto(address(site, "index.html"))
    assert page.locator("h1").inner_text() == "Tổng quan cải cách hành chính"
    assert page.said == []


def test_what_stays_vietnamese_is_marked_in_the_english_page(page, site):
    page.goto(address(site, "units/H99.html"))
    page.locator("#language").click()
    assert page.locator(".why").count() > 3
    assert page.locator(".why:not(.src):not([lang=vi])").count() == 0


def test_without_scripts_the_pages_read_in_vietnamese(browser, site):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(address(site, "units/H99.02.html"))
    assert "Bộ chỉ số 766" in page.locator("main").inner_text()
    assert not page.locator("#language").is_visible()
    context.close()


def test_a_unit_is_found_without_its_accents(page, site):
    page.goto(address(site, "ranks.html"))
    rows = page.locator("table.findable tbody tr:visible")
    assert rows.count() == 2
    page.locator("#find").fill("xa mau")
    assert rows.count() == 1 and "Xã Mẫu" in rows.first.inner_text()


def test_a_link_to_an_indicator_opens_what_it_stands_in(page, site):
    page.goto(address(site, "units/H99.html"))
    target = page.locator("details tbody th[id]").first
    assert not target.is_visible()
    page.goto(address(site, "units/H99.html") + "#" + target.get_attribute("id"))
    page.wait_for_function("document.querySelector('details[open]') !== null")
    assert target.is_visible()


def test_pages_print(page, site, tmp_path):
    page.goto(address(site, "units/H99.html"))
    page.emulate_media(media="print")
    assert not page.locator("header nav").is_visible()
    made = page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert made.startswith(b"%PDF") and len(made) > 20_000
