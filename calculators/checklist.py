"""Check lists: controls, the answers given to them, and what follows: a score interval, gaps, what is not assessed.

A self-check never says "compliant"; it says how much was looked at, what is open, and who decides. What is not
answered is never counted as met nor left out: the score is an interval from "all open are unmet" to "all open are met".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calculators.declarations import Text


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

    Raises CalculationError `unknown_control` for an answer to no control, `reason_missing` for "not applicable"
    without a reason.
    """
    raise RuntimeError("being written")
