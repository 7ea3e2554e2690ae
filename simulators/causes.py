"""Failure causes of one machine after another, from a checked stop log: when each failed, how long each repair took.

The clock of a cause is the operating time of its machine: open time without any stop. It stands still while another
cause is being repaired, as in the engines, and the time still running at the end of the log is censored. The time
before the first failure began before the log did; it enters the mean (exponential) but not the shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulators.distributions import Distribution
from simulators.estimates import WEAK_BELOW, TimesFit, Trend, fit_times, trend_tests
from simulators.intervals import Cover, FloatArray, local_days, midnight, working_hours, zone
from simulators.line import DAY, Calendar
from simulators.predictors import FailurePredictor, FailureRecords, predicted
from simulators.reasons import kinds_of
from simulators.records import StopLog
from simulators.timeline import kinds

MODELLED = ("setup", "breakdown", "minor")
MOST_CAUSES = 8
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseFit:
    """One failure cause of one machine: its reason in the log (`other`: all the rare ones), times in seconds."""

    station: str
    cause: str
    kind: str
    uptime: TimesFit
    repair: TimesFit
    trend: Trend | None
    operating_s: float
    predictor: str = ""  # "used", or "silent" where one had no answer for these records

    @property
    def name(self) -> str:
        """The failure's name in a line; it says of what kind the stop is where the reason alone does not."""
        told = str(kinds_of(np.array([self.cause], dtype=np.str_))[0]) or "breakdown"
        label = self.cause or self.kind
        return label if told == self.kind else f"{self.kind}: {label}"


def fit_causes(
    stops: StopLog,
    *,
    seed: int = 1,
    refits: int = 200,
    minor_stop_s: float = 300.0,
    calendar: Calendar | None = None,
    timezone: str = "UTC",
    window: tuple[float, float] | None = None,
    predictor: FailurePredictor | None = None,
) -> tuple[CauseFit, ...]:
    """Failure and repair distributions of each machine and cause of a checked stop log, machines in alphabetical order.

    The 8 most frequent causes of a machine stand alone, if they were met 8 times; all others of a kind are one cause,
    `other`. The window is whole local days around the log unless it is given. A `predictor` replaces the fit of uptimes
    wherever it has an answer.
    """
    if not len(stops):
        return ()
    tz = zone(timezone)
    first, last = window or log_window(stops, timezone)
    open_ = working_hours(calendar, first, last, tz)
    found: list[CauseFit] = []
    names, index = np.unique(stops.station, return_inverse=True)
    order = np.argsort(index, kind="stable")
    edges = np.searchsorted(index[order], np.arange(len(names) + 1))
    for number, name in enumerate(names):
        machine = stops.where(order[edges[number] : edges[number + 1]].astype(np.int64))
        found.extend(_machine(str(name), machine, open_, (first, last), minor_stop_s, seed, refits, predictor))
    return tuple(found)


def log_window(stops: StopLog, timezone: str) -> tuple[float, float]:
    """The whole local days around a log, as for the baseline."""
    tz = zone(timezone)
    days = local_days(float(stops.start.min()), float(stops.end.max()), tz)
    return midnight(days[0], tz), midnight(days[-1], tz) + DAY


def _machine(
    station: str,
    log: StopLog,
    open_: Cover,
    window: tuple[float, float],
    minor_stop_s: float,
    seed: int,
    refits: int,
    predictor: FailurePredictor | None,
) -> Iterator[CauseFit]:
    kind = kinds(log, minor_stop_s)
    closed = open_.outside(*window)
    running = Cover.of(log.start, log.end).with_(closed).outside(*window)
    operating = running.length
    for name, label, rows in _causes(log, kind):
        uptimes, observed, at, lead = clock_times(log.start[rows], running)
        repairs = np.maximum(log.end[rows] - log.start[rows], 1.0)
        purpose = f"{station}/{name}/{label}"
        uptime, said = _uptime(uptimes, observed, lead, seed, refits, purpose), ""
        if predictor is not None:
            records = FailureRecords(
                station=station, cause=label, kind=name, times=uptimes, observed=observed, at=at, operating_s=operating
            )
            theirs = predicted(predictor, records, uptime)
            uptime, said = (uptime, "silent") if theirs is None else (theirs, "used")
        yield CauseFit(
            station=station,
            cause=label,
            kind=name,
            uptime=uptime,
            repair=fit_times(repairs, seed=seed, refits=refits, purpose=f"repair/{purpose}"),
            trend=trend_tests(at, operating) if name != "setup" else None,
            operating_s=operating,
            predictor=said,
        )


def _causes(log: StopLog, kind: NDArray[np.str_]) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """(kind, reason, rows) of each cause that is modelled; rare ones of a kind together."""
    for name in MODELLED:
        rows = np.flatnonzero(kind == name)
        if not len(rows):
            continue
        reasons, index, counts = np.unique(log.reason[rows], return_inverse=True, return_counts=True)
        ranked = np.lexsort((reasons, -counts))
        alone = [int(n) for n in ranked[:MOST_CAUSES] if counts[n] >= WEAK_BELOW]
        if len(reasons) == 1:
            alone = [0]
        for n in alone:
            yield name, str(reasons[n]), rows[index == n]
        rest = rows[~np.isin(index, alone)]
        if len(rest):
            yield name, OTHER, rest


def clock_times(start: FloatArray, running: Cover) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Operating time between failures of one cause: times, observed, operating time of each failure, time to the first.

    The last time is censored by the end of the log. Failures that begin while the machine already stands count with
    those before them.
    """
    at = np.sort(running.until(start))
    distinct = np.concatenate(([True], np.diff(at) > 1e-6)) if len(at) else np.zeros(0, dtype=np.bool_)
    at = at[distinct]
    last = running.length - at[-1]
    times = np.concatenate((np.diff(at), [last]))
    observed = np.concatenate((np.ones(len(at) - 1), [0.0]))
    if last <= 0:
        times, observed = times[:-1], observed[:-1]
    return times, observed, at, float(at[0])


def _uptime(times: FloatArray, observed: FloatArray, lead: float, seed: int, refits: int, purpose: str) -> TimesFit:
    """Uptimes of a cause; where the exponential is taken, the time before the first failure counts too."""
    purpose = f"uptime/{purpose}"
    if int(observed.sum()) < WEAK_BELOW:
        whole, seen = np.concatenate(([max(lead, 1.0)], times)), np.concatenate(([1.0], observed))
        return fit_times(whole, seen, seed=seed, refits=refits, purpose=purpose)
    fit = fit_times(times, observed, seed=seed, refits=refits, purpose=purpose)
    if fit.chosen != "exponential":
        return fit
    events = fit.events + 1
    mean = (lead + float(times.sum())) / events
    factor = mean / fit.mean
    return replace(
        fit,
        events=events,
        parameters={"mean": mean},
        mean=mean,
        distribution=Distribution.exponential(mean),
        intervals={name: (low * factor, high * factor) for name, (low, high) in fit.intervals.items()},
    )
