"""Count the pushed dossiers as the national portal does and score them by QĐ 766."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen
from cchc_pipeline.sandbox.life.province_parts import Unit
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


@dataclass(slots=True)
class Counts:
    """The additive counts of a unit in a period, as the portal holds them."""

    received: int = 0
    on_time: int = 0
    online: int = 0
    closed: int = 0
    days: float = 0.0
    fee: int = 0
    paid: int = 0
    electronic: int = 0
    digitised: int = 0
    reused: int = 0
    stored: int = 0
    citizen: int = 0
    synced: int = 0
    satisfied: int = 0
    petitions: int = 0
    petitions_on_time: int = 0
    petitions_satisfied: int = 0
    fee_formalities: set[str] = field(default_factory=set)
    paid_formalities: set[str] = field(default_factory=set)
    online_formalities: set[str] = field(default_factory=set)

    def add(self, other: Counts) -> None:
        """Add the counts of another unit."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, mine | theirs if isinstance(mine, set) else mine + theirs)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as published; `ratio` in percent, None where the portal has no data."""

    code: str
    name: str
    numerator: int | None
    denominator: int | None
    ratio: float | None
    score: float | None
    max_score: float
    quality: str | None = None


def rounded(value: float) -> float:
    """Round half up to two decimals."""
    return math.floor(value * 100 + 0.5 + 1e-9) / 100


def points(
    code: str,
    name: str,
    numerator: int,
    denominator: int,
    maximum: float,
    full_at: float = 1.0,
    quality: str | None = None,
) -> Metric:
    """Score a linear metric; the points come from the unrounded ratio."""
    share = numerator / denominator if denominator else 0.0
    score = rounded(maximum * min(1.0, share / full_at))
    return Metric(code, name, numerator, denominator, rounded(share * 100), score, maximum, quality)


class Portal:
    """The counts, metrics and scores that the portal shows of one province."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self._cache: dict[tuple[datetime, date, date], dict[str, Counts]] = {}

    def counts(self, clock: datetime, start: date, end: date) -> dict[str, Counts]:
        """Count the dossiers received in [start, end] by unit code.

        Each unit includes the units below it.
        """
        key = (clock, start, end)
        if key not in self._cache:
            if len(self._cache) >= 8:
                self._cache.clear()
            self._cache[key] = self._count(clock, start, end)
        return self._cache[key]

    def _count(self, clock: datetime, start: date, end: date) -> dict[str, Counts]:
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
        totals = {unit.code: Counts() for unit in self.province.units}
        for unit in self.province.units:
            for above in (unit, *self.province.scenario.ancestors(unit)):
                totals[above.code].add(own[unit.code])
        return totals

    def _petitions(self, counts: Counts, unit: Unit, month: date) -> None:
        if month < self.province.scenario.go_live.replace(day=1):
            return
        rng = self.province.rng("petitions", unit.code, month.isoformat())
        count = rng.choice((0, 0, 0, 1, 2, 5)) if unit.level != "province" else rng.randint(3, 9)
        on_time = sum(rng.random() < 0.55 for _ in range(count))
        counts.petitions += count
        counts.petitions_on_time += on_time
        counts.petitions_satisfied += sum(rng.random() < 0.8 for _ in range(on_time))

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
            "MDHL": self._satisfaction(c),
        }

    def scores(self, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, float]:
        """Return the points of every group."""
        c = self.counts(clock, start, end)[unit.code]
        metrics = self.metrics(unit, clock, start, end)
        scores = {group: rounded(sum(m.score or 0.0 for m in some)) for group, some in metrics.items()}
        scores["TDGQ"] = rounded(20 * c.on_time / c.received) if c.received else 0.0
        scores["ONLINE"] = self._online_score(unit, c)
        scores["TTTT"] = self._payment_score(c)
        return scores

    def _formalities(self, unit: Unit) -> list[str]:
        """Return the codes of the procedures in force that the unit handles."""
        if unit.level == "province":
            return [p.code for p in self.province.procedures if p.is_in_force and not p.is_internal]
        return [p.code for p in self.province.scenario.procedures_of(unit)]

    def _transparency(self, c: Counts, clock: datetime, start: date, end: date) -> list[Metric]:
        """Compute the metrics of CKMB; all but DOSSIER_SYNC are the province's."""
        letters = [
            letter
            for ordinal in range(start.toordinal(), min(end, clock.date()).toordinal() + 1)
            for letter in self.province.letters.letters(date.fromordinal(ordinal))
            if letter.kind == "publication_decision" and letter.unit is not None and letter.created_at <= clock
        ]
        in_time = [x for x in letters if x.due_on is None or x.promulgated_on <= x.due_on]
        in_force = [p for p in self.province.procedures if p.is_in_force and not p.is_internal]
        published = sum(x.procedures_count or 0 for x in letters)
        sync = (
            points("DOSSIER_SYNC", "Tỷ lệ hồ sơ đồng bộ lên Cổng DVCQG", c.synced, c.synced, 6, quality=TEMPORARY)
            if c.synced
            else Metric("DOSSIER_SYNC", "Tỷ lệ hồ sơ đồng bộ lên Cổng DVCQG", None, None, None, None, 6, NO_DATA)
        )
        return [
            points("PUBLISH_ON_TIME", "Tỷ lệ TTHC công bố đúng hạn",
                   sum(x.procedures_count or 0 for x in in_time), published, 6),
            points("PUBLIC_UPDATE_ON_TIME", "Tỷ lệ TTHC cập nhật, công khai đúng hạn",
                   sum(p.is_updated_on_time for p in in_force), len(in_force), 4),
            points("PUBLIC_CONTENT_FULL", "Tỷ lệ TTHC công khai đầy đủ nội dung",
                   sum(p.is_content_full for p in in_force), len(in_force), 2),
            sync,
        ]  # fmt: skip

    def _digitised(self, unit: Unit, c: Counts) -> list[Metric]:
        table = (
            ("ORIGINAL_RESULT_AVAILABLE", "Tỷ lệ hồ sơ có cấp kết quả điện tử", c.electronic, 6, 1.0),
            ("SO_HOA_GIAY_TO_GIAI_QUYET", "Tỷ lệ hồ sơ thực hiện số hóa", c.digitised, 4, 1.0),
            ("REUSED_DIGITIZED_DATA", "Tỷ lệ hồ sơ khai thác, sử dụng lại dữ liệu số hóa", c.reused, 2, 0.8),
            ("SYNCED_WITH_DVCQG_PERSONAL_STORAGE", "Tỷ lệ hồ sơ số hóa có kết nối, chia sẻ phục vụ tái sử dụng",
             c.stored, 4, 1.0),
            ("CITIZEN_DATA_CONNECTED_DOSSIER", "Tỷ lệ hồ sơ sử dụng dữ liệu dân cư", c.citizen, 2, 1.0),
        )  # fmt: skip
        metrics = [
            points(code, name, count, c.received, maximum, full_at)
            if c.received
            else Metric(code, name, None, None, None, None, maximum, NO_DATA)
            for code, name, count, maximum, full_at in table
        ]
        codes = set(self._formalities(unit))
        connected = sum(p.is_citizen_data_connected for p in self.province.procedures if p.code in codes)
        name = "Tỷ lệ TTHC kết nối dữ liệu dân cư"
        metrics.append(points("CITIZEN_DATA_CONNECTED_FORMALITY", name, connected, len(codes), 2))
        copy = "Chứng thực bản sao điện tử"
        return [*metrics, Metric("ELECTRONIC_CERTIFIED_COPY", copy, None, None, 100.0, 2.0, 2)]

    def _satisfaction(self, c: Counts) -> list[Metric]:
        receiving = points(
            "DOSSIER_RECEIVING_SATISFACTION", "Tỷ lệ hài lòng trong tiếp nhận, giải quyết TTHC",
            c.satisfied, c.received, 6, 0.9,
        )  # fmt: skip
        petitions = []
        for code, name, count in (
            ("PETITION_PROCESSING_ON_TIME", "Tỷ lệ PAKN xử lý đúng hạn", c.petitions_on_time),
            ("PETITION_HANDLING_SATISFACTION", "Tỷ lệ hài lòng trong xử lý PAKN", c.petitions_satisfied),
        ):
            full = Metric(code, name, 0, 0, 0.0, 6.0, 6)  # without petitions: full points, ratio 0
            petitions.append(points(code, name, count, c.petitions, 6) if c.petitions else full)
        return [receiving, *petitions]

    def _online_score(self, unit: Unit, c: Counts) -> float:
        """Compute the points of ONLINE (2 + 4 + 6) with the thresholds of vendors' code.

        The portal does not expose the inputs.
        """
        codes = set(self._formalities(unit))
        online = {p.code for p in self.province.procedures if p.code in codes and p.service_level != "information"}
        offered = min(1.0, len(online) / len(codes) / 0.8) if codes else 0.0
        used = len(c.online_formalities & online) / len(online) if online else 0.0
        filed = min(1.0, c.online / c.received / 0.5) if c.received else 0.0
        return rounded(2 * offered + 4 * used + 6 * filed)

    def _payment_score(self, c: Counts) -> float:
        """Compute the points of TTTT (6 + 2 + 2); the third input is not exposed."""
        if not c.fee:
            return 0.0
        formalities = len(c.fee_formalities)
        payable = sum(p.is_payment_online for p in self.province.procedures if p.code in c.fee_formalities)
        return rounded(6 * c.paid / c.fee + 2 * len(c.paid_formalities) / formalities + 2 * payable / formalities)


def _tally(c: Counts, life: Life, seen: Seen, sent: Push) -> None:
    c.received += 1
    c.on_time += sent.is_on_time
    if life.channel == "online":
        c.online += 1
        c.online_formalities.add(life.procedure.code)
    if sent.closed_on is not None:
        c.closed += 1
        c.days += max(0, (sent.closed_on - life.day).days)
    if life.procedure.fee_vnd:
        c.fee += 1
        c.fee_formalities.add(life.procedure.code)
        if seen.is_paid_online:
            c.paid += 1
            c.paid_formalities.add(life.procedure.code)
    c.electronic += sent.is_result_electronic
    c.digitised += seen.is_digitised
    c.reused += sent.is_data_reused
    c.stored += seen.is_in_personal_storage
    c.citizen += seen.is_citizen_data_used
    c.synced += seen.is_synced_national
    c.satisfied += sent.is_on_time and seen.rating != 1
