"""Great Expectations' Data Docs, built for real: what is on them, and that they load nothing."""

from __future__ import annotations

import re
from datetime import date

import pytest
from command_line import output
from contract_batches import AS_OF, CLEAN, batch

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.errors import NothingLanded
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.expectations import build_data_docs, landed_days

STATUSES, PAPI = "documents__statuses", "papi__subdimensions"
DAY = date(2026, 6, 29)
BAD = CLEAN[STATUSES] | {"parse_errors": "status_at: «hôm qua» không phải thời điểm."}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("docs"))
    lake.record_pull("one_stop", DAY, DAY, {"status": "ok", "rows": {}})
    for table, rows in ((STATUSES, [BAD, CLEAN[STATUSES] | {"unit_code": "H34.6"}]), (PAPI, [CLEAN[PAPI]])):
        lake.store.write(batch(load_contract(table), rows), f"landing/{table}", DAY)
    lake.store.write(batch(load_contract(PAPI), []), f"landing/{PAPI}", AS_OF)
    return lake


@pytest.fixture(scope="module")
def site(lake):
    said = output("quality", "data-docs", "--data-dir", lake.root)
    assert f"{STATUSES}: 1 rules broken" in said
    assert f"{PAPI}: every rule holds" in said
    assert f"{DAY}: {lake.root / 'data-docs' / 'index.html'}" in said
    return {
        str(path.relative_to(lake.root / "data-docs")): path.read_text(encoding="utf-8")
        for path in (lake.root / "data-docs").rglob("*.html")
    }


def test_there_is_a_page_per_suite_and_per_result(site):
    assert "index.html" in site
    assert {f"expectations/{name}.html" for name in (STATUSES, PAPI)} <= set(site)
    results = [name for name in site if name.startswith("validations/")]
    assert len(results) == 2
    assert all(str(DAY) in name for name in results)


def test_every_page_can_be_reached_without_a_script(site):
    links = set(re.findall(r"<a href=[\"']([^\"']+)", site["index.html"].partition("</nav>")[0]))
    assert links == set(site) - {"index.html"}
    assert "newsletter" not in "".join(site.values())


def test_a_result_says_every_rule_in_both_languages(site):
    (page,) = [text for name, text in site.items() if name.startswith(f"validations/{STATUSES}")]
    for rule in load_contract(STATUSES).rules:
        assert rule.sentence_vi in page
        assert rule.sentence_en in page


def test_no_value_of_a_record_is_on_a_page(site):
    text = "".join(site.values())
    assert "hôm qua" not in text
    assert CLEAN[STATUSES]["document_id"] not in text


def test_nothing_is_loaded_from_anywhere(site):
    for name, text in site.items():
        assert "Content-Security-Policy" in text, name
        loads = re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=[\"']([^\"']+)", text)
        loads += re.findall(r"<link\b[^>]*\bhref=[\"']([^\"']+)", text)
        assert [one for one in loads if "//" in one] == [], name
        assert "dataContextId" not in text


def test_an_older_site_is_replaced_and_other_files_are_not(lake, site, tmp_path):
    done = build_data_docs(lake, [PAPI], DAY, AS_OF, lake.root / "data-docs")
    assert (done.held, done.failed, done.refused) == ((PAPI,), {}, {})
    assert not (lake.root / "data-docs" / "expectations" / f"{STATUSES}.html").exists()
    (tmp_path / "letters.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(NothingLanded, match="holds other files"):
        build_data_docs(lake, [PAPI], DAY, AS_OF, tmp_path)
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "mine"


def test_a_day_without_rows_and_an_unknown_table_are_named(lake):
    assert landed_days(lake, [PAPI]) == {DAY: [PAPI]}
    docs = ("quality", "data-docs", "--data-dir", lake.root)
    assert "nothing was landed for 2026-06-30" in output(*docs, "--day", "2026-06-30", code=1)
    assert STATUSES in output(*docs, "--table", "x", code=2)


def test_a_batch_that_breaks_its_contract_is_told(lake, tmp_path):
    other = Lake(tmp_path)
    table = batch(load_contract(PAPI), [CLEAN[PAPI]]).drop_columns(["slot"])
    other.store.write(table, f"landing/{PAPI}", DAY)
    done = build_data_docs(other, [PAPI], DAY, AS_OF, tmp_path / "site")
    assert "column slot" in done.refused[PAPI]
