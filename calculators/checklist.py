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


class Kind(StrEnum):
    """How a control is answered; but for a statement, what follows is computed and not typed."""

    STATEMENT = "statement"  # a person says met, partly or not met
    CHOICE = "choice"  # one of a few levels, each with its points
    FIELD = "field"  # something must be filled in
    ATTACHMENT = "attachment"  # evidence must be there
    ACTION = "action"  # somebody must have done it: who, and when


class Status(StrEnum):
    MET = "met"
    PARTLY = "partly"
    NOT_MET = "not_met"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One answer of a choice; `points` is the share of the control's points that it earns."""

    id: str
    points: float
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A control is asked only if an earlier one is answered with one of these statuses or levels, or is still open."""

    control: str
    among: tuple[str, ...]


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
    kind: Kind = Kind.STATEMENT
    levels: tuple[Level, ...] = ()  # of a choice
    applies_if: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`weight`: where a standard weighs its sections, the score is the weighted mean of theirs."""

    id: str
    title: Text
    weight: float | None = None


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
    """`status` None: looked at, not decided. "Not applicable" needs a reason.

    `level` answers a choice, `value` a field or an action ("Li Na, 2026-11-03").
    """

    status: Status | None = None
    reason: str = ""
    level: str = ""
    value: str = ""
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
    not_asked: tuple[str, ...] = ()  # left out because of another answer


def assess(checklist: CheckList, answers: Mapping[str, Answer]) -> Assessment:
    """Score the answers, by control id.

    "Not applicable" leaves numerator and denominator; what is open stays in the denominator. A control that is said to
    be met, but whose evidence is missing or older than it may be, keeps its points and is listed as a gap.
    Raises CalculationError `unknown_control` for an answer to no control, `reason_missing` for "not applicable"
    without a reason, `unknown_level` for a level that a choice does not have.
    """
    _check(checklist, answers)
    not_asked = skipped(checklist, answers)
    points = {
        Status.MET: checklist.scoring.met,
        Status.PARTLY: checklist.scoring.partly,
        Status.NOT_MET: checklist.scoring.not_met,
    }
    best, worst = max(points.values()), min(points.values())
    marks = [
        _Mark(control=control, status=Status.NOT_APPLICABLE, low=0.0, high=0.0)
        if control.id in not_asked
        else _mark(control, answers.get(control.id), points, best, worst)
        for control in checklist.controls
    ]
    counts = dict.fromkeys(Status, 0)
    for mark in marks:
        if mark.status is not None:
            counts[mark.status] += 1
    sections = tuple(
        _section(section, [mark for mark in marks if mark.control.section == section.id], best)
        for section in checklist.sections
    )
    low, high, answered, applicable = _totals(marks, best)
    if any(section.weight is not None for section in checklist.sections):
        low, high = _weighted(sections)
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
        not_asked=tuple(control.id for control in checklist.controls if control.id in not_asked),
    )


def status_of(control: Control, answer: Answer | None) -> Status | None:
    """What an answer amounts to: typed for a statement, computed for the other kinds; None while it is open."""
    if answer is None or answer.status is Status.NOT_APPLICABLE:
        return None if answer is None else answer.status
    match control.kind:
        case Kind.STATEMENT:
            return answer.status
        case Kind.CHOICE:
            level = next((level for level in control.levels if level.id == answer.level), None)
            if level is None:
                return None
            return Status.MET if level.points >= 1 else Status.PARTLY if level.points > 0 else Status.NOT_MET
        case Kind.ATTACHMENT:
            return Status.MET if answer.evidence else answer.status and Status.NOT_MET
        case _:
            return Status.MET if answer.value.strip() else answer.status and Status.NOT_MET


def skipped(checklist: CheckList, answers: Mapping[str, Answer]) -> frozenset[str]:
    """Ids of the controls that another answer makes superfluous; a control after a skipped one is skipped as well."""
    found: set[str] = set()
    by_id = {control.id: control for control in checklist.controls}
    for control in checklist.controls:
        condition = control.applies_if
        if condition is None:
            continue
        answer = answers.get(condition.control)
        status = status_of(by_id[condition.control], answer)
        said = {str(status), answer.level if answer else ""}
        if condition.control in found or (status is not None and not said & set(condition.among)):
            found.add(control.id)
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    control: Control
    status: Status | None
    low: float
    high: float


def _check(checklist: CheckList, answers: Mapping[str, Answer]) -> None:
    known = {control.id: control for control in checklist.controls}
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
        levels = [level.id for level in known[name].levels]
        if answer.level and answer.level not in levels:
            raise CalculationError(
                f"control {name} has no level {answer.level!r}",
                code="unknown_level",
                place=f"control {name}",
                remedy=f"Use one of {', '.join(levels) or 'none'}.",
                name=name,
                value=answer.level,
                known=", ".join(levels),
            )


def _mark(control: Control, answer: Answer | None, points: Mapping[Status, float], best: float, worst: float) -> _Mark:
    status = status_of(control, answer)
    if status is None:
        return _Mark(control=control, status=None, low=worst * control.weight, high=best * control.weight)
    earned = points.get(status, 0.0) * control.weight
    level = next((level for level in control.levels if answer is not None and level.id == answer.level), None)
    if level is not None and status is not Status.NOT_APPLICABLE:
        earned = level.points * best * control.weight
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


def _weighted(sections: tuple[SectionScore, ...]) -> tuple[float, float]:
    """The mean of the sections by their weights; a section without an applicable control is left out."""
    counted = [(one, one.section.weight or 0.0) for one in sections if one.applicable]
    total = sum(weight for _, weight in counted)
    if total <= 0:
        return 0.0, 0.0
    return sum(one.low * w for one, w in counted) / total, sum(one.high * w for one, w in counted) / total


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
