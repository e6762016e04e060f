"""Plan letters and publication decisions that meet published figures.

Apology letters and publication decisions are signed and without a paper copy in a scenario with exact figures;
everything else is planned so that the shares print as reported.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.letters import letter_texts, plan_subject, report_subject
from cchc_pipeline.sandbox.life.province_parts import SandboxError, Unit
from cchc_pipeline.sandbox.life.scenario import DossierPlan, PlannedLetter, Publication
from cchc_pipeline.yaml_files import QuotedDay, Strict

DECISION_DAYS = 5  # working days from the ministry's decision to the province's, by law


class LetterQuota(Strict):
    """The number of letters of [start, end] and the shares that they show.

    Attributes:
        count: everyday letters, beside plans, reports, apologies and publication decisions.
        signed: share that carries a digital signature, as printed, of what is neither secret nor about finance
            or personnel; None: all.
        electronic: share sent without a paper copy, as printed, of what is not secret; None: all.

    Of the everyday letters 1 % are secret, and 4 % each are about finance and about personnel.
    """

    start: QuotedDay
    end: QuotedDay
    count: int
    signed: str | None = None
    electronic: str | None = None


class PublicationQuota(Strict):
    """A number of the province's decisions in [start, end] and what they publish.

    Attributes:
        decisions: number of decisions.
        procedures: number of procedures that they publish.
        internal: of these, internal procedures: in decisions of their own and, a few, beside others.
        late: decisions that take more than `DECISION_DAYS`.
    """

    start: QuotedDay
    end: QuotedDay
    decisions: int
    procedures: int
    internal: int = 0
    late: int = 0


def exact_letters(
    units: Sequence[Unit],
    quota: LetterQuota,
    dossiers: DossierPlan,
    publications: Sequence[Publication],
    rng: random.Random,
) -> dict[date, list[PlannedLetter]]:
    """Plan the letters of the window by day.

    Apology letters and publication decisions count in the shares; other modules write them.
    """
    letters, texts = _plans_and_reports(units, quota, rng), letter_texts()
    days = workdays.spread(rng, quota.start, quota.end, quota.count)
    by_field = quota.count // 25
    kinds = ["secret"] * (quota.count // 100) + ["finance"] * by_field + ["personnel"] * by_field
    kinds += ["plain"] * (quota.count - len(kinds))
    rng.shuffle(kinds)
    everyday = list(zip(days, kinds, strict=True))
    apologies = [fate.apology_on for some in dossiers.values() for _, _, fate in some if fate.apology_on is not None]
    days_of_others = apologies + [one.promulgated_on for one in publications]
    special = sum(len(some) for some in letters.values())
    special += sum(quota.start <= day <= quota.end for day in days_of_others)
    plain = [i for i, (_, kind) in enumerate(everyday) if kind == "plain"]
    open_ = [i for i, (_, kind) in enumerate(everyday) if kind != "secret"]
    judged, exchanged = len(plain) + special, len(open_) + special
    unsigned = set(rng.sample(plain, judged - part_of(judged, quota.signed))) if quota.signed else set()
    paper = set(rng.sample(open_, exchanged - part_of(exchanged, quota.electronic))) if quota.electronic else set()
    senders = [unit for unit in units if unit.level != "commune"] * 3 + [u for u in units if u.level == "commune"]
    for i, (day, kind) in enumerate(everyday):
        type_name, subject = rng.choice(texts.field_subjects.get(kind, texts.subjects))
        text, field = subject.format(month=day.month), kind if kind in texts.field_subjects else None
        security = "secret" if kind == "secret" else "normal"
        how = i not in unsigned, i in paper, security, field
        letters.setdefault(day, []).append(PlannedLetter(rng.choice(senders), type_name, "other", text, *how))
    return letters


def _plans_and_reports(
    units: Sequence[Unit], quota: LetterQuota, rng: random.Random
) -> dict[date, list[PlannedLetter]]:
    """Plan reform plans and quarterly reports of all units but communes, by day."""
    worked = workdays.working_days(quota.start, quota.end)
    letters: dict[date, list[PlannedLetter]] = {}
    senders = [unit for unit in units if unit.level in ("province", "department", "district")]
    for unit in senders:
        day = worked[rng.randrange(min(8, len(worked)))]
        text = plan_subject(day.year + (day.month == 12))
        letters.setdefault(day, []).append(PlannedLetter(unit, "Kế hoạch", "reform_plan", text))
    for first in sorted({date(day.year, day.month, 1) for day in worked if day.month in (1, 4, 7, 10)}):
        month = [day for day in worked if (day.year, day.month) == (first.year, first.month)]
        text = report_subject(first)
        for unit in senders:
            day = month[min(len(month) - 1, 2 + rng.randrange(8))]
            letters.setdefault(day, []).append(PlannedLetter(unit, "Báo cáo", "reform_report", text))
    return letters


def exact_publications(rng: random.Random, quota: PublicationQuota) -> list[Publication]:
    """Plan the publication decisions of a quota."""
    decisions, internal, late = quota.decisions, quota.internal, quota.late
    own = max(1, decisions // 10) if internal else 0
    counts = shares_of(rng, quota.procedures - internal, decisions - own)
    inside = [0] * len(counts)
    if own:
        beside = min(internal - own, 9)
        for i in range(beside // 3):
            counts[i] += 3
            inside[i] = 3
        kept = internal - beside // 3 * 3
        counts += (alone := shares_of(rng, kept, own))
        inside += alone
    pairs = list(zip(counts, inside, strict=True))
    rng.shuffle(pairs)
    delays = [DECISION_DAYS + 1 + i % 6 for i in range(late)] + [rng.randint(1, DECISION_DAYS) for _ in pairs[late:]]
    rng.shuffle(delays)
    days = workdays.spread(rng, quota.start, quota.end, decisions)
    return [
        Publication(workdays.shift(day, -delay), delay, count, hidden)
        for day, delay, (count, hidden) in zip(days, delays, pairs, strict=True)
    ]


def printed(part: int, whole: int, decimals: int) -> Decimal:
    """Return 100 x part / whole, rounded half up as a report prints it."""
    return (Decimal(100 * part) / Decimal(whole)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def part_of(whole: int, percent: str) -> int:
    """Return the count whose share of `whole` prints as `percent`.

    Raises:
        SandboxError: no count prints like that; choose another `whole`.
    """
    decimals = len(percent.partition(".")[2])
    part = round(float(percent) * whole / 100)
    if printed(part, whole, decimals) != Decimal(percent):
        raise SandboxError(f"no part of {whole} is {percent} %: choose another whole", whole=whole)
    return part


def shares_of(rng: random.Random, total: int, parts: int, least: int = 1) -> list[int]:
    """Draw `parts` whole numbers of at least `least` that add up to `total`."""
    cuts = sorted(rng.choices(range(total - parts * least + 1), k=parts - 1))
    return [high - low + least for low, high in itertools.pairwise([0, *cuts, total - parts * least])]
