"""The adapter of the portal: what it asks, what it keeps, and what ends it."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from captured_portal import CAPTURES, COUNTRY, PROCEDURE, PROCEDURE_ID, ROOT, CapturedPortal, Spoiled
from command_line import output
from published_files import needs, published
from source_site import Reply, Request, Site, site

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window, parse_period
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.evidence import archives, read_archive
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.landing import land
from cchc_pipeline.sources.national_portal.requests import GROUP_OF, periods_to_read
from cchc_pipeline.sources.national_portal.source import METRICS, PROCEDURES, PROVINCES, NationalPortalSource
from cchc_pipeline.sources.protocol import Batch, KnownState

NOTHING_HELD = KnownState()
DAY, CAPTURED_ON = date(2026, 8, 31), date(2026, 9, 28)


@contextmanager
def source(answer: Callable[[Request], Reply], **options: Any) -> Iterator[tuple[NationalPortalSource, Site]]:
    with site(answer) as served:
        policy = options.pop("policy", HttpPolicy(timeout_s=2, retries=0, backoff_s=0))
        http = HttpClient("national_portal", served.url, policy)
        yield NationalPortalSource(http, options.pop("code", "H44"), today=lambda: CAPTURED_ON, **options), served


def pull(
    adapter: NationalPortalSource, known: KnownState = NOTHING_HELD
) -> tuple[dict[str, Batch], errors.SourceError | None]:
    """The batches by table, and the error that the pull ended with."""
    batches: dict[str, Batch] = {}
    try:
        for batch in adapter.pull(Window(DAY, DAY), known, silent):
            batches[batch.table] = batch
    except errors.SourceError as error:
        return batches, error
    return batches, None


@needs(CAPTURES)
@needs(COUNTRY)
def test_a_night_over_the_captured_replies() -> None:
    with source(CapturedPortal()) as (adapter, served):
        batches, error = pull(adapter)
        assert error is None
        assert len(served.seen) == 29
    rows = batches[METRICS].rows
    assert batches[METRICS].day == DAY
    keys = [(r["unit_code"], r["period_type"], r["period_start"], r["metric_code"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert len({row["unit_code"] for row in rows}) == 164
    assert {(row["period_type"], row["period_start"]) for row in rows} == {
        ("month", date(2026, 7, 1)), ("month", date(2026, 8, 1)),
        ("quarter", date(2026, 7, 1)), ("year", date(2026, 1, 1)),
    }  # fmt: skip
    assert {row["captured_on"] for row in rows} == {CAPTURED_ON}
    assert all(row["parse_errors"] is None for row in rows)
    (total,) = [
        r for r in rows if r["metric_code"] == "TOTAL" and r["unit_code"] == "H44" and r["period_type"] == "year"
    ]
    assert (total["score"], total["growth_pct"]) == (59.92, 12.5)
    assert "dvc-progress-tree 184513" in adapter.notes[METRICS]
    assert "dossier-digitized 184503" in adapter.notes[METRICS]
    provinces = batches[PROVINCES].rows
    country = [row for row in provinces if row["unit_code"] == "VN"]
    assert {row["metric_code"] for row in country} == {
        "TOTAL", *(f"RADAR.{group}" for group in ("CKMB", "TDGQ", "ONLINE_SERVICE", "MDHL", "MDSH"))
    }  # fmt: skip
    provinces = [row for row in provinces if row["unit_code"] != "VN"]
    assert len(provinces) == 34 * 7
    assert {row["metric_code"] for row in provinces} == {"TOTAL", *(f"GROUP.{group}" for group in GROUP_OF.values())}
    best = next(row for row in provinces if row["unit_code"] == "H20" and row["metric_code"] == "TOTAL")
    assert (best["score"], best["score_delta"]) == (68.32, 24.71)
    assert all(re.fullmatch(r"H\d\d", row["unit_code"]) for row in provinces)
    assert all(row["parse_errors"] is None for row in (*provinces, *country))


@needs(CAPTURES)
@needs(COUNTRY)
def test_only_the_province() -> None:
    with source(CapturedPortal(), with_children=False) as (adapter, _):
        batches, _ = pull(adapter)
    assert {row["unit_code"] for row in batches[METRICS].rows} == {"H44"}


@needs(COUNTRY)
@needs(CAPTURES)
def test_a_province_that_the_portal_does_not_know() -> None:
    with source(CapturedPortal(), code="H99") as (adapter, _):
        batches, error = pull(adapter)
    assert isinstance(error, errors.ReplyBroken)
    assert "34 provinces" in str(error)
    assert not batches


def whole_country(request: Request) -> Reply:
    """A portal that answers with the whole country whatever it is asked, as one did that did not know a key."""
    overview = {
        "departmentName": "Cả nước",
        "departmentCode": None,
        "totalScore": 64.1,
        "totalMaxScore": 100,
        "ratio": 64.1,
    }
    listed = [
        {
            "departmentId": f"id-{code}",
            "departmentName": f"UBND tỉnh {code}",
            "departmentCode": code,
            "totalScore": score,
        }
        for code, score in (("H99", 60.9), ("H98", 67.3))
    ]
    data = {"overview": overview, "growthPercent": None, "radar": [], "donuts": {}, "evaluation": listed}
    return Reply(201, {"code": "OK", "data": data if request.path.endswith("service-results") else {}})


def test_the_country_is_never_taken_for_the_province() -> None:
    with source(whole_country, code="H99") as (adapter, _):
        batches, error = pull(adapter)
    assert not batches
    assert isinstance(error, errors.PageRepeated)
    assert "the report of another unit than asked for" in str(error)


def of_country(body: Any) -> Reply:
    return Reply(
        201, {**body, "data": {**body["data"], "parent": {"departmentName": "Cả nước", "departmentCode": None}}}
    )


def shorter_list(body: Any) -> Reply:
    return Reply(201, {**body, "data": {**body["data"], "evaluation": body["data"]["evaluation"][1:]}})


def of_july(body: Any) -> Reply:
    """The report of another month: other counts, and a chart that says so."""
    chart = [{**point, "onTimePct": 70 if point["month"] == "07" else 0} for point in body["data"]["monthlyChart"]]
    parent = {**body["data"]["parent"], "totalReceived": 99}
    return Reply(201, {**body, "data": {**body["data"], "parent": parent, "monthlyChart": chart}})


@needs(CAPTURES)
@needs(COUNTRY)
def test_text_for_a_number_and_an_unknown_metric_cost_nothing_but_themselves() -> None:
    def answer(body: Any) -> Reply:
        unit = body["data"]["evaluation"][0]
        metrics = [{**one, "numerator": str(one["numerator"])} for one in unit["metrics"]]
        metrics.append({"code": "BRAND_NEW", "name": "Mới", "numerator": 1, "denominator": 2, "maxScore": 0})
        unit = {**unit, "metrics": metrics}
        return Reply(201, {**body, "data": {**body["data"], "evaluation": [unit, *body["data"]["evaluation"][1:]]}})

    with source(Spoiled("dossier-digitized", answer)) as (adapter, _):
        batches, error = pull(adapter)
    assert error is None
    strange = [row for row in batches[METRICS].rows if row["parse_errors"]]
    assert {(row["report"], row["period_type"], row["period_start"]) for row in strange} == {
        ("dossier-digitized", "month", date(2026, 8, 1))
    }
    assert len({row["unit_code"] for row in strange}) == 1
    assert all(row["parse_errors"].startswith("numerator: not a number") for row in strange)
    (new,) = [row for row in batches[METRICS].rows if row["metric_code"] == "BRAND_NEW"]
    assert (new["numerator"], new["denominator"], new["max_score"], new["parse_errors"]) == (1, 2, 0, None)


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize(
    ("report", "answer", "said"),
    [
        ("provide-online-tree", of_country, "another unit"),
        ("provide-online-tree", lambda body: Reply(201, json.dumps(body).encode()[:500]), "not complete JSON"),
        ("provide-online-tree", lambda body: Reply(201, {**body, "data": {}}), "neither 'overview' nor 'parent'"),
        ("dossier-digitized", shorter_list, "has 162 units and says that there are 163"),
        ("dvc-progress-tree", of_july, "figures of month 07, which lies outside 2026-08"),
    ],
)
def test_a_report_that_cannot_be_used_leaves_the_others(report: str, answer: Callable[[Any], Reply], said: str) -> None:
    with source(Spoiled(report, answer)) as (adapter, _):
        batches, error = pull(adapter)
    assert isinstance(error, errors.ReplyBroken)
    assert said in str(error)
    assert f"{report} of 2026-08" in str(error)
    assert "Fix: " in str(error)
    assert error.said_vi == f"không đọc được 1 báo cáo ({report} kỳ 2026-08)", "not the whole portal"
    august = {
        row["report"]
        for row in batches[METRICS].rows
        if (row["period_type"], row["period_start"]) == ("month", date(2026, 8, 1))
    }
    assert august == {"service-results", *GROUP_OF} - {report}
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(403, b"<html>Request Rejected", errors.SourceForbidden), (429, b"", errors.SourceRateLimited),
     (201, b"<html>Request Rejected", errors.PageInsteadOfData)],
)  # fmt: skip
def test_a_refusal_ends_the_pull_and_what_was_read_is_kept(status: int, body: bytes, kind: type) -> None:
    with source(Spoiled("dvc-progress-tree", lambda _: Reply(status, body))) as (adapter, served):
        batches, error = pull(adapter)
        assert served.seen[-1].path.endswith("dvc-progress-tree")
    assert type(error) is kind
    assert {row["report"] for row in batches[METRICS].rows} >= {"service-results", "transparency"}


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize("procedure", [PROCEDURE, PROCEDURE_ID])
def test_the_report_of_a_single_procedure(procedure: str) -> None:
    with source(CapturedPortal()) as (adapter, _):
        rows = adapter.of_procedure("dvc-progress-tree", parse_period("2026-08"), procedure)
    on_time = {row["unit_code"]: row for row in rows if row["metric_code"] == "DOSSIER_ON_TIME"}
    assert len(on_time) == 164
    assert (on_time["H44"]["numerator"], on_time["H44"]["denominator"], on_time["H44"]["score"]) == (
        42318,
        44583,
        18.98,
    )


@needs(CAPTURES)
@needs(COUNTRY)
def test_a_procedure_that_the_catalogue_has_not_and_a_report_of_none() -> None:
    with source(CapturedPortal()) as (adapter, _):
        with pytest.raises(errors.ReplyBroken, match=r"no procedure 9\.999999"):
            adapter.of_procedure("dvc-progress-tree", parse_period("2026-08"), "9.999999")
        with pytest.raises(ValueError, match="single procedure"):
            adapter.of_procedure("handling-satisfaction", parse_period("2026-08"), PROCEDURE_ID)


@pytest.mark.parametrize(
    ("day", "periods"),
    [
        (date(2026, 8, 31), ["2026-08", "2026-Q3", "2026", "2026-07"]),
        (date(2026, 1, 1), ["2026-01", "2026-Q1", "2026", "2025-12"]),
    ],
)
def test_a_night_reads_four_periods(day: date, periods: list[str]) -> None:
    assert [str(period) for period in periods_to_read(Window(day, day))] == periods


# -- saved replies ---------------------------------------------------------------------------------------------------


def save(folder: Path, changes: dict[str, bytes] | None = None) -> Path:
    """The captured replies as a person saved them for the day."""
    held, target = published(CAPTURES), folder / f"{DAY}"
    for path in sorted(held.rglob("*.json")):
        if "formalities" not in path.parts:
            (target / path.relative_to(held)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(held)).write_bytes(path.read_bytes())
    for name, content in (changes or {}).items():
        (target / name).write_bytes(content)
    return target


def nobody(_: Request) -> Reply:
    raise AssertionError("nothing is asked where replies were saved")


@needs(CAPTURES)
def test_saved_replies_are_read_by_the_same_parser(tmp_path: Path) -> None:
    save(tmp_path)
    with source(nobody, saved=tmp_path) as (adapter, served):
        batches, error = pull(adapter)
        assert not served.seen
    assert error is None
    rows = batches[METRICS].rows
    assert len({row["unit_code"] for row in rows}) == 164
    # each figure is of the day on which its reply was captured, not of the folder's
    assert {row["captured_on"] for row in rows if row["report"] == "dvc-progress-tree"} == {date(2026, 9, 26)}
    assert {row["captured_on"] for row in rows} == {date(2026, 9, 26), date(2026, 9, 28)}
    assert (adapter.captured_on, adapter.is_saved) == (date(2026, 9, 28), True)
    own = next(r for r in rows if (r["unit_code"], r["metric_code"]) == ("H44", "DOSSIER_ON_TIME"))
    assert own["denominator"] == 184513  # and not that of a single procedure, saved beside it


@needs(CAPTURES)
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("transparency/month-all.json", b"<html>login", "HTML page"),
        ("transparency/month-all.json", b'{"code"', "not complete JSON"),
        ("transparency/again.json", b"{}", "no request is saved beside"),
    ],
)
def test_a_saved_file_that_cannot_be_used_leaves_the_others(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    save(tmp_path, {name: content})
    with source(nobody, saved=tmp_path) as (adapter, _):
        batches, error = pull(adapter)
    assert name in str(error)
    assert said in str(error)
    assert {row["report"] for row in batches[METRICS].rows} >= set(GROUP_OF) - {"transparency"}


@needs(CAPTURES)
def test_two_saved_files_of_one_report_that_differ_are_named_and_neither_counts(tmp_path: Path) -> None:
    body = json.loads((published(CAPTURES) / "requests.json").read_bytes())["transparency/month-all.json"]
    other = (published(CAPTURES) / "transparency" / "month-all.json").read_bytes().replace(b"7.96", b"7.97")
    request = json.dumps(body).encode()
    save(tmp_path, {"transparency/twice.json": other, "transparency/twice.request.json": request})
    with source(nobody, saved=tmp_path) as (adapter, _):
        batches, error = pull(adapter)
    assert "transparency/month-all.json" in str(error)
    assert "transparency/twice.json" in str(error)
    assert "transparency of 2026-08" in str(error)
    assert "Fix: keep the file that was saved last" in str(error)
    assert {row["report"] for row in batches[METRICS].rows} == set(GROUP_OF) - {"transparency"}


@needs(CAPTURES)
def test_saved_replies_of_another_province_are_refused(tmp_path: Path) -> None:
    save(tmp_path)
    with source(nobody, saved=tmp_path, code="H34") as (adapter, _):
        batches, error = pull(adapter)
    assert METRICS not in batches
    assert "another unit" in str(error)


# -- evidence --------------------------------------------------------------------------------------------------------


@needs(CAPTURES)
@needs(COUNTRY)
def test_raw_replies_are_kept_also_of_a_pull_that_fails_and_read_again_by_the_same_parser(tmp_path: Path) -> None:
    lake, half = Lake(tmp_path / "lake"), b'{"code":"OK","data":{"ov'
    with (
        source(Spoiled("transparency", lambda _: Reply(201, half))) as (adapter, served),
        pytest.raises(errors.ReplyBroken),
    ):
        land(lake, adapter, Window(DAY, DAY), KnownState(), silent)
    (archive,) = archives(lake, "national_portal", DAY)
    kept = list(read_archive(archive))
    assert len(kept) == len(served.seen)
    assert all(entry["is_whole"] and entry["from"] == "call" for *_, entry in kept)
    assert [entry["body"] for *_, entry in kept] == [request.json() for request in served.seen]
    assert all(datetime.fromisoformat(entry["captured"]).tzinfo for *_, entry in kept)
    assert half in [content for _, content, _ in kept]
    # unpacked, or written by the command, as a folder of saved replies it gives the same figures
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked" / f"{DAY}")
    written = tmp_path / "written" / f"{DAY}"
    output("portal", "evidence", "--data-dir", lake.root, "--day", f"{DAY}", "--to", written)
    assert len(list(written.rglob("*.json"))) == len(kept) + 1
    landed = lake.store.read(f"landing/{METRICS}", DAY).to_pylist()
    for saved in ("unpacked", "written"):
        with source(nobody, saved=tmp_path / saved) as (adapter, _):
            batches, error = pull(adapter)
        assert "not complete JSON" in str(error)
        first, again = (
            sorted(str(sorted({**row, "captured_on": None}.items())) for row in rows)
            for rows in (landed, batches[METRICS].rows)
        )
        assert first == again


@needs(CAPTURES)
def test_saved_files_are_evidence_too(tmp_path: Path) -> None:
    save(tmp_path, {"transparency/again.json": b"{}"})
    with source(nobody, saved=tmp_path) as (adapter, _):
        pull(adapter)
    lake = Lake(tmp_path / "lake")
    assert adapter.evidence.write(lake, "national_portal", DAY)
    kept = {name: (content, entry) for name, content, entry in read_archive(archives(lake, "national_portal")[0])}
    content, entry = kept["dossier-digitized/month-all.json"]
    assert content == (published(CAPTURES) / "dossier-digitized" / "month-all.json").read_bytes()
    assert (entry["captured"], entry["from"], entry["body"]["month"]) == ("2026-09-28", "file", 8)
    assert kept["transparency/again.json"][1]["captured"] == f"{DAY}"
    assert kept["dvc-progress-tree/month-formality.json"]


# -- folders of saved replies that are no saved night ----------------------------------------------------------------


def unset(adapter: NationalPortalSource) -> NationalPortalSource:
    """The adapter without an address of the portal."""
    adapter._http.has_address = False
    return adapter


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize(
    "files",
    [{}, {"requests.json": b"{}"}, {"read me.txt": b"x"}, {"transparency.json": b"<html>"}, {"formalities.json": None}],
)
def test_a_folder_without_a_usable_report_does_not_silence_the_portal(
    files: dict[str, bytes | None], tmp_path: Path
) -> None:
    folder = tmp_path / f"{DAY}"
    folder.mkdir()
    for name, content in files.items():
        page = (published(CAPTURES) / "formalities" / "page-last.json").read_bytes()
        (folder / name).write_bytes(page if content is None else content)
        if content is None:
            body = {"url": "/api/v1/reporting/formalities", "body": {"currentPage": 575, "pageSize": 10}}
            (folder / "formalities.request.json").write_text(json.dumps(body))
    with source(CapturedPortal(), saved=tmp_path) as (adapter, served):
        batches, error = pull(adapter)
        assert (error, len(served.seen), adapter.is_saved) == (None, 29, False)
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164
    assert (PROCEDURES in batches) is ("formalities.json" in files)
    assert str(folder) in adapter.notes[METRICS]
    with source(nobody, saved=tmp_path) as (adapter, _):
        batches, error = pull(unset(adapter))
    assert METRICS not in batches
    assert str(folder) in str(error)
    assert f"cchc portal requests --day {DAY}" in str(error)


@needs(CAPTURES)
def test_a_folder_is_for_its_own_day(tmp_path: Path) -> None:
    save(tmp_path)
    batches: list[Batch] = []
    with source(nobody, saved=tmp_path) as (adapter, _), pytest.raises(errors.FileUnusable, match="no usable reply"):
        for batch in unset(adapter).pull(Window(date(2026, 8, 20), date(2026, 11, 30)), KnownState(), silent):
            batches.append(batch)  # noqa: PERF402 - the pull raises at its end
    assert {(batch.table, batch.day) for batch in batches} == {(METRICS, DAY)}
    assert (adapter.captured_on, adapter.is_saved) == (date(2026, 9, 28), True)


@needs(CAPTURES)
def test_one_odd_path_of_a_folder_costs_only_itself(tmp_path: Path) -> None:
    target = save(tmp_path)
    (target / "x.json").mkdir()
    (target / "gone.json").symlink_to("/nowhere/at/all")
    (target / "transparency" / "month-all.json").rename(target / "transparency" / "MONTH-ALL.JSON")
    index = json.loads((target / "requests.json").read_bytes())
    index["provide-online-tree/month-all.json"]["body"]["year"] = 10**12
    index["dvc-progress-tree/month-all.json"]["body"]["rootDepartmentId"] = [ROOT]
    index["handling-satisfaction/month-all.json"]["body"]["rootDepartmentId"] = ROOT.upper()
    index["dossier-digitized/month-all.json"]["body"] = json.dumps(index["dossier-digitized/month-all.json"]["body"])
    (target / "requests.json").write_text(json.dumps(index))
    with source(nobody, saved=tmp_path) as (adapter, _):
        batches, error = pull(adapter)
    for name in ("x.json", "gone.json", "provide-online-tree/month-all.json", "dvc-progress-tree/month-all.json"):
        assert name in str(error)
    assert "folder, not a file" in str(error)
    assert {row["report"] for row in batches[METRICS].rows} == set(GROUP_OF) - {
        "provide-online-tree", "dvc-progress-tree"
    }  # fmt: skip


@needs(CAPTURES)
@needs(COUNTRY)
def test_of_two_saved_files_of_one_report_the_later_captured_one_counts(tmp_path: Path) -> None:
    entry = json.loads((published(CAPTURES) / "requests.json").read_bytes())["transparency/month-all.json"]
    other = (published(CAPTURES) / "transparency" / "month-all.json").read_bytes().replace(b"7.96", b"7.97")
    later = json.dumps({**entry, "captured": "2026-09-28T08:00:00+07:00"}).encode()
    target = save(tmp_path, {"transparency/a.json": other, "transparency/a.request.json": later})
    for name, period, captured in (("a", {"timeType": "month", "month": 8}, "2026-09-27"),
                                   ("b", {"timeType": "year"}, "2026-09-26")):  # fmt: skip
        (target / f"{name}-list.json").write_bytes(published(COUNTRY).read_bytes())
        request = {"url": "/x/service-results", "body": {"year": 2026, **period}, "captured": captured}
        (target / f"{name}-list.request.json").write_text(json.dumps(request))
    with source(nobody, saved=tmp_path) as (adapter, _):
        batches, error = pull(adapter)
    assert "transparency/month-all.json" in str(error)
    assert "transparency/a.json, answers the same request and was captured later" in str(error)
    assert "b-list.json" in str(error)
    assert {row["period_type"] for row in batches[PROVINCES].rows} == {"month"}
    assert {row["captured_on"] for row in batches[METRICS].rows if row["report"] == "transparency"} == {CAPTURED_ON}


# -- what a night asks when something fails --------------------------------------------------------------------------


def known(**held: list[dict[str, str]]) -> KnownState:
    """A lake that keeps the identifier of the province."""

    def rows(table: str, columns: Sequence[str]) -> pa.Table:
        schema = load_contract(table).arrow_schema(relaxed=True)
        return pa.Table.from_pylist(held.get(table, []), schema).select(list(columns))

    return KnownState(held=rows)


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize("reply", [Reply(201, b'{"code":'), Reply(500, {}), Reply(201, {"code": "OK", "data": {}})])
def test_without_the_list_of_provinces_reports_are_asked_by_the_identifier_that_is_held(reply: Reply) -> None:
    class Listless(CapturedPortal):
        def __call__(self, request: Request) -> Reply:
            return super().__call__(request) if "rootDepartmentId" in request.json() else reply

    held = known(national_portal__metrics=[{"unit_code": "H44", "department_id": ROOT}])
    with source(Listless()) as (adapter, served):
        batches, error = pull(adapter, held)
        assert len(served.seen) == 29
    assert PROVINCES not in batches
    assert "no ranks" in adapter.notes[PROVINCES]
    assert "service-results of 2026" in str(error)
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164


class Failing(CapturedPortal):
    """The captured portal, some reports of which fail in every period."""

    def __init__(self, status: int, *reports: str) -> None:
        super().__init__()
        self.status, self.failing = status, reports

    def __call__(self, request: Request) -> Reply:
        reply = super().__call__(request)
        return Reply(self.status, {"code": "ERROR"}) if request.path.endswith(self.failing) else reply


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_an_error_of_one_report_leaves_the_others_and_two_in_a_row_end_the_night(status: int) -> None:
    manners = HttpPolicy(timeout_s=2, retries=3, backoff_s=0, refusal_fix="wait")
    with source(Failing(status, "provide-online-tree"), policy=manners) as (adapter, served):
        batches, error = pull(adapter)
        assert len(served.seen) == 29
    assert f"HTTP {status}" in str(error)
    assert "provide-online-tree of 2026-Q3" in str(error)
    periods = {(row["report"], row["period_start"]) for row in batches[METRICS].rows}
    assert len(periods) == 6 * 3  # the quarter and the month before begin on one day
    with source(Failing(status, "transparency", "dvc-progress-tree"), policy=manners) as (adapter, served):
        batches, error = pull(adapter)
        asked = [request.path.rpartition("/")[2] for request in served.seen]
        assert list(dict.fromkeys(asked)) == ["service-results", "transparency", "dvc-progress-tree"]
        assert len(asked) == 4 + (3 if status >= 500 else 0)  # a night repeats three times altogether
    assert "not asked any more" in adapter.notes[METRICS]
    assert {row["report"] for row in batches[METRICS].rows} == {"service-results"}


@needs(CAPTURES)
@needs(COUNTRY)
def test_a_night_never_makes_more_calls_than_it_may() -> None:
    manners = HttpPolicy(timeout_s=0.2, retries=3, backoff_s=0, refusal_fix="wait")
    times = iter(range(100))

    class Slow(CapturedPortal):
        def __call__(self, request: Request) -> Reply:
            if next(times) in (2, 3):
                time.sleep(0.4)
            return super().__call__(request)

    with source(Slow(), policy=manners) as (adapter, served):
        batches, error = pull(adapter)
        assert len(served.seen) == 29
    assert error is None
    assert "not asked, as repeats took their calls: 2 reports, dossier-digitized of 2026-07" in adapter.notes[METRICS]
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164
