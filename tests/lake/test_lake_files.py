from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.lake import files
from cchc_pipeline.lake.engine import EngineError, session

OLD = pa.table({"n": [1, 2, 3]})
NEW = pa.table({"n": [4, 5]})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_writer_that_raises_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("old")

    def write(stream):
        stream.write(b"half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.replace_file(path, write)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["t.txt"]


def test_a_first_write_that_raises_leaves_an_empty_folder(tmp_path):
    def write(stream):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.replace_file(tmp_path / "deep" / "t.txt", write)
    assert names(tmp_path / "deep") == []


def test_a_rename_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    files.write_parquet(OLD, path)

    def refuse(self, target):
        raise PermissionError(13, "refused")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        files.write_parquet(NEW, path)
    assert files.read_parquet(path).equals(OLD)
    assert names(tmp_path) == ["t.parquet"]


def test_a_reader_holding_the_old_file_keeps_it(tmp_path):
    path = tmp_path / "t.parquet"
    files.write_parquet(OLD, path)
    with path.open("rb") as held:
        files.write_parquet(NEW, path)
        assert pq.read_table(held).equals(OLD)
    assert files.read_parquet(path).equals(NEW)


def test_written_files_are_synced_before_and_after_the_rename(tmp_path, monkeypatch):
    calls = []
    real_sync, real_replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("sync"), real_sync(fd))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (calls.append("rename"), real_replace(self, to))[1])
    files.write_json({"a": 1}, tmp_path / "a.json")
    assert calls == ["sync", "rename", "sync"]


def test_everybody_may_read_what_was_written(tmp_path):
    files.write_json({}, tmp_path / "a.json")
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644


def test_equal_content_gives_equal_bytes(tmp_path):
    table = pa.table({"unit_code": ["H99", None, "H99.02"], "quantity": [1.5, 2.0, None]})
    files.write_parquet(table, tmp_path / "a.parquet")
    files.write_parquet(pa.concat_tables([table.slice(0, 1), table.slice(1)]).combine_chunks(), tmp_path / "b.parquet")
    assert files.sha256(tmp_path / "a.parquet") == files.sha256(tmp_path / "b.parquet")
    assert files.Store(tmp_path).rows("a") == 3


def test_a_stream_of_tables_is_one_file_of_its_schema(tmp_path):
    schema = pa.schema([pa.field("n", pa.int32(), metadata={"label_vi": "Số"})])
    path = tmp_path / "t.parquet"
    files.write_parquet((table for table in (OLD, NEW)), path, schema)
    found = files.read_parquet(path)
    assert found["n"].to_pylist() == [1, 2, 3, 4, 5]
    assert found.schema.field("n").type == pa.int32()
    assert found.schema.field("n").metadata[b"label_vi"] == "Số".encode()
    with pytest.raises(ValueError, match="needs the schema"):
        files.write_parquet(iter([OLD]), path)


def test_a_stream_that_does_not_fit_leaves_the_old_file(tmp_path):
    path = tmp_path / "t.parquet"
    files.write_parquet(OLD, path)
    with pytest.raises((pa.ArrowInvalid, ValueError)):
        files.write_parquet(iter([NEW, pa.table({"other": ["x"]})]), path, OLD.schema)
    assert files.read_parquet(path).equals(OLD)
    assert names(tmp_path) == ["t.parquet"]


def test_json_is_readable_utf8(tmp_path):
    files.write_json({"tên": "Sở Tư pháp"}, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "Sở Tư pháp" in text
    assert text.endswith("\n")
    assert json.loads(text) == {"tên": "Sở Tư pháp"}


def test_a_session_reads_tables_and_files_in_local_time(tmp_path):
    files.write_parquet(OLD, tmp_path / "it's 1.parquet")
    files.write_parquet(NEW, tmp_path / "it's 2.parquet")
    both = [tmp_path / "it's 1.parquet", tmp_path / "it's 2.parquet"]
    with session(one=both[0], two=both, arrow=NEW) as engine:
        counts = engine.query(
            "SELECT (SELECT COUNT(*) FROM one) AS a, (SELECT COUNT(*) FROM two) AS b, (SELECT COUNT(*) FROM arrow) AS c"
        ).to_pylist()
        local = engine.query("SELECT TIMESTAMPTZ '2026-10-09 18:00:00+00'::DATE::VARCHAR AS day")["day"].to_pylist()
    assert counts == [{"a": 3, "b": 5, "c": 2}]
    assert local == ["2026-10-10"]


def test_a_session_is_closed_when_it_ends():
    with session(t=OLD) as engine:
        engine.execute("CREATE TEMP TABLE kept AS SELECT 1 AS n")
    with pytest.raises(EngineError):
        engine.query("SELECT 1")
    with session() as other, pytest.raises(EngineError, match="kept"):
        other.query("FROM kept")
