"""Count the pushed dossiers as the national portal does and score them by QĐ 766."""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen
from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.life.scenario import Counts, values_of
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.push import Push, push, statistics_day

TEMPORARY = "TEMP_NATIONAL_REPORT_DENOMINATOR"
NO_DATA = "NO_NATIONAL_REPORT_DATA"
GROUPS = {
    "CKMB": ("Công khai, minh bạch", 18.0),
    "TDGQ": ("Tiến độ giải quyết", 20.0),
    "ONLINE": ("Cung cấp dịch vụ trực tuyến", 12.0),
    "TTTT": ("Thanh toán trực tuyến", 10.0),
    "MDHL": ("Mức độ hài lòng", 18.0),
    "MDSH": ("Số hóa hồ sơ", 22.0),
}


Metric = dict[str, Any]


def rounded(value: float) -> float:
    """Round half up to two decimals."""
    return math.floor(value * 100 + 0.5 + 1e-9) / 100


def metric(
    code: str,
    name: str,
    maximum: int,
    part: int | None = None,
    whole: int | None = None,
    full_at: float = 1.0,
    quality: str | None = None,
) -> Metric:
    """Build a metric as published: a linear one, or without `whole` one of no data.

    The points come from the unrounded ratio; the ratio is in percent.
    """
    known = part is not None and whole is not None
    share = part / whole if part and whole else 0.0
    quality = quality if known else NO_DATA
    return {
        "code": code,
        "name": name,
        "numerator": part if known else None,
        "denominator": whole,
        "ratio": rounded(share * 100) if known else None,
        "score": rounded(maximum * min(1.0, share / full_at)) if known else None,
        "maxScore": maximum,
        "dataQualityStatus": quality,
        "dataQualityMessage": "Số liệu tạm tính" if quality else None,
    }


class Portal:
    """The counts, metrics and scores that the portal shows of one province."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self.counts = lru_cache(maxsize=8)(self._counts)

    def _counts(self, clock: datetime, start: date, end: date) -> dict[str, Counts]:
        """Count the dossiers received in [start, end] by unit code.

        Each unit includes the units below it.
        """
        own = {unit.code: Counts() for unit in self.province.units}
        today = statistics_day(clock)
        for life in self.province.lives_between(start, min(end, today)):
            seen = life.seen(clock)
            sent = push(life, seen, today) if seen is not None else None
            if seen is not None and sent is not None:
                _tally(own[life.unit.code], life, seen, sent)
        for unit in self.province.units:
            for first, _ in workdays.months(start.replace(day=1), min(end, today)):
                self._petitions(own[unit.code], unit, first)
        return self.province.scenario.summed(own)

    def _petitions(self, counts: Counts, unit: Unit, month: date) -> None:
        if month < self.province.scenario.go_live.replace(day=1):
            return
        rng = self.province.rng("petitions", unit.code, month.isoformat())
        count = rng.choice((0, 0, 0, 1, 2, 5)) if unit.level != "province" else rng.randint(3, 9)
        on_time = sum(rng.random() < 0.55 for _ in range(count))
        counts["petitions"] += count
        counts["petitions_on_time"] += on_time
        counts["petitions_satisfied"] += sum(rng.random() < 0.8 for _ in range(on_time))

    # -- metrics ------------------------------------------------------------------------------------------------

    def metrics(self, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, list[Metric]]:
        """Return the published metrics by group; TDGQ, ONLINE and TTTT publish none."""
        c = self.counts(clock, start, end)[unit.code]
        return {
            "CKMB": self._transparency(c, clock, start, end),
            "TDGQ": [],
            "ONLINE": [],
            "TTTT": [],
            "MDSH": self._digitised(unit, c),
            "MDHL": _satisfaction(c),
        }

    def scores(self, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, float]:
        """Return the points of every group."""
        c = self.counts(clock, start, end)[unit.code]
        metrics = self.metrics(unit, clock, start, end)
        scores = {group: rounded(sum(m["score"] or 0.0 for m in some)) for group, some in metrics.items()}
        scores["TDGQ"] = rounded(20 * c["on_time"] / c["received"]) if c["received"] else 0.0
        scores["ONLINE"] = self._online_score(unit, c)
        scores["TTTT"] = self._payment_score(c)
        return scores

    def procedures_of(self, unit: Unit) -> list[Procedure]:
        """Return the procedures in force that the unit handles; the province's are all."""
        if unit.level == "province":
            return [p for p in self.province.procedures if p.is_in_force and not p.is_internal]
        return self.province.scenario.procedures_of(unit)

    def _transparency(self, c: Counts, clock: datetime, start: date, end: date) -> list[Metric]:
        """Compute the metrics of CKMB; all but DOSSIER_SYNC are the province's."""
        letters = [
            letter
            for day in workdays.days(start, min(end, clock.date()))
            for letter in self.province.letters.letters(day)
            if letter.kind == "publication_decision" and letter.unit is not None and letter.created_at <= clock
        ]
        in_time = sum(x.procedures_count or 0 for x in letters if x.due_on is None or x.promulgated_on <= x.due_on)
        published = sum(x.procedures_count or 0 for x in letters)
        in_force = self.procedures_of(self.province.units[0])
        updated, full = sum(p.is_updated_on_time for p in in_force), sum(p.is_content_full for p in in_force)
        synced = c["synced"] or None
        return [
            metric("PUBLISH_ON_TIME", "Tỷ lệ TTHC công bố đúng hạn", 6, in_time, published),
            metric("PUBLIC_UPDATE_ON_TIME", "Tỷ lệ TTHC cập nhật, công khai đúng hạn", 4, updated, len(in_force)),
            metric("PUBLIC_CONTENT_FULL", "Tỷ lệ TTHC công khai đầy đủ nội dung", 2, full, len(in_force)),
            metric("DOSSIER_SYNC", "Tỷ lệ hồ sơ đồng bộ lên Cổng DVCQG", 6, synced, synced, quality=TEMPORARY),
        ]

    def _digitised(self, unit: Unit, c: Counts) -> list[Metric]:
        own = self.procedures_of(unit)
        connected = sum(p.is_citizen_data_connected for p in own)
        received = c["received"] or None
        personal = "Tỷ lệ hồ sơ số hóa có kết nối, chia sẻ phục vụ tái sử dụng"
        copy = metric("ELECTRONIC_CERTIFIED_COPY", "Chứng thực bản sao điện tử", 2, 1, 1)  # full points, no counts
        return [
            metric("ORIGINAL_RESULT_AVAILABLE", "Tỷ lệ hồ sơ có cấp kết quả điện tử", 6, c["electronic"], received),
            metric("SO_HOA_GIAY_TO_GIAI_QUYET", "Tỷ lệ hồ sơ thực hiện số hóa", 4, c["digitised"], received),
            metric(
                "REUSED_DIGITIZED_DATA",
                "Tỷ lệ hồ sơ khai thác, sử dụng lại dữ liệu số hóa",
                2,
                c["reused"],
                received,
                0.8,
            ),
            metric("SYNCED_WITH_DVCQG_PERSONAL_STORAGE", personal, 4, c["stored"], received),
            metric("CITIZEN_DATA_CONNECTED_DOSSIER", "Tỷ lệ hồ sơ sử dụng dữ liệu dân cư", 2, c["citizen"], received),
            metric("CITIZEN_DATA_CONNECTED_FORMALITY", "Tỷ lệ TTHC kết nối dữ liệu dân cư", 2, connected, len(own)),
            copy | {"numerator": None, "denominator": None},
        ]

    def _online_score(self, unit: Unit, c: Counts) -> float:
        """Compute the points of ONLINE (2 + 4 + 6) with the thresholds of vendors' code.

        The portal does not expose the inputs.
        """
        own = self.procedures_of(unit)
        online = {p.code for p in own if p.service_level != "information"}
        offered = min(1.0, len(online) / len(own) / 0.8) if own else 0.0
        used = len(online.intersection(values_of(c, "online"))) / len(online) if online else 0.0
        filed = min(1.0, c["online"] / c["received"] / 0.5) if c["received"] else 0.0
        return rounded(2 * offered + 4 * used + 6 * filed)

    def _payment_score(self, c: Counts) -> float:
        """Compute the points of TTTT (6 + 2 + 2); the third input is not exposed."""
        if not c["fee"]:
            return 0.0
        formalities = values_of(c, "fee")
        payable = sum(p.is_payment_online for p in self.province.procedures if p.code in formalities)
        paid, count = len(values_of(c, "paid")), len(formalities)
        return rounded(6 * c["paid"] / c["fee"] + 2 * paid / count + 2 * payable / count)


def _satisfaction(c: Counts) -> list[Metric]:
    """Compute the metrics of MDHL; without petitions theirs have full points, ratio 0."""
    received = "DOSSIER_RECEIVING_SATISFACTION", "Tỷ lệ hài lòng trong tiếp nhận, giải quyết TTHC"
    on_time = metric(
        "PETITION_PROCESSING_ON_TIME", "Tỷ lệ PAKN xử lý đúng hạn", 6, c["petitions_on_time"], c["petitions"]
    )
    satisfied = "PETITION_HANDLING_SATISFACTION", "Tỷ lệ hài lòng trong xử lý PAKN"
    petitions = [on_time, metric(*satisfied, 6, c["petitions_satisfied"], c["petitions"])]
    full: Metric = {} if c["petitions"] else {"score": 6.0}
    return [metric(*received, 6, c["satisfied"], c["received"], 0.9), *(one | full for one in petitions)]


def _tally(c: Counts, life: Life, seen: Seen, sent: Push) -> None:
    has_fee = bool(life.procedure.fee_vnd)
    c["received"] += 1
    marks = {"online": life.channel == "online", "fee": has_fee, "paid": has_fee and seen.is_paid_online}
    for measure, is_counted in marks.items():
        c[measure] += is_counted
        c[measure, life.procedure.code] += is_counted
    if sent.closed_on is not None:
        c["closed"] += 1
        c["days"] += max(0, (sent.closed_on - life.day).days)
    c["on_time"] += sent.is_on_time
    c["electronic"] += sent.is_result_electronic
    c["digitised"] += seen.is_digitised
    c["reused"] += sent.is_data_reused
    c["stored"] += seen.is_in_personal_storage
    c["citizen"] += seen.is_citizen_data_used
    c["synced"] += seen.is_synced_national
    c["satisfied"] += sent.is_on_time and seen.rating != 1
