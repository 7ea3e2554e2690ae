"""A warning rule held against one's own history: when would it have called, was it right, what was at stake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calculators.risk import Rule, warnings
from calculators.uncertainty import chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a rule would have done, week by week.

    `raised`: numbers of the weeks in which it calls; `bad`: weeks of large loss; `right`: calls that a bad week follows
    within `ahead` weeks. `precision` is the share of right calls and `caught` the share of bad weeks that had a call
    before them, each with its 95 % interval (NaN without any). `at_stake`: loss above the median of the bad weeks that
    were called, in the unit of the losses; what a call saves is at most that. `unknown`: weeks that cannot be judged.
    """

    weeks: int
    raised: tuple[int, ...]
    bad: tuple[int, ...]
    right: tuple[int, ...]
    precision: tuple[float, float, float]
    caught: tuple[float, float, float]
    at_stake: float
    unknown: int


def replay(
    rule: Rule, history: Sequence[Mapping[str, float]], losses: Sequence[float], *, ahead: int = 1, worst: float = 0.2
) -> Replay:
    """Judge a rule in every week of the past, each on that week's figures alone, and look at what came after.

    `losses` by week; a week is bad when its loss is among the worst share `worst` and above the median. The last
    `ahead` weeks have no future yet: calls in them are raised, but neither right nor wrong. Raises CalculationError for
    a condition that is none.
    """
    table = np.asarray(losses, np.float64)
    raised, unknown = [], 0
    for week, figures in enumerate(history):
        found = warnings([rule], figures)
        if found and found[0].open:
            unknown += 1
        elif found:
            raised.append(week)
    if len(table) == 0:
        return Replay(weeks=0, raised=(), bad=(), right=(), precision=chance(0, 0), caught=chance(0, 0), at_stake=0.0,
                      unknown=0)  # fmt: skip
    median = float(np.median(table))
    limit = float(np.quantile(table, 1 - worst))
    bad = [week for week, loss in enumerate(table) if loss >= limit and loss > median]
    judged = [week for week in raised if week + ahead < len(table)]
    right = [week for week in judged if any(later in bad for later in range(week + 1, week + ahead + 1))]
    can_be_called = [week for week in bad if week >= ahead]
    called = [week for week in can_be_called if any(before in raised for before in range(week - ahead, week))]
    return Replay(
        weeks=len(table),
        raised=tuple(raised),
        bad=tuple(bad),
        right=tuple(right),
        precision=chance(len(right), len(judged)),
        caught=chance(len(called), len(can_be_called)),
        at_stake=float(sum(table[week] - median for week in called)),
        unknown=unknown,
    )
