"""Count the pushed dossiers as the national portal does and score them by QĐ 766.

Scores come about in binary floating point: two decimals, a tie by the value of the double, as `toFixed(2)` of
JavaScript does. Items of metric reports start from the unrounded ratio, those of payment and of the country's view of
CKMB from the ratio in percent with two decimals.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen
from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.life.scenario import Counts, values_of
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.push import Push, push, statistics_day

QUALITY = {
    "TEMP_NATIONAL_REPORT_DENOMINATOR": "Mẫu số đang dùng số tạm.",
    "NO_NATIONAL_REPORT_DATA": "Không có dữ liệu báo cáo tổng hợp.",
}
GROUPS = {
    "CKMB": ("Công khai, minh bạch", 18),
    "TDGQ": ("Tiến độ giải quyết", 20),
    "ONLINE": ("Cung cấp dịch vụ trực tuyến", 12),
    "TTTT": ("Thanh toán trực tuyến", 10),
    "MDHL": ("Mức độ hài lòng", 18),
    "MDSH": ("Số hóa hồ sơ", 22),
}
#: Group -> metric -> name, maximum, ratio in percent with full points.
METRICS: dict[str, dict[str, tuple[str, int, int]]] = {
    "CKMB": {
        "PUBLISH_ON_TIME": ("Tỷ lệ TTHC công bố đúng hạn", 6, 100),
        "PUBLIC_UPDATE_ON_TIME": ("Tỷ lệ TTHC cập nhật, công khai đúng hạn", 4, 100),
        "PUBLIC_CONTENT_FULL": ("Tỷ lệ TTHC công khai đầy đủ nội dung", 2, 100),
        "DOSSIER_SYNC": ("Tỷ lệ hồ sơ đồng bộ lên Cổng DVCQG", 6, 100),
    },
    "MDSH": {
        "ORIGINAL_RESULT_AVAILABLE": (
            "Tỷ lệ hồ sơ thủ tục hành chính có cấp kết quả giải quyết thủ tục hành chính điện tử", 6, 100
        ),
        "SO_HOA_GIAY_TO_GIAI_QUYET": ("Tỷ lệ hồ sơ thủ tục hành chính thực hiện số hóa hồ sơ", 4, 100),
        "REUSED_DIGITIZED_DATA": ("Tỷ lệ hồ sơ khai thác, sử dụng lại thông tin, dữ liệu số hóa", 2, 80),
        "SYNCED_WITH_DVCQG_PERSONAL_STORAGE": (
            "Tỷ lệ hồ sơ TTHC được số hóa có kết nối, chia sẻ dữ liệu phục vụ tái sử dụng", 4, 100
        ),
        "CITIZEN_DATA_CONNECTED_DOSSIER": ("Tỷ lệ hồ sơ TTHC có sử dụng thông tin, dữ liệu dân cư", 2, 100),
        "CITIZEN_DATA_CONNECTED_FORMALITY": (
            "Tỷ lệ TTHC triển khai kết nối, chia sẻ dữ liệu dân cư phục vụ GQ TTHC", 2, 100
        ),
        "ELECTRONIC_CERTIFIED_COPY": ("Tỷ lệ cung cấp dịch vụ chứng thực bản sao điện tử từ bản chính", 2, 100),
    },
    "MDHL": {
        "PETITION_CLASSIFICATION_TTHC": ("Tỷ lệ PAKN về quy định, thủ tục hành chính", 0, 100),
        "DOSSIER_RECEIVING_SATISFACTION": ("Tỷ lệ hài lòng trong tiếp nhận, giải quyết TTHC", 6, 90),
        "PETITION_PROCESSING_ON_TIME": ("Tỷ lệ PAKN xử lý đúng hạn", 6, 100),
        "PETITION_HANDLING_SATISFACTION": ("Tỷ lệ hài lòng trong xử lý PAKN", 6, 100),
        "PETITION_CLASSIFICATION_STAFF": ("Tỷ lệ PAKN về hành vi cán bộ, công chức, viên chức", 0, 100),
    },
}  # fmt: skip
_CENT = Decimal("0.01")

Metric = dict[str, Any]


def rounded(value: float) -> float:
    """Round to two decimals by the value of the double; a whole number without decimals."""
    found = float(Decimal(value).quantize(_CENT, ROUND_HALF_UP))
    return int(found) if found.is_integer() else found


def points(maximum: int, part: float, whole: float, full: int = 100, *, is_ratio_rounded: bool = False) -> float:
    """Return the points of an item, linear up to `full` percent; 0 where there is nothing to count."""
    ratio = 100 * part / whole if whole else 0.0
    ratio = rounded(ratio) if is_ratio_rounded else ratio
    return rounded(min(maximum, maximum * ratio / full))


def metric(group: str, code: str, part: int | None, whole: int | None) -> Metric:
    """Build a metric as published.

    Without a denominator: ratio and score null; in MDHL ratio 0, with full points of petitions. Without counts at all:
    ratio 100 and full points.
    """
    name, maximum, full = METRICS[group][code]
    ratio: float | None = 100
    score: float | None = maximum
    if part is not None and whole:
        ratio, score = rounded(100 * part / whole), points(maximum, part, whole, full)
    elif group == "MDHL":
        ratio, score = 0, maximum if code.startswith("PETITION_") else 0
    elif part is not None:
        ratio = score = None
    built = {"code": code, "name": name, "numerator": part, "denominator": whole, "ratio": ratio}
    built |= {"score": score if maximum else None, "maxScore": maximum}
    if code == "DOSSIER_SYNC":
        status, message = list(QUALITY.items())[0 if whole else 1]
        built |= {"dataQualityStatus": status, "dataQualityMessage": message}
    return built


class Portal:
    """The counts, metrics and scores that the portal shows of one province."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self.counts = lru_cache(maxsize=8)(self._counts)
        self._transparency = lru_cache(maxsize=8)(self._procedures_published)

    def _counts(self, clock: datetime, start: date, end: date, procedure: str | None = None) -> dict[str, Counts]:
        """Count the dossiers received in [start, end] by unit code, of one procedure or of all.

        Each unit includes the units below it.
        """
        own = {unit.code: Counts() for unit in self.province.units}
        today = statistics_day(clock)
        for life in self.province.lives_between(start, min(end, today)):
            seen = life.seen(clock) if procedure in (None, life.procedure.code) else None
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
        about = sum(rng.random() < 0.7 for _ in range(count))
        counts["petitions_tthc"] += about
        counts["petitions_staff"] += count - about

    # -- metrics ------------------------------------------------------------------------------------------------

    def metrics(
        self, group: str, unit: Unit, clock: datetime, start: date, end: date, procedure: str | None = None
    ) -> list[Metric]:
        """Return the published metrics of CKMB, MDSH or MDHL; the other groups publish none."""
        c = self.counts(clock, start, end, procedure)[unit.code]
        figures: list[tuple[int | None, int | None]]
        if group == "CKMB":
            figures = [*self._transparency(clock, start, end), (c["synced"], c["synced"])]
        elif group == "MDSH":
            own, received = self.procedures_of(unit), c["received"]
            counted = ("electronic", "digitised", "reused", "stored", "citizen")
            connected = sum(p.is_citizen_data_connected for p in own), len(own)
            figures = [*((c[name], received) for name in counted), connected, (None, None)]
        else:
            kinds = ("tthc", "on_time", "satisfied", "staff")
            figures = [(c[f"petitions_{kind}"], c["petitions"]) for kind in kinds]
            figures.insert(1, (c["satisfied"], c["received"]))
        built = [metric(group, code, *pair) for code, pair in zip(METRICS[group], figures, strict=True)]
        return [one for one in built if not procedure or one["code"] != "CITIZEN_DATA_CONNECTED_FORMALITY"]

    def scores(
        self, unit: Unit, clock: datetime, start: date, end: date, procedure: str | None = None
    ) -> dict[str, float]:
        """Return the points of every group, as the reports of the groups publish them."""
        c = self.counts(clock, start, end, procedure)[unit.code]
        scores = {
            group: rounded(sum(one["score"] or 0 for one in self.metrics(group, unit, clock, start, end, procedure)))
            for group in METRICS
        }
        return {
            "CKMB": scores["CKMB"],
            "TDGQ": points(20, c["on_time"], c["received"]),
            "ONLINE": online_points(self.online(unit, c)),
            "TTTT": payment_points(self.payment(c)),
            "MDHL": scores["MDHL"],
            "MDSH": scores["MDSH"],
        }

    def results(self, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, float]:
        """Return the points of every group as `service-results` has them: CKMB from rounded ratios."""
        items = self.metrics("CKMB", unit, clock, start, end)
        some = (points(one["maxScore"], one["ratio"] or 0, 100, is_ratio_rounded=True) for one in items)
        return self.scores(unit, clock, start, end) | {"CKMB": rounded(sum(some))}

    def procedures_of(self, unit: Unit) -> list[Procedure]:
        """Return the procedures in force that the unit handles; the province's are all."""
        if unit.level == "province":
            return [p for p in self.province.procedures if p.is_in_force and not p.is_internal]
        return self.province.scenario.procedures_of(unit)

    def _procedures_published(self, clock: datetime, start: date, end: date) -> list[tuple[int, int]]:
        """Return the counts of CKMB that are the province's for every unit: all but those of DOSSIER_SYNC."""
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
        return [(in_time, published), (updated, len(in_force)), (full, len(in_force))]

    def online(self, unit: Unit, c: Counts) -> dict[str, int]:
        """Return the inputs of ONLINE."""
        own = self.procedures_of(unit)
        offered = {level: {p.code for p in own if p.service_level == level} for level in ("partial", "full")}
        every = offered["partial"] | offered["full"]
        return {
            "authorityCount": len(own),
            "partialCount": len(offered["partial"]),
            "fullCount": len(offered["full"]),
            "onlineDossierCount": len(every.intersection(values_of(c, "online"))),
            "onlineServiceTotal": len(every),
            "channelOnlineSum": c["online"],
            "channelDirectSum": c["received"] - c["online"] - c["postal"],
            "channelPostalSum": c["postal"],
            "channelTotalSum": c["received"],
            "onlineOnTimeSum": c["online_on_time"],
            "onlineOverdueSum": c["online"] - c["online_on_time"],
        }

    def payment(self, c: Counts) -> dict[str, int]:
        """Return the inputs of TTTT."""
        formalities = values_of(c, "fee")
        return {
            "totalDossierOnlinePaymentSuccess": c["paid"],
            "totalDossierFinancialObligation": c["fee"],
            "totalDossierOnlineFormalityPaymentSuccess": len(values_of(c, "paid")),
            "totalFeeDossierFormalityDistinct": len(formalities),
            "totalFeeDossierFormality": sum(
                p.is_payment_online for p in self.province.procedures if p.code in formalities
            ),
            "totalFeeFormality": len(formalities),
        }


def online_points(counts: dict[str, int]) -> float:
    """Return the points of ONLINE: 2 full at 80 %, 4 linear, 6 full at 50 %."""
    offered = counts["partialCount"] + counts["fullCount"]
    return rounded(
        points(2, offered, counts["authorityCount"], 80)
        + points(4, counts["onlineDossierCount"], counts["onlineServiceTotal"])
        + points(6, counts["channelOnlineSum"], counts["channelTotalSum"], 50)
    )


def payment_points(counts: dict[str, int]) -> float:
    """Return the points of TTTT: 6 linear, 2 and 2 full at 80 %, from rounded ratios."""
    paid, owed, used, distinct, payable, every = counts.values()
    items = ((6, paid, owed, 100), (2, used, distinct, 80), (2, payable, every, 80))
    return rounded(sum(points(*item, is_ratio_rounded=True) for item in items))


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
    c["online_on_time"] += sent.is_on_time and life.channel == "online"
    c["postal"] += life.channel == "postal"
    c["electronic"] += sent.is_result_electronic
    c["digitised"] += seen.is_digitised
    c["reused"] += sent.is_data_reused
    c["stored"] += seen.is_in_personal_storage
    c["citizen"] += seen.is_citizen_data_used
    c["synced"] += seen.is_synced_national
    c["satisfied"] += sent.is_on_time and seen.rating != 1
