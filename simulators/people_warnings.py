"""What to worry about in a process: overload, rules that are missed, work that hangs on one person, conflicts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.process import Pool, Process

if TYPE_CHECKING:
    from simulators.people_result import ProcessResult

OVERLOADED, TIGHT, IDLE = 0.95, 0.85, 0.30
CONFLICTS, GIVEN_UP, GROWTH = 0.10, 0.05, 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Level 3 needs somebody today, 2 soon, 1 is good to know; `code` with `params` gives the translated sentence."""

    code: str
    level: int
    place: str
    message: str
    remedy: str
    params: Mapping[str, object]

    def to_json(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in ("code", "level", "place", "message", "remedy")}
        return {**found, "params": dict(self.params)}


def warnings(result: ProcessResult) -> tuple[Caution, ...]:
    """Every warning, the highest level first."""
    found = [*_pools(result), *_rules(result), *_steps(result), *_backlog(result), *_single(result.process)]
    found += _apart(result.process)
    return tuple(sorted(found, key=lambda warning: -warning.level))


def _pools(result: ProcessResult) -> Iterator[Caution]:
    for index, pool in enumerate(result.process.pools):
        busy = _mean(result.utilisation(index))
        place, params = f"pools[{index}]", {"name": pool.name, "value": busy}
        if busy >= OVERLOADED:
            yield Caution(
                code="pool_overloaded",
                level=3,
                place=place,
                message=f"{pool.name} work {busy:.0%} of their time on duty: what waits for them grows without end",
                remedy="Add people or hours, shorten the work, or send less of it there.",
                params=params,
            )
        elif busy >= TIGHT:
            yield Caution(
                code="pool_tight",
                level=2,
                place=place,
                message=f"{pool.name} work {busy:.0%} of their time on duty: one absence and queues grow",
                remedy="Train a second pool in the same skill, or smooth the arrivals.",
                params=params,
            )
        elif busy < IDLE:
            yield Caution(
                code="pool_idle",
                level=1,
                place=place,
                message=f"{pool.name} work {busy:.0%} of their time on duty on this process",
                remedy="Nothing is wrong if they have other work; else give them a second skill.",
                params=params,
            )


def _rules(result: ProcessResult) -> Iterator[Caution]:
    for index, rule in enumerate(result.process.rules):
        values = result.kept(index)
        there = values[np.isfinite(values)]
        if not len(there):
            continue
        mean = float(there.mean())
        error = float(there.std(ddof=1)) / math.sqrt(len(there)) if len(there) > 1 else math.inf
        if mean >= rule.target:
            continue
        sure = mean + 2 * error < rule.target
        yield Caution(
            code="rule_missed" if sure else "rule_at_risk",
            level=3 if sure else 2,
            place=f"rules[{index}]",
            message=f"{rule.name}: {mean:.0%} are in time, {rule.target:.0%} are wanted",
            remedy="Look at the step before it that waits longest, and at the hours in which it waits.",
            params={"name": rule.name, "value": mean, "target": rule.target},
        )


def _steps(result: ProcessResult) -> Iterator[Caution]:
    for index, step in enumerate(result.process.steps):
        started, given_up = result.of("steps", "started", index).sum(), result.of("steps", "given_up", index).sum()
        conflicts = result.of("steps", "conflicts", index).sum()
        if started and conflicts / started > CONFLICTS:
            yield Caution(
                code="priority_conflict",
                level=2,
                place=f"steps[{index}]",
                message=f"{step.name}: in {conflicts / started:.0%} of the cases everybody with the skill was at work "
                "on something less urgent",
                remedy="Keep somebody free for it, or let the less urgent work be done by others.",
                params={"name": step.name, "value": float(conflicts / started)},
            )
        if given_up and given_up / (given_up + started) > GIVEN_UP:
            share = float(given_up / (given_up + started))
            yield Caution(
                code="given_up",
                level=3 if share > 3 * GIVEN_UP else 2,
                place=f"steps[{index}]",
                message=f"{step.name}: {share:.0%} give up before anybody begins",
                remedy="Answer sooner in the hours in which most wait.",
                params={"name": step.name, "value": share},
            )


def _backlog(result: ProcessResult) -> Iterator[Caution]:
    first = float(result.total("work", "first_half_s").sum())
    second = float(result.total("work", "inside_s").sum()) - first
    if first > 0 and second / first > GROWTH:
        yield Caution(
            code="backlog_grows",
            level=3,
            place="work",
            message=f"in the second half of the time {second / first:.1f} times as many cases are under way",
            remedy="The people cannot keep up, or the run is too short: look at the pools, then run longer.",
            params={"value": second / first},
        )


def _single(process: Process) -> Iterator[Caution]:
    needed = {signature.skill for step in process.steps for signature in step.signatures if signature.skill}
    for skill in sorted(needed):
        people = sum(pool.people for pool in process.pools if skill in pool.skills)
        if people == 1:
            index = next(number for number, pool in enumerate(process.pools) if skill in pool.skills)
            yield Caution(
                code="one_person",
                level=2,
                place=f"pools[{index}]",
                message=f"only one person can do {skill!r}: an absence stops every case that needs it",
                remedy="Name a deputy.",
                params={"name": skill},
            )


def _apart(process: Process) -> Iterator[Caution]:
    """Parallel signatures of people who are never on duty together."""
    for index, step in enumerate(process.steps):
        if step.order != "parallel":
            continue
        pools = [_pools_with(process, signature.skill) for signature in step.signatures if signature.skill]
        for one, two in ((a, b) for number, a in enumerate(pools) for b in pools[number + 1 :]):
            if not any(_overlap(left, right) for left in one for right in two):
                yield Caution(
                    code="hours_apart",
                    level=1,
                    place=f"steps[{index}]",
                    message=f"{step.name}: {one[0].name} and {two[0].name} are never on duty at the same time",
                    remedy="Let their hours overlap, or expect a day between the two signatures.",
                    params={"name": step.name, "one": one[0].name, "two": two[0].name},
                )


def _pools_with(process: Process, skill: str) -> list[Pool]:
    return [pool for pool in process.pools if skill in pool.skills]


def _overlap(one: Pool, two: Pool) -> bool:
    if one.calendar is None or two.calendar is None:
        return True
    return any(max(a[0], b[0]) < min(a[1], b[1]) for a in one.calendar.working() for b in two.calendar.working())


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else 0.0
