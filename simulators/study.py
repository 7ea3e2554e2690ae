"""A study asks one question: what would these modules change on this line in the coming months, and how sure is that?

Two loops. Outside, each draw takes one value for everything we do not know: effects, adoption, fitted parameters.
Inside, each month of a draw is one simulated window of the line as it would be then. All scenarios of a draw share
their random numbers, so a difference between them is the modules' doing. `ramp.py` says how windows become months.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulators import ramp
from simulators.effects import FloatArray
from simulators.figures import STATES, Engine
from simulators.fit import Spread
from simulators.line import Line, ModelError
from simulators.ramp import DrawFigures, Monthly, Plan
from simulators.reference import run_reference
from simulators.result import KPIS, MONTH_H, Band, Difference, Paired, Result, ScenarioResult, error
from simulators.scenario import Scenario, baseline_scenario, targets
from simulators.twin import run_twin

__all__ = [
    "KPIS",
    "Band",
    "Difference",
    "Engine",
    "Executor",
    "Progress",
    "Result",
    "ScenarioResult",
    "Study",
    "batches",
    "run",
]

Executor = Callable[..., Iterable[Any]]
"""Anything shaped like `map`; results in the order of the jobs."""

BUDGET = {"twin": 5e8, "reference": 2e6}
"""Operations (a part through a station) that a study may cost, by engine; sets the length of the windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What to compute. `scenarios` without the baseline, which is always the first of the result.

    `draws` is the most that are made; with `precision` (half-width of the 95 % interval of the mean extra good parts,
    over the baseline's good parts) the study stops at the first full batch where every scenario is that precise.
    `spreads` are the bootstrap factors of a fitted line; `operations` overrides what the windows may cost in all.
    """

    line: Line
    scenarios: tuple[Scenario, ...]
    months: int = 36
    draws: int = 200
    seed: int = 1
    precision: float | None = None
    spreads: tuple[Spread, ...] = ()
    operations: float | None = None

    def __post_init__(self) -> None:
        names = [scenario.id for scenario in self.scenarios]
        if len(set(names)) < len(names) or "baseline" in names:
            raise ModelError(
                "every scenario of a study needs an id of its own, and baseline is taken",
                code="same_name",
                place="scenarios",
                remedy="Give every scenario its own id.",
                name=next((name for name in names if names.count(name) > 1 or name == "baseline"), ""),
            )
        for place, value, low, high in (("months", self.months, 1, 240), ("draws", self.draws, 2, 100_000)):
            if not low <= value <= high:
                raise ModelError(
                    f"a study cannot have {value} {place}",
                    code="study_range",
                    place=place,
                    remedy=f"Give a number from {low} to {high}.",
                    value=value,
                    low=low,
                    high=high,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a study is: draws done of the most there will be, and the result so far (rough) after each batch."""

    done: int
    planned: int
    partial: Result | None


def run(
    study: Study,
    *,
    engine: Engine | Literal["twin", "reference"] = "twin",
    executor: Executor = map,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result | None:
    """Compute a study; None when `cancelled()` said so before the first batch was done, else what is done by then.

    The same study gives the same bytes for any executor. `progress` is called after every batch; the first is small, so
    that a rough band is there within seconds. `cancelled` is asked after every draw.

    Raises:
        ModelError: an effect names a station that the line does not have (`effect_without_target`).
    """
    unmatched = {scenario.id: _without_target(study.line, scenario) for scenario in study.scenarios}
    plan = _plan(study, engine)
    job = partial(ramp.simulate_draw, plan)
    whole = []
    for month in executor(partial(ramp.simulate_month, plan), range(plan.windows.pilots)):
        whole.append(month)
        if cancelled is not None and cancelled():
            return None
    chance = ramp.month_chance(np.array(whole), plan.windows.month.length)
    done: list[DrawFigures] = []
    result: Result | None = None
    for batch in batches(study.draws):
        for figures in executor(job, batch):
            done.append(figures)
            if cancelled is not None and cancelled():
                return _result(study, plan, chance, done, unmatched) if result is not None else None
        result = _result(study, plan, chance, done, unmatched)
        if progress is not None:
            progress(Progress(done=len(done), planned=study.draws, partial=result))
        if study.precision is not None and result.half_width() <= study.precision:
            break
    return result


def batches(draws: int) -> Iterator[range]:
    """The draws in the order they are made: a first rough batch of 10, then 30, then 40 at a time.

    >>> [len(batch) for batch in batches(100)]
    [10, 30, 40, 20]
    """
    at = 0
    for size in _sizes():
        if at >= draws:
            return
        yield range(at, min(at + size, draws))
        at += size


def _sizes() -> Iterator[int]:
    yield 10
    yield 30
    while True:
        yield 40


def _without_target(line: Line, scenario: Scenario) -> int:
    return sum(not targets(line, effect) for _, effect in scenario.active())


def _plan(study: Study, engine: Engine | Literal["twin", "reference"]) -> Plan:
    drawn = tuple(s.draw(seed=study.seed, draws=study.draws, months=study.months) for s in study.scenarios)
    budget = study.operations or BUDGET[engine if isinstance(engine, str) else "twin"]
    windows = ramp.plan_windows(study.line, drawn, months=study.months, draws=study.draws, budget=budget)
    return Plan(
        windows=windows,
        scenarios=study.scenarios,
        drawn=drawn,
        spreads=study.spreads,
        seed=study.seed,
        months=study.months,
        engine=_engine(engine) if isinstance(engine, str) else engine,
    )


def _engine(name: str) -> Engine:
    return run_reference if name == "reference" else run_twin


def _result(
    study: Study, plan: Plan, chance: FloatArray, done: Sequence[DrawFigures], unmatched: Mapping[str, int]
) -> Result:
    values = np.array([figures.kpis for figures in done])  # [draw, scenario, month, kpi]
    at, months = plan.windows.months, study.months
    nearest = np.abs(np.arange(months)[:, None] - np.array(at)[None, :]).argmin(axis=1)
    bottleneck = np.mean([figures.bottleneck for figures in done], axis=0)[:, nearest]
    states = np.mean([figures.states for figures in done], axis=0)[:, nearest]
    smooth = len(at) >= ramp.FEWEST_MONTHS
    monthly = _monthly(plan, values, chance) if smooth else _raw(values, nearest)
    scenarios = tuple(
        ScenarioResult(
            id=scenario.id,
            title=scenario.title,
            kpis=_kpis(monthly[number].values),
            bottleneck=bottleneck[number],
            states=states[number],
            errors={name: error(found).tolist() for name, found in _kpis(monthly[number].means).items()},
            paired=_paired(monthly[number], monthly[0], values[:, number], values[:, 0]),
        )
        for number, scenario in enumerate((baseline_scenario(), *study.scenarios))
    )
    numbers = {
        "window_h": plan.windows.length_s / ramp.HOUR,
        "warmup_h": plan.windows.warmup_s / ramp.HOUR,
        "month_h": MONTH_H,
        "months_simulated": float(len(at)),
        "whole_months": float(plan.windows.pilots),
        "windows": float(sum(figures.simulated for figures in done)),
        "reused": float(sum(figures.reused for figures in done)),
        "poisson_causes": float(plan.windows.poisson_causes),
    }
    result = Result(
        stations=tuple(station.name for station in study.line.stations),
        states=STATES,
        months=months,
        draws=len(done),
        seed=study.seed,
        scenarios=scenarios,
        method="representative_windows" if smooth else "plain_windows",
        method_numbers=numbers,
    )
    return replace(result, risks=_risks(result, study.line, unmatched))


def _monthly(plan: Plan, values: FloatArray, chance: FloatArray) -> list[Monthly]:
    """Windows to months: the baseline by its mean, each scenario by its difference from the baseline."""
    at, months = plan.windows.months, plan.months
    draws = range(len(values))
    ones = [np.ones((months, 1)) for _ in draws]
    base = ramp.to_months(ramp.split(values[:, 0], ones, at, months), at, chance[0])
    monthly = [base]
    for number, (scenario, drawn) in enumerate(zip(plan.scenarios, plan.drawn, strict=True), start=1):
        features = [ramp.paths(drawn, draw, scenario) for draw in draws]
        parts = ramp.split(values[:, number] - values[:, 0], features, at, months)
        more = ramp.to_months(parts, at, chance[number])
        monthly.append(Monthly(values=base.values + more.values, means=base.means + more.means, known=more.known))
    return monthly


def _raw(values: FloatArray, nearest: NDArray[np.int64]) -> list[Monthly]:
    """Too few months to tell a trend from chance: the windows as they are."""
    unknown = np.full(values.shape[3], np.nan)
    return [
        Monthly(values=found, means=found, known=unknown)
        for found in (values[:, number][:, nearest] for number in range(values.shape[1]))
    ]


def _kpis(monthly: FloatArray) -> dict[str, FloatArray]:
    """Key figures by name; effectiveness is what makes the three parts multiply to OEE."""
    found = {name: np.maximum(monthly[..., n], 0.0) for n, name in enumerate(ramp.SMOOTHED)}
    product = found["availability"] * found["quality"]
    found["effectiveness"] = np.where(product > 0, found["oee"] / np.where(product > 0, product, 1.0), 0.0)
    return {name: np.ascontiguousarray(found[name]) for name in KPIS}


def _paired(ours: Monthly, base: Monthly, windows: FloatArray, base_windows: FloatArray) -> dict[str, Paired]:
    """What pairing did for each key figure: variances of the windows' means, errors with all the chance left in."""
    found = {}
    mine, theirs = _kpis(windows), _kpis(base_windows)
    smooth, smooth_base = _kpis(ours.means), _kpis(base.means)
    known = {name: float(ours.known[n]) for n, name in enumerate(ramp.SMOOTHED)}
    for name in KPIS:
        a, b = mine[name].mean(axis=1), theirs[name].mean(axis=1)
        independent = float(a.var() + b.var())
        found[name] = Paired(
            error=float(error((smooth[name] - smooth_base[name]).mean(axis=1))),
            variance_ratio=float((a - b).var()) / independent if independent > 0 else 1.0,
            parameter_share=None if math.isnan(known["oee"]) else known.get(name, known["oee"]),
        )
    return found


def _risks(result: Result, line: Line, unmatched: Mapping[str, int]) -> dict[str, float]:
    base = result.scenarios[0]
    risks = {
        "baseline_oee": float(base.kpis["oee"].mean()),
        "baseline_effectiveness": float(base.kpis["effectiveness"].mean()),
        "constraint_share": float(base.bottleneck[:, line.constraint].mean()),
    }
    for scenario in result.scenarios[1:]:
        moves = result.bottlenecks(scenario.id)
        worse = result.extra_good(scenario.id).mean(axis=1) < 0
        risks[f"probability_worse:{scenario.id}"] = float(worse.mean())
        risks[f"bottleneck_moves:{scenario.id}"] = float(sum(a != b for a, b in pairwise(moves)))
        risks[f"effects_without_target:{scenario.id}"] = float(unmatched[scenario.id])
    return risks
