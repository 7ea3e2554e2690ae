"""Work that people do: cases arrive, go from step to step, wait for somebody with the skill, and must be in time.

The model of `simulators/people.py`. Times are seconds, shares fractions; a smaller priority number is more urgent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from simulators.distributions import Distribution, ModelError
from simulators.line import WEEK, Calendar

Order: TypeAlias = Literal["serial", "parallel"]
Clock: TypeAlias = Literal["elapsed", "working"]
Event: TypeAlias = Literal["started", "done"]
Since: TypeAlias = Literal["arrival", "queued"]

MOST_PEOPLE = 10_000
SHARES_MAY_MISS = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """So many of a pool are new at the start: they begin at `speed` (1 is full) and reach 1, evenly, `full_after`."""

    people: int
    speed: float
    full_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """People who do the same work at the same hours; `calendar` None: always on duty."""

    name: str
    people: int
    skills: tuple[str, ...]
    calendar: Calendar | None = None
    newcomers: Newcomers | None = None

    def __post_init__(self) -> None:
        _check(
            1 <= self.people <= MOST_PEOPLE,
            "pool_people",
            "people",
            f"pool {self.name!r} cannot have {self.people} people",
            f"Give from 1 to {MOST_PEOPLE} people.",
            name=self.name,
            value=self.people,
        )
        new = self.newcomers
        _check(
            new is None or (1 <= new.people <= self.people and 0 < new.speed <= 1 and 0 < new.full_after < math.inf),
            "newcomers",
            "newcomers",
            f"the newcomers of pool {self.name!r} make no sense",
            "Give at most as many as there are people, a speed above 0 and up to 100 %, and a time until full speed.",
            name=self.name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One person's part of a step. Without a skill nobody is needed: the time passes by itself."""

    skill: str
    time: Distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Where a share of the cases goes after a step; `step` "" means out of the process."""

    step: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step with one signature or several, one after the other or all asked for at once.

    `patience`: how long a case waits for the first signature to begin before it gives up; it then goes to `given_up`,
    or out of the process. `next` empty: the case is finished.
    """

    name: str
    signatures: tuple[Signature, ...]
    order: Order = "serial"
    patience: Distribution | None = None
    given_up: str = ""
    next: tuple[Branch, ...] = ()

    def __post_init__(self) -> None:
        total = math.fsum(branch.share for branch in self.next)
        _check(
            not self.next or abs(total - 1) < SHARES_MAY_MISS,
            "branch_shares",
            "next",
            f"step {self.name!r}: the shares after it add up to {total:g}",
            "Shares of one step add up to 100 %; 'out' takes what leaves the process.",
            name=self.name,
            total=total,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of case: the time between two arrivals runs while `calendar` is open (None: always)."""

    name: str
    arrivals: Distribution
    first: str
    priority: int = 5
    calendar: Calendar | None = None

    def __post_init__(self) -> None:
        _check(
            self.arrivals.mean > 0,
            "arrivals_not_positive",
            "arrivals",
            "the mean time between arrivals must be above 0 s",
            "Give the time between two arrivals, such as 30 min.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What happens to a case that is late: a more urgent priority, others who may do it as well."""

    priority: int | None = None
    skill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A service level: `event` of `step` (the end of the case where `step` is "") within so many seconds.

    `clock` "working" counts the hours of the process's calendar only. `since` "queued" counts each visit from the
    moment it reaches the step. `work` empty: all kinds. `target`: share of the cases that should keep it.
    """

    name: str
    within: float
    step: str = ""
    event: Event = "done"
    since: Since = "arrival"
    clock: Clock = "elapsed"
    work: tuple[str, ...] = ()
    target: float = 0.9
    escalation: Escalation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Kinds of work, the steps they go through, the people who do them and the rules they keep."""

    name: str
    work: tuple[Work, ...]
    steps: tuple[Step, ...]
    pools: tuple[Pool, ...]
    rules: tuple[Rule, ...] = ()
    calendar: Calendar | None = None
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        for key, named in (("work", self.work), ("steps", self.steps), ("pools", self.pools), ("rules", self.rules)):
            names = [item.name for item in named]
            for index, name in enumerate(names):
                _check(
                    name not in names[:index],
                    "same_name",
                    f"{key}[{index}].name",
                    f"the name {name!r} is used twice",
                    "Give each its own name.",
                    name=name,
                )
        steps, skills = {step.name for step in self.steps}, {skill for pool in self.pools for skill in pool.skills}
        for index, kind in enumerate(self.work):
            _known(kind.first, steps, "unknown_step", f"work[{index}].first", "step")
        for index, step in enumerate(self.steps):
            for number, signature in enumerate(step.signatures):
                if signature.skill:
                    _known(
                        signature.skill, skills, "unknown_skill", f"steps[{index}].signatures[{number}].skill", "skill"
                    )
            for number, branch in enumerate(step.next):
                if branch.step:
                    _known(branch.step, steps, "unknown_step", f"steps[{index}].next[{number}]", "step")
            if step.given_up:
                _known(step.given_up, steps, "unknown_step", f"steps[{index}].given_up", "step")
        kinds = {kind.name for kind in self.work}
        for index, rule in enumerate(self.rules):
            if rule.step:
                _known(rule.step, steps, "unknown_step", f"rules[{index}].step", "step")
            _check(
                bool(rule.step) or (rule.event, rule.since) == ("done", "arrival"),
                "rule_without_step",
                f"rules[{index}]",
                f"rule {rule.name!r} needs a step",
                "Without a step a rule counts from the arrival to the end of a case.",
                name=rule.name,
            )
            for number, name in enumerate(rule.work):
                _known(name, kinds, "unknown_work", f"rules[{index}].work[{number}]", "kind of work")
            if rule.escalation is not None and rule.escalation.skill:
                _known(rule.escalation.skill, skills, "unknown_skill", f"rules[{index}].escalate.skill", "skill")
        self._check_ends()

    def _check_ends(self) -> None:
        """Every case must be able to leave: a loop without a way out would never end."""
        leaves = {step.name for step in self.steps if not step.next or any(not branch.step for branch in step.next)}
        grown = True
        while grown:
            more = {
                step.name
                for step in self.steps
                if step.name not in leaves and any(branch.step in leaves and branch.share > 0 for branch in step.next)
            }
            grown, leaves = bool(more), leaves | more
        for index, step in enumerate(self.steps):
            _check(
                step.name in leaves,
                "no_way_out",
                f"steps[{index}].next",
                f"a case at step {step.name!r} never leaves the process",
                "Send a share of the cases out, or to a step that ends.",
                name=step.name,
            )

    def step(self, name: str) -> int:
        """Index of a step."""
        return [step.name for step in self.steps].index(name)


class WorkClock:
    """Time that runs only in the hours of a weekly calendar; without one it is the time itself.

    >>> from simulators.line import Shift
    >>> clock = WorkClock(Calendar(shifts=(Shift(days=(0, 1), start_s=9 * 3600, end_s=17 * 3600),)))
    >>> clock.worked(10 * 3600.0), clock.moment(9 * 3600.0) / 3600
    (3600.0, 34.0)
    """

    def __init__(self, calendar: Calendar | None) -> None:
        self.spans = calendar.working() if calendar is not None else ((0.0, WEEK),)
        self.per_week = math.fsum(end - start for start, end in self.spans)

    def worked(self, moment: float) -> float:
        """Seconds worked from Monday 00:00 of the first week to a moment."""
        week, rest = divmod(moment, WEEK)
        return week * self.per_week + math.fsum(min(max(rest - start, 0.0), end - start) for start, end in self.spans)

    def moment(self, worked: float) -> float:
        """The first moment by which so many seconds were worked."""
        if worked <= 0:
            return 0.0
        week, rest = divmod(worked, self.per_week)
        if rest == 0 and week > 0:
            week, rest = week - 1, self.per_week
        for start, end in self.spans:
            if rest <= end - start:
                return week * WEEK + start + rest
            rest -= end - start
        return week * WEEK + self.spans[-1][1]


def _check(holds: bool, code: str, place: str, message: str, remedy: str, **params: object) -> None:
    if not holds:
        raise ModelError(message, code=code, place=place, remedy=remedy, **params)


def _known(name: str, known: Iterable[str], code: str, place: str, what: str) -> None:
    names = sorted(known)
    _check(
        name in names,
        code,
        place,
        f"there is no {what} {name!r}",
        f"Use one of {', '.join(names)}, or add it.",
        name=name,
        known=", ".join(names),
    )
