"""A process over many replications: key figures with intervals, the view of the pools, warnings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from simulators.digest import digest
from simulators.distributions import Floats, ModelError
from simulators.figures import Window
from simulators.line import WEEK
from simulators.people import run_people
from simulators.people_figures import (
    POOL_SUMS,
    RULE_SUMS,
    STEP_SUMS,
    WORK_SUMS,
    PeopleFigures,
)
from simulators.people_warnings import Caution, warnings
from simulators.process import Process
from simulators.replications import Estimate, Executor, estimate

ENGINE_VERSION = "people/1"
#: ``auto``: this many replications at least and at most, added in these steps.
FEWEST, MOST, STEP = 8, 64, 8
WARMUP_SHARE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """Every replication's figures, and what they say together."""

    process: Process
    window: Window
    seed: int
    precision: float
    figures: tuple[PeopleFigures, ...]

    def of(self, table: str, name: str, row: int) -> Floats:
        """One sum of one row in every replication, such as of("steps", "wait_s", 0)."""
        names = {"work": WORK_SUMS, "steps": STEP_SUMS, "pools": POOL_SUMS, "rules": RULE_SUMS}[table]
        return np.array([getattr(each, table)[row, names.index(name)] for each in self.figures])

    def total(self, table: str, name: str) -> Floats:
        """One sum over all rows in every replication."""
        rows = len(getattr(self.figures[0], table))
        return np.asarray(np.sum([self.of(table, name, row) for row in range(rows)], axis=0))

    def quantile(self, table: str, row: int, which: int) -> Floats:
        """Median (0) or 90 % quantile (1) of one row in every replication."""
        return np.array([getattr(each, f"{table}_quantiles")[row, which] for each in self.figures])

    @property
    def digest(self) -> str:
        """SHA-256 of what was simulated."""
        return digest(
            process=self.process,
            horizon_s=self.window.horizon,
            warmup_s=self.window.warmup,
            replications=len(self.figures),
            seed=self.seed,
            engine_version=ENGINE_VERSION,
        )

    def cycle(self) -> Floats:
        """Mean time from arrival to end of the finished cases, all kinds, in every replication."""
        return per(self.total("work", "cycle_s"), self.total("work", "finished"))

    def utilisation(self, pool: int) -> Floats:
        """Share of its time on duty that a pool worked."""
        return per(self.of("pools", "busy_s", pool), self.of("pools", "on_s", pool))

    def kept(self, rule: int) -> Floats:
        """Share of the cases that kept a rule."""
        return per(self.of("rules", "kept", rule), self.of("rules", "judged", rule))

    def warnings(self) -> tuple[Caution, ...]:
        """Conflicts, overload and missed rules, the worst first."""
        return warnings(self)

    def to_json(self) -> dict[str, Any]:
        """Return the shape of ``mingsuan simulate PROCESS.yaml --json``."""
        length, weeks = self.window.length, self.window.length / WEEK
        finished, given_up = self.total("work", "finished"), self.total("work", "given_up")
        cycle = known(self.cycle())
        reached = cycle.half_width / cycle.mean if cycle.mean else math.inf
        return {
            "process": self.process.name,
            "engine": "people",
            "seed": self.seed,
            "horizon_s": self.window.horizon,
            "warmup_s": self.window.warmup,
            "replications": len(self.figures),
            "precision": {
                "measure": "cycle_time_s",
                "wanted": self.precision,
                "reached": reached if math.isfinite(reached) else None,
            },
            "kpis": {
                "finished_per_week": _figure(finished / weeks),
                "cycle_time_s": _figure(self.cycle()),
                "in_progress": _figure(self.total("work", "inside_s") / length),
                "given_up_share": _figure(per(given_up, finished + given_up)),
            },
            "work": [self._work(index) for index in range(len(self.process.work))],
            "steps": [self._step(index) for index in range(len(self.process.steps))],
            "pools": [self._pool(index) for index in range(len(self.process.pools))],
            "rules": [self._rule(index) for index in range(len(self.process.rules))],
            "warnings": [warning.to_json() for warning in self.warnings()],
            "digest": self.digest,
        }

    def _work(self, index: int) -> dict[str, Any]:
        of = partial(self.of, "work", row=index)
        finished, given_up = of("finished"), of("given_up")
        return {
            "name": self.process.work[index].name,
            "arrived_per_week": _figure(of("arrived") / (self.window.length / WEEK)),
            "finished_per_week": _figure(finished / (self.window.length / WEEK)),
            "given_up_share": _figure(per(given_up, finished + given_up)),
            "cycle_time_s": _figure(per(of("cycle_s"), finished)),
            "cycle_time_p50_s": _figure(self.quantile("work", index, 0)),
            "cycle_time_p90_s": _figure(self.quantile("work", index, 1)),
        }

    def _step(self, index: int) -> dict[str, Any]:
        of = partial(self.of, "steps", row=index)
        started, given_up = of("started"), of("given_up")
        hours = np.mean([per(each.step_hours[index], each.hours) for each in self.figures], axis=0)
        return {
            "name": self.process.steps[index].name,
            "started_per_week": _figure(started / (self.window.length / WEEK)),
            "probability_of_wait": _figure(per(of("waited"), started)),
            "wait_s": _figure(per(of("wait_s"), started)),
            "wait_p90_s": _figure(self.quantile("step", index, 1)),
            "waiting": _figure(of("waiting_s") / self.window.length),
            "given_up_share": _figure(per(given_up, started + given_up)),
            "conflict_share": _figure(per(of("conflicts"), started)),
            "week": _hours(hours),
        }

    def _pool(self, index: int) -> dict[str, Any]:
        pool = self.process.pools[index]
        of = partial(self.of, "pools", row=index)
        hours = np.mean([per(each.pool_hours[index], each.hours[:, None]) for each in self.figures], axis=0)
        return {
            "name": pool.name,
            "people": pool.people,
            "skills": list(pool.skills),
            "utilisation": _figure(self.utilisation(index)),
            "on_duty_h_per_week": _figure(of("on_s") / 3600 / (self.window.length / WEEK)),
            "tasks_per_week": _figure(of("tasks") / (self.window.length / WEEK)),
            "laid_down_per_week": _figure(of("pauses") / (self.window.length / WEEK)),
            "week": {"busy": _hours(hours[:, 0]), "on_duty": _hours(hours[:, 1])},
        }

    def _rule(self, index: int) -> dict[str, Any]:
        rule = self.process.rules[index]
        of = partial(self.of, "rules", row=index)
        return {
            "name": rule.name,
            "within_s": rule.within,
            "clock": rule.clock,
            "target": rule.target,
            "kept_share": _figure(self.kept(index)),
            "time_s": _figure(per(of("time_s"), of("happened"))),
            "time_p50_s": _figure(self.quantile("rule", index, 0)),
            "time_p90_s": _figure(self.quantile("rule", index, 1)),
            "escalated_per_week": _figure(of("escalated") / (self.window.length / WEEK)),
        }


def per(above: Floats, below: Floats) -> Floats:
    """A ratio by element, NaN where nothing happened."""
    above, below = np.broadcast_arrays(above, below)
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def known(values: Floats) -> Estimate:
    """The estimate from the replications in which something happened; mean 0 and no interval where in none."""
    there = values[np.isfinite(values)]
    return estimate(there) if len(there) else Estimate(mean=0.0, standard_error=math.inf, half_width=math.inf)


def _figure(values: Floats) -> dict[str, Any]:
    found = known(values)
    return {"mean": found.mean if np.isfinite(values).any() else None, "ci95": found.ci95}


def _hours(values: Floats) -> list[float | None]:
    return [round(float(value), 6) if math.isfinite(value) else None for value in values]


def simulate_process(
    process: Process,
    *,
    horizon: float,
    warmup: float | Literal["auto"] = "auto",
    replications: int | Literal["auto"] = "auto",
    seed: int = 1,
    executor: Executor = map,
    precision: float = 0.02,
) -> ProcessResult:
    """Simulate ``process`` over ``horizon`` seconds, of which ``warmup`` do not count.

    ``warmup`` auto: a fifth of the horizon in whole weeks, none where there are newcomers (their start is what is
    asked). ``replications`` auto: 8, then 8 more at a time, until the half-width of the mean cycle time is at most
    ``precision`` of it, 64 at most. Same arguments, same figures, on any number of workers.
    """
    if replications != "auto" and replications < 1:
        raise ModelError(
            f"{replications} replications are too few",
            code="replications_range",
            place="replications",
            remedy="Give 1 or more, or auto.",
            value=replications,
        )
    if warmup == "auto":
        share = horizon / WARMUP_SHARE
        new = any(pool.newcomers is not None for pool in process.pools)
        warmup = 0.0 if new else (share // WEEK * WEEK or share)
    window = Window(warmup=float(warmup), horizon=float(horizon))
    run: Callable[[int], PeopleFigures] = partial(run_people, process, window, seed)
    done = list(executor(run, range(FEWEST if replications == "auto" else replications)))
    while True:
        result = ProcessResult(process=process, window=window, seed=seed, precision=precision, figures=tuple(done))
        cycle = known(result.cycle())
        if replications != "auto" or len(done) >= MOST or cycle.half_width <= precision * cycle.mean:
            return result
        done += executor(run, range(len(done), len(done) + STEP))
