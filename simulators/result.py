"""What a study found, as arrays over draws and months, and the few questions people ask of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulators.line import ModelError

FloatArray = NDArray[np.float64]
KPIS = ("oee", "availability", "effectiveness", "quality", "good_per_h", "throughput_per_h")
MONTH_H = 730.5
"""Hours of a month: a twelfth of 365.25 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Two bands over the months that answer two questions, and must not be taken for each other.

    `p10`, `p50`, `p90`: what may happen in that month (outcome band). `mean` with `mean_low` and `mean_high`: how well
    this simulation knows the average (95 % confidence band, which narrows with more draws).
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

    `low` and `high`: 95 % paired t interval of the mean. `variance_ratio`: variance of the difference over what
    independent runs would give (below 1: sharing random numbers helps). `parameter_share`: share of the variance of a
    month's difference that comes from what we do not know (effects, timing, fitted parameters); the rest is chance.
    None: too few months to tell.
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
    parameter_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """`error`: standard error of the mean difference; the other two as in `Difference`."""

    error: float
    variance_ratio: float
    parameter_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioResult:
    """One scenario: `kpis[name]` is [draw, month]; bottleneck and states are means over the draws.

    `bottleneck` [month, station]: share of time each station was the bottleneck. `states` [month, station, state] in
    the order of `Result.states`. `errors[name]` [month]: standard error of the mean over the draws. `paired[name]`: the
    scenario against the baseline, averaged over the months.
    """

    id: str
    title: Mapping[str, str]
    kpis: Mapping[str, FloatArray]
    bottleneck: FloatArray
    states: FloatArray
    errors: Mapping[str, Sequence[float]]
    paired: Mapping[str, Paired]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """What a study found; `scenarios[0]` is the baseline.

    `method` is a text key, `method_numbers` its parameters: `window_h`, `warmup_h`, `month_h`, `months_simulated`,
    `whole_months` (simulated in full, to scale chance),
    `windows` (simulated), `reused` (the same line, not simulated again), `poisson_causes`. `risks` are plain figures
    for risk rules: `baseline_oee`, `baseline_effectiveness`, `constraint_share` (share of time the constraint by ideal
    cycle was the bottleneck), and by scenario `probability_worse:<id>`, `bottleneck_moves:<id>` (how often the
    month's bottleneck changes) and `effects_without_target:<id>`.
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
        for scenario in self.scenarios:
            if scenario.id == name:
                return scenario
        known = ", ".join(scenario.id for scenario in self.scenarios)
        raise ModelError(
            f"the result has no scenario {name!r}",
            code="unknown_scenario",
            place="scenarios",
            remedy=f"Use one of {known}.",
            name=name,
            known=known,
        )

    def _kpi(self, name: str, kpi: str) -> FloatArray:
        values = self.scenario(name).kpis.get(kpi)
        if values is None:
            raise ModelError(
                f"a result has no key figure {kpi!r}",
                code="unknown_kpi",
                place="kpi",
                remedy=f"Use one of {', '.join(KPIS)}.",
                name=kpi,
                known=", ".join(KPIS),
            )
        return values

    def band(self, name: str, kpi: str = "oee") -> Band:
        """Outcome band and confidence band of a key figure over the months."""
        values = self._kpi(name, kpi)
        mean = values.mean(axis=0)
        half = self._quantile() * np.asarray(self.scenario(name).errors[kpi])
        rows = np.concatenate((np.quantile(values, (0.1, 0.5, 0.9), axis=0), [mean, mean - half, mean + half]))
        p10, p50, p90, middle, low, high = (tuple(float(x) for x in row) for row in rows)
        return Band(p10=p10, p50=p50, p90=p90, mean=middle, mean_low=low, mean_high=high)

    def _quantile(self) -> float:
        return float(stats.t.ppf(0.975, self.draws - 1)) if self.draws > 1 else float("inf")

    def difference(self, name: str, kpi: str = "oee") -> Difference:
        """The scenario less the baseline, averaged over all months of each draw."""
        ours, base = self._kpi(name, kpi).mean(axis=1), self._kpi(self.scenarios[0].id, kpi).mean(axis=1)
        difference = ours - base
        paired = self.scenario(name).paired[kpi]
        mean, half = float(difference.mean()), self._quantile() * paired.error
        p10, p50, p90 = (float(q) for q in np.quantile(difference, (0.1, 0.5, 0.9)))
        return Difference(
            kpi=kpi,
            mean=mean,
            low=mean - half,
            high=mean + half,
            p10=p10,
            p50=p50,
            p90=p90,
            probability_better=float((difference > 0).mean()),
            variance_ratio=paired.variance_ratio,
            parameter_share=paired.parameter_share,
        )

    def extra_good(self, name: str) -> FloatArray:
        """Good parts more than the baseline in each month, [draw, month]; a month has 730.5 h."""
        return MONTH_H * (self._kpi(name, "good_per_h") - self._kpi(self.scenarios[0].id, "good_per_h"))

    def bottlenecks(self, name: str) -> tuple[str, ...]:
        """The bottleneck of each month: the station that was it for the largest share of time.

        A month keeps the bottleneck of the month before unless another station leads it by 2 % of the time, so that
        chance between equals is not told as a move.
        """
        shares = self.scenario(name).bottleneck
        at = int(shares[0].argmax())
        found = []
        for month in shares:
            if month.max() > month[at] + 0.02:
                at = int(month.argmax())
            found.append(self.stations[at])
        return tuple(found)

    def half_width(self) -> float:
        """Half the 95 % interval of the extra good parts over the baseline's, of the least certain scenario."""
        base = float(self._kpi(self.scenarios[0].id, "good_per_h").mean())
        widest = max((scenario.paired["good_per_h"].error for scenario in self.scenarios[1:]), default=0.0)
        return self._quantile() * widest / base if base > 0 else float("inf")

    def to_json(self) -> dict[str, Any]:
        """Compact and deterministic: arrays are base64 of little-endian float64, so that nothing is rounded."""
        return {
            "mingsuan": "result/1",
            "stations": list(self.stations),
            "states": list(self.states),
            "months": self.months,
            "draws": self.draws,
            "seed": self.seed,
            "method": self.method,
            "method_numbers": dict(self.method_numbers),
            "risks": dict(self.risks),
            "scenarios": [
                {
                    "id": scenario.id,
                    "title": dict(scenario.title),
                    "kpis": {kpi: _packed(scenario.kpis[kpi]) for kpi in KPIS},
                    "bottleneck": _packed(scenario.bottleneck),
                    "states": _packed(scenario.states),
                    "errors": {kpi: list(scenario.errors[kpi]) for kpi in KPIS},
                    "paired": {kpi: asdict(scenario.paired[kpi]) for kpi in KPIS},
                }
                for scenario in self.scenarios
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Result:
        """The result that `to_json` wrote."""
        scenarios = tuple(
            ScenarioResult(
                id=item["id"],
                title=item["title"],
                kpis={kpi: _unpacked(array) for kpi, array in item["kpis"].items()},
                bottleneck=_unpacked(item["bottleneck"]),
                states=_unpacked(item["states"]),
                errors=item["errors"],
                paired={kpi: Paired(**values) for kpi, values in item["paired"].items()},
            )
            for item in document["scenarios"]
        )
        plain = {name: document[name] for name in ("months", "draws", "seed", "method", "method_numbers", "risks")}
        return cls(stations=tuple(document["stations"]), states=tuple(document["states"]), scenarios=scenarios, **plain)


def error(values: FloatArray) -> FloatArray:
    """Standard error of the mean over the first axis; infinite for a single draw."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.inf)
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def _packed(array: FloatArray) -> dict[str, Any]:
    data = np.ascontiguousarray(array, dtype="<f8")
    return {"shape": list(data.shape), "f8": base64.b64encode(data.tobytes()).decode("ascii")}


def _unpacked(packed: Mapping[str, Any]) -> FloatArray:
    return np.frombuffer(base64.b64decode(packed["f8"]), dtype="<f8").reshape(packed["shape"]).astype(np.float64)
