"""A study asks one question: what would these modules change on this line over the coming months, and how sure is that?

Two loops. Outside, each draw takes one value for everything we do not know: effects, adoption, fitted parameters. Inside,
each month of a draw is one simulated window of the line as it would be then. All scenarios of a draw share their random
numbers, so a difference between them is the modules' doing. See `ramp.py` for the windows and what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.fit import Spread
from simulators.line import Line
from simulators.scenario import Scenario

FloatArray = NDArray[np.float64]

Executor = Callable[..., Iterable[Any]]
"""Anything shaped like `map`; results in the order of the jobs."""

KPIS = ("oee", "availability", "effectiveness", "quality", "good_per_h", "throughput_per_h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What to compute. `scenarios` without the baseline, which is always the first of the result.

    `draws` is the most that are made; with `precision` (half-width of the 95 % interval of the mean difference in good
    parts, over the baseline's good parts) the study stops at the first full batch where every scenario is that precise.
    """

    line: Line
    scenarios: tuple[Scenario, ...]
    months: int = 36
    draws: int = 200
    seed: int = 1
    precision: float | None = None
    spreads: tuple[Spread, ...] = ()
    events_per_window: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything but the line, which has its own document."""
        raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a study is: draws done of those planned, and the result so far (rough) after each batch."""

    done: int
    planned: int
    partial: Result | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Two bands over the months that answer two questions, and must not be taken for each other.

    `p10`, `p50`, `p90`: what may happen in that month (outcome band). `mean` with `mean_low` and `mean_high`: how well this
    simulation knows the average (95 % confidence band, which narrows with more draws).
    """

    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]
    mean: tuple[float, ...]
    mean_low: tuple[float, ...]
    mean_high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A scenario against the baseline, paired draw by draw, averaged over the months.

    `variance_ratio`: variance of the difference over what independent runs would give (below 1: pairing helps);
    `parameter_share`: share of the difference's variance that comes from what we do not know (effects, timing, fitted
    parameters); the rest is chance.
    """

    kpi: str
    mean: float
    low: float
    high: float
    p10: float
    p50: float
    p90: float
    probability_better: float
    variance_ratio: float
    parameter_share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioResult:
    """One scenario: `kpis[name]` is [draw, month]; bottleneck and states are means over the draws.

    `bottleneck` [month, station]: share of time each station was the bottleneck. `states` [month, station, state] in the
    order of `Result.states`.
    """

    id: str
    title: Mapping[str, str]
    kpis: Mapping[str, FloatArray]
    bottleneck: FloatArray
    states: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """What a study found; `scenarios[0]` is the baseline.

    `method` is a text key, `method_numbers` its parameters: window_h, warmup_h, month_h, windows, reused, events.
    `risks` are plain figures for the risk rules (names in `risk_inputs`).
    """

    stations: tuple[str, ...]
    states: tuple[str, ...]
    months: int
    draws: int
    seed: int
    scenarios: tuple[ScenarioResult, ...]
    method: str
    method_numbers: Mapping[str, float]
    risks: Mapping[str, float] = field(default_factory=dict)

    def scenario(self, name: str) -> ScenarioResult:
        """The scenario of that id.

        Raises:
            ModelError: no such scenario in this result (`unknown_scenario`).
        """
        raise RuntimeError("being written")

    def band(self, name: str, kpi: str = "oee") -> Band:
        """Outcome band and confidence band of a key figure over the months."""
        raise RuntimeError("being written")

    def difference(self, name: str, kpi: str = "oee") -> Difference:
        """The scenario less the baseline."""
        raise RuntimeError("being written")

    def extra_good(self, name: str) -> FloatArray:
        """Good parts more than the baseline in each month, [draw, month]; a month has 730.5 h."""
        raise RuntimeError("being written")

    def bottlenecks(self, name: str) -> tuple[str, ...]:
        """The station that most often was the bottleneck, month by month."""
        raise RuntimeError("being written")

    def to_json(self) -> dict[str, Any]:
        """Compact and deterministic: arrays are base64 of little-endian float64, so that nothing is rounded."""
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Result:
        """The result that `to_json` wrote."""
        raise RuntimeError("being written")


def run(
    study: Study,
    *,
    engine: str = "twin",
    executor: Executor = map,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result | None:
    """Compute a study; None when `cancelled()` said so before the first batch was done, else the draws so far.

    The same study gives the same bytes for any executor. `progress` is called after every batch; the first is small, so
    that a rough band is there within seconds.
    """
    raise RuntimeError("being written")


def batches(draws: int) -> Iterator[range]:
    """The draws in the order they are made: a first rough batch, then larger ones."""
    raise RuntimeError("being written")
