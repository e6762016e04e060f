"""Replies of the portal that a person saved, and the evidence of what was read."""

from __future__ import annotations

import json
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from captured_portal import (
    CAPTURED_ON,
    CAPTURES,
    COUNTRY,
    DAY,
    ROOT,
    CapturedPortal,
    Spoiled,
    pull,
    source,
)
from command_line import output
from published_files import needs, published
from source_site import Reply, Request

from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.evidence import archives, read_archive
from cchc_pipeline.sources.landing import land
from cchc_pipeline.sources.national_portal.requests import GROUP_OF
from cchc_pipeline.sources.national_portal.source import METRICS, PROCEDURES, PROVINCES, NationalPortalSource
from cchc_pipeline.sources.protocol import Batch, KnownState

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
