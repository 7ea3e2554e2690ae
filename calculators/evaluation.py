"""The computation itself: formulas in order over chunks of draws, caps applied, percentiles taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from calculators.drivers import Drivers
from calculators.graph import Plan
from calculators.syntax import walk
from calculators.units import Array, CalculationError

CHUNK = 8192
"""Draws computed at a time where all are single numbers; fewer for series, so that a chunk stays in the cache."""

CHUNK_OF_SERIES = 2**17
"""Draws times periods computed at a time."""

KEPT_DRAWS = 2048
"""Draws kept of a series; its percentiles by period are over these. Single numbers keep every draw."""


def percentiles(values: Array) -> list[Any]:
    """P10, P50, P90 of [draw, axis] over the finite draws; lists when there is an axis, NaN where nothing is finite."""
    finite = np.isfinite(values)
    if finite.all():
        table = np.quantile(values, [0.1, 0.5, 0.9], axis=0)
    else:
        table = np.full((3, values.shape[1]), np.nan)
        for column in range(values.shape[1]):
            good = values[finite[:, column], column]
            if len(good):
                table[:, column] = np.quantile(good, [0.1, 0.5, 0.9])
    return [float(row[0]) if len(row) == 1 else [float(value) for value in row] for row in table]


def computed(plan: Plan, drivers: Drivers, points: Array, wanted: frozenset[str]) -> dict[str, Array]:
    """The wanted names at points [n, driver], [n or 1, axis or 1] in base units."""
    needed = plan.ancestors(*wanted)
    found: dict[str, list[Array]] = {name: [] for name in wanted}
    size = chunk_size(plan)
    for start in range(0, len(points), size):
        values = chunk(plan, drivers, points[start : start + size], needed)
        for name in wanted:
            found[name].append(values[name])
    return {name: joined(parts) for name, parts in found.items()}


def joined(parts: Sequence[Array]) -> Array:
    """Chunks of one number put together; what is the same in every draw once."""
    if len(parts) == 1 or len(parts[0]) == 1:
        return parts[0]
    return np.concatenate(parts)


MOST_CELLS = 10_000_000_000
"""Draws times periods times parts of formulas in one evaluation: about half a minute."""


def check_work(plan: Plan, draws: int) -> None:
    """Refuse an evaluation that would keep the machine busy for minutes."""
    parts = sum(1 for one in plan.compiled.values() for _ in walk(one.tree))
    cells = draws * parts * (plan.frame.periods + 1 if _has_series(plan) else 1)
    if cells > MOST_CELLS:
        raise CalculationError(
            f"{cells:,} values would have to be computed, at most {MOST_CELLS:,} may be",
            code="too_much_work",
            remedy="Take fewer draws or a shorter horizon.",
            most=MOST_CELLS,
        )


def chunk_size(plan: Plan) -> int:
    """How many draws to compute at a time."""
    return max(256, CHUNK_OF_SERIES // (plan.frame.periods + 1)) if _has_series(plan) else CHUNK


def _has_series(plan: Plan) -> bool:
    return any(plan.kind(name).axis for name in (*plan.inputs, *plan.compiled))


def chunk(
    plan: Plan,
    drivers: Drivers,
    points: Array,
    needed: frozenset[str],
    known: Mapping[str, Array] = MappingProxyType({}),
) -> dict[str, Array]:
    """Everything needed at these points; benefits as their caps leave them, and raw ones under "raw NAME".

    What is `known` already (in base units, for the same points) is taken as it is.
    """
    values = {**known, **drivers.inputs(points, needed)}
    with np.errstate(all="ignore"):
        for name in plan.order:
            if name not in needed:
                continue
            values[name] = plan.compiled[name].run(values)
            if name in plan.caps:
                _hold_back(plan, name, values)
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """Names over all draws: single numbers in full, of series the first `KEPT_DRAWS`; and by benefit what its cap took
    off, as (draws held back, sum lost) of each chunk."""

    kept: Mapping[str, Array]
    held: Mapping[str, list[tuple[int, float]]]


def run_all(
    plan: Plan,
    drivers: Drivers,
    points: Array,
    needed: frozenset[str],
    known: Callable[[int], Mapping[str, Array]] = lambda _: MappingProxyType({}),
) -> Computed:
    """Compute names over all points, chunk by chunk; `known(number)` gives what a chunk need not compute again."""
    kept: dict[str, list[Array]] = {name: [] for name in needed}
    held: dict[str, list[tuple[int, float]]] = {name: [] for name in plan.capped_by if name in needed}
    size = chunk_size(plan)
    for number, start in enumerate(range(0, len(points), size)):
        part = points[start : start + size]
        found = chunk(plan, drivers, part, needed, known(number))
        for name in needed:
            array = found[name]
            if start == 0 or (len(kept[name][0]) > 1 and not (plan.kind(name).axis and start >= KEPT_DRAWS)):
                kept[name].append(array[: KEPT_DRAWS - start] if plan.kind(name).axis else array)
        for name, parts in held.items():
            if found[f"raw {name}"] is found[name]:
                continue
            lost = np.broadcast_to(found[f"raw {name}"] - found[name], (len(part), found[name].shape[1]))
            total = lost.sum(axis=1)
            parts.append((int(np.count_nonzero(total > 0)), float(total.sum())))
    return Computed(kept={name: joined(parts) for name, parts in kept.items()}, held=held)


def _hold_back(plan: Plan, cap: str, values: dict[str, Array]) -> None:
    """Scale the benefits under a cap down to it, wherever together they exceed it."""
    covered = [name for name in plan.caps[cap].covers if name in values]
    total = np.maximum(values[covered[0]], 0.0)
    for name in covered[1:]:
        total = total + np.maximum(values[name], 0.0)
    limit = np.maximum(values[cap], 0.0)
    if not (total > limit).any():
        values |= {f"raw {name}": values[name] for name in covered}
        return
    scale = np.where(total > limit, limit / np.where(total > 0, total, 1.0), 1.0)
    for name in covered:
        raw = values[name]
        values[f"raw {name}"] = raw
        values[name] = np.where(raw > 0, raw * scale, raw)
