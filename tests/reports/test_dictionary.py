from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from command_line import cchc

from cchc_pipeline.cli.main import main
from cchc_pipeline.contracts import all_contracts
from cchc_pipeline.contracts.code_lists import code_list_names, load_code_list
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.reports.docs.pages import DocsStale, check_pages, pages, write_pages
from cchc_pipeline.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
RENDERED = pages()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page_id(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_committed_pages_are_current() -> None:
    check_pages(ROOT / "docs")


def test_every_table_column_and_rule_is_in_the_dictionary() -> None:
    text = RENDERED["data-dictionary.md"]
    for contract in all_contracts():
        section = text.split(f"\n## {contract.name}\n")[1].split("\n## ")[0]
        section = section.replace("\\|", "|").replace("&lt;", "<")
        assert contract.title_vi in section
        for column in contract.columns:
            assert f"| `{column.name}` | {column.physical_type} |" in section
            assert column.label_vi in section
            assert column.description in section
            assert column.description_vi in section
            assert column.code_list is None or f"(#codes-{column.code_list})" in section
        assert contract.purpose_vi in section
        assert f"Kept: {contract.retention_days} days." in section
        assert all(change.text_vi in section for change in contract.changelog)
        repeated = [rule for rule in contract.rules if not rule.id.endswith("_required")]
        assert all(f"`{rule.id}`" in section for rule in repeated)


def test_every_code_is_in_the_dictionary_with_both_labels() -> None:
    text = RENDERED["data-dictionary.md"]
    for name in code_list_names():
        section = text.split(f"\n### Codes: {name}\n")[1].split("\n### ")[0]
        for code in load_code_list(name).codes:
            assert f"| `{code.code}` | {code.label_vi} | {code.label_en} |" in section


def test_every_indicator_is_in_the_list_with_both_names() -> None:
    text = RENDERED["indicators.md"]
    for indicator in catalogue():
        assert f"| `{indicator.id}` | {indicator.name_vi} | {indicator.name_en} |" in text
        assert indicator.numerator.sql in text
    assert "index766: DOSSIER_ON_TIME" in text


def test_no_cell_breaks_its_row() -> None:
    for text in RENDERED.values():
        width = 0
        for line in text.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (cells and width) or cells == width, line
            width = cells


def test_a_stale_or_absent_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocsStale, match=r"data-dictionary\.md, indicators\.md"):
        check_pages(tmp_path)
    write_pages(tmp_path)
    check_pages(tmp_path)
    page = tmp_path / "indicators.md"
    page.write_text(page.read_text("utf-8") + "by hand\n", encoding="utf-8")
    with pytest.raises(DocsStale) as caught:
        check_pages(tmp_path)
    assert caught.value.details["pages"] == ["indicators.md"]


def test_the_command_writes_and_checks(tmp_path: Path) -> None:
    assert cchc("docs", "--out", tmp_path, "--check").exit_code == 1
    assert not list(tmp_path.iterdir())
    assert cchc("docs", "--out", tmp_path).exit_code == 0
    assert cchc("docs", "--out", tmp_path, "--check").exit_code == 0


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#{1,6} (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(file), f"{page.name}: {target}"


def commands(page: Path) -> list[str]:
    """Command lines of the shell blocks of a page that call `cchc`."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix(".venv/bin/") for line in lines if re.match(r"(\.venv/bin/)?cchc ", line)]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=page_id)
def test_commands_of_the_pages_exist(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        command: click.Command = main
        context = click.Context(main)
        while words and isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command = found
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, line


def test_every_setting_is_explained() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    absent = [
        name for name in Settings.model_fields if f"`{name}`" not in text and f"`{PREFIX}{name.upper()}`" not in text
    ]
    assert not absent


def test_every_decision_is_listed_in_order() -> None:
    names = [path.name for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))]
    assert [name[:4] for name in names] == [f"{number:04d}" for number in range(1, len(names) + 1)]
    listing = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    assert all(f"({name})" in listing for name in names)
