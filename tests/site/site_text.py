"""Reading tables off a page, as a person would: by the heading of the column."""

from __future__ import annotations

from lxml.html import HtmlElement


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split(" ")).strip()


def cells_of(row: HtmlElement) -> dict[str, str]:
    """Heading -> what stands below it in a row; the name of a row without its second line."""
    table = row.xpath("ancestor::table")[0]
    heads = [_text(one) for one in table.xpath("./thead/tr/th")]
    found = {}
    for head, cell in zip(heads, row.xpath("./th|./td"), strict=True):
        first = cell.xpath("./span[@data-t]") if cell.tag == "th" else []
        found[head] = _text(first[0] if first else cell)
    return found


def rows_of(page: HtmlElement, place: str) -> dict[str, dict[str, str]]:
    """Rows of the table in the region of a heading, by the name in their first cell."""
    table = page.xpath(f"//*[@role='region' and @aria-labelledby='{place}']//table")[0]
    rows = [cells_of(row) for row in table.xpath("./tbody/tr")]
    return {next(iter(row.values())): row for row in rows}
