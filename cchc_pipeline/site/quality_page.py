"""Build the quality report of 30 nights: an index, and a page and a CSV per source."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import Contract
from cchc_pipeline.drawing import charts
from cchc_pipeline.drawing.output import svg
from cchc_pipeline.lake.engine import session, sql_file
from cchc_pipeline.site.tables import Row, grouped
from cchc_pipeline.site.words import SEVERITY_VI, render
from cchc_pipeline.sources.registry import SOURCES
from cchc_pipeline.validation.acceptances import suggested_fix

FOLDER, NIGHTS = "quality", 30


def quality_of_sources(
    contracts: Sequence[Contract], quality: pa.Table, quarantine: pa.Table, releases: pa.Table, units: pa.Table,
    last_on: date,
) -> list[Row]:  # fmt: skip
    """Compute the figures of every source, in the order of `contracts`.

    Each has the columns of `sources` in `quality.sql`, title_vi, last_on, and lists: `tables` (view `counts`), `days`
    (views `nights`; rejected and warned are None on a night on which nothing was pulled), `units`, and the broken rules
    by severity (`reject`, `warn`, `note`) with their `units` and `examples`.

    `contracts` are those of the inbound tables; quality, quarantine, releases and units the tables `data_quality`,
    `quarantine`, `quarantine_releases` and `units` (unit_code, unit_name); `last_on` is the last day of data.
    """
    nights = [last_on - timedelta(days=n) for n in reversed(range(NIGHTS))]
    inbound = [
        {"source": one.source or one.name, "table_name": one.name, "title_vi": one.title_vi, "place": place}
        for place, one in enumerate(contracts)
    ]
    rules = [
        {
            "table_name": contract.name,
            "rule_id": rule.id,
            "severity": rule.severity,
            "sentence_vi": rule.sentence_vi,
            "fix_vi": suggested_fix(rule, contract)[0],
        }
        for contract in contracts
        for rule in contract.rules
    ]
    run = [{"first_on": nights[0], "last_on": last_on}]
    made = {name: table_from_records(rows) for name, rows in (("inbound", inbound), ("rules", rules), ("run", run))}
    units = units.select(["unit_code", "unit_name"])
    with session(quality=quality, quarantine=quarantine, releases=releases, units=units, **made) as engine:
        engine.execute(sql_file("site/quality"))

        def rows(view: str, key: str) -> dict[Any, list[Row]]:
            return grouped(engine.query(exp.select("*").from_(view)).to_pylist(), key)

        tables, days, units_of = rows("counts", "source"), rows("nights", "source"), rows("units_of_sources", "source")
        broken, sources = rows("broken_rules", "source"), rows("sources", "source")
        units_of_rules, examples = rows("units_of_rules", "rule_id"), rows("examples", "rule_id")
    found = []
    for source, of_source in tables.items():
        by_day = {row["day"]: row for row in days.get(source, ())}
        absent = {"rejected": None, "warned": None}
        kept = [
            {**one, "units": units_of_rules.get(one["rule_id"], []), "examples": examples.get(one["rule_id"], [])}
            for one in broken.get(source, ())
        ]
        found.append(
            {
                **sources[source][0],
                "title_vi": SOURCES[source].title_vi if source in SOURCES else source,
                "last_on": last_on,
                "tables": of_source,
                "days": [by_day.get(day, {"day": day, **absent}) for day in nights],
                "units": units_of.get(source, []),
                **{level: [one for one in kept if one["severity"] == level] for level in ("reject", "warn", "note")},
            }
        )
    return found


def quality_files(sources: Sequence[Row], province: str) -> dict[str, bytes]:
    """Return path below the version folder -> content of every page and CSV.

    `sources` are the figures of `quality_of_sources`, `province` is its name on the pages.
    """
    pages = {f"{FOLDER}/index.html": render("quality_index.html", sources=sources, province=province)}
    for one in sources:
        pages[f"{FOLDER}/{one['source']}.html"] = render(
            "quality_source.html", one=one, sources=sources, province=province, chart=_chart(one), nights=NIGHTS
        )
        pages[f"{FOLDER}/{one['source']}.csv"] = _csv(one)
    return dict(sorted(pages.items()))


def _chart(one: Row) -> str | None:
    """Draw rejected rows and warnings by night as SVG; None where there were none."""
    rejected, warned = ([night[name] for night in one["days"]] for name in ("rejected", "warned"))
    if not any(rejected) and not any(warned):
        return None
    series = {"Bản ghi bị loại": (rejected, charts.LATE), "Lượt cảnh báo": (warned, charts.WARN)}
    title = f"{one['title_vi']}: bản ghi bị loại và lượt cảnh báo trong {NIGHTS} đêm"
    return svg(charts.nights([night["day"] for night in one["days"]], series), title)


def _csv(one: Row) -> bytes:
    """Return a CSV with a line per table, per broken rule, and per rule and unit.

    It begins with a byte order mark, by which Excel recognises UTF-8.
    """
    stream = io.StringIO()
    heads = {
        "table_name": "bảng", "rule": "quy tắc", "severity": "mức độ", "title_vi": "nội dung", "unit": "đơn vị",
        "last_in": "nhận đêm cuối", "last_valid": "hợp lệ đêm cuối", "last_rejected": "bị loại đêm cuối",
        "rows_in": f"nhận {NIGHTS} đêm", "valid": f"hợp lệ {NIGHTS} đêm", "rejected": f"bị loại {NIGHTS} đêm",
        "last_night": "vi phạm đêm cuối", "nights": f"vi phạm {NIGHTS} đêm", "waiting": "đang chờ xử lý",
        "first_on": "từ ngày", "last_on": "đến ngày", "fix_vi": "cách xử lý",
    }  # fmt: skip
    writer = csv.DictWriter(stream, list(heads), extrasaction="ignore", lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows(one["tables"])
    for rule in (*one["reject"], *one["warn"], *one["note"]):
        said = {
            "table_name": rule["table_name"],
            "rule": rule["rule_id"].split(".", 1)[1],
            "severity": SEVERITY_VI[rule["severity"]],
            "title_vi": rule["sentence_vi"],
        }
        writer.writerow({**rule, **said})
        writer.writerows({**said, "unit": _plain(of["unit"]), "waiting": of["waiting"]} for of in rule["units"])
    return ("\ufeff" + stream.getvalue()).encode()


def _plain(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
