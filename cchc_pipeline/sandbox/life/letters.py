"""Define letters, their wording, and the status messages that answer them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from cchc_pipeline.sandbox.life.province_parts import SandboxError, Unit
from cchc_pipeline.yaml_files import Strict, read_yaml

RECEIPT_CODES = {"01": "Đã đến", "03": "Đã tiếp nhận", "06": "Hoàn thành"}


class LetterTexts(Strict):
    """The content of `letter_texts.yaml`, which says what each entry means."""

    ministries: tuple[tuple[str, str, str, str], ...]
    types: dict[str, str]
    subjects: tuple[tuple[str, str], ...]
    field_subjects: dict[str, tuple[tuple[str, str], ...]]
    personal_subjects: tuple[str, ...]


@cache
def letter_texts() -> LetterTexts:
    """Return the content of the file."""
    path = Path(__file__).with_name("letter_texts.yaml")
    return read_yaml(path.read_bytes(), LetterTexts, path.name, SandboxError)


def plan_subject(year: int) -> str:
    """Return the subject of a reform plan."""
    return f"Kế hoạch cải cách hành chính năm {year}"


def report_subject(day: date) -> str:
    """Return the subject of a reform report sent on `day`, about the quarter before."""
    quarter, year = ((day.month - 2) // 3 + 1, day.year) if day.month > 1 else (4, day.year - 1)
    return f"Báo cáo kết quả công tác cải cách hành chính quý {('I', 'II', 'III', 'IV')[quarter - 1]} năm {year}"


@dataclass(slots=True)
class Letter:
    """A document on the axis; unit codes are written as in the source."""

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
    internal_count: int | None = None  # internal ones among the procedures
    security: str = "normal"  # normal | secret
    field: str | None = None  # finance | personnel
    answers_due_on: date | None = None  # due date set by the letter that this one answers
    person: int = 0
    doc_id: str = ""

    @property
    def code(self) -> str:
        """Return number and notation, as in 123/QĐ-UBND."""
        return f"{self.number}/{self.notation}"

    @property
    def document_id(self) -> str:
        """Return the edXML key `OrganId,yyyy/MM/dd,code`."""
        return f"{self.sender_code},{self.promulgated_on:%Y/%m/%d},{self.code}"


@dataclass(slots=True)
class Receipt:
    """A status message of `sender_code` to the sender of `letter`."""

    letter: Letter
    sender_code: str
    sender_name: str
    status_code: str
    at: datetime
    doc_id: str = ""

    @property
    def created_at(self) -> datetime:
        """Return the instant from which the axis shows it."""
        return self.at + timedelta(seconds=20)
