"""One line, its key figures: replications until they are precise enough, the same bytes on any number of workers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from simulators import kpi
from simulators.closed_forms import exact
from simulators.digest import digest
from simulators.distributions import Floats, ModelError
from simulators.figures import STATES, RunFigures, Window
from simulators.flow_report import flow_report
from simulators.kpi import ratio
from simulators.line import Line
from simulators.replications import ENGINE_VERSION, EngineName, Estimate, Executor, estimate, replicate
from simulators.warmup import warmup_seconds

#: Replications of the pilot that finds the warm-up, and parts of the horizon in which it counts the output.
PILOT, PARTS = 8, 1000
#: ``auto``: this many at least and at most, added in these steps.
FEWEST, MOST, STEP = 16, 512, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Key figures of one line, each replication's and their estimates."""

    line: Line
    window: Window
    seed: int
    engine: EngineName
    precision: float
    figures: tuple[RunFigures, ...]

    def estimate(self, of: Callable[[RunFigures], float]) -> Estimate:
        """Estimate any figure of a replication."""
        return estimate(np.array([of(figures) for figures in self.figures]))

    def kpis(self) -> dict[str, Estimate]:
        """The headline figures, named as in kpi.KPIS."""
        each = [kpi.line_kpis(self.line, figures) for figures in self.figures]
        return {name: estimate(np.array([values[name] for values in each])) for name in kpi.KPIS}

    @property
    def digest(self) -> str:
        """SHA-256 of what was simulated: line, scenario, window, replications, seed, engine and its version."""
        return digest(
            line=self.line,
            scenario=None,
            horizon_s=self.window.horizon,
            warmup_s=self.window.warmup,
            replications=len(self.figures),
            seed=self.seed,
            engine=self.engine,
            engine_version=ENGINE_VERSION,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the shape of ``mingsuan simulate --json``."""
        kpis = self.kpis()
        throughput = kpis["throughput_per_h"]
        document: dict[str, Any] = {
            "line": self.line.name,
            "engine": self.engine,
            "seed": self.seed,
            "horizon_s": self.window.horizon,
            "warmup_s": self.window.warmup,
            "replications": len(self.figures),
            "precision": {
                "measure": "throughput_per_h",
                "wanted": self.precision,
                "reached": _finite(ratio(throughput.half_width, abs(throughput.mean))),
            },
            "kpis": {name: {"mean": value.mean, "ci95": value.ci95} for name, value in kpis.items()},
            "stations": self._stations(),
            "buffers": self._buffers(),
        }
        if self.line.arrivals is not None:
            document["queue"] = self._queue()
        if self.line.crews:
            document["crews"] = self._crews()
        known = exact(self.line)
        if known is not None:
            document["exact"] = asdict(known)
        return document | flow_report(self.line, self.figures) | {"digest": self.digest}

    def _stations(self) -> list[dict[str, Any]]:
        states = [kpi.state_shares(figures) for figures in self.figures]
        shares = np.array([kpi.bottleneck_shares(self.line, figures) for figures in self.figures])
        listed = []
        for index, station in enumerate(self.line.stations):
            by_state = {state: estimate(np.array([each[index][state] for each in states])) for state in STATES}
            oee = self.estimate(lambda figures, at=index: kpi.station_oee(self.line, figures, at).index)  # type: ignore[misc]
            share = estimate(shares[:, index])
            listed.append({
                "name": station.name,
                "states": {state: value.mean for state, value in by_state.items()},
                "oee": oee.mean,
                "bottleneck_share": share.mean,
                "ci95": {
                    "states": {state: value.ci95 for state, value in by_state.items()},
                    "oee": oee.ci95,
                    "bottleneck_share": share.ci95,
                },
            })  # fmt: skip
        return listed

    def _levels(self, name: str) -> Floats:
        return np.array([figures.station(name) for figures in self.figures]) / self.window.length

    def _buffers(self) -> list[dict[str, Any]]:
        levels = self._levels("buffer_part_s")
        last = len(self.line.stations) - 1
        listed = []
        for index, station in enumerate(self.line.stations):
            if index == last and self.line.pallets is None and not station.buffer:
                continue
            level = estimate(levels[:, index])
            listed.append({"after": station.name, "mean_level": level.mean, "ci95": level.ci95})
        return listed

    def _queue(self) -> dict[str, Any]:
        level = self.estimate(lambda figures: figures.total("queue_part_s") / self.window.length)
        wait = self.estimate(lambda figures: ratio(figures.total("queue_wait_s"), figures.total("queue_starts")))
        lost = self.estimate(lambda figures: ratio(figures.total("lost"), figures.total("arrivals")))
        return {
            "mean_level": level.mean,
            "mean_wait_s": wait.mean,
            "lost_share": lost.mean,
            "ci95": {"mean_level": level.ci95, "mean_wait_s": wait.ci95, "lost_share": lost.ci95},
        }

    def _crews(self) -> list[dict[str, Any]]:
        listed = []
        for index, (name, size) in enumerate(self.line.crews):
            busy = np.array([figures.crew("busy_s")[index] for figures in self.figures])
            waits = [(figures.crew("wait_s")[index], figures.crew("repairs")[index]) for figures in self.figures]
            used = estimate(busy / (size * self.window.length))
            wait = estimate(np.array([ratio(float(seconds), float(repairs)) for seconds, repairs in waits]))
            listed.append({
                "name": name,
                "utilisation": used.mean,
                "mean_wait_s": wait.mean,
                "ci95": {"utilisation": used.ci95, "mean_wait_s": wait.ci95},
            })  # fmt: skip
        return listed


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def simulate(
    line: Line,
    *,
    horizon: float,
    warmup: float | Literal["auto"] = "auto",
    replications: int | Literal["auto"] = "auto",
    seed: int = 1,
    engine: EngineName = "twin",
    executor: Executor = map,
    precision: float = 0.005,
    progress: Callable[[int, float], None] | None = None,
) -> Simulation:
    """Simulate ``line`` over ``horizon`` seconds, of which ``warmup`` do not count.

    ``warmup`` auto: MSER-5 on the output of pilot replications. ``replications`` auto: at least 16, then 16 more at a
    time until the half-width of the 95 % interval of the throughput is at most ``precision`` of its mean, 512 at most.
    ``progress`` is told the replications done and the precision reached. Same arguments, same bytes.
    """
    if not 0 < precision < 1:
        raise ModelError(
            f"the precision cannot be {precision:g}",
            code="precision_range",
            place="precision",
            remedy="Give a share of the mean, such as 0.005 for half a per cent.",
            value=precision,
        )
    if replications != "auto" and replications < 1:
        raise ModelError(
            f"{replications} replications are too few",
            code="replications_range",
            place="replications",
            remedy="Give 1 or more, or auto.",
            value=replications,
        )
    whole = Window(warmup=0.0, horizon=horizon, bins=PARTS)
    if warmup == "auto" and line.orders:
        warmup = 0.0  # a list of orders is a campaign with its beginning and end: there is no steady state
    if warmup == "auto":
        pilot = replicate(line, whole, seed, range(PILOT), engine=engine, executor=executor, chunk=1)
        warmup = warmup_seconds(line, horizon, pilot[:, -PARTS:].mean(axis=0))
    window = Window(warmup=float(warmup), horizon=float(horizon))
    done = list(_run(line, window, seed, engine, executor, range(FEWEST if replications == "auto" else replications)))
    reached = math.inf
    while replications == "auto":
        throughput = estimate(np.array([kpi.line_kpis(line, figures)["throughput_per_h"] for figures in done]))
        reached = ratio(throughput.half_width, throughput.mean)
        if progress is not None:
            progress(len(done), reached)
        if reached <= precision or len(done) >= MOST:
            break
        done += _run(line, window, seed, engine, executor, range(len(done), len(done) + STEP))
    return Simulation(line=line, window=window, seed=seed, engine=engine, precision=precision, figures=tuple(done))


def _run(
    line: Line, window: Window, seed: int, engine: EngineName, executor: Executor, numbers: range
) -> Iterable[RunFigures]:
    rows = replicate(line, window, seed, numbers, engine=engine, executor=executor)
    return [RunFigures.from_vector(line, window, row) for row in rows]


__all__ = ["EngineName", "Executor", "Simulation", "simulate"]
