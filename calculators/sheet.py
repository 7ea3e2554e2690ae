"""Evaluate a calculator on all draws at once, and let every number be opened down to its sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from calculators.calculator import Calculator
from calculators.declarations import Cap, Correlation, Formula, Given, Input, Output, Text, Tier, weakest
from calculators.drivers import Drivers, Value, gather
from calculators.evaluation import check_work, computed, percentiles, run_all
from calculators.figures import Capped, Figure, TornadoBar, Trace, bar_to_json, plain, trace_to_json
from calculators.parts import Lookup
from calculators.sensitivity import SobolShares, break_even, one_way, sobol, two_way
from calculators.uncertainty import chance
from calculators.units import Array, CalculationError
from calculators.wording import formula_text

__all__ = [
    "CalculationError",
    "Calculator",
    "Cap",
    "Capped",
    "Correlation",
    "Figure",
    "Formula",
    "Given",
    "Input",
    "Lookup",
    "Output",
    "Sheet",
    "Tier",
    "TornadoBar",
    "Trace",
    "evaluate",
    "run_calculator",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An evaluated calculator. `claims`: whether vendor claims (tier D) were allowed to count."""

    calculator: Calculator
    drivers: Drivers
    draws: int
    seed: int
    claims: bool
    outputs: Mapping[str, Figure]
    capped: tuple[Capped, ...]
    kept: Mapping[str, Array]  # in base units; all draws of numbers, KEPT_DRAWS of series
    _percentiles: dict[str, tuple[Any, Any, Any]] = field(default_factory=dict, repr=False, compare=False)

    def tier(self, name: str) -> Tier:
        """The weakest tier among the inputs a number is made of; a claim that is off does not count."""
        plan = self.calculator.plan
        found = [self.drivers.known[item] for item in plan.ancestors(name) if item in self.drivers.known]
        return weakest(*(known.tier for known in found if not known.claim_off))

    def percentiles(self, name: str) -> tuple[Any, Any, Any]:
        """P10, P50 and P90 of any input, formula or cap in its unit; lists for a series."""
        if name not in self._percentiles:
            low, middle, high = percentiles(self.kept[name] / self.calculator.plan.unit(name).factor)
            self._percentiles[name] = (low, middle, high)
        return self._percentiles[name]

    def trace(self, name: str) -> Trace:
        """Open any input, formula or output."""
        self._check_name(name)
        return self._traced(name, {}, self.titles())

    def _traced(self, name: str, known: dict[str, Trace], titles: Mapping[str, Text]) -> Trace:
        """A number that several others use is traced once."""
        if name not in known:
            known[name] = self._new_trace(name, known, titles)
        return known[name]

    def _new_trace(self, name: str, traced: dict[str, Trace], titles: Mapping[str, Text]) -> Trace:
        plan = self.calculator.plan
        p10, p50, p90 = self.percentiles(name)
        shared = {"name": name, "unit": plan.unit(name).text, "title": titles[name], "p10": p10, "p50": p50, "p90": p90}
        if name in self.drivers.known:
            known = self.drivers.known[name]
            return Trace(
                **shared,
                kind="input",
                formula={},
                tier=known.tier,
                source=known.source,
                age_days=known.age_days,
                stale=known.stale,
                claim_off=known.claim_off,
                objections=known.objections,
                uses=(),
            )
        return Trace(
            **shared,
            kind="cap" if name in plan.caps else "formula",
            formula=formula_text(plan.compiled[name].tree, titles),
            tier=self.tier(name),
            source={},
            age_days=None,
            stale=False,
            claim_off=False,
            objections=(),
            uses=tuple(self._traced(used, traced, titles) for used in plan.feeds[name]),
        )

    def titles(self) -> dict[str, Text]:
        """What each name is called."""
        calculator = self.calculator
        found: dict[str, Text] = {one.name: one.title for one in calculator.inputs}
        shown = {output.name: output.title for output in calculator.outputs}
        named: tuple[Formula | Cap, ...] = (*calculator.formulas, *calculator.caps)
        for item in named:
            found[item.name] = item.title or shown.get(item.name, {})
        return found

    def model(self, name: str, points: Array) -> Array:
        """One number at points [n, driver] of uniform numbers, in its unit: what sensitivity analyses call."""
        plan = self.calculator.plan
        self._check_single(name)
        found = computed(plan, self.drivers, points, frozenset({name}))[name]
        return np.broadcast_to(found[:, 0], (len(points),)) / plan.unit(name).factor

    def model_row(self, name: str) -> tuple[float, ...]:
        """One number or series in its unit with every input at its median."""
        self._check_name(name)
        middle = np.full((1, len(self.drivers.columns)), 0.5)
        found = computed(self.calculator.plan, self.drivers, middle, frozenset({name}))[name]
        return tuple(float(value) for value in found[0] / self.calculator.plan.unit(name).factor)

    def at_means(self, name: str) -> tuple[float, ...]:
        """One number or series in its unit with every input at its mean: the single risk-adjusted figure that a TEI
        study would print beside the distribution."""
        self._check_name(name)
        grid = (np.arange(2000) + 0.5) / 2000
        fixed = {
            key: replace(known, driver="", values=_always(known.values(grid).mean(axis=0, keepdims=True)))
            for key, known in self.drivers.known.items()
        }
        plan = self.calculator.plan
        found = computed(plan, replace(self.drivers, known=fixed), np.empty((1, 0)), frozenset({name}))[name]
        return tuple(float(value) for value in found[0] / plan.unit(name).factor)

    def tornado(self, name: str) -> tuple[TornadoBar, ...]:
        """What one number is most sensitive to: each driver at P10 and P90, widest first.

        Simulated draws that belong together move as one bar. What several inputs do together a tornado cannot show.
        """
        columns = self.drivers.columns
        _, ends = one_way(lambda points: self.model(name, points), len(columns))
        bars = []
        for i, column in enumerate(columns):
            first = self.drivers.moved_by(column)[0]
            size = first.size(np.array([0.1, 0.9]))
            bars.append(
                TornadoBar(
                    input=first.item.name,
                    title=first.item.title,
                    tier=first.tier,
                    at_p10=float(ends[i, 0]),
                    at_p90=float(ends[i, 1]),
                    input_p10=float(size[0]),
                    input_p90=float(size[1]),
                    unit=first.item.unit,
                )
            )
        return tuple(sorted(bars, key=lambda bar: (-bar.swing if np.isfinite(bar.swing) else 0.0, bar.input)))

    def sobol(self, name: str, *, samples: int = 1024) -> tuple[tuple[str, ...], SobolShares]:
        """Variance shares of one number by driver, as if the drivers were independent: names and shares."""
        columns = self.drivers.columns
        shares = sobol(lambda points: self.model(name, points), len(columns), samples=samples, seed=self.seed)
        return tuple(self.drivers.moved_by(column)[0].item.name for column in columns), shares

    def break_even(self, name: str, driver: str, *, target: float = 0.0) -> tuple[float, ...]:
        """What must be true: values of one input at which the number equals `target`, others at their median.

        For a series the value is its mean over the periods. Empty when nothing within its range does it.
        """
        known = self.drivers.known[driver]
        which = self.drivers.columns.index(known.driver)
        found = break_even(lambda points: self.model(name, points), len(self.drivers.columns), which, target=target)
        return tuple(float(known.size(np.array([q]))[0]) for q in found)

    def two_way(self, name: str, first: str, second: str, *, steps: int = 9) -> tuple[Array, Array, Array]:
        """The number over a grid of two inputs: values of the first [step], of the second [step], results."""
        one, other = self.drivers.known[first], self.drivers.known[second]
        columns = self.drivers.columns
        quantiles, results = two_way(
            lambda points: self.model(name, points),
            len(columns),
            columns.index(one.driver),
            columns.index(other.driver),
            steps=steps,
        )
        return (
            one.size(quantiles),
            other.size(quantiles),
            results,
        )

    def to_json(self, *, tornado: bool = True) -> dict[str, Any]:
        """Outputs with percentiles, chances and what they are sensitive to; JSON-ready, NaN as null.

        `numbers` opens every number behind them: formula in words, unit, percentiles, tier, source, and in `uses` the
        names of what it is made of.
        """
        calculator = self.calculator
        shown = {output.name: output for output in calculator.outputs}
        outputs: dict[str, Any] = {}
        for name, figure in self.outputs.items():
            output = shown[name]
            outputs[name] = {
                "title": dict(output.title),
                "unit": figure.unit,
                "p10": figure.p10,
                "p50": figure.p50,
                "p90": figure.p90,
                "mean": figure.mean,
                "undefined": figure.undefined,
                "chance": figure.chance,
                "chance_below": output.chance_below,
                "chance_above": output.chance_above,
                "tier": figure.tier.value,
                "action": dict(output.action),
                "acceptance": dict(output.acceptance),
            }
            if tornado and not calculator.plan.kind(name).axis:
                outputs[name]["tornado"] = [bar_to_json(bar) for bar in self.tornado(name)]
        return {
            "calculator": calculator.id,
            "version": calculator.version,
            "draws": self.draws,
            "seed": self.seed,
            "claims": self.claims,
            "period": calculator.period,
            "periods": calculator.periods,
            "outputs": plain(outputs),
            "numbers": self._opened(),
            "capped": [
                {
                    "benefit": one.benefit,
                    "cap": one.cap,
                    "share_of_draws": one.share_of_draws,
                    "mean_lost": one.mean_lost,
                    "unit": one.unit,
                }
                for one in self.capped
            ],
        }

    def _opened(self) -> dict[str, Any]:
        """Every number an output is made of, inputs first, then in the order of computation."""
        plan, titles = self.calculator.plan, self.titles()
        needed = plan.ancestors(*self.outputs)
        traced: dict[str, Trace] = {}
        names = [name for name in (*plan.inputs, *plan.order) if name in needed]
        return {name: trace_to_json(self._traced(name, traced, titles)) for name in names}

    def _check_name(self, name: str) -> None:
        if name not in self.kept:
            raise CalculationError(
                f"this sheet has no number {name!r}",
                code="unknown_number",
                place=name,
                remedy="Ask for an input, a formula or an output.",
                name=name,
            )

    def _check_single(self, name: str) -> None:
        self._check_name(name)
        if self.calculator.plan.kind(name).axis:
            raise CalculationError(
                f"{name} is a series; one number is needed here",
                code="single_needed",
                place=name,
                remedy="Reduce it with sum, mean or last in a formula of its own.",
                name=name,
            )


def _always(array: Array) -> Callable[[Array], Array]:
    return lambda _: array


def evaluate(calculator: Calculator, values: Mapping[str, Value], *, draws: int, seed: int, claims: bool) -> Sheet:
    """Compute every formula over `draws` joint draws of the uncertain inputs.

    A plain value in `values` counts as typed by the customer (tier B). Same arguments, same numbers.
    Raises CalculationError for a missing input, a value outside its declared range, a wrong unit or shape.
    """
    drivers = gather(calculator, values, claims=claims)
    plan = calculator.plan
    points = drivers.draw(draws, seed)
    check_work(plan, draws)
    every = frozenset({*plan.inputs, *plan.compiled})
    found = run_all(plan, drivers, points, every)
    return assemble(calculator, drivers, found.kept, found.held, draws=draws, seed=seed, claims=claims)


def assemble(
    calculator: Calculator,
    drivers: Drivers,
    kept: Mapping[str, Array],
    held: Mapping[str, list[tuple[int, float]]],
    *,
    draws: int,
    seed: int,
    claims: bool,
    old: Sheet | None = None,
) -> Sheet:
    """Put a sheet together from computed names; figures of outputs that are as in `old` are taken from there."""
    plan = calculator.plan
    capped = {one.benefit: one for one in (old.capped if old is not None else ())}
    capped |= {
        name: Capped(
            benefit=name,
            cap=plan.capped_by[name],
            share_of_draws=sum(hits for hits, _ in parts) / draws,
            mean_lost=sum(lost for _, lost in parts) / draws / plan.unit(name).factor,
            unit=plan.unit(name).text,
        )
        for name, parts in held.items()
    }
    same = {} if old is None else {name: old for name in kept if kept[name] is old.kept[name]}
    sheet = Sheet(
        calculator=calculator,
        drivers=drivers,
        draws=draws,
        seed=seed,
        claims=claims,
        outputs={},
        capped=tuple(capped[name] for name in plan.capped_by if name in kept),
        kept=kept,
        _percentiles={name: of.percentiles(name) for name, of in same.items() if name in of.outputs},
    )
    figures = {
        output.name: same[output.name].outputs[output.name] if output.name in same else _figure(sheet, output)
        for output in calculator.outputs
        if output.name in kept
    }
    return replace(sheet, outputs=figures)


def _figure(sheet: Sheet, output: Output) -> Figure:
    name, plan = output.name, sheet.calculator.plan
    unit = plan.unit(name)
    table = sheet.kept[name] / unit.factor
    p10, p50, p90 = sheet.percentiles(name)
    finite = np.isfinite(table)
    counts = finite.sum(axis=0)
    sums = np.where(finite, table, 0.0).sum(axis=0)
    means = [float(total / count) if count else np.nan for total, count in zip(sums, counts, strict=True)]
    single = table.shape[1] == 1
    asked = None
    if single and (output.chance_below is not None or output.chance_above is not None):
        below = table < output.chance_below if output.chance_below is not None else ~finite
        above = table > output.chance_above if output.chance_above is not None else ~finite
        asked = chance(int(np.count_nonzero(below | above | ~finite)), len(table))
    values = np.broadcast_to(table, (sheet.draws if len(table) == 1 else len(table), table.shape[1]))
    return Figure(
        name=name,
        unit=unit.text,
        values=values[:, 0] if single else values,
        p10=p10,
        p50=p50,
        p90=p90,
        mean=means[0] if single else means,
        undefined=float(1 - finite.all(axis=1).mean()),
        chance=asked,
        tier=sheet.tier(name),
    )


def run_calculator(calculator: Calculator, values: Mapping[str, str], *, draws: int, seed: int, claims: bool) -> Sheet:
    """What `mingsuan calc` does: inputs as written, such as {"repair": "12 min"} or {"repair": "8 / 12 / 30 min"}."""
    return evaluate(calculator, dict(values), draws=draws, seed=seed, claims=claims)
