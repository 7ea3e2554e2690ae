"""Functions of the formula language along an axis: periods, or the rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from calculators.parts import PERIOD, Builder, Frame, Kind, Part
from calculators.syntax import Call
from calculators.units import NUMBER, Array

# --- along an axis --------------------------------------------------------------------------------------------------


def along(builder: Builder, part: Part) -> Part:
    if not part.kind.axis:
        raise builder.source.error(
            "a series over periods or a table column is needed here, this is one number",
            part.node.at,
            code="series_needed",
            remedy="Use each(...) to repeat a number in every period.",
        )
    return part


def over_time(builder: Builder, part: Part) -> Part:
    """A series over periods; one number is taken as the same in every period."""
    if part.kind.axis not in {"", PERIOD}:
        raise builder.source.error(
            "a series over periods is needed here, this is a table column",
            part.node.at,
            code="series_needed",
            remedy="Reduce the column with sum or mean.",
        )
    return part


def build_reduce(function: Callable[[Array], Array]) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        part = along(builder, builder.number(node.arguments[0]))
        run = part.run
        return Part(Kind(part.kind.dimension), lambda values: function(run(values)), node)

    return build


def written(builder: Builder, node: Call, index: int, low: float, high: float) -> float:
    part = builder.pure(builder.number(node.arguments[index]))
    value = part.kind.written
    if value is None or not low <= value <= high:
        raise builder.source.error(
            f"a written number from {low:g} to {high:g} is needed here",
            part.node.at,
            code="written_number_needed",
            remedy="Write the number itself, not a name.",
            low=low,
            high=high,
        )
    return value


def build_count(builder: Builder, node: Call) -> Part:
    part = along(builder, builder.number(node.arguments[0]))
    run = part.run
    return Part(Kind(NUMBER), lambda values: np.array([[float(run(values).shape[1])]]), node)


def build_mean_last(builder: Builder, node: Call) -> Part:
    part = along(builder, builder.number(node.arguments[0]))
    run, last = part.run, int(written(builder, node, 1, 1, 10_000))
    return Part(Kind(part.kind.dimension), lambda values: run(values)[:, -last:].mean(axis=1, keepdims=True), node)


def build_percentile(builder: Builder, node: Call) -> Part:
    part = along(builder, builder.number(node.arguments[0]))
    run, percent = part.run, written(builder, node, 1, 0, 100)
    return Part(
        Kind(part.kind.dimension), lambda values: np.percentile(run(values), percent, axis=1, keepdims=True), node
    )


# --- series over periods --------------------------------------------------------------------------------------------


def full(array: Array, frame: Frame) -> Array:
    """At full width along the time axis."""
    return array if array.shape[1] > 1 else np.broadcast_to(array, (len(array), frame.periods + 1))


def build_placed(where: Callable[[Array, float], NDArray[np.bool_]]) -> Callable[[Builder, Call], Part]:
    """k, x: x in the periods for which `where(t, k)` holds, 0 in the others."""

    def build(builder: Builder, node: Call) -> Part:
        at = written(builder, node, 0, 0, 10_000)
        part = over_time(builder, builder.number(node.arguments[1]))
        run, mask = part.run, where(builder.frame.t, at)
        return Part(Kind(part.kind.dimension, PERIOD), lambda values: np.where(mask, run(values), 0.0), node)

    return build


def build_each(builder: Builder, node: Call) -> Part:
    part = over_time(builder, builder.number(node.arguments[0]))
    run, mask = part.run, builder.frame.t > 0
    return Part(Kind(part.kind.dimension, PERIOD), lambda values: np.where(mask, run(values), 0.0), node)


def build_at_end(builder: Builder, node: Call) -> Part:
    part = over_time(builder, builder.number(node.arguments[0]))
    run, mask = part.run, builder.frame.t == builder.frame.periods
    return Part(Kind(part.kind.dimension, PERIOD), lambda values: np.where(mask, run(values), 0.0), node)


def build_series(function: Callable[[Array], Array]) -> Callable[[Builder, Call], Part]:
    """A function from one series to another of the same dimension."""

    def build(builder: Builder, node: Call) -> Part:
        part = over_time(builder, builder.number(node.arguments[0]))
        run, frame = part.run, builder.frame
        return Part(Kind(part.kind.dimension, PERIOD), lambda values: function(full(run(values), frame)), node)

    return build


def previous(series: Array) -> Array:
    moved = np.zeros_like(series)
    moved[:, 1:] = series[:, :-1]
    return moved


def build_grown(builder: Builder, node: Call) -> Part:
    part = builder.pure(over_time(builder, builder.number(node.arguments[0])))
    run, frame = part.run, builder.frame

    def compound(values: Mapping[str, Array]) -> Array:
        factors = 1.0 + full(run(values), frame)
        factors[:, 0] = 1.0
        return np.asarray(np.cumprod(factors, axis=1))

    return Part(Kind(NUMBER, PERIOD), compound, node)


def total(series: Array) -> Array:
    """The sum along the axis."""
    return np.asarray(series.sum(axis=1, keepdims=True))
