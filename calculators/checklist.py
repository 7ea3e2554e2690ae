"""Check lists: controls, the answers given to them, and what follows: a score interval, gaps, what is not assessed.

A self-check never says "compliant"; it says how much was looked at, what is open, and who decides. What is not
answered is never counted as met nor left out: the score is an interval from "all open are unmet" to "all open are met".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calculators.declarations import Text
from calculators.units import CalculationError


class Status(StrEnum):
    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One requirement as a question, in our own words; `reference` is its clause or unit id.

    `veto` marks a high-risk control whose failure outweighs the score. `evidence` lists what an assessor would ask for.
    """

    id: str
    section: str
    reference: str
    title: Text
    question: Text
    evidence: tuple[Text, ...] = ()
    remediation: Text = field(default_factory=dict)
    method: str = "inspect"  # interview, inspect, test
    owner_role: str = ""
    weight: float = 1.0
    veto: bool = False
    evidence_max_age_days: int | None = None
    maps_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """Points by status, and grades by the least score they need, best first."""

    met: float
    partly: float
    not_met: float
    grades: tuple[tuple[str, float, Text], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckList:
    id: str
    version: str
    title: Text
    edition: str
    as_of: str
    source: Text
    sections: tuple[Section, ...]
    controls: tuple[Control, ...]
    scoring: Scoring
    notice: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`status` None: looked at, not decided. "Not applicable" needs a reason."""

    status: Status | None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    evidence_age_days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A control that is not, or only partly, met; or whose evidence is missing or too old (`why`)."""

    control: Control
    status: Status
    why: str  # not_met, partly, evidence_missing, evidence_old
    points_lost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionScore:
    section: Section
    low: float
    high: float
    answered: int
    applicable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Scores are shares of the reachable points, 0 to 1; `low` counts open controls as unmet, `high` as met."""

    checklist: str
    version: str
    low: float
    high: float
    answered: int
    applicable: int
    open_share: float
    vetoes: tuple[str, ...]
    gaps: tuple[Gap, ...]
    sections: tuple[SectionScore, ...]
    counts: Mapping[Status, int]
    grade_low: str
    grade_high: str


def assess(checklist: CheckList, answers: Mapping[str, Answer]) -> Assessment:
    """Score the answers, by control id.

    "Not applicable" leaves numerator and denominator; what is open stays in the denominator. A control that is said to
    be met, but whose evidence is missing or older than it may be, keeps its points and is listed as a gap.
    Raises CalculationError `unknown_control` for an answer to no control, `reason_missing` for "not applicable"
    without a reason.
    """
    _check(checklist, answers)
    points = {
        Status.MET: checklist.scoring.met,
        Status.PARTLY: checklist.scoring.partly,
        Status.NOT_MET: checklist.scoring.not_met,
    }
    best, worst = max(points.values()), min(points.values())
    marks = [_mark(control, answers.get(control.id), points, best, worst) for control in checklist.controls]
    counts = dict.fromkeys(Status, 0)
    for mark in marks:
        if mark.status is not None:
            counts[mark.status] += 1
    sections = tuple(
        _section(section, [mark for mark in marks if mark.control.section == section.id], best)
        for section in checklist.sections
    )
    low, high, answered, applicable = _totals(marks, best)
    gaps = [gap for mark in marks if (gap := _gap(mark, answers.get(mark.control.id), best))]
    return Assessment(
        checklist=checklist.id,
        version=checklist.version,
        low=low,
        high=high,
        answered=answered,
        applicable=applicable,
        open_share=1 - answered / applicable if applicable else 0.0,
        vetoes=tuple(mark.control.id for mark in marks if mark.control.veto and mark.status is Status.NOT_MET),
        gaps=tuple(sorted(gaps, key=lambda gap: (not gap.control.veto, -gap.points_lost))),
        sections=sections,
        counts=counts,
        grade_low=_grade(checklist.scoring, low),
        grade_high=_grade(checklist.scoring, high),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    control: Control
    status: Status | None
    low: float
    high: float


def _check(checklist: CheckList, answers: Mapping[str, Answer]) -> None:
    known = {control.id for control in checklist.controls}
    for name, answer in answers.items():
        if name not in known:
            raise CalculationError(
                f"check list {checklist.id} has no control {name!r}",
                code="unknown_control",
                place=f"control {name}",
                remedy="Answer the controls of this version of the list.",
                name=name,
            )
        if answer.status is Status.NOT_APPLICABLE and not answer.reason.strip():
            raise CalculationError(
                f"control {name}: 'not applicable' needs a reason",
                code="reason_missing",
                place=f"control {name}",
                remedy="Say why it does not apply.",
                name=name,
            )


def _mark(control: Control, answer: Answer | None, points: Mapping[Status, float], best: float, worst: float) -> _Mark:
    status = answer.status if answer else None
    if status is None:
        return _Mark(control=control, status=None, low=worst * control.weight, high=best * control.weight)
    earned = points.get(status, 0.0) * control.weight
    return _Mark(control=control, status=status, low=earned, high=earned)


def _totals(marks: list[_Mark], best: float) -> tuple[float, float, int, int]:
    """Low and high share of the reachable points, controls answered, controls that apply."""
    applying = [mark for mark in marks if mark.status is not Status.NOT_APPLICABLE]
    reachable = best * sum(mark.control.weight for mark in applying)
    answered = sum(mark.status is not None for mark in applying)
    if reachable <= 0:
        return 0.0, 0.0, answered, len(applying)
    low, high = sum(mark.low for mark in applying) / reachable, sum(mark.high for mark in applying) / reachable
    return low, high, answered, len(applying)


def _section(section: Section, marks: list[_Mark], best: float) -> SectionScore:
    low, high, answered, applicable = _totals(marks, best)
    return SectionScore(section=section, low=low, high=high, answered=answered, applicable=applicable)


def _gap(mark: _Mark, answer: Answer | None, best: float) -> Gap | None:
    control, status = mark.control, mark.status
    if status is None or answer is None or status is Status.NOT_APPLICABLE:
        return None
    lost = best * control.weight - mark.low
    why = ""
    if status is not Status.MET:
        why = status.value
    elif control.evidence and not answer.evidence:
        why = "evidence_missing"
    elif (
        control.evidence_max_age_days is not None
        and answer.evidence_age_days is not None
        and answer.evidence_age_days > control.evidence_max_age_days
    ):
        why = "evidence_old"
    return Gap(control=control, status=status, why=why, points_lost=lost) if why else None


def _grade(scoring: Scoring, score: float) -> str:
    """The best grade whose least score is reached; "" when none is, or there are no grades."""
    return next((name for name, least, _ in scoring.grades if score >= least), "")
