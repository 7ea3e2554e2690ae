"""Comparisons in packs: "payback <= 24", for acceptance measures and risk rules."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from templates.node import NUMBER

_comparison = re.compile(rf"\s*([a-z][a-z0-9_]*)\s*(<=|>=|<|>)\s*({NUMBER})\s*")
_operators: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

SIMULATED: Mapping[str, frozenset[str]] = {
    "simulator": frozenset({"oee_gain", "good_per_h_gain", "chance_better"}),
    "checklist": frozenset({"score_low", "score_high", "open_share", "gaps", "veto_gaps"}),
    "process": frozenset(
        {
            "cycle_time_h",
            "cycle_time_p90_h",
            "kept_share",
            "given_up_share",
            "finished_per_week",
            "utilisation",
            "cycle_time_saved_h",
            "cycle_time_saved_share",
            "kept_share_gain",
            "given_up_share_less",
            "finished_per_week_gain",
            "utilisation_with",
            "kept_share_with",
        }
    ),
}
"""Outputs of a template that no calculator declares.

oee_gain: points of OEE, as a fraction; good_per_h_gain: good parts per hour; chance_better: share of draws with
more good parts than today; score_low, score_high, open_share: fractions; gaps, veto_gaps: counts.

Of a process: mean and 90 % quantile of the hours from arrival to end, the share that keeps the rule kept least, the
share that gives up, cases finished per week, the share of duty that the busiest pool works; with a variant, what it
saves or gains, and its own figures (`..._with`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure compared with a number."""

    name: str
    sign: str
    number: float

    def holds(self, value: float) -> bool:
        """Does it hold for this value? Never for a value that is not a number."""
        return _operators[self.sign](value, self.number)


def read_measure(text: str) -> Measure | None:
    """The comparison that a text is, or None.

    >>> read_measure("payback <= 24")
    Measure(name='payback', sign='<=', number=24.0)
    >>> read_measure("better soon") is None
    True
    """
    found = _comparison.fullmatch(text)
    return None if found is None else Measure(name=found[1], sign=found[2], number=float(found[3]))
