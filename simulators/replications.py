"""Many replications of one line, anywhere, and what their mean is worth.

A replication is known by its number alone, so the rows are the same bytes on any number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import special

from simulators.distributions import Floats, ModelError
from simulators.figures import Window
from simulators.line import Line
from simulators.reference import run_reference
from simulators.twin import VERSION, run_rows

Executor: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
EngineName: TypeAlias = Literal["twin", "reference"]
ENGINES: tuple[EngineName, ...] = ("twin", "reference")
#: What goes into a digest beside the engine's name.
ENGINE_VERSION = VERSION


def rows(line: Line, window: Window, seed: int, engine: EngineName, numbers: Sequence[int]) -> Floats:
    """Simulate ``line`` on these replication numbers; one row of sums (RunFigures.vector) for each."""
    if engine == "twin":
        return run_rows(line, window, seed, numbers)
    if engine == "reference":
        return np.stack([run_reference(line, window, seed, number).vector() for number in numbers])
    raise ModelError(
        f"there is no engine {engine!r}",
        code="unknown_engine",
        place="engine",
        remedy="Use twin (fast) or reference (SimPy).",
        engine=engine,
    )


def replicate(
    line: Line,
    window: Window,
    seed: int,
    numbers: Sequence[int],
    *,
    engine: EngineName = "twin",
    executor: Executor = map,
    chunk: int = 4,
) -> Floats:
    """Simulate ``line`` on these replication numbers through ``executor``, ``chunk`` at a time; rows in their order."""
    chunks = [numbers[at : at + chunk] for at in range(0, len(numbers), chunk)]
    return np.concatenate(list(executor(partial(rows, line, window, seed, engine), chunks)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over independent replications with its standard error and 95 % interval (Student's t)."""

    mean: float
    standard_error: float
    half_width: float

    @property
    def ci95(self) -> list[float] | None:
        """Low and high end; None where a single replication leaves it open."""
        if not math.isfinite(self.half_width):
            return None
        return [self.mean - self.half_width, self.mean + self.half_width]


def estimate(values: Floats) -> Estimate:
    """Estimate the mean of one figure from its values, one per replication.

    >>> round(estimate(np.array([9.0, 10.0, 11.0])).half_width, 6)
    2.484138
    """
    n = len(values)
    mean = float(np.mean(values))
    if n < 2:
        return Estimate(mean=mean, standard_error=math.inf, half_width=math.inf)
    error = float(np.std(values, ddof=1)) / math.sqrt(n)
    return Estimate(mean=mean, standard_error=error, half_width=float(special.stdtrit(n - 1, 0.975)) * error)
