"""Does the model reproduce the customer's own history? Fitted on the first weeks, judged on the rest, never tuned.

Each judged week is compared with many simulated weeks of the fitted line, each with its own draw of the fitted
parameters, so that the band holds both chance and what the first weeks could not tell. Figures are per hour of planned
busy time, since the model knows no planned stops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from scipy import stats

from simulators.causes import MODELLED, log_window
from simulators.effects import FloatArray
from simulators.figures import DOWN, OFF, Engine, Window
from simulators.fit import FittedLine, fit_line
from simulators.intervals import Cover, local_days, midnight, spread_until, working_hours, zone
from simulators.line import WEEK, Line
from simulators.predictors import FailurePredictor
from simulators.ramp import RARE, Plan, Windows, baseline_of_draw, in_long_run
from simulators.records import CountLog, EquipmentList, StopLog
from simulators.study import Executor
from simulators.timeline import HOUR, kinds

Verdict = Literal["reproduces", "biased", "too_narrow", "too_wide", "too_little_data"]
Grade = Literal["A", "B", "C", "D"]

Log = TypeVar("Log", StopLog, CountLog)

FITTED_SHARE = 0.7
FEWEST_FITTED, FEWEST_JUDGED = 4, 3
BAND = 0.8
MATTERS = 0.05
LONGEST_WARMUP_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One weekly figure compared; names: `good_per_h`, `downtime_share`, `stops_per_h` (per planned busy hour).

    `coverage`: share of weeks in the simulated 80 % band, `coverage_p` its binomial test. `bias`: mean of observed less
    simulated over the simulated mean, with a 95 % t interval over the weeks. `pit_p`: Kolmogorov-Smirnov test of the
    weeks' ranks in the simulation against uniform. `autocorrelation`: of the errors, one week apart.
    """

    name: str
    observed: tuple[float, ...]
    low: float
    median: float
    high: float
    coverage: float
    coverage_p: float
    bias: float
    bias_low: float
    bias_high: float
    pit_p: float
    autocorrelation: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """The verdict on the leading measure (good parts where they were counted, else downtime), and its grade.

    A: reproduces, in every measure, over at least 8 weeks. B: reproduces. C: biased by at most 10 %, or the band is too
    narrow or too wide. D: biased by more, or too little data. `weeks` are the labels of the judged weeks.
    """

    verdict: Verdict
    grade: Grade
    fitted_weeks: int
    judged_weeks: int
    weeks: tuple[str, ...]
    replications: int
    measures: tuple[Measure, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `BackTest.from_json` gives an equal object."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BackTest:
        """The back-test that `to_json` wrote."""
        measures = tuple(Measure(**{**item, "observed": tuple(item["observed"])}) for item in document["measures"])
        return cls(**{**document, "weeks": tuple(document["weeks"]), "measures": measures})


def back_test(
    stops: StopLog,
    counts: CountLog | None,
    equipment: EquipmentList | None,
    template: Line,
    *,
    engine: Engine,
    seed: int = 1,
    replications: int = 200,
    minor_stop_s: float = 300.0,
    timezone: str | None = None,
    executor: Executor = map,
    predictor: FailurePredictor | None = None,
) -> BackTest:
    """Fit on the first 70 % of whole weeks of checked logs, simulate the others with the line's calendar, judge.

    `timezone` is that of the records, where it is not the template's. At least 4 weeks are
    needed to fit and 3 to judge; less is a verdict of its own.
    """
    if timezone is not None:
        template = replace(template, timezone=timezone)
    edges = whole_weeks(stops, template.timezone)
    weeks = len(edges) - 1
    fitted_weeks = math.floor(FITTED_SHARE * weeks)
    judged = weeks - fitted_weeks
    if fitted_weeks < FEWEST_FITTED or judged < FEWEST_JUDGED:
        return BackTest(
            verdict="too_little_data", grade="D", fitted_weeks=max(fitted_weeks, 0), judged_weeks=max(judged, 0),
            weeks=(), replications=0, measures=(),
        )  # fmt: skip
    split = edges[fitted_weeks]
    fitted = fit_line(
        _until(stops, split),
        None if counts is None else _until(counts, split),
        equipment,
        template,
        seed=seed,
        minor_stop_s=minor_stop_s,
        window=(edges[0], split),
        engine=engine,
        predictor=predictor,
    )
    seen = observed(stops, counts, fitted.line, edges[fitted_weeks:], minor_stop_s)
    simulated = simulate_weeks(fitted, engine=engine, seed=seed, replications=replications, executor=executor)
    measures = tuple(
        judge(name, seen[name], simulated[name])
        for name in ("good_per_h", "downtime_share", "stops_per_h")
        if name in seen
    )
    tz = zone(template.timezone)
    days = [local_days(edge, edge + 1, tz)[0].isocalendar() for edge in edges[fitted_weeks:-1]]
    return BackTest(
        verdict=measures[0].verdict,
        grade=grade(measures, judged),
        fitted_weeks=fitted_weeks,
        judged_weeks=judged,
        weeks=tuple(f"{day.year}-W{day.week:02d}" for day in days),
        replications=replications,
        measures=measures,
    )


def whole_weeks(stops: StopLog, timezone: str) -> list[float]:
    """The local Monday midnights within a log, first to last."""
    if not len(stops):
        return [0.0]
    first, last = log_window(stops, timezone)
    tz = zone(timezone)
    mondays = [day for day in local_days(first, last + 1, tz) if day.weekday() == 0]
    return [midnight(day, tz) for day in mondays] or [first]


def _until(log: Log, moment: float) -> Log:
    """The rows that begin before a moment, cut there."""
    rows = log.where(log.start < moment)
    return replace(rows, end=np.minimum(rows.end, moment))


def observed(
    stops: StopLog, counts: CountLog | None, line: Line, edges: list[float], minor_stop_s: float
) -> dict[str, FloatArray]:
    """Weekly figures of the records, per planned busy time; the mean over the line's stations."""
    first, last = edges[0], edges[-1]
    marks = np.array(edges)
    tz = zone(line.timezone)
    closed = working_hours(line.calendar, first, last, tz).outside(first, last)
    kind = kinds(stops, minor_stop_s)
    busy, down, events = (np.zeros((len(line.stations), len(edges) - 1)) for _ in range(3))
    for number, station in enumerate(line.stations):
        mine = stops.station == station.name
        planned = mine & (kind == "planned")
        out = closed.with_(Cover.of(stops.start[planned], stops.end[planned]))
        modelled = mine & np.isin(kind, MODELLED)
        all_ = out.with_(Cover.of(stops.start[modelled], stops.end[modelled]))
        busy[number] = np.diff(marks - out.until(marks))
        down[number] = np.diff(all_.until(marks)) - np.diff(out.until(marks))
        events[number] = np.histogram(stops.start[modelled], marks)[0]
    hours = np.maximum(busy.mean(axis=0), 1.0) / HOUR
    found = {"downtime_share": (down / np.maximum(busy, 1.0)).mean(axis=0), "stops_per_h": events.sum(axis=0) / hours}
    source = None if counts is None else _end_of_line(line, counts)
    if counts is not None and source is not None:
        rows = counts.station == source
        good = np.where(np.isfinite(counts.good[rows]), counts.good[rows], counts.made[rows])
        found["good_per_h"] = np.diff(spread_until(counts.start[rows], counts.end[rows], good, marks)) / hours
    return found


def _end_of_line(line: Line, counts: CountLog) -> str | None:
    names = [str(name) for name in np.unique(counts.station)]
    return next((s.name for s in reversed(line.stations) if s.name in names), names[0] if len(names) == 1 else None)


def simulate_weeks(
    fitted: FittedLine, *, engine: Engine, seed: int, replications: int, executor: Executor = map
) -> dict[str, FloatArray]:
    """Weekly figures of the fitted line, one simulated week for each draw of the fitted parameters."""
    longest = LONGEST_WARMUP_WEEKS * WEEK / 3
    steady, _, slowest = in_long_run(fitted.line, RARE * longest)
    warmup = WEEK * min(max(math.ceil(3 * slowest / WEEK), 1), LONGEST_WARMUP_WEEKS)
    week = Window(warmup=warmup, horizon=warmup + WEEK)
    windows = Windows(
        line=steady,
        length_s=WEEK,
        warmup_s=warmup,
        jitter_s=0.0,
        months=(0,),
        poisson_causes=0,
        pilots=0,
        month=week,
        month_line=steady,
    )
    plan = Plan(
        windows=windows, scenarios=(), drawn=(), spreads=fitted.spreads, seed=seed, months=1, engine=engine
    )  # fmt: skip
    rows = np.array(list(executor(partial(_week, plan), range(replications))))
    return {name: rows[:, n] for n, name in enumerate(("good_per_h", "downtime_share", "stops_per_h"))}


def _week(plan: Plan, draw: int) -> list[float]:
    windows = plan.windows
    figures = plan.engine(baseline_of_draw(plan, draw), windows.month, plan.seed, draw)
    planned = figures.states.sum(axis=1) - figures.states[:, OFF]
    hours = max(float((planned / np.array([s.servers for s in windows.line.stations])).mean()), 1.0) / HOUR
    return [
        figures.total("good_out") / hours,
        float((figures.states[:, DOWN] / np.maximum(planned, 1.0)).mean()),
        float(figures.station("failures").sum()) / hours,
    ]


def judge(name: str, seen: FloatArray, simulated: FloatArray) -> Measure:
    """One measure over the judged weeks."""
    low, median, high = (float(q) for q in np.quantile(simulated, ((1 - BAND) / 2, 0.5, (1 + BAND) / 2)))
    weeks = len(seen)
    inside = int(((seen >= low) & (seen <= high)).sum())
    coverage_p = float(stats.binomtest(inside, weeks, BAND).pvalue)
    centre = float(simulated.mean())
    errors = (seen - centre) / centre if centre > 0 else np.zeros(weeks)
    half = float(stats.t.ppf(0.975, weeks - 1) * errors.std(ddof=1) / math.sqrt(weeks))
    bias = float(errors.mean())
    rank = (simulated[None, :] < seen[:, None]).mean(axis=1) + (simulated[None, :] == seen[:, None]).mean(axis=1) / 2
    spread = float(errors.var())
    lag = float((errors[1:] - bias) @ (errors[:-1] - bias) / weeks / spread) if spread > 0 else 0.0
    return Measure(
        name=name,
        observed=tuple(float(value) for value in seen),
        low=low,
        median=median,
        high=high,
        coverage=inside / weeks,
        coverage_p=coverage_p,
        bias=bias,
        bias_low=bias - half,
        bias_high=bias + half,
        pit_p=float(stats.kstest(rank, "uniform").pvalue),
        autocorrelation=lag,
        verdict=_verdict(bias, half, inside / weeks, coverage_p),
    )


def _verdict(bias: float, half: float, coverage: float, coverage_p: float) -> Verdict:
    if abs(bias) > MATTERS and abs(bias) > half:
        return "biased"
    if coverage_p < 0.05:
        return "too_narrow" if coverage < BAND else "too_wide"
    return "reproduces"


def grade(measures: tuple[Measure, ...], weeks: int) -> Grade:
    """The grade of a back-test (see `BackTest`); the first measure leads."""
    leading = measures[0]
    if leading.verdict == "reproduces":
        return "A" if weeks >= 8 and all(measure.verdict == "reproduces" for measure in measures) else "B"
    if leading.verdict == "biased" and abs(leading.bias) > 0.1:
        return "D"
    return "C"
