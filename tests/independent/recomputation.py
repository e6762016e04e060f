"""The figures of a month counted with plain pandas from what the sources delivered, as an auditor would.

Written from the law, the forms and `docs/indicators.md`, apart from the project's SQL: it shares no code with
`core`, `indicators` or the sandbox, and reads nothing that they wrote but the landing records.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

import holidays
import numpy as np
import pandas as pd

#: What the code of an agency looks like after QĐ 20/2020/QĐ-TTg.
AGENCY = r"[A-Z]\d{2}(?:\.\d{1,3})*"
CHANNELS = ("direct", "online", "postal")
#: Days off that were swapped after the `holidays` package was released (decision of 25/12/2025).
SWAPPED_OFF, SWAPPED_ON = {date(2026, 1, 2)}, {date(2026, 1, 10)}

Figure = tuple[float | None, float | None]
Mask = pd.Series


def landed(landing: Path, table: str) -> pd.DataFrame:
    """Everything a source delivered, in the order in which it was delivered."""
    paths = sorted((landing / table).glob("[!.]*.parquet"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    parts = [pd.read_parquet(path, dtype_backend="pyarrow").assign(pulled_for_on=path.stem) for path in paths]
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    for column in frame.columns:
        if column.endswith("_on") or column in ("period_start", "period_end"):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def newest(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """What was delivered last of each record."""
    return frame.drop_duplicates(key, keep="last").reset_index(drop=True)


def is_agency(codes: pd.Series) -> Mask:
    return codes.str.fullmatch(AGENCY).fillna(value=False).astype(bool)


def countable_dossiers(frame: pd.DataFrame, until: date) -> pd.DataFrame:
    """Dossiers that keep the rules of TT 01/2020 (and of the vendors' own lists of faulty dossiers)."""
    last, status = pd.Timestamp(until), frame.status_code
    received, finished, due = frame.received_on, frame.finished_on, frame.due_on
    faults = [
        frame.dossier_code.isna() | frame.procedure_code.isna() | frame.parse_errors.notna(),
        ~status.between(1, 10) | status.isna(),
        ~is_agency(frame.unit_code) | ~frame.channel.isin(CHANNELS),
        received.isna() & ~status.isin([1, 3]),
        finished.isna() & status.isin([9, 10]),
        (received > last) | (finished > last),
        finished < received,
        due < received,
    ]
    faulty = pd.concat([fault.fillna(value=False).astype(bool) for fault in faults], axis=1).any(axis=1)
    return newest(frame[~faulty], "dossier_id")


@lru_cache(maxsize=1)
def _days_off() -> np.ndarray:
    vietnam = holidays.country_holidays("VN", years=range(2024, 2029))
    off = {day for day in vietnam if day.weekday() < 5} | SWAPPED_OFF
    made_up = {day for years in [vietnam.weekend_workdays] for day in years} | SWAPPED_ON
    return np.array(sorted(off), "datetime64[D]"), np.array(sorted(made_up), "datetime64[D]")


def working_days(after: pd.Series, until: pd.Series) -> pd.Series:
    """Working days in (after, until], make-up Saturdays included; missing where a day is missing."""
    off, made_up = _days_off()
    known = after.notna() & until.notna()
    first = after[known].to_numpy("datetime64[D]") + 1
    last = until[known].to_numpy("datetime64[D]") + 1  # numpy leaves the last day out
    counted = np.where(last > first, np.busday_count(first, np.maximum(first, last), holidays=off), 0)
    counted = counted + np.array(
        [((made_up >= one) & (made_up < two)).sum() for one, two in zip(first, last, strict=True)]
    )
    found = pd.Series(np.nan, index=after.index)
    found[known] = counted
    return found


class Month:
    """The figures of one period, as of the last day of data.

    Args:
        landing: the folder of landed records.
        first: first day of the period.
        last: last day of the period.
        until: last day of data.
    """

    def __init__(self, landing: Path, first: date, last: date, until: date) -> None:
        self.first, self.last, self.until = (pd.Timestamp(day) for day in (first, min(last, until), until))
        letters = landed(landing, "documents__documents")
        sound = is_agency(letters.unit_code) & letters.parse_errors.isna()
        self.letters = newest(letters[sound], "document_id")
        self.dossiers = self._judged(countable_dossiers(landed(landing, "one_stop__dossiers"), until))
        catalogue = landed(landing, "one_stop__procedures")
        self.procedures = newest(catalogue, "procedure_code")
        counted = pd.to_datetime(catalogue.pulled_for_on)
        during = counted[(counted >= self.first) & (counted <= self.last)]
        #: Nobody knows how the catalogue stood on a day on which nobody read it. Internal procedures are no services.
        public = catalogue[~catalogue.is_internal.fillna(value=False).astype(bool)]
        self.snapshot = public[counted[public.index] == during.max()] if len(during) else None
        portal = landed(landing, "national_portal__metrics")
        grouped = portal[portal.child_group.notna()].drop_duplicates("unit_code", keep="last")
        self.level = {row.unit_code: row.child_group.lower() for row in grouped.itertuples()}

    def _judged(self, frame: pd.DataFrame) -> pd.DataFrame:
        """With closing day, outcome and lateness of each dossier."""
        status, due = frame.status_code, frame.due_on
        closed = frame.finished_on.where(status.isin([7, 8, 9, 10]))
        done = closed.notna() & status.isin([9, 10])
        outcome = pd.Series("on_time", index=frame.index).where(closed.notna())
        outcome = outcome.mask(done & (closed < due).fillna(value=False), "early")
        outcome = outcome.mask(done & (closed > due).fillna(value=False), "late")
        paused = working_days(frame.suspended_on, frame.resumed_on).fillna(0)
        handling = (working_days(frame.received_on, closed) - paused).where(done)
        sorry = set(self.letters[self.letters.subject_kind == "apology_letter"].dossier_code.dropna())
        return frame.assign(
            is_counted=frame.received_on.notna() & ~status.isin([1, 3]),
            closed_on=closed,
            is_done=done,
            outcome=outcome,
            handling=handling,
            is_paused=status.isin([5, 6]) & frame.suspended_on.notna(),
            has_letter=frame.dossier_code.isin(sorry),
        )

    def within(self, days: pd.Series) -> Mask:
        return ((days >= self.first) & (days <= self.last)).fillna(value=False).astype(bool)

    def open_at(self, frame: pd.DataFrame, day: pd.Timestamp) -> Mask:
        return frame.is_counted & (frame.received_on <= day) & ~(frame.closed_on <= day).fillna(value=False)

    def overdue_at(self, frame: pd.DataFrame, day: pd.Timestamp) -> Mask:
        waiting = frame.is_paused & (frame.suspended_on <= day).fillna(value=False)
        return self.open_at(frame, day) & (frame.due_on < day).fillna(value=False) & ~waiting

    def units(self, parents: dict[str, str | None]) -> dict[str, set[str]]:
        """Each unit with everything below it."""
        inside: dict[str, set[str]] = {unit: set() for unit in parents}
        for unit in parents:
            above: str | None = unit
            while above is not None:
                inside[above].add(unit)
                above = parents[above]
        return inside

    def figures(self, parents: dict[str, str | None]) -> dict[tuple[str, str], Figure]:
        """(indicator, unit) -> numerator and denominator; the denominator is None where there is none."""
        found: dict[tuple[str, str], Figure] = {}
        for unit, inside in self.units(parents).items():
            own = {**self._of_dossiers(unit, inside), **self._of_letters(inside), **self._of_procedures(unit, inside)}
            found |= {(name, unit): figure for name, figure in own.items()}
        return found

    def _of_dossiers(self, unit: str, inside: set[str]) -> dict[str, Figure]:
        every = self.dossiers[self.dossiers.unit_code.isin(inside)]
        counted = every[every.is_counted]
        came = counted[self.within(counted.received_on)]
        ended = counted[self.within(counted.closed_on)]
        done, late = ended[ended.is_done], ended[ended.outcome == "late"]
        rated = counted[self.within(counted.rated_on)]
        lapsed = self.overdue_at(came, self.until) | (came.outcome == "late")
        kept = ~lapsed.fillna(value=False).astype(bool)
        pending, overdue = self.open_at(counted, self.last), self.overdue_at(counted, self.last)
        arrived, resolved = len(came), len(ended)

        def has(name: str, frame: pd.DataFrame = came) -> int:
            return int(frame[name].sum())

        channel = {name: int((came.channel == name).sum()) for name in CHANNELS}
        ends = {name: int((ended.outcome == name).sum()) for name in ("early", "on_time", "late")}
        paying = came[came.has_fee.astype(bool)]
        marks = {mark: int((rated.rating == mark).sum()) for mark in (1, 2, 3)}
        days = done.handling.dropna()
        refused = every[(every.status_code == 3) & self.within(every.finished_on)]
        counts: dict[str, float] = {
            "received_total": arrived,
            **{f"received_{name}": number for name, number in channel.items()},
            "resolved_total": resolved,
            **{f"resolved_{name}": number for name, number in ends.items()},
            "pending_total": int(pending.sum()),
            "pending_overdue": int(overdue.sum()),
            "pending_in_time": int((pending & ~overdue).sum()),
            "carried_over": int(self.open_at(counted, self.first - pd.Timedelta(days=1)).sum()),
            "withdrawn_count": int((ended.status_code == 7).sum()),
            "suspended_count": int(self.within(counted.suspended_on).sum()),
            "refused_count": len(refused),
        }
        return {
            **{name: (float(number), None) for name, number in counts.items()},
            "early_rate": (ends["early"], resolved),
            "on_time_rate": (ends["on_time"], resolved),
            "late_rate": (ends["late"], resolved),
            "timely_rate": (ends["early"] + ends["on_time"], resolved),
            "online_rate": (channel["online"], arrived),
            "handling_time_mean_days": (float(days.sum()), len(done)),
            "handling_time_median_days": (float(days.median()) if len(days) else None, len(days)),
            "digitised_result_rate": (has("is_result_electronic", done), len(done)),
            "apology_rate": (int(late.has_letter.sum()), len(late)),
            "satisfaction_rate": (marks[3], sum(marks.values())),
            "online_payment_rate": (has("is_paid_online", paying), len(paying)),
            "data_reuse_rate": (has("is_data_reused"), arrived),
            "idx766_on_time": (int(kept.sum()), arrived),
            "idx766_electronic_result": (has("is_result_electronic"), arrived),
            "idx766_digitised": (has("is_digitised"), arrived),
            "idx766_reused": (has("is_data_reused"), arrived),
            "idx766_personal_storage": (has("is_in_personal_storage"), arrived),
            "idx766_citizen_data": (has("is_citizen_data_used"), arrived),
            "idx766_satisfied": (int((kept & (came.rating != 1).fillna(value=True)).sum()), arrived),
            "idx766_synced": (has("is_synced_national"), arrived),
            **self._of_services(unit, inside, came),
        }

    def _of_services(self, unit: str, inside: set[str], came: pd.DataFrame) -> dict[str, Figure]:
        """Distinct procedures among the dossiers received."""
        with_fee = set(self.procedures[self.procedures.has_fee.astype(bool)].procedure_code)
        filed = set(came.procedure_code) & with_fee
        paid = set(came[came.is_paid_online.astype(bool) & came.has_fee.astype(bool)].procedure_code) & with_fee
        found: dict[str, Figure] = {"idx766_payment_procedures": (len(paid), len(filed))}
        if self.snapshot is not None:
            own = self._in_force(unit, inside)
            online = set(own[own.service_level.isin(["full", "partial"])].procedure_code)
            used = set(came[came.channel == "online"].procedure_code) & online
            found["idx766_online_procedures_used"] = (len(used), len(online))
        return found

    def _of_letters(self, inside: set[str]) -> dict[str, Figure]:
        letters = self.letters[self.letters.unit_code.isin(inside)]
        sent = letters[self.within(letters.sent_on)]
        kind = (letters.subject_kind == "publication_decision") & self.within(letters.promulgated_on)
        decisions = letters[kind.fillna(value=False).astype(bool)]
        late = int((decisions.promulgated_on > decisions.due_on).fillna(value=False).sum())
        exchanged = sent[sent.security_level == "normal"]
        judged = exchanged[exchanged.subject_field == "other"]
        return {
            "documents_sent_count": (float(len(sent)), None),
            "documents_electronic_rate": (int((~exchanged.is_paper_copy.astype(bool)).sum()), len(exchanged)),
            "documents_signed_rate": (int(judged.is_signed.astype(bool).sum()), len(judged)),
            "published_internal_procedures_count": (float(decisions.internal_procedures_count.fillna(0).sum()), None),
            "publication_decisions_count": (float(len(decisions)), None),
            "publication_decisions_late_count": (float(late), None),
            "published_procedures_count": (float(decisions.procedures_count.fillna(0).sum()), None),
            "idx766_publish_on_time": (len(decisions) - late, len(decisions)),
        }

    def _in_force(self, unit: str, inside: set[str]) -> pd.DataFrame:
        """Procedures in force of a unit: those it is in charge of; a commune's are those that communes execute."""
        assert self.snapshot is not None
        mine = self.snapshot.unit_code.isin(inside)
        if self.level.get(unit) in ("district", "commune"):
            mine |= self.snapshot.executing_level == self.level[unit]
        return self.snapshot[mine & self.snapshot.is_in_force.astype(bool)]

    def _of_procedures(self, unit: str, inside: set[str]) -> dict[str, Figure]:
        if self.snapshot is None:
            return {}
        own = self._in_force(unit, inside)
        level: Callable[[str], float] = lambda name: float((own.service_level == name).sum())  # noqa: E731
        return {
            **{f"procedures_{name}_count": (level(name), None) for name in ("full", "partial", "information")},
            "idx766_online_procedures": (level("full") + level("partial"), len(own)),
            "idx766_citizen_data_procedures": (int(own.is_citizen_data_connected.astype(bool).sum()), len(own)),
            "idx766_update_on_time": (int(own.is_updated_on_time.astype(bool).sum()), len(own)),
            "idx766_content_full": (int(own.is_content_full.astype(bool).sum()), len(own)),
        }


def value_of(figure: Figure, unit_of_measure: str, kind: str) -> float | None:
    """The value of an indicator from its numerator and denominator."""
    numerator, denominator = figure
    if denominator is None or kind == "median":
        return numerator
    if not denominator or numerator is None:
        return None
    return (100 if unit_of_measure == "%" else 1) * numerator / denominator


def same(one: float | None, other: float | None) -> bool:
    """Whether two figures are equal, null and NaN alike."""
    one, other = (None if value is None or pd.isna(value) else float(value) for value in (one, other))
    return one == other if one is None or other is None else abs(one - other) < 1e-9 * max(1.0, abs(one))
