"""One input on a slider: a move evaluates only the formulas that depend on it.

What a move leaves alone is taken from the sheet before; of the rest, only what the moved formulas look at is held for
all draws. A moved sheet is the same as one evaluated from the start, to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from calculators.drivers import Value, gather
from calculators.evaluation import chunk, chunk_size, run_all
from calculators.sheet import Sheet, assemble, evaluate
from calculators.units import Array, CalculationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """A sheet, the input that moves, and what the formulas downstream of it look at (by chunk, in base units).

    `downstream` is evaluated at each move; `stale` depends on the input too, but nobody asked for it.
    """

    sheet: Sheet
    values: Mapping[str, Value]
    name: str
    downstream: frozenset[str]
    stale: frozenset[str]
    _points: Array = field(repr=False)
    _known: tuple[Mapping[str, Array], ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes held beside the sheet."""
        return self._points.nbytes + sum(array.nbytes for part in self._known for array in part.values())

    def move(self, value: Value) -> Sheet:
        """The sheet with another value of the input; raises what `calculators.sheet.evaluate` raises."""
        sheet = self.sheet
        calculator, plan = sheet.calculator, sheet.calculator.plan
        values = {**self.values, self.name: value}
        drivers = gather(calculator, values, claims=sheet.claims)
        own = {self.name}
        if drivers.ties != sheet.drivers.ties or set(drivers.columns) - own != set(sheet.drivers.columns) - own:
            return evaluate(calculator, values, draws=sheet.draws, seed=sheet.seed, claims=sheet.claims)
        same = drivers.columns == sheet.drivers.columns
        points = self._points if same else drivers.draw(sheet.draws, sheet.seed)
        found = run_all(plan, drivers, points, self.downstream, self._known.__getitem__)
        return assemble(
            calculator,
            drivers,
            {**{name: array for name, array in sheet.kept.items() if name not in self.stale}, **found.kept},
            found.held,
            draws=sheet.draws,
            seed=sheet.seed,
            claims=sheet.claims,
            old=sheet,
        )


def lever(sheet: Sheet, values: Mapping[str, Value], name: str, *, outputs: Collection[str] = ()) -> Lever:
    """Put one input of an evaluated sheet on a lever; `values` are those that `evaluate` was given.

    `outputs` are the ones to follow (default: all); a moved sheet has no others that depend on the input.

    Raises CalculationError `unknown_number`.
    """
    plan = sheet.calculator.plan
    if name not in plan.inputs:
        raise CalculationError(
            f"{name!r} is no input of this sheet",
            code="unknown_number",
            place=name,
            remedy="Move one of its inputs.",
            name=name,
        )
    every = (*plan.inputs, *plan.compiled)
    moving = frozenset(one for one in every if name in plan.ancestors(one))
    downstream = moving & (plan.ancestors(*outputs) if outputs else moving) | {name}
    border = frozenset().union(*(plan.compiled[one].uses for one in downstream if one in plan.compiled)) - downstream
    points = sheet.drivers.draw(sheet.draws, sheet.seed)
    needed = plan.ancestors(*border)
    size = chunk_size(plan)
    known = []
    for start in range(0, sheet.draws, size):
        found = chunk(plan, sheet.drivers, points[start : start + size], needed)
        known.append({one: np.ascontiguousarray(found[one]) for one in border})
    return Lever(
        sheet=sheet,
        values=dict(values),
        name=name,
        downstream=downstream,
        stale=moving - downstream,
        _points=points,
        _known=tuple(known),
    )
