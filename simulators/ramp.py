"""Months as representative windows: how long they are, how one draw is simulated, what is made of it.

Simulating every hour of 36 months for hundreds of draws would take hours and tell no more. Each month of a draw is
simulated for a shorter window of the line as it is in that month, in the long-run state:

- The window begins after a warm-up, and at a random phase of the failure clocks (the same for all scenarios). Causes
  rarer than a twentieth of the window fail at the constant rate 1 / (mean uptime): that is what a short look at a
  renewal process in its long-run state shows. With a shift calendar, windows are whole weeks.
- A short window scatters more than a month. Over the months of a draw, the figures are split into a smooth part (the
  baseline: its mean; a scenario: the baseline and a difference that follows the adoption of its modules, by least
  squares) and a rest, which is chance. The rest is scaled to the chance of a whole month, which some simulated months
  of the line (and of each scenario in its last month) show; the smooth part is freed of the chance left in it by
  scaling its spread over the draws: Var = Var(what we do not know) + Var(chance in a month).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from simulators import kpi
from simulators.effects import FloatArray, Parameter, uniforms
from simulators.figures import Engine, RunFigures, Window
from simulators.fit import Spread
from simulators.line import DAY, WEEK, Distribution, Line, Station
from simulators.result import MONTH_H
from simulators.scenario import Drawn, Scenario, apply, changed

HOUR = 3600.0
RARE = 20.0
SMOOTHED = ("good_per_h", "throughput_per_h", "oee", "availability", "quality")
FEWEST_MONTHS = 6
PILOTS = (20, 60)
PILOT_SHARE = 0.1
PILOT_NUMBER = 1_000_000_000
"""Replication numbers of whole months begin here, far from those of the draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """What is simulated: hours that count and hours before them, which months, and the line in its long-run state."""

    line: Line
    length_s: float
    warmup_s: float
    jitter_s: float
    months: tuple[int, ...]
    poisson_causes: int
    pilots: int
    month: Window
    month_line: Line


def plan_windows(line: Line, drawn: Sequence[Drawn], *, months: int, draws: int, budget: float) -> Windows:
    """Windows that share a budget of operations (a part through a station) among months, draws and scenarios."""
    pace = max(station.cycle.mean / station.servers for station in line.stations)
    per_second = len(line.stations) / pace
    fill = pace * sum(station.servers + min(_places(station), 1000) for station in line.stations)
    repairs = [failure.repair.mean for station in line.stations for failure in station.failures]
    runs = draws * (1 + len(drawn))
    month = MONTH_H * HOUR
    shortest = max(4 * HOUR, 200 * pace, 4 * fill)
    chosen = tuple(range(months))
    if line.calendar is None:
        warmup = 3 * fill + 5 * max((repair for repair in repairs if repair < 4 * HOUR), default=0.0)
        length = budget / (runs * months * per_second) - warmup
        length = min(max(length, shortest, 2 * warmup), month)
    else:
        warmup = DAY
        length = WEEK * min(max(round((budget / (runs * months * per_second) - warmup) / WEEK), 1), 4)
    affordable = budget / (runs * per_second * (length + warmup))
    if affordable < months:
        chosen = knots(drawn, months, max(min(months, 8), int(affordable)))
    steady, changed_causes, jitter = in_long_run(line, length)
    if line.calendar is not None:
        jitter = 2 * DAY if jitter > 0 else 0.0
    pilot, month_line, pilots = plan_pilots(
        line, length, warmup, PILOT_SHARE * budget / ((1 + len(drawn)) * per_second)
    )
    return Windows(
        line=steady,
        length_s=length,
        warmup_s=warmup,
        jitter_s=jitter,
        months=chosen,
        poisson_causes=changed_causes,
        pilots=pilots,
        month=pilot,
        month_line=month_line,
    )


def plan_pilots(line: Line, length: float, warmup: float, seconds: float) -> tuple[Window, Line, int]:
    """Whole months (four weeks with a calendar) to measure chance on, within simulated seconds for each scenario.

    At least 20; where those do not fit, they are shorter, but ten windows long or a week.
    """
    whole = MONTH_H * HOUR if line.calendar is None else 4 * WEEK
    shortest = WEEK if line.calendar is not None else min(max(10 * length, DAY), whole)
    for part in (1.0, 0.5, 0.25):
        span = max(whole * part, shortest)
        steady, _, slowest = in_long_run(line, RARE * span / 2)
        begin = max(warmup, 2 * slowest)
        if line.calendar is not None:
            begin = WEEK * math.ceil(max(begin, 1.0) / WEEK)
        window = Window(warmup=begin, horizon=begin + span)
        if seconds / window.horizon >= PILOTS[0]:
            break
    return window, steady, min(max(int(seconds / window.horizon), PILOTS[0]), PILOTS[1])


def _places(station: Station) -> int:
    return 20 if station.buffer is None else station.buffer


def in_long_run(line: Line, window_s: float) -> tuple[Line, int, float]:
    """The line with rare causes at a constant rate, how many those are, and the longest cycle of the other clocks."""
    replaced, jitter = 0, 0.0
    stations = []
    for station in line.stations:
        failures = []
        for failure in station.failures:
            if failure.uptime.kind == "exponential":
                failures.append(failure)
            elif failure.uptime.mean > window_s / RARE:
                replaced += 1
                failures.append(replace(failure, uptime=Distribution.exponential(failure.uptime.mean)))
            else:
                jitter = max(jitter, failure.uptime.mean + failure.repair.mean)
                failures.append(failure)
        stations.append(replace(station, failures=tuple(failures)))
    return replace(line, stations=tuple(stations)), replaced, jitter


def knots(drawn: Sequence[Drawn], months: int, count: int) -> tuple[int, ...]:
    """`count` months, dense where adoption moves: equal steps of time and of mean adoption, half and half."""
    progress = np.arange(months, dtype=np.float64) / max(months - 1, 1)
    for item in drawn:
        if item.adoption.size:
            path = item.adoption.mean(axis=(0, 1))
            moved = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(path)))))
            progress = progress + moved / max(float(moved[-1]), 1e-12) / len(drawn)
    wanted = np.linspace(0.0, float(progress[-1]), count)
    return tuple(sorted({int(np.abs(progress - value).argmin()) for value in wanted}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one draw needs; it travels to the workers."""

    windows: Windows
    scenarios: tuple[Scenario, ...]
    drawn: tuple[Drawn, ...]
    spreads: tuple[Spread, ...]
    seed: int
    months: int
    engine: Engine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawFigures:
    """One draw: `kpis` [scenario, simulated month, SMOOTHED]; `bottleneck` and `states` by scenario and month."""

    kpis: FloatArray
    bottleneck: FloatArray
    states: FloatArray
    simulated: int
    reused: int


def baseline_of_draw(plan: Plan, draw: int) -> Line:
    """The line with one bootstrap value of each fitted mean."""
    line = plan.windows.line
    index = {station.name: number for number, station in enumerate(line.stations)}
    changes: dict[tuple[int, int, Parameter], float] = {}
    for spread in plan.spreads:
        station = index.get(spread.station)
        if station is None or not spread.factors:
            continue
        causes = [failure.name for failure in line.stations[station].failures]
        if spread.cause in causes:
            purpose = f"spread/{spread.station}/{spread.cause}/{spread.parameter}"
            u = uniforms(plan.seed, purpose, draw + 1)[draw]
            parameter: Parameter = "uptime" if spread.parameter == "uptime" else "repair"
            factor = spread.factors[min(int(u * len(spread.factors)), len(spread.factors) - 1)]
            changes[station, causes.index(spread.cause), parameter] = factor
    return changed(line, changes) if changes else line


def simulate_draw(plan: Plan, draw: int) -> DrawFigures:
    """All simulated months of all scenarios of one draw, on shared random numbers."""
    windows = plan.windows
    base = baseline_of_draw(plan, draw)
    phase = uniforms(plan.seed, f"phase/{draw}", plan.months)
    kpis, bottleneck, states, simulated, reused = [], [], [], 0, 0
    for month in windows.months:
        begin = windows.warmup_s + _jitter(windows, float(phase[month]))
        window = Window(warmup=begin, horizon=begin + windows.length_s)
        done: dict[int, RunFigures] = {}
        lines: list[Line] = [base]
        rows: list[tuple[list[float], list[float], FloatArray]] = []
        for scenario, drawn in zip(plan.scenarios, plan.drawn, strict=True):
            line = apply(base, scenario, drawn, draw, month)
            lines.append(next((known for known in lines if known == line), line))
        for line in lines:
            if id(line) in done:
                reused += 1
            else:
                done[id(line)] = plan.engine(line, window, plan.seed, draw * plan.months + month)
                simulated += 1
            rows.append(_row(line, done[id(line)]))
        kpis.append([row[0] for row in rows])
        bottleneck.append([row[1] for row in rows])
        states.append([row[2] for row in rows])
    return DrawFigures(
        kpis=np.array(kpis, dtype=np.float64).swapaxes(0, 1),
        bottleneck=np.array(bottleneck, dtype=np.float64).swapaxes(0, 1),
        states=np.array(states, dtype=np.float64).swapaxes(0, 1),
        simulated=simulated,
        reused=reused,
    )


def simulate_month(plan: Plan, number: int) -> FloatArray:
    """A whole month of the line and of each scenario in its last month with its mean effects, [scenario, SMOOTHED]."""
    windows, lines = plan.windows, [plan.windows.month_line]
    for scenario, drawn in zip(plan.scenarios, plan.drawn, strict=True):
        typical = Drawn(
            effects=drawn.effects.mean(axis=1, keepdims=True),
            adoption=drawn.adoption[:, :, -1:].mean(axis=1, keepdims=True),
        )
        lines.append(apply(windows.month_line, scenario, typical, 0, 0))
    rows = [_row(line, plan.engine(line, windows.month, plan.seed, PILOT_NUMBER + number))[0] for line in lines]
    return np.array(rows, dtype=np.float64)


def month_chance(months: FloatArray, length_s: float) -> FloatArray:
    """Variance of a month by chance, from whole months [number, scenario, kpi]: of the baseline, of differences."""
    paired = np.concatenate((months[:, :1], months[:, 1:] - months[:, :1]), axis=1)
    return np.asarray(paired.var(axis=0, ddof=1) * length_s / (MONTH_H * HOUR))


def _jitter(windows: Windows, u: float) -> float:
    if windows.line.calendar is not None:
        return math.floor(u * (1 + windows.jitter_s / DAY)) * DAY
    return u * windows.jitter_s


def _row(line: Line, figures: RunFigures) -> tuple[list[float], list[float], FloatArray]:
    found = kpi.line_kpis(line, figures)
    shares = figures.states / np.maximum(figures.states.sum(axis=1, keepdims=True), 1e-300)
    return [found[name] for name in SMOOTHED], kpi.bottleneck_shares(line, figures), shares


def paths(drawn: Drawn, draw: int, scenario: Scenario) -> FloatArray:
    """What a scenario's difference may follow: adoption of each module, the square of their mean; [month, feature]."""
    curves: dict[str, FloatArray] = {}
    for number, (module, _) in enumerate(scenario.active()):
        curves[module.id] = drawn.adoption[number, draw]
    if not curves:
        return np.zeros((drawn.adoption.shape[2], 0))
    columns = np.array(list(curves.values()))
    mean = columns.mean(axis=0)
    kept = columns if len(columns) <= 4 else mean[None, :]
    return np.concatenate((kept, mean[None, :] ** 2)).T


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Figures of one scenario split over all draws: smooth [draw, month, kpi], rest likewise, leverage [draw, month].

    `freedom` [draw]: simulated months less fitted coefficients.
    """

    smooth: FloatArray
    rest: FloatArray
    leverage: FloatArray
    freedom: FloatArray


def split(values: FloatArray, features: Sequence[FloatArray], at: Sequence[int], months: int) -> Split:
    """Least squares over the simulated months of each draw, evaluated in every month; the rest of the nearest month."""
    at_array = np.array(at)
    nearest = np.abs(np.arange(months)[:, None] - at_array[None, :]).argmin(axis=1)
    draws, _, kpis = values.shape
    smooth, rest = np.zeros((draws, months, kpis)), np.zeros((draws, months, kpis))
    leverage, freedom = np.zeros((draws, months)), np.zeros(draws)
    for draw in range(draws):
        every = features[draw]
        seen = every[at_array]
        inverse = np.linalg.pinv(seen, rcond=1e-8)
        smooth[draw] = every @ (inverse @ values[draw])
        rest[draw] = (values[draw] - seen @ (inverse @ values[draw]))[nearest]
        leverage[draw] = np.einsum("mk,mk->m", every @ inverse, every @ inverse)
        freedom[draw] = len(at) - np.linalg.matrix_rank(seen, tol=1e-8) if seen.size else len(at)
    return Split(smooth=smooth, rest=rest, leverage=leverage, freedom=freedom)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monthly:
    """`values` [draw, month, kpi]; `known` [kpi], the share of a month's variance that is not chance.

    `means` [draw, month, kpi]: what the mean over the draws rests on, with all the chance that is left in it.
    """

    values: FloatArray
    means: FloatArray
    known: FloatArray


def to_months(parts: Split, at: Sequence[int], month: FloatArray) -> Monthly:
    """From windows to months; `month` [kpi] is the variance of a month by chance alone.

    The chance of a window is estimated from the rest, pooled over draws, and scaled to that of a month. The spread of
    the smooth part over the draws is reduced by the chance left in it, and to nothing where it is not more than chance
    (F test at 5 %).
    """
    squares = (parts.rest[:, list(at)] ** 2).sum(axis=(0, 1))
    freedom = float(parts.freedom.sum())
    chance = squares / freedom if freedom > 0 else np.zeros(squares.shape)
    mean = parts.smooth.mean(axis=0)
    spread = parts.smooth - mean
    draws = len(spread)
    variance = (spread**2).sum(axis=0) / max(draws - 1, 1)
    noise = parts.leverage.mean(axis=0)[:, None] * chance[None, :]
    beyond = float(stats.f.ppf(0.95, max(draws - 1, 1), max(freedom, 1.0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        keep = np.sqrt(np.where(variance > beyond * noise, 1 - noise / variance, 0.0))
        scale = np.where(chance > 0, np.sqrt(month / chance), 0.0)
    inflate = math.sqrt(len(at) * draws / freedom) if freedom > 0 else 1.0
    rest = scale * inflate * parts.rest
    known = (keep**2 * variance).mean(axis=0)
    total = known + np.where(chance > 0, month, 0.0)
    share = np.where(total > 0, known / np.where(total > 0, total, 1.0), 0.0)
    return Monthly(values=mean + keep * spread + rest, means=parts.smooth + rest, known=share)
