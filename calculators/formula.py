"""Formulas of pack authors: parsed, checked for units, and run as plain NumPy on all draws at once.

The language is described in `calculators.syntax` (what may be written), `calculators.parts` (units and axes) and
`calculators.functions` (what can be called).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from calculators import syntax
from calculators.functions import FUNCTIONS
from calculators.parts import CONSTANT_NAMES, Builder, Frame, Kind, Run
from calculators.syntax import FormulaText, Node, names_in
from calculators.units import Array, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A checked formula. `run` takes arrays in base units by name and gives one; `uses` are the names it needs."""

    name: str
    tree: Node
    unit: Unit
    kind: Kind
    uses: frozenset[str]
    run: Run


def compile_formula(name: str, text: str, unit: str, known: Mapping[str, Kind], frame: Frame) -> Compiled:
    """Parse and check one formula against the names it may use, and promise its result in `unit`.

    Raises CalculationError with a caret: what `calculators.syntax.parse` raises, `unknown_name`, `unknown_function`,
    `unit_mismatch`, `axis_mismatch`, `not_a_number`, `exponent_unit`, `condition_expected`, `number_expected`,
    `argument_count`, `result_unit`.
    """
    tree = syntax.parse(name, text)
    source = FormulaText(name, text)
    constants = frame.constants()
    builder = Builder(source, {**known, **{key: kind for key, (kind, _) in constants.items()}}, frame, FUNCTIONS)
    part = builder.part(tree)
    wanted = frame.units.unit(unit)
    if part.kind.condition:
        raise builder.number_expected(part)
    if part.kind.dimension not in (None, wanted.dimension):
        raise source.error(
            f"the result is measured in {part.kind.dimension}, not in {wanted.dimension} as {unit} is",
            0,
            code="result_unit",
            remedy="Correct the unit or the formula.",
            got=str(part.kind.dimension),
            unit=unit,
        )
    fixed = {key: value for key, (_, value) in constants.items() if key in names_in(tree)}
    run = part.run
    if fixed:
        inner = run

        def run(values: Mapping[str, Array]) -> Array:
            return inner({**fixed, **values})

    uses = names_in(tree) - frozenset(CONSTANT_NAMES) - frozenset(frame.lookups)
    kind = replace(part.kind, dimension=wanted.dimension)
    return Compiled(name=name, tree=tree, unit=wanted, kind=kind, uses=uses, run=run)
