from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from cchc_pipeline.lake import files, publish
from cchc_pipeline.lake.files import Store
from cchc_pipeline.lake.publish import (
    PublishError,
    current_version,
    read_manifest,
    read_published,
    roll_back,
    version_names,
)

CREATED = datetime(2026, 10, 10, 1, tzinfo=UTC)


@pytest.fixture
def published(tmp_path):
    return tmp_path / "published"


def release(published: Path, version: str, keep: int = 5, **tables: list[int]) -> publish.Published:
    sources = {}
    for name, numbers in tables.items():
        sources[name] = published.parent / "built" / f"{name}.parquet"
        files.write_parquet(pa.table({"n": numbers}), sources[name])
    return publish.publish(published, version, sources, lambda name: {"title": name.upper()}, {"x": 1}, CREATED, keep)


def assert_complete(version: Path) -> None:
    manifest = read_manifest(version)
    assert {path.name for path in version.iterdir()} == {publish.MANIFEST, *(r["path"] for r in manifest["resources"])}
    for resource in manifest["resources"]:
        path = version / resource["path"]
        assert resource["hash"] == f"sha256:{files.sha256(path)}"
        assert resource["bytes"] == path.stat().st_size
        assert resource["rows"] == files.read_parquet(path).num_rows


def test_a_version_is_complete_and_current(published):
    done = release(published, "v1", a=[1, 2], b=[3])
    assert current_version(published) == done.folder.resolve()
    assert_complete(done.folder)
    assert done.rows == {"a": 2, "b": 1}
    assert done.changed == ("a", "b")
    manifest = read_manifest(done.folder)
    assert (manifest["version"], manifest["x"], manifest["created"]) == ("v1", 1, "2026-10-10T01:00:00+00:00")
    assert [r["title"] for r in manifest["resources"]] == ["A", "B"]
    assert read_published(published, "a")["n"].to_pylist() == [1, 2]


def test_the_pointer_is_relative_so_that_the_folder_can_be_moved(published):
    release(published, "v1", a=[1])
    assert not (published / "current").readlink().is_absolute()
    published.rename(published.with_name("elsewhere"))
    assert read_published(published.with_name("elsewhere"), "a").num_rows == 1


def test_the_same_content_gives_the_same_bytes_and_nothing_changed(published):
    release(published, "v1", a=[1], b=[2])
    done = release(published, "v2", a=[1], b=[2, 3])
    assert done.changed == ("b",)
    same = [(published / "versions" / version / "a.parquet").read_bytes() for version in ("v1", "v2")]
    assert same[0] == same[1]


def test_what_changed_is_known_even_where_only_one_version_stays(published):
    release(published, "v1", keep=1, a=[1], b=[2])
    assert release(published, "v2", keep=1, a=[1], b=[3]).changed == ("b",)


def test_the_pointer_moves_last(published, monkeypatch):
    release(published, "v1", a=[1])
    seen = []
    real = Store.point

    def point(store, to):
        assert_complete(store.root / to)
        assert current_version(store.root).name == "v1"
        seen.append(to)
        real(store, to)

    monkeypatch.setattr(Store, "point", point)
    release(published, "v2", a=[2])
    assert seen == ["versions/v2"]
    assert current_version(published).name == "v2"


@pytest.mark.parametrize(("owner", "broken"), [(publish, "_copy"), (Store, "point")])
def test_a_failure_leaves_the_pointer_and_the_next_publication_clears_up(published, monkeypatch, owner, broken):
    release(published, "v1", a=[1], b=[1])
    real = getattr(owner, broken)

    def fail(*args):
        if broken == "_copy" and args[0] == "a":
            return real(*args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owner, broken, fail)
    with pytest.raises(OSError, match="No space"):
        release(published, "v2", a=[2], b=[2])
    monkeypatch.undo()
    assert current_version(published).name == "v1"
    assert_complete(published / "versions" / "v1")
    assert read_published(published, "a")["n"].to_pylist() == [1]
    release(published, "v3", a=[3], b=[3])
    assert not list((published / "versions").glob(".*"))
    assert current_version(published).name == "v3"


def test_a_table_without_a_file_is_named_and_nothing_moves(published, tmp_path):
    release(published, "v1", a=[1])
    sources = {"a": tmp_path / "built" / "a.parquet", "b": tmp_path / "no.parquet", "c": tmp_path / "no.parquet"}
    with pytest.raises(PublishError, match="no file for table b, c"):
        publish.publish(published, "v2", sources, lambda name: {}, {}, CREATED, 5)
    assert version_names(published) == ["v1"]
    assert current_version(published).name == "v1"


def test_a_damaged_table_is_not_published(published, tmp_path):
    release(published, "v1", a=[1])
    (tmp_path / "built" / "b.parquet").write_bytes(b"not Parquet")
    sources = {name: tmp_path / "built" / f"{name}.parquet" for name in ("a", "b")}
    with pytest.raises(pa.ArrowInvalid):
        publish.publish(published, "v2", sources, lambda name: {}, {}, CREATED, 5)
    assert current_version(published).name == "v1"


def test_a_damaged_manifest_of_the_version_before_does_not_stop_the_next(published):
    release(published, "v1", a=[1])
    (published / "versions" / "v1" / publish.MANIFEST).write_text("{half")
    done = release(published, "v2", a=[1])
    assert done.changed == ("a",)
    assert current_version(published).name == "v2"


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_so_many_versions_stay(published, keep):
    for number in range(5):
        release(published, f"v{number}", keep=keep, a=[number])
    assert version_names(published) == [f"v{number}" for number in range(5 - keep, 5)]
    assert current_version(published).name == "v4"


def test_the_current_version_stays_even_if_its_name_sorts_first(published):
    for number in (5, 6, 7):
        release(published, f"v{number}", keep=2, a=[number])
    release(published, "v0", keep=2, a=[0])  # a clock that was set back
    assert current_version(published).name == "v0"
    assert read_published(published, "a")["n"].to_pylist() == [0]


def test_back_to_an_older_version_and_on(published):
    for number in range(3):
        release(published, f"v{number}", a=[number])
    assert roll_back(published, "v0").name == "v0"
    assert read_published(published, "a")["n"].to_pylist() == [0]
    assert version_names(published) == ["v0", "v1", "v2"]
    assert release(published, "v3", a=[0]).changed == ()


def test_no_rollback_to_an_unknown_version(published):
    release(published, "v1", a=[1])
    with pytest.raises(PublishError, match=r"v9: not there. Versions kept: v1"):
        roll_back(published, "v9")
    with pytest.raises(PublishError, match="Versions kept: none"):
        roll_back(published / "nowhere", "v1")


@pytest.mark.parametrize("damage", ["bytes", "gone", "manifest"])
def test_no_rollback_to_a_damaged_version(published, damage):
    release(published, "v1", a=[1], b=[1])
    release(published, "v2", a=[2], b=[2])
    path = published / "versions" / "v1" / (publish.MANIFEST if damage == "manifest" else "b.parquet")
    if damage == "bytes":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "gone":
        path.unlink()
    else:
        path.write_text("{half")
    with pytest.raises(PublishError, match="v1"):
        roll_back(published, "v1")
    assert current_version(published).name == "v2"


def test_reading_before_the_first_publication_says_what_to_do(published):
    assert current_version(published) is None
    assert version_names(published) == []
    with pytest.raises(PublishError, match=r"nothing is published.*make run"):
        read_published(published, "units")
    release(published, "v1", a=[1])
    with pytest.raises(PublishError, match="v1 has no table units"):
        read_published(published, "units")


def test_a_pointer_to_a_version_that_is_gone_counts_as_none(published):
    (published / "versions").mkdir(parents=True)
    (published / "current").symlink_to("versions/v1")
    assert current_version(published) is None
    release(published, "v2", a=[1])
    assert current_version(published).name == "v2"


def test_a_kill_at_any_moment_leaves_a_complete_current_version(tmp_path):
    script = Path(__file__).with_name("publish_for_ever.py")
    published = tmp_path / "published"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    source = random.Random(766)
    reached = -1
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, str(script), str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
        ) as child:
            assert child.stdout is not None
            for _ in range(source.randint(2, 4)):
                reached = int(child.stdout.readline())
            try:
                child.wait(timeout=source.uniform(0, 0.05))
            except subprocess.TimeoutExpired:
                child.kill()
        version = current_version(published)
        assert version is not None
        assert_complete(version)
        manifest = json.loads((version / publish.MANIFEST).read_text())
        assert manifest["number"] >= reached
        for resource in manifest["resources"]:
            assert set(files.read_parquet(version / resource["path"])["number"].to_pylist()) == {manifest["number"]}
        for name in version_names(published):
            assert_complete(published / "versions" / name)
