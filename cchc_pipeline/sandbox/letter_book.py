"""Generate the letters that units send and their receipts, by civil day.

A provincial chairman has to publish procedures within five working days after the ministry's decision arrives
(NĐ 63/2010, Article 15, as amended); `Letter.due_on` of a publication decision is the fifth of these days.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from random import Random

from cchc_pipeline.sandbox.life import people, workdays
from cchc_pipeline.sandbox.life.dossiers import Life
from cchc_pipeline.sandbox.life.letters import (
    Letter,
    Receipt,
    letter_texts,
    plan_subject,
    report_subject,
)
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.life.scenario import Publication, Scenario

PUBLICATION_DAYS = 5  # working days
LONGEST_PUBLICATION = 30  # civil days to look back for the ministry's decision
LONGEST_SENDING = 13  # civil days from promulgation to the axis, a long Tết included
LONGEST_REPLY = 45  # civil days to look back for a request


@dataclass(frozen=True, slots=True)
class _Day:
    """What the letters of a day are written with; `numbers` are used per unit and notation."""

    rng: Random
    day: date
    numbers: Counter[tuple[str, str]]


class LetterBook:
    """The letters and receipts of a province: `letters(day)` and `receipts(day)`.

    The day is the one on which the document axis first shows them.

    Args:
        scenario: the province.
        size: scales the number of letters, by its square root.
        rng: returns the random generator of a subject.
        apologies: returns the dossiers with an apology letter on a day.
    """

    def __init__(
        self, scenario: Scenario, size: float, rng: Callable[..., Random], apologies: Callable[[date], list[Life]]
    ) -> None:
        self._scenario, self._size, self._rng, self._late = scenario, size, rng, apologies
        self.letters, self.receipts = cache(self._letters), cache(self._receipts)
        self._written = cache(self._write)
        self._factor = math.sqrt(size)

    def _letters(self, day: date) -> list[Letter]:
        """Return the letters created on `day`, the first day the axis shows them."""
        written = workdays.days(day - timedelta(days=LONGEST_SENDING), day)
        made = [x for of_day in written for x in self._written(of_day) if x.created_at.date() == day]
        for i, letter in enumerate(made):
            letter.doc_id = _doc_id(day, i, 1)
        return made

    def _receipts(self, day: date) -> list[Receipt]:
        """Return the status messages created on `day` for letters of the last 8 days."""
        sent = [letter for back in range(8) for letter in self.letters(day - timedelta(days=back))]
        made = [receipt for letter in sent for receipt in self._answers(letter) if receipt.created_at.date() == day]
        for i, receipt in enumerate(made):
            receipt.doc_id = _doc_id(day, i, 2)
        return made

    def find(self, doc_id: str) -> Letter | Receipt | None:
        """Return the letter or receipt with this id, else None."""
        try:
            day = date(int(doc_id[:4]), int(doc_id[4:6]), int(doc_id[6:8]))
        except ValueError:
            return None
        pool: list[Letter] | list[Receipt] = self.receipts(day) if doc_id[14:15] == "2" else self.letters(day)
        return next((item for item in pool if item.doc_id == doc_id), None)

    # -- writing ------------------------------------------------------------------------------------------------

    def _write(self, day: date) -> list[Letter]:
        return list(self._compose(day)) if self._scenario.is_live(day) else []

    def _compose(self, day: date) -> Iterator[Letter]:
        rng = self._rng("letters", day.isoformat())
        on = _Day(rng, day, Counter())
        for one in self._publications(day):
            yield self._ministry(rng, one) if one.arrived_on == day else self._publish(on, one)
        yield from self._apologies(on)
        if self._scenario.plan is not None:
            for planned in self._scenario.plan.letters.get(day, ()):
                letter = self._letter(on, planned.unit, planned.type_name, planned.kind, planned.subject)
                letter.is_signed, letter.is_paper_copy = planned.is_signed, planned.is_paper_copy
                letter.security, letter.field = planned.security, planned.field
                yield letter
            return
        if not workdays.works(day):
            return
        yield from self._requests(on)
        yield from self._reform(on)
        texts = letter_texts()
        everyday: list[tuple[str, str, str | None]] = [(*one, None) for one in texts.subjects * 3]
        everyday += [(*one, field) for field, some in texts.field_subjects.items() for one in some]
        for unit in self._scenario.units:
            mean = {"province": 3.0, "department": 1.5, "district": 1.0, "commune": 0.75}[unit.level] * self._factor
            for _ in range(int(mean) + (rng.random() < mean % 1)):
                type_name, subject, field = rng.choice(everyday)
                person = rng.randrange(people.PEOPLE)
                if rng.random() < 0.05:
                    type_name, subject, field = "Công văn", rng.choice(texts.personal_subjects), None
                text = subject.format(
                    month=day.month,
                    name=people.name(person),
                    identity=people.identity_number(person),
                    phone=people.phone(person),
                )
                letter = self._letter(on, unit, type_name, "other", text)
                letter.field = field
                letter.security = "secret" if rng.random() < 0.01 else "normal"
                letter.person = person
                yield letter

    def _drawn_request(self, asked_on: date) -> tuple[date, date | None, Unit] | None:
        """Draw due date, day of the reply and receiver of the office's request of a day, if any."""
        if not workdays.works(asked_on) or not self._scenario.is_live(asked_on):
            return None
        rng = self._rng("request", asked_on.isoformat())
        if rng.random() >= 0.5:
            return None
        due_on, chance = workdays.shift(asked_on, rng.randint(3, 10)), rng.random()
        answered_on = None
        if chance < 0.72:
            answered_on = workdays.shift(asked_on, rng.randint(1, workdays.between(asked_on, due_on)))
        elif chance < 0.92:
            answered_on = workdays.shift(due_on, rng.randint(1, 5))
        return due_on, answered_on, rng.choice(self._scenario.units[1:])

    def _requests(self, on: _Day) -> Iterator[Letter]:
        """Yield the request sent on `day` and the replies given on it."""
        top, day = self._scenario.units[0], on.day
        for earlier in workdays.days(day - timedelta(days=LONGEST_REPLY), day):
            request = self._drawn_request(earlier)
            if request is None or day not in (earlier, request[1]):
                continue
            due_on, _, receiver = request
            number, notation = (earlier.timetuple().tm_yday - 1) * self._stride + 1, f"YC-{top.notation}"
            if earlier == day:
                text = f"V/v đề nghị báo cáo số liệu trước ngày {due_on:%d/%m/%Y}"
                letter = self._letter(on, top, "Công văn", "other", text)
                letter.number, letter.notation = number, notation
                letter.receivers = ((receiver.source_code, receiver.name),)
                letter.due_on = due_on
            else:
                text = "V/v báo cáo số liệu theo đề nghị của UBND tỉnh"
                letter = self._letter(on, receiver, "Công văn", "other", text)
                letter.receivers = ((top.source_code, top.name),)
                letter.responds_to = (top.source_code, f"{number}/{notation}", earlier)
                letter.answers_due_on = due_on
            yield letter

    @property
    def _stride(self) -> int:
        """Return how many document numbers each day reserves."""
        return 10 * math.ceil(self._size)

    def _letter(self, on: _Day, unit: Unit, type_name: str, kind: str, subject: str) -> Letter:
        rng, day = on.rng, on.day
        abbreviation = letter_texts().types[type_name]
        notation = f"{abbreviation}-{unit.notation}" if abbreviation else f"{unit.notation}-VP"
        on.numbers[unit.code, notation] += 1
        is_exact = self._scenario.plan is not None
        prompt = rng.random() < 0.9 or is_exact
        sent_on = day if workdays.works(day) and prompt else workdays.shift(day, 1)
        sent = workdays.moment(sent_on, workdays.office_seconds(rng.random()))
        created = sent + timedelta(seconds=rng.randint(5, 90))
        if rng.random() < 0.01 and not is_exact:
            created = sent.replace(hour=8, minute=0) + timedelta(days=1)
        return Letter(
            number=(day.timetuple().tm_yday - 1) * self._stride + on.numbers[unit.code, notation],
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
            is_paper_copy=rng.random() < unit.profile.paper and not is_exact,
            is_signed=rng.random() < unit.profile.signed or is_exact,
            priority=rng.choices((0, 1, 2, 3), (90, 7, 2, 1))[0],
            person=rng.randrange(people.PEOPLE),
        )

    def _receivers(self, rng: Random, sender: Unit) -> tuple[tuple[str, str], ...]:
        units = self._scenario.units
        chosen = [units[0]] if sender is not units[0] and rng.random() < 0.5 else []
        chosen += rng.sample(units[1:], rng.choice((1, 1, 1, 2)))
        return tuple((u.source_code, u.name) for u in chosen if u is not sender) or (
            (units[0].source_code, units[0].name),
        )

    # -- publication decisions ------------------------------------------------------------------------------------

    def _drawn_publication(self, arrived_on: date) -> Publication | None:
        """Draw the ministry's decision that arrives on a day and the province's answer."""
        if not workdays.works(arrived_on) or not self._scenario.is_live(arrived_on):
            return None
        rng = self._rng("publications", arrived_on.isoformat())
        if rng.random() >= 0.3:
            return None
        days = rng.randint(1, PUBLICATION_DAYS) if rng.random() < 0.82 else rng.randint(6, 12)
        count = rng.randint(1, 15)
        internal = count if rng.random() < 0.1 else 2 if count > 8 else 0
        return Publication(
            arrived_on, days, count, internal, rng.randrange(len(letter_texts().ministries)), rng.randint(100, 3000)
        )

    def _publications(self, day: date) -> list[Publication]:
        """Return the publications that arrive or are promulgated on `day`."""
        plan = self._scenario.plan
        if plan is None:
            earlier = workdays.days(day - timedelta(days=LONGEST_PUBLICATION), day)
            some = [drawn for arrived_on in earlier if (drawn := self._drawn_publication(arrived_on))]
        else:
            numbered = enumerate(plan.publications)
            some = [replace(one, ministry=i % len(letter_texts().ministries), number=500 + i) for i, one in numbered]
        return [one for one in some if day in (one.arrived_on, one.promulgated_on)]

    def _ministry(self, rng: Random, publication: Publication) -> Letter:
        code, name, notation, field = letter_texts().ministries[publication.ministry]
        top = self._scenario.units[0]
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

    def _publish(self, on: _Day, publication: Publication) -> Letter:
        code, _, notation, field = letter_texts().ministries[publication.ministry]
        count, inside = publication.procedures, publication.internal
        what = "thủ tục hành chính nội bộ" if inside == count else "thủ tục hành chính"
        if 0 < inside < count:
            what = f"thủ tục hành chính (trong đó có {inside} thủ tục hành chính nội bộ)"
        subject = f"Quyết định công bố {count} {what} lĩnh vực {field} trên địa bàn tỉnh"
        letter = self._letter(on, self._scenario.units[0], "Quyết định", "publication_decision", subject)
        letter.due_on = workdays.shift(publication.arrived_on, PUBLICATION_DAYS)
        answered_on = workdays.shift(publication.arrived_on, -2)
        letter.responds_to = code, f"{publication.number}/QĐ-{notation}", answered_on
        letter.procedures_count, letter.internal_count = count, inside
        return letter

    # -- apologies, plans, reports --------------------------------------------------------------------------------

    def _apologies(self, on: _Day) -> Iterator[Letter]:
        for life in sorted(self._late(on.day), key=lambda life: life.dossier_id):
            text = f"Phiếu xin lỗi và hẹn lại ngày trả kết quả, hồ sơ {life.dossier_code}"
            if on.rng.random() < 0.3:
                text += f" của Ông {people.name(life.person)}"
            letter = self._letter(on, life.unit, "Phiếu xin lỗi", "apology_letter", text)
            letter.dossier_code = life.dossier_code
            yield letter

    def _reform(self, on: _Day) -> Iterator[Letter]:
        """Yield reform plans and quarterly reports, each unit on its drawn working day."""
        day, go_live = on.day, self._scenario.go_live
        ordinal = workdays.between(date(day.year, day.month, 1) - timedelta(days=1), day)
        since_start = workdays.between(go_live - timedelta(days=1), day)
        for unit in self._scenario.units:
            turn = 2 + self._rng("turn", unit.code).randrange(8)  # working day of the month
            year = day.year if since_start == turn else day.year + 1
            if since_start == turn or (day.month == 12 and ordinal == turn + 8):
                yield self._letter(on, unit, "Kế hoạch", "reform_plan", plan_subject(year))
            if day.month in (1, 4, 7, 10) and ordinal == turn and since_start != turn:
                yield self._letter(on, unit, "Báo cáo", "reform_report", report_subject(day))

    # -- receipts -------------------------------------------------------------------------------------------------

    def _answers(self, letter: Letter) -> list[Receipt]:
        rng = self._rng("receipt", letter.doc_id)
        if rng.random() < (0.4 if self._scenario.plan is None else 0.9):
            return []
        arrived = letter.created_at + timedelta(minutes=rng.randint(1, 30))
        made = [("01", arrived)]
        if rng.random() < 0.9:
            taken = arrived + timedelta(minutes=rng.randint(5, 90))
            made.append(("03", taken))
            if rng.random() < 0.6:
                done_on = workdays.shift(taken.date(), rng.randint(1, 3))
                done = workdays.moment(done_on, workdays.office_seconds(rng.random()))
                made.append(("06", max(done, taken + timedelta(minutes=5))))
        return [Receipt(letter, *letter.receivers[0], status, at) for status, at in made]


def _doc_id(day: date, index: int, kind: int) -> str:
    """Build a UUID-shaped id that holds the day; `find` then needs no index."""
    return f"{day:%Y%m%d}-0000-{kind}000-8000-{index:012d}"
