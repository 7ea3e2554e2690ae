"""One line, its key figures: replications until they are precise enough, the same bytes on any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from simulators.line import Line

Executor: TypeAlias = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
EngineName: TypeAlias = Literal["twin", "reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Key figures of one line with their intervals."""

    document: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the shape of ``mingsuan simulate --json``."""
        return self.document


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
) -> Simulation:
    """Simulate ``line`` over ``horizon`` seconds.

    ``warmup`` auto is found by MSER-5; ``replications`` auto adds replications until the half-width of the 95 %
    interval of the throughput is at most ``precision`` of its mean.
    """
    raise RuntimeError("being written")
