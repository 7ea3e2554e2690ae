"""What a calculator is: declared inputs, formulas in dependency order, outputs that lead to an action.

These are values. `calculators.sheet.evaluate` computes one; `templates.calculator_document` reads one from YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from calculators.declarations import Cap, Correlation, Formula, Input, Output, Text, VerdictRule
from calculators.graph import Plan, compile_plan
from calculators.parts import Frame, Lookup, Period
from calculators.units import UnitBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """Inputs, formulas and outputs that belong together; one that exists has passed every check of `calculators.graph`.

    `period` and `periods` set the time axis: period 0 is now, period t ends t months (or years) later.
    """

    id: str
    version: str
    title: Text
    description: Text
    inputs: tuple[Input, ...]
    formulas: tuple[Formula, ...]
    outputs: tuple[Output, ...]
    caps: tuple[Cap, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    times: Mapping[str, str] = field(default_factory=dict)
    period: Period = "month"
    periods: int = 36
    verdict: VerdictRule | None = None
    plan: Plan = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        frame = Frame(
            units=UnitBook(dict(self.times)),
            period=self.period,
            periods=self.periods,
            lookups={lookup.name: lookup for lookup in self.lookups},
        )
        plan = compile_plan(frame, self.inputs, self.formulas, self.caps, self.outputs, self.correlations, self.verdict)
        object.__setattr__(self, "plan", plan)
