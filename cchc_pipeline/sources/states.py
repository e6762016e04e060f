"""Tell in what state every source is: until which day it was read, and why not further.

The state follows from how the pulls of a lake ended, so it is the same for everybody who asks: indicators, scorecards,
pages, the report and the command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.registry import SOURCES, SourceKind
from cchc_pipeline.vietnamese import day as day_vi

State = Literal["read", "saved", "failed", "gap", "absent"]
TABLE = "source_states"


@dataclass(frozen=True)
class SourceState:
    """State of a source after the newest night.

    Attributes:
        source: its name, as in the registry.
        state: `read` to the end; `saved`: from replies that a person saved; `failed` in the newest night; `gap`: days
            before it are missing; `absent` from the settings.
        first_on: first day that was read to the end; None where there is none.
        read_on: last day up to which none is missing; of a source without days the last day it was read on.
        figures_on: the day that its figures are of: that of the last good pull for the portal, else `read_on`.
        newest_on: day of the newest night.
        error: why it was not read, as the run says it.
        sentence_vi, sentence_en: what readers are told; never empty.
    """

    source: str
    title_vi: str
    title_en: str
    state: State
    first_on: date | None
    read_on: date | None
    figures_on: date | None
    newest_on: date | None
    error: str | None
    sentence_vi: str
    sentence_en: str

    @property
    def is_whole(self) -> bool:
        """Return whether its figures are those of the newest night."""
        return self.state in ("read", "saved")

    def row(self) -> dict[str, Any]:
        """Return the row of the published table `source_states`."""
        names = ("source", "title_vi", "state", "first_on", "read_on", "figures_on", "newest_on")
        return {name: getattr(self, name) for name in (*names, "sentence_vi", "sentence_en")}


def source_states(lake: Lake) -> dict[str, SourceState]:
    """Return the state of every source by its name, in the order of the registry."""
    return {kind.name: _state(lake, kind) for kind in SOURCES.values()}


def states_table(lake: Lake) -> pa.Table:
    """Return the published table `source_states`: one row per source, in the order of its name.

    A lake in which no pull was ever recorded has no rows: nothing is known of its sources.
    """
    states = source_states(lake).values()
    rows = [one.row() for one in states] if any(one.newest_on for one in states) else []
    schema = load_contract(TABLE).arrow_schema()
    return table_from_records(sorted(rows, key=lambda row: str(row["source"])), schema)


def _state(lake: Lake, kind: SourceKind) -> SourceState:
    pulls = lake.pulls(kind.name)
    newest_on, newest = max(pulls.items(), default=(None, {}))
    span, gaps = lake.read_span(kind.name), lake.gaps(kind.name) if kind.is_daily else []
    first_on = span.first if span else None
    read = [day for day, one in pulls.items() if one["is_read"]]
    read_on = span.as_of_on if span and kind.is_daily else max(read, default=None)
    captured = pulls[read_on].get("captured_on") if read_on and not kind.is_daily else None
    figures_on = date.fromisoformat(captured) if captured else read_on
    status = newest.get("status", "absent")
    state: State = "absent" if status == "absent" else "failed" if status != "ok" else "gap" if gaps else "read"
    if state == "read" and newest.get("is_saved"):
        state = "saved"
    dates = (newest_on, read_on, figures_on if kind.is_daily or captured else None)
    sentences = _sentences(kind, state, dates, newest, gaps)
    error = None if state in ("read", "saved") else newest.get("error")
    titles = kind.title_vi, kind.title_en
    return SourceState(kind.name, *titles, state, first_on, read_on, figures_on, newest_on, error, *sentences)


def _sentences(
    kind: SourceKind, state: State, dates: tuple[date | None, date | None, date | None], newest: dict[str, Any],
    gaps: list[date],
) -> tuple[str, str]:  # fmt: skip
    """Return what readers are told, in Vietnamese and English.

    `dates`: day of the newest night, of the last one that was read, and the day that its figures are of (of a source
    without days the civil day of the pull, None where it is not known). A night is called by its last day of data.
    """
    newest_on, read_on, figures_on = dates
    vi, en = kind.title_vi, kind.title_en
    held_vi = "chưa có số liệu nào, chỉ tiêu cần nguồn này để trống, không phải bằng 0"
    held_en = "there are no figures yet, and what needs them is blank, not zero"
    if kind.is_daily and figures_on:
        held_vi = f"đang dùng số liệu đến hết ngày {day_vi(figures_on)}"
        held_en = f"figures are those until {figures_on}"
    elif read_on:
        held_vi, held_en = "đang dùng số liệu đọc", "figures are those read"
        held_vi += f" ngày {day_vi(figures_on)}," if figures_on else ""
        held_en += f" on {figures_on}," if figures_on else ""
        held_vi += f" trong {_night_vi(read_on)}"
        held_en += f" in the night of the data of {read_on}"
    if state == "failed" and sum(newest.get("rows", {}).values()):
        of_vi, of_en = (" từ tệp do cán bộ lưu", " from saved files") if newest.get("is_saved") else ("", "")
        rest_vi, rest_en = (held_vi, held_en) if read_on else ("để trống, không phải bằng 0", "nothing is known")
        held_vi = f"phần đã đọc được{of_vi} vẫn công bố, phần còn lại {rest_vi}"
        held_en = f"what was read{of_en} is published, and of the rest {rest_en}"
    match state:
        case "absent":
            why, why_en = ("chưa khai báo nguồn", "not in the settings") if kind.address else _EMPTY
            why += ", cũng không có tệp do cán bộ lưu" if kind.is_saved else ""
            why_en += ", and nobody saved its replies" if kind.is_saved else ""
            return f"{vi}: {why}; {held_vi}.", f"{en}: {why_en}; {held_en}."
        case "failed":
            why = newest.get("error_vi") or "không đọc được"
            night = f"{_night_vi(newest_on)} " if newest_on else ""
            whole_en = "not read to the end in the night of the data of"
            return f"{vi}: {night}{why}; {held_vi}.", f"{en}: {whole_en} {newest_on}; {held_en}."
        case "gap":
            first, last = day_vi(gaps[0]), day_vi(gaps[-1])
            return (
                f"{vi}: thiếu số liệu trong khoảng từ ngày {first} đến ngày {last}; {held_vi}.",
                f"{en}: days between {gaps[0]} and {gaps[-1]} are missing; {held_en}.",
            )
        case "saved" if figures_on:
            return (
                f"{vi}: số liệu do cán bộ lưu từ trang của nguồn ngày {day_vi(figures_on)}.",
                f"{en}: figures that a person saved from its pages on {figures_on}.",
            )
    return f"{vi}: {held_vi.removeprefix('đang dùng ')}.", f"{en}: {held_en}."


#: Why a drop folder gives nothing.
_EMPTY = ("chưa có tệp nào trong thư mục nhận tệp", "no file in its folder")


def _night_vi(day: date) -> str:
    return f"đêm lấy số liệu ngày {day_vi(day)}"
