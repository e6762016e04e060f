"""The letters that units send: publication decisions, apologies, plans, reports and everyday correspondence.

Belongs here: `Letter`, `Receipt` (a status message that answers a letter) and `LetterBook`, which holds the
letters of any civil day. Not here: edXML and routes (`documents.py`).

A provincial chairman has to publish procedures within five working days after the ministry's decision arrives
(NĐ 63/2010, Article 15, as amended); `Letter.due_on` of a publication decision is that day.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from cchc_pipeline.sandbox import people, workdays
from cchc_pipeline.sandbox.scenarios import Unit

if TYPE_CHECKING:
    from cchc_pipeline.sandbox.province import Province

PUBLICATION_DAYS = 5  # working days
LONGEST_PUBLICATION = 30  # civil days to look back for the ministry's decision
LONGEST_SENDING = 13  # civil days from promulgation to the axis, a long Tết included
LONGEST_APOLOGY_DAYS = 150
RECEIPT_CODES = {"01": "Đã đến", "03": "Đã tiếp nhận", "06": "Hoàn thành"}

MINISTRIES = (
    ("000.00.00.G15", "Bộ Tư pháp", "BTP", "tư pháp"),
    ("000.00.00.G12", "Bộ Tài chính", "BTC", "tài chính"),
    ("000.00.00.G17", "Bộ Xây dựng", "BXD", "xây dựng"),
    ("000.00.00.G18", "Bộ Y tế", "BYT", "y tế"),
    ("000.00.00.G10", "Bộ Nông nghiệp và Môi trường", "BNNMT", "nông nghiệp và môi trường"),
    ("000.00.00.G09", "Bộ Nội vụ", "BNV", "nội vụ"),
)
SUBJECTS = (
    ("Công văn", "V/v phối hợp cung cấp số liệu tháng {month}"),
    ("Công văn", "V/v trả lời đề nghị của đơn vị về hồ sơ đất đai"),
    ("Thông báo", "Thông báo lịch công tác tuần"),
    ("Giấy mời", "Giấy mời họp giao ban tháng {month}"),
    ("Báo cáo", "Báo cáo tình hình kinh tế - xã hội tháng {month}"),
    ("Tờ trình", "Tờ trình về việc phê duyệt danh mục mua sắm"),
    ("Kế hoạch", "Kế hoạch tuyên truyền an toàn giao thông"),
    ("Quyết định", "Quyết định về việc cử công chức đi bồi dưỡng"),
    ("Công văn", "V/v đôn đốc giải ngân vốn đầu tư công"),
)
PERSONAL_SUBJECTS = (
    "V/v giải quyết đơn của Ông {name}, số định danh {identity}",
    "V/v trả lời kiến nghị của Bà {name}, điện thoại {phone}",
    "V/v xác minh hồ sơ của Ông {name}",
)
TYPES = {
    "Công văn": "",
    "Thông báo": "TB",
    "Giấy mời": "GM",
    "Báo cáo": "BC",
    "Tờ trình": "TTr",
    "Kế hoạch": "KH",
    "Quyết định": "QĐ",
    "Phiếu xin lỗi": "PXL",
}


@dataclass(slots=True)
class Letter:
    """A document on the axis. Codes are those that the source writes (`source_code`)."""

    number: int
    notation: str
    type_name: str
    kind: str  # publication_decision | apology_letter | reform_plan | reform_report | other
    subject: str
    unit: Unit | None  # None for a ministry
    sender_code: str
    sender_name: str
    receivers: tuple[tuple[str, str], ...]  # (source code, name)
    promulgated_on: date
    sent_at: datetime
    created_at: datetime  # when the axis shows it
    due_on: date | None = None
    responds_to: tuple[str, str, date] | None = None  # sender, code, promulgation date
    is_paper_copy: bool = False
    is_signed: bool = True
    priority: int = 0
    dossier_code: str | None = None
    procedures_count: int | None = None
    person: int = 0
    doc_id: str = ""

    @property
    def code(self) -> str:
        """Number and notation, as in 123/QĐ-UBND."""
        return f"{self.number}/{self.notation}"

    @property
    def document_id(self) -> str:
        """The edXML key `OrganId,yyyy/MM/dd,code`."""
        return f"{self.sender_code},{self.promulgated_on:%Y/%m/%d},{self.code}"


@dataclass(slots=True)
class Receipt:
    """A status message: `unit_code` tells the sender of `letter` how far it is."""

    letter: Letter
    unit_code: str
    unit_name: str
    status_code: str
    at: datetime
    doc_id: str = ""

    @property
    def created_at(self) -> datetime:
        """When the axis shows it."""
        return self.at + timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class _Publication:
    arrived_on: date
    promulgated_on: date
    procedures_count: int
    ministry: int
    number: int


class LetterBook:
    """The letters and receipts of a province, by the civil day on which the axis shows them."""

    def __init__(self, province: Province) -> None:
        self._province = province
        self._written: dict[date, list[Letter]] = {}
        self._letters: dict[date, list[Letter]] = {}
        self._receipts: dict[date, list[Receipt]] = {}
        self._factor = math.sqrt(province.size)

    def letters(self, day: date) -> list[Letter]:
        """Letters that the axis shows from `day` on (created on it)."""
        if day not in self._letters:
            written = workdays.days(day - timedelta(days=LONGEST_SENDING), day)
            made = [x for of_day in written for x in self._write(of_day) if x.created_at.date() == day]
            for i, letter in enumerate(made):
                letter.doc_id = _doc_id(day, i, 1)
            self._letters[day] = made
        return self._letters[day]

    def receipts(self, day: date) -> list[Receipt]:
        """Status messages created on `day`, answering letters of the last days."""
        if day not in self._receipts:
            made = []
            for back in range(8):
                for letter in self.letters(day - timedelta(days=back)):
                    made += [r for r in self._answers(letter) if r.created_at.date() == day]
            for i, receipt in enumerate(made):
                receipt.doc_id = _doc_id(day, i, 2)
            self._receipts[day] = made
        return self._receipts[day]

    def find(self, doc_id: str) -> Letter | Receipt | None:
        """The letter or receipt with this id."""
        try:
            day = date(int(doc_id[:4]), int(doc_id[4:6]), int(doc_id[6:8]))
        except ValueError:
            return None
        pool: list[Letter] | list[Receipt] = self.receipts(day) if doc_id[14:15] == "2" else self.letters(day)
        return next((item for item in pool if item.doc_id == doc_id), None)

    # -- writing ------------------------------------------------------------------------------------------------

    def _write(self, day: date) -> list[Letter]:
        if day not in self._written:
            self._written[day] = list(self._compose(day)) if self._province.is_live(day) else []
        return self._written[day]

    def _compose(self, day: date) -> Iterator[Letter]:
        rng = self._province.rng("letters", day.isoformat())
        numbers: dict[tuple[str, str], int] = {}
        top = self._province.units[0]
        for publication in self._publications(day):
            yield (
                self._ministry(rng, publication)
                if publication.arrived_on == day
                else self._publish(rng, publication, day, numbers)
            )
        yield from self._apologies(rng, day, numbers)
        if not workdays.works(day):
            return
        yield from self._reform(rng, day, numbers)
        for unit in self._province.units:
            mean = {"province": 3.0, "department": 1.5, "district": 1.0, "commune": 0.75}[unit.level] * self._factor
            if self._province.scenario.plan is not None:
                mean *= 0.4 if unit.level != "commune" else 0.15
            for _ in range(int(mean) + (rng.random() < mean % 1)):
                type_name, subject = rng.choice(SUBJECTS)
                person = rng.randrange(people.PEOPLE)
                if rng.random() < 0.05:
                    type_name, subject = "Công văn", rng.choice(PERSONAL_SUBJECTS)
                text = subject.format(
                    month=day.month,
                    name=people.name(person),
                    identity=people.identity_number(person),
                    phone=people.phone(person),
                )
                letter = self._letter(rng, unit, day, numbers, type_name, "other", text)
                if unit is not top and rng.random() < 0.08:
                    letter.due_on = workdays.shift(day, rng.randint(3, 10))
                letter.person = person
                yield letter

    def _letter(
        self,
        rng: Random,
        unit: Unit,
        day: date,
        numbers: dict[tuple[str, str], int],
        type_name: str,
        kind: str,
        subject: str,
    ) -> Letter:
        abbreviation = TYPES[type_name]
        notation = f"{abbreviation}-{unit.notation}" if abbreviation else f"{unit.notation}-VP"
        stride = 10 * math.ceil(self._province.size)  # numbers of a day never reach those of the next
        sequence = numbers[unit.code, notation] = numbers.get((unit.code, notation), 0) + 1
        sent_on = day if workdays.works(day) and rng.random() < 0.9 else workdays.shift(day, 1)
        sent = workdays.moment(sent_on, workdays.office_seconds(rng.random()))
        created = sent + timedelta(seconds=rng.randint(5, 90))
        if rng.random() < 0.01:
            created = sent.replace(hour=8, minute=0) + timedelta(days=1)
        return Letter(
            number=(day.timetuple().tm_yday - 1) * stride + sequence,
            notation=notation,
            type_name=type_name,
            kind=kind,
            subject=subject,
            unit=unit,
            sender_code=unit.source_code,
            sender_name=unit.name,
            receivers=self._receivers(rng, unit),
            promulgated_on=day,
            sent_at=sent,
            created_at=created,
            is_paper_copy=rng.random() < unit.profile.paper,
            is_signed=rng.random() < unit.profile.signed,
            priority=rng.choices((0, 1, 2, 3), (90, 7, 2, 1))[0],
            person=rng.randrange(people.PEOPLE),
        )

    def _receivers(self, rng: Random, sender: Unit) -> tuple[tuple[str, str], ...]:
        units = self._province.units
        chosen = [units[0]] if sender is not units[0] and rng.random() < 0.5 else []
        chosen += rng.sample(units[1:], rng.choice((1, 1, 1, 2)))
        return tuple((u.source_code, u.name) for u in chosen if u is not sender) or (
            (units[0].source_code, units[0].name),
        )

    # -- publication decisions ------------------------------------------------------------------------------------

    def _drawn_publications(self, arrived_on: date) -> list[_Publication]:
        """Drawn provinces: the ministry's decisions that arrive on a day, with the province's answers."""
        if not workdays.works(arrived_on) or not self._province.is_live(arrived_on):
            return []
        rng = self._province.rng("publications", arrived_on.isoformat())
        if rng.random() >= 0.3:
            return []
        days = rng.randint(1, PUBLICATION_DAYS) if rng.random() < 0.82 else rng.randint(6, 12)
        promulgated = workdays.shift(arrived_on, days)
        return [
            _Publication(
                arrived_on, promulgated, rng.randint(1, 15), rng.randrange(len(MINISTRIES)), rng.randint(100, 3000)
            )
        ]

    def _publications(self, day: date) -> list[_Publication]:
        """Those that arrive or are promulgated on `day`."""
        plan = self._province.scenario.plan
        if plan is not None:
            drawn = [
                _Publication(arrived, workdays.shift(arrived, days), count, i % len(MINISTRIES), 500 + i)
                for i, (arrived, days, count) in enumerate(plan.publications)
            ]
        else:
            first = day - timedelta(days=LONGEST_PUBLICATION)
            drawn = [p for arrived in workdays.days(first, day) for p in self._drawn_publications(arrived)]
        return [p for p in drawn if day in (p.arrived_on, p.promulgated_on)]

    def _ministry(self, rng: Random, publication: _Publication) -> Letter:
        code, name, notation, field = MINISTRIES[publication.ministry]
        top = self._province.units[0]
        sent = workdays.moment(publication.arrived_on, workdays.office_seconds(rng.random()))
        return Letter(
            number=publication.number,
            notation=f"QĐ-{notation}",
            type_name="Quyết định",
            kind="publication_decision",
            subject=f"Quyết định công bố thủ tục hành chính lĩnh vực {field} thuộc phạm vi quản lý của {name}",
            unit=None,
            sender_code=code,
            sender_name=name,
            receivers=((top.source_code, top.name),),
            promulgated_on=workdays.shift(publication.arrived_on, -2),
            sent_at=sent,
            created_at=sent + timedelta(seconds=30),
        )

    def _publish(
        self, rng: Random, publication: _Publication, day: date, numbers: dict[tuple[str, str], int]
    ) -> Letter:
        code, _, notation, field = MINISTRIES[publication.ministry]
        count = publication.procedures_count
        subject = f"Quyết định công bố {count} thủ tục hành chính lĩnh vực {field} trên địa bàn tỉnh"
        letter = self._letter(rng, self._province.units[0], day, numbers, "Quyết định", "publication_decision", subject)
        letter.due_on = workdays.shift(publication.arrived_on, PUBLICATION_DAYS)
        letter.responds_to = (
            code,
            f"{publication.number}/QĐ-{notation}",
            workdays.shift(publication.arrived_on, -2),
        )
        letter.procedures_count = count
        return letter

    # -- apologies, plans, reports --------------------------------------------------------------------------------

    def _apologies(self, rng: Random, day: date, numbers: dict[tuple[str, str], int]) -> Iterator[Letter]:
        lives = self._province.apologies(day, timedelta(days=LONGEST_APOLOGY_DAYS))
        for life in sorted(lives, key=lambda life: life.dossier_id):
            text = f"Phiếu xin lỗi và hẹn lại ngày trả kết quả, hồ sơ {life.dossier_code}"
            if rng.random() < 0.3:
                text += f" của Ông {people.name(life.person)}"
            letter = self._letter(rng, life.unit, day, numbers, "Phiếu xin lỗi", "apology_letter", text)
            letter.dossier_code = life.dossier_code
            yield letter

    def _reform(self, rng: Random, day: date, numbers: dict[tuple[str, str], int]) -> Iterator[Letter]:
        """The reform plan of the year and the quarterly reports, on the working day drawn for each unit."""
        go_live = self._province.scenario.go_live
        ordinal = workdays.between(date(day.year, day.month, 1) - timedelta(days=1), day)
        since_start = workdays.between(go_live - timedelta(days=1), day)
        for unit in self._province.units:
            if unit.level == "commune" and self._province.scenario.plan is not None:
                continue
            turn = 2 + self._province.rng("turn", unit.code).randrange(8)  # working day of the month
            year = day.year if since_start == turn else day.year + 1
            if since_start == turn or (day.month == 12 and ordinal == turn + 8):
                text = f"Kế hoạch cải cách hành chính năm {year}"
                yield self._letter(rng, unit, day, numbers, "Kế hoạch", "reform_plan", text)
            if day.month in (1, 4, 7, 10) and ordinal == turn and since_start != turn:
                quarter, of_year = ((day.month - 2) // 3 + 1, day.year) if day.month > 1 else (4, day.year - 1)
                roman = ("I", "II", "III", "IV")[quarter - 1]
                text = f"Báo cáo kết quả công tác cải cách hành chính quý {roman} năm {of_year}"
                yield self._letter(rng, unit, day, numbers, "Báo cáo", "reform_report", text)

    # -- receipts -------------------------------------------------------------------------------------------------

    def _answers(self, letter: Letter) -> list[Receipt]:
        rng = self._province.rng("receipt", letter.doc_id)
        if rng.random() < 0.4:
            return []
        made = []
        for code, name in letter.receivers[:1]:
            arrived = letter.created_at + timedelta(minutes=rng.randint(1, 30))
            made.append(Receipt(letter, code, name, "01", arrived))
            if rng.random() < 0.9:
                taken = arrived + timedelta(minutes=rng.randint(5, 90))
                made.append(Receipt(letter, code, name, "03", taken))
                if rng.random() < 0.6:
                    done_on = workdays.shift(taken.date(), rng.randint(1, 3))
                    done = workdays.moment(done_on, workdays.office_seconds(rng.random()))
                    made.append(Receipt(letter, code, name, "06", max(done, taken + timedelta(minutes=5))))
        return made


def _doc_id(day: date, index: int, kind: int) -> str:
    """A UUID-shaped id that holds the day: letters are found again without an index."""
    return f"{day:%Y%m%d}-0000-{kind}000-8000-{index:012d}"
