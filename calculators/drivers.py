"""Inputs with their values: what was given or declared, in base units, as functions of uniform numbers.

Each uncertain input, and each set of simulated draws that belong together, is one driver: a column of uniform numbers.
Simulated draws are put in the order of their total, so a driver's quantile 0.1 is a path that is poor as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calculators.calculator import Calculator
from calculators.declarations import Given, Input, Text, Tier
from calculators.parts import PERIOD
from calculators.syntax import closest
from calculators.uncertainty import ThreePoints, correlated, uniforms
from calculators.units import Array, CalculationError, Unit, split_quantity

MOST_DRAWS = 200_000
STALE_WIDENING_LIMIT = 2.0
"""A band at most doubles with age."""

Value = Given | float | str | tuple[float, float, float] | Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One input as it will be used. `values(u)` gives [draw or 1, axis or 1] in base units from its driver's column."""

    item: Input
    unit: Unit
    tier: Tier
    source: Text
    age_days: float | None
    stale: bool
    claim_off: bool
    objections: tuple[str, ...]
    driver: str  # "" when certain
    values: Callable[[Array], Array]

    def size(self, uniform: Array) -> Array:
        """One number for each draw in the input's unit; of a series its mean over the periods after now, or rows."""
        values = self.values(uniform) / self.unit.factor
        return np.asarray(values.sum(axis=1) / max(1, values.shape[1] - (self.item.axis == PERIOD)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """Every input of a calculator with its values, and the columns that move them."""

    known: Mapping[str, Known]
    columns: tuple[str, ...]
    ties: tuple[tuple[tuple[int, ...], float], ...]

    def draw(self, draws: int, seed: int) -> Array:
        """Joint uniform numbers [draw, column], correlations included."""
        if not 1 <= draws <= MOST_DRAWS:
            raise CalculationError(
                f"{draws} draws are not possible",
                code="draws_out_of_range",
                remedy=f"Ask for 1 to {MOST_DRAWS}.",
                most=MOST_DRAWS,
            )
        return correlated(uniforms(self.columns, draws, seed), self.ties)

    def inputs(self, uniform: Array, names: frozenset[str]) -> dict[str, Array]:
        """Values of the named inputs at points [n, column]."""
        at = {column: i for i, column in enumerate(self.columns)}
        return {
            name: known.values(uniform[:, at[known.driver]] if known.driver else uniform[:, :0])
            for name, known in self.known.items()
            if name in names
        }

    def moved_by(self, column: str) -> tuple[Known, ...]:
        return tuple(known for known in self.known.values() if known.driver == column)


def gather(calculator: Calculator, values: Mapping[str, Value], *, claims: bool) -> Drivers:
    """Put given values and defaults together.

    Raises CalculationError `unknown_input`, `missing_input`, `wrong_unit`, `wrong_shape`, `out_of_range`,
    `not_finite`, `no_effect_missing`, `series_too_short`.
    """
    names = [item.name for item in calculator.inputs]
    for name in values:
        if name not in names:
            guess = closest(name, names)
            raise CalculationError(
                f"there is no input {name!r}",
                code="unknown_input",
                place=f"input {name}",
                remedy=f"Did you mean {guess!r}?" if guess else f"Inputs are {', '.join(names)}.",
                name=name,
                guess=guess or "—",
            )
    keys: dict[str, NDArray[np.intp]] = {}
    known = {item.name: _known(calculator, item, values.get(item.name), claims, keys) for item in calculator.inputs}
    columns = tuple(dict.fromkeys(one.driver for one in known.values() if one.driver))
    ties = []
    for tie in calculator.correlations:
        tied = tuple(columns.index(known[name].driver) for name in tie.inputs if known[name].driver)
        if len(set(tied)) == len(tie.inputs):
            ties.append((tied, tie.r))
    return Drivers(known=known, columns=columns, ties=tuple(ties))


def _known(
    calculator: Calculator, item: Input, value: Value | None, claims: bool, keys: dict[str, NDArray[np.intp]]
) -> Known:
    unit = calculator.plan.inputs[item.name][0]
    given = value if isinstance(value, Given) or value is None else Given(value=value)
    tier = given.tier if given else item.tier or Tier.TYPED
    age = given.age_days if given else None
    stale = age is not None and item.valid_days is not None and age > item.valid_days
    made = Known(
        item=item,
        unit=unit,
        tier=tier,
        source=given.source if given else item.source,
        age_days=age,
        stale=stale,
        claim_off=tier is Tier.CLAIM and not claims,
        objections=given.objections if given else (),
        driver="",
        values=lambda _: np.zeros((1, 1)),
    )
    if made.claim_off:
        if item.no_effect is None:
            raise _error(item, "has no value for 'no effect', so claims cannot be off", "no_effect_missing",
                         "Declare no_effect, or turn claims on.")  # fmt: skip
        return replace(made, values=_constant(np.full((1, 1), item.no_effect), calculator, item, unit))
    if given is None:
        return _default(made, calculator)
    return _given(made, calculator, given, keys)


def _default(made: Known, calculator: Calculator) -> Known:
    item = made.item
    if item.likely is None:
        raise _error(item, "must be given", "missing_input", f"Give a value in {item.unit}.", unit=item.unit)
    if isinstance(item.likely, tuple):
        return replace(made, values=_constant(np.array([item.likely], np.float64), calculator, item, made.unit))
    if item.low is None or item.high is None:
        return replace(made, values=_constant(np.array([[item.likely]]), calculator, item, made.unit))
    return _uncertain(made, calculator, item.low, item.likely, item.high)


def _given(made: Known, calculator: Calculator, given: Given, keys: dict[str, NDArray[np.intp]]) -> Known:
    item = made.item
    value = _written(given.value, item, calculator) if isinstance(given.value, str) else given.value
    if isinstance(value, tuple):
        if len(value) != 3:
            raise _error(item, "needs low, likely and high", "wrong_shape", "Give three numbers.")
        low, likely, high = value
        if made.stale and given.age_days and item.valid_days:
            wider = min(STALE_WIDENING_LIMIT, given.age_days / item.valid_days)
            low, high = likely - (likely - low) * wider, likely + (high - likely) * wider
            low = low if item.at_least is None else max(low, item.at_least)
            high = high if item.at_most is None else min(high, item.at_most)
        return _uncertain(made, calculator, low, likely, high)
    array = np.asarray(value, np.float64)
    if array.ndim == 0:
        return replace(made, values=_constant(array.reshape(1, 1), calculator, item, made.unit))
    if array.ndim == 1:
        array = array[None, :] if item.axis else array[:, None]
    if array.ndim != 2 or 0 in array.shape or (array.shape[1] > 1 and not item.axis):
        raise _error(item, f"has the shape {np.shape(value)}", "wrong_shape",
                     "Give [draw] for a number, [period] or [draw, period] for a series.")  # fmt: skip
    if len(array) == 1:
        return replace(made, values=_constant(array, calculator, item, made.unit))
    _check_range(array, item)
    paths = _along_axis(array, calculator, item) * made.unit.factor
    order = keys.setdefault(f"{given.joint}/{len(array)}", np.argsort(array.sum(axis=1), kind="stable"))
    paths = paths[order]
    count = len(paths)

    def pick(uniform: Array) -> Array:
        return np.asarray(paths[np.minimum((uniform * count).astype(np.intp), count - 1)])

    return replace(made, driver=f"{given.joint}/{count}", values=pick)


def _written(text: str, item: Input, calculator: Calculator) -> float | tuple[float, ...] | Array:
    """ "12 min", three estimates "10 / 12 / 15 min", or a series "5, 8, 8 piece"."""
    units = calculator.plan.frame.units
    try:
        for mark in ("/", ","):
            head, *rest = [part.strip() for part in text.split(f" {mark} " if mark == "/" else mark)]
            if rest:
                unit = split_quantity(rest[-1])[1]
                parts = [head, *rest[:-1]]
                numbers = [units.read(f"{part} {unit}".strip(), item.unit) for part in parts]
                numbers.append(units.read(rest[-1], item.unit))
                return tuple(numbers) if mark == "/" else np.array(numbers)
        return units.read(text, item.unit)
    except CalculationError as error:
        raise CalculationError(
            str(error),
            code=error.code,
            place=f"input {item.name}",
            remedy=error.remedy,
            **{"name": item.name, "unit": item.unit, **error.params},
        ) from None


def _uncertain(made: Known, calculator: Calculator, low: float, likely: float, high: float) -> Known:
    item, factor = made.item, made.unit.factor
    _check_range(np.array([low, likely, high]), item)
    if low == high:
        return replace(made, values=_constant(np.array([[likely]]), calculator, item, made.unit))
    points = ThreePoints(low=low, likely=likely, high=high, shape=item.shape, reads=item.reads)
    width = calculator.periods + 1 if item.axis == PERIOD else 1

    def at(uniform: Array) -> Array:
        column = points.quantile(uniform)[:, None] * factor
        if width == 1:
            return column
        series = np.repeat(column, width, axis=1)
        series[:, 0] = 0.0
        return series

    return replace(made, driver=item.name, values=at)


def _constant(array: Array, calculator: Calculator, item: Input, unit: Unit) -> Callable[[Array], Array]:
    _check_range(array, item)
    fixed = _along_axis(array, calculator, item) * unit.factor
    return lambda _: fixed


def _along_axis(array: Array, calculator: Calculator, item: Input) -> Array:
    """At the width of the input's axis. A series begins with period 1; one number is the same in every period."""
    if item.axis != PERIOD:
        return array
    wanted = calculator.periods
    if array.shape[1] == 1:
        array = np.repeat(array, wanted, axis=1)
    missing = wanted - array.shape[1]
    if missing > 0 and item.beyond == "error":
        raise _error(item, f"has {array.shape[1]} periods, {wanted} are needed", "series_too_short",
                     "Give a longer series or shorten the horizon.", got=array.shape[1], wanted=wanted)  # fmt: skip
    if missing > 0:
        tail = array[:, -1:] if item.beyond == "hold" else np.zeros((len(array), 1))
        array = np.concatenate([array, np.repeat(tail, missing, axis=1)], axis=1)
    return np.concatenate([np.zeros((len(array), 1)), array[:, :wanted]], axis=1)


def _check_range(array: Array, item: Input) -> None:
    if not np.isfinite(array).all():
        raise _error(item, "holds something that is not a number", "not_finite", "Give plain numbers.")
    low, high = float(array.min()), float(array.max())
    if (item.at_least is not None and low < item.at_least) or (item.at_most is not None and high > item.at_most):
        wrong = low if item.at_least is not None and low < item.at_least else high
        limits = [f"at least {item.at_least:g}" if item.at_least is not None else ""]
        limits.append(f"at most {item.at_most:g}" if item.at_most is not None else "")
        words = " and ".join(limit for limit in limits if limit)
        raise _error(item, f"is {wrong:g} {item.unit}, it must be {words}", "out_of_range", "Correct the value.",
                     value=wrong, unit=item.unit, low=item.at_least, high=item.at_most)  # fmt: skip


def _error(item: Input, message: str, code: str, remedy: str, **params: object) -> CalculationError:
    return CalculationError(
        f"input {item.name} {message}",
        code=code,
        place=f"input {item.name}",
        remedy=remedy,
        **{"name": item.name, **params},
    )
