"""Reference cases (schema line-reference-cases/1), simulated through the engine and judged by their own rule."""

from __future__ import annotations

from typing import Any

from simulators.simulate import EngineName, Executor


def run_cases(
    document: dict[str, Any],
    *,
    engine: EngineName = "twin",
    seed: int = 1,
    precision: float = 0.002,
    executor: Executor = map,
) -> dict[str, Any]:
    """Simulate every case of ``document`` and return the shape of ``mingsuan check --json``."""
    raise RuntimeError("being written")
