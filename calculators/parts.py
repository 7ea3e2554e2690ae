"""Check the units of a formula once, so that it can be evaluated on all draws at once.

A `Builder` walks the tree of `calculators.syntax` and gives every part a `Kind`: its dimension, the axis it runs
along, and whether it is a condition. Adding, comparing and choosing need equal dimensions; exp and log need a pure
number; a power of a quantity needs a written exponent. What comes out is a chain of plain NumPy operations on arrays of
shape [draw or 1, axis or 1], all in base units. A written 0 fits every dimension.

Names that are always there: `t` (number of the period, 0 is now), `period` (its length), `one_hour`, `one_day`,
`one_month`, `one_year` and `pi`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from calculators import syntax
from calculators.syntax import Call, Choice, Condition, FormulaText, Node, Number, Operation, closest
from calculators.units import NUMBER, Array, CalculationError, Dimension, UnitBook

Period = Literal["month", "year"]

PERIOD = "period"
"""The name of the time axis."""

TIME = Dimension((("[time]", 1.0),))


@dataclass(frozen=True, slots=True)
class Kind:
    """What a part of a formula is. `dimension` None: a written 0, which fits all. `written`: a literal's value."""

    dimension: Dimension | None
    axis: str = ""
    condition: bool = False
    written: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A table of points (x, y), x ascending; `linear` between them, or the `step` at or below x; flat outside."""

    name: str
    x_unit: str
    y_unit: str
    points: tuple[tuple[float, float], ...]
    method: Literal["linear", "step"] = "linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What formulas of one calculator share: the time axis and the lookup tables."""

    units: UnitBook
    period: Period
    periods: int
    lookups: Mapping[str, Lookup] = field(default_factory=dict)

    @property
    def period_seconds(self) -> float:
        return self.units.month if self.period == "month" else self.units.year

    @property
    def periods_a_year(self) -> float:
        return self.units.year / self.period_seconds

    @property
    def t(self) -> Array:
        """Numbers of the periods, shape [1, periods + 1]."""
        return np.arange(self.periods + 1, dtype=np.float64)[None, :]

    def constants(self) -> dict[str, tuple[Kind, Array]]:
        """The names that are always there."""

        def single(value: float, dimension: Dimension) -> tuple[Kind, Array]:
            return Kind(dimension), np.array([[value]])

        return {
            "t": (Kind(NUMBER, PERIOD), self.t),
            "period": single(self.period_seconds, TIME),
            "one_hour": single(3600.0, TIME),
            "one_day": single(86400.0, TIME),
            "one_month": single(self.units.month, TIME),
            "one_year": single(self.units.year, TIME),
            "pi": single(np.pi, NUMBER),
        }


CONSTANT_NAMES = ("t", "period", "one_hour", "one_day", "one_month", "one_year", "pi")

Run = Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True, slots=True)
class Part:
    """A checked part of a formula: what it is, and how to compute it from the values of the names."""

    kind: Kind
    run: Run
    node: Node


@dataclass(frozen=True, slots=True)
class Builder:
    source: FormulaText
    known: Mapping[str, Kind]
    frame: Frame
    functions: Mapping[str, Function]

    def part(self, node: Node) -> Part:
        match node:
            case Number(value=value):
                literal = np.array([[value]])
                return Part(Kind(None if value == 0 else NUMBER, written=value), lambda _: literal, node)
            case syntax.Name(name=name):
                return Part(self._known(name, node.at), lambda values: values[name], node)
            case Operation(sign="neg", parts=(inner,)):
                part = self.number(inner)
                run = part.run
                written = None if part.kind.written is None else -part.kind.written
                return Part(replace(part.kind, written=written), lambda values: -run(values), node)
            case Operation(sign=sign, parts=(left, right)):
                return self._operation(node, sign, self.number(left), self.number(right))
            case Condition(sign="and" | "or" | "not" as sign, parts=parts):
                return self._logic(node, sign, [self._condition(part) for part in parts])
            case Condition(sign=sign, parts=(left, right)):
                a, b = self.number(left), self.number(right)
                self.same_dimension(a, b)
                compare = _comparisons[sign]
                axis = self.joint_axis(a, b)
                return Part(Kind(NUMBER, axis, condition=True), _both(compare, a.run, b.run), node)
            case Choice():
                return self._choice(node)
            case Call():
                return self._call(node)
        raise AssertionError(node)

    def _known(self, name: str, at: int) -> Kind:
        if name in self.known:
            return self.known[name]
        guess = closest(name, self.known)
        raise self.source.error(
            f"{name!r} is not known here",
            at,
            code="unknown_name",
            remedy=f"Did you mean {guess!r}?" if guess else "Declare it as an input or a formula.",
            name=name,
            guess=guess or "—",
        )

    def number(self, node: Node) -> Part:
        """A part that is a number, not a condition."""
        part = self.part(node)
        if part.kind.condition:
            raise self.number_expected(part)
        return part

    def number_expected(self, part: Part) -> CalculationError:
        """The complaint about a condition where a number is needed."""
        return self.source.error(
            "a number is needed here, this is a condition",
            part.node.at,
            code="number_expected",
            remedy="Write 'x if condition else 0'.",
        )

    def _condition(self, node: Node) -> Part:
        part = self.part(node)
        if not part.kind.condition:
            raise self.source.error(
                "a condition is needed here, this is a number",
                node.at,
                code="condition_expected",
                remedy="Write a comparison such as x > 0.",
            )
        return part

    def same_dimension(self, *parts: Part) -> Dimension | None:
        """The dimension all parts share; a written 0 has any."""
        shared: Dimension | None = None
        for part in parts:
            if part.kind.dimension is None or part.kind.dimension == shared:
                continue
            if shared is not None:
                raise self.source.error(
                    f"{shared} and {part.kind.dimension} cannot be added, compared or chosen between",
                    part.node.at,
                    code="unit_mismatch",
                    remedy="Bring both to the same unit, such as a rate times a time.",
                    left=str(shared),
                    right=str(part.kind.dimension),
                )
            shared = part.kind.dimension
        return shared

    def joint_axis(self, *parts: Part) -> str:
        """The axis all parts run along; one number fits every axis."""
        joint = ""
        for part in parts:
            if not part.kind.axis or part.kind.axis == joint:
                continue
            if joint:
                raise self.source.error(
                    f"one part runs over {joint}, another over {part.kind.axis}",
                    part.node.at,
                    code="axis_mismatch",
                    remedy="Reduce one of them with sum, mean or last.",
                    left=joint,
                    right=part.kind.axis,
                )
            joint = part.kind.axis
        return joint

    def pure(self, part: Part) -> Part:
        """The part itself, which must be a pure number."""
        if part.kind.dimension not in (None, NUMBER):
            raise self.source.error(
                f"a pure number is needed here, this is measured in {part.kind.dimension}",
                part.node.at,
                code="not_a_number",
                remedy="Divide by a quantity of the same kind.",
                got=str(part.kind.dimension),
            )
        return part

    def measured(self, part: Part, dimension: Dimension, unit: str) -> Part:
        """The part itself, which must have this dimension."""
        if part.kind.dimension not in (None, dimension):
            raise self.source.error(
                f"a value in {unit} is needed here, this is measured in {part.kind.dimension}",
                part.node.at,
                code="argument_unit",
                remedy=f"Give a value such as one in {unit}.",
                got=str(part.kind.dimension),
                unit=unit,
            )
        return part

    def _operation(self, node: Operation, sign: str, a: Part, b: Part) -> Part:
        axis = self.joint_axis(a, b)
        dimension: Dimension | None
        if sign in "+-":
            dimension = self.same_dimension(a, b)
        elif sign == "**":
            dimension = self._power(a, b)
        else:
            left, right = a.kind.dimension or NUMBER, b.kind.dimension or NUMBER
            dimension = left * right if sign == "*" else left / right
        return Part(Kind(dimension, axis), _both(_operations[sign], a.run, b.run), node)

    def _power(self, base: Part, exponent: Part) -> Dimension:
        self.pure(exponent)
        if base.kind.dimension in (None, NUMBER):
            return NUMBER
        if exponent.kind.written is None:
            raise self.source.error(
                f"a power of {base.kind.dimension} needs a written exponent",
                exponent.node.at,
                code="exponent_unit",
                remedy="Write a number such as 2, or make the base a pure number.",
                got=str(base.kind.dimension),
            )
        assert base.kind.dimension is not None
        return base.kind.dimension**exponent.kind.written

    def _logic(self, node: Node, sign: str, parts: Sequence[Part]) -> Part:
        axis = self.joint_axis(*parts)
        kind = Kind(NUMBER, axis, condition=True)
        if sign == "not":
            inner = parts[0].run
            return Part(kind, lambda values: np.logical_not(inner(values)), node)
        join = np.logical_and if sign == "and" else np.logical_or
        run = parts[0].run
        for part in parts[1:]:
            run = _both(join, run, part.run)
        return Part(kind, run, node)

    def _choice(self, node: Choice) -> Part:
        condition, yes, no = self._condition(node.condition), self.number(node.yes), self.number(node.no)
        kind = Kind(self.same_dimension(yes, no), self.joint_axis(condition, yes, no))
        test, one, other = condition.run, yes.run, no.run
        width = self.frame.periods + 1 if kind.axis == PERIOD else 1

        def choose(values: Mapping[str, Array]) -> Array:
            holds = test(values)
            if holds.size > 1 or kind.axis not in {"", PERIOD}:
                return np.where(holds, one(values), other(values))
            chosen = (one if holds.all() else other)(values)  # the same in every draw: the other part is not needed
            return np.broadcast_to(chosen, (len(chosen), width))

        return Part(kind, choose, node)

    def _call(self, node: Call) -> Part:
        function = self.functions.get(node.function)
        if function is None:
            guess = closest(node.function, self.functions)
            raise self.source.error(
                f"there is no function {node.function!r}",
                node.at,
                code="unknown_function",
                remedy=f"Did you mean {guess!r}?" if guess else f"There are {', '.join(sorted(self.functions))}.",
                name=node.function,
                guess=guess or "—",
            )
        if not function.least <= len(node.arguments) <= function.most:
            raise self.source.error(
                f"{node.function} is written {function.form}",
                node.at,
                code="argument_count",
                remedy=f"Write {function.form}.",
                form=function.form,
            )
        return function.build(self, node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of the language: how it is written, what it means, and how a call becomes a checked part."""

    form: str
    meaning: Mapping[str, str]
    least: int
    most: int
    build: Callable[[Builder, Call], Part]


def _both(function: Callable[[Array, Array], Array], left: Run, right: Run) -> Run:
    return lambda values: function(left(values), right(values))


_operations: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
}
_comparisons: dict[str, Callable[[Array, Array], Array]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
