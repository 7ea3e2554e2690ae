"""A calculator's formulas in the order in which they can be computed, every unit checked, every name explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from calculators.declarations import Cap, Correlation, Formula, Input, Output, VerdictRule
from calculators.formula import Compiled, compile_formula
from calculators.parts import CONSTANT_NAMES, Frame, Kind
from calculators.syntax import FormulaText, closest, names_in, parse
from calculators.units import CalculationError, Unit

MAX_FORMULAS = 200
MAX_PERIODS = 600

_name = re.compile(r"[a-z][a-z0-9_]{0,59}")
_reserved = frozenset({"if", "else", "and", "or", "not", "in", "is", "for", "lambda", "true", "false", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What evaluating needs. `order` names formulas and caps; `feeds` gives what each number is made of."""

    frame: Frame
    inputs: Mapping[str, tuple[Unit, Kind]]
    compiled: Mapping[str, Compiled]
    order: tuple[str, ...]
    caps: Mapping[str, Cap]
    capped_by: Mapping[str, str]
    feeds: Mapping[str, tuple[str, ...]]

    def unit(self, name: str) -> Unit:
        return self.inputs[name][0] if name in self.inputs else self.compiled[name].unit

    def kind(self, name: str) -> Kind:
        return self.inputs[name][1] if name in self.inputs else self.compiled[name].kind

    def ancestors(self, *names: str) -> frozenset[str]:
        """The names and all they are made of."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.feeds.get(name, ()))
                if name in self.caps:
                    waiting.extend(self.caps[name].covers)  # what shares the limit decides how much of it is left
        return frozenset(found)


def compile_plan(
    frame: Frame,
    inputs: Sequence[Input],
    formulas: Sequence[Formula],
    caps: Sequence[Cap],
    outputs: Sequence[Output],
    correlations: Sequence[Correlation],
    verdict: VerdictRule | None = None,
) -> Plan:
    """Check everything that can be checked without values.

    Raises CalculationError: `bad_name`, `name_taken`, `too_large`, `cycle`, `unknown_name`, `cap_twice`,
    `lookup_order`, `three_points_order`, and what `calculators.formula.compile_formula` raises.
    """
    _check_sizes(frame, formulas, caps)
    _check_names(frame, inputs, formulas, caps)
    known: dict[str, Kind] = {}
    units: dict[str, tuple[Unit, Kind]] = {}
    for item in inputs:
        unit = frame.units.unit(item.unit)
        known[item.name] = Kind(unit.dimension, item.axis)
        units[item.name] = (unit, known[item.name])
        _check_input(item)
    capped_by = _coverage(formulas, caps)
    texts: dict[str, Formula | Cap] = {**{one.name: one for one in formulas}, **{cap.name: cap for cap in caps}}
    uses = {name: names_in(parse(name, item.text)) - frozenset(CONSTANT_NAMES) for name, item in texts.items()}
    order = _order(texts, uses, capped_by)
    compiled: dict[str, Compiled] = {}
    for name in order:
        written = texts[name]
        compiled[name] = compile_formula(name, written.text, written.unit, known, frame)
        known[name] = compiled[name].kind
        if isinstance(written, Cap):
            _check_cap(written, compiled)
    _check_shown(outputs, correlations, known, inputs)
    if verdict is not None and verdict.output not in [output.name for output in outputs]:
        raise _unknown("verdict", verdict.output, [output.name for output in outputs])
    feeds = {
        name: (*sorted(compiled[name].uses), *([capped_by[name]] if name in capped_by else [])) for name in compiled
    }
    return Plan(
        frame=frame,
        inputs=units,
        compiled=compiled,
        order=order,
        caps={cap.name: cap for cap in caps},
        capped_by=capped_by,
        feeds=feeds,
    )


def _check_sizes(frame: Frame, formulas: Sequence[Formula], caps: Sequence[Cap]) -> None:
    if len(formulas) + len(caps) > MAX_FORMULAS or not 1 <= frame.periods <= MAX_PERIODS:
        raise CalculationError(
            f"a calculator has at most {MAX_FORMULAS} formulas and 1 to {MAX_PERIODS} periods",
            code="too_large",
            remedy="Split it, or shorten the horizon.",
            formulas=MAX_FORMULAS,
            periods=MAX_PERIODS,
        )
    for lookup in frame.lookups.values():
        xs = [x for x, _ in lookup.points]
        if not xs or any(b <= a for a, b in pairwise(xs)):
            raise CalculationError(
                f"lookup {lookup.name}: x values must ascend",
                code="lookup_order",
                place=f"lookup {lookup.name}",
                remedy="Sort the points and remove doubles.",
                name=lookup.name,
            )


def _check_names(frame: Frame, inputs: Sequence[Input], formulas: Sequence[Formula], caps: Sequence[Cap]) -> None:
    taken: set[str] = {*CONSTANT_NAMES, *_reserved}
    names = [one.name for one in inputs] + [one.name for one in formulas] + [one.name for one in caps]
    for name in [*names, *frame.lookups]:
        if not _name.fullmatch(name):
            raise CalculationError(
                f"{name!r} cannot be a name",
                code="bad_name",
                place=name,
                remedy="Use small letters, digits and _, beginning with a letter.",
                name=name,
            )
        if name in taken:
            raise CalculationError(
                f"the name {name!r} is taken",
                code="name_taken",
                place=name,
                remedy="Choose a name that no constant, input, formula or table has.",
                name=name,
            )
        taken.add(name)


def _check_input(item: Input) -> None:
    points = [item.low, item.likely if not isinstance(item.likely, tuple) else None, item.high]
    given = [point for point in points if point is not None]
    if (item.low is None) != (item.high is None) or sorted(given) != given:
        raise CalculationError(
            f"input {item.name}: low, likely and high are incomplete or out of order",
            code="three_points_order",
            place=f"input {item.name}",
            remedy="Give low, likely and high, ascending.",
            low=item.low,
            likely=item.likely,
            high=item.high,
        )


def _coverage(formulas: Sequence[Formula], caps: Sequence[Cap]) -> dict[str, str]:
    """Benefit to the cap it stands under."""
    names = [formula.name for formula in formulas]
    capped_by: dict[str, str] = {}
    for cap in caps:
        for covered in cap.covers:
            if covered not in names:
                raise _unknown(f"cap {cap.name}", covered, names)
            if covered in capped_by:
                raise CalculationError(
                    f"{covered} stands under two caps, {capped_by[covered]} and {cap.name}",
                    code="cap_twice",
                    place=f"cap {cap.name}",
                    remedy="Put benefits that overlap under one cap.",
                    name=covered,
                )
            capped_by[covered] = cap.name
    return capped_by


def _order(
    texts: Mapping[str, Formula | Cap],
    uses: Mapping[str, frozenset[str]],
    capped_by: Mapping[str, str],
) -> tuple[str, ...]:
    """Formulas after what they use; a benefit's cap before anything else that uses the benefit."""
    before: dict[str, set[str]] = {}
    for name, item in texts.items():
        needed = {used for used in uses[name] if used in texts}
        if isinstance(item, Cap):
            needed |= set(item.covers)
        else:
            needed |= {capped_by[used] for used in uses[name] if used in capped_by and capped_by[used] != name}
        before[name] = needed
    try:
        return tuple(TopologicalSorter(before).static_order())
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        first = next(name for name in circle if name in texts)
        raise FormulaText(first, texts[first].text).error(
            f"these need each other: {' -> '.join(reversed(circle))}",
            0,
            code="cycle",
            remedy="Break the circle; previous(...) does not, it looks at the whole series.",
            circle=" -> ".join(reversed(circle)),
        ) from None


def _check_cap(cap: Cap, compiled: Mapping[str, Compiled]) -> None:
    limit = compiled[cap.name]
    for covered in cap.covers:
        if compiled[covered].kind.dimension != limit.kind.dimension or (
            limit.kind.axis and compiled[covered].kind.axis != limit.kind.axis
        ):
            raise CalculationError(
                f"cap {cap.name} and {covered} differ in unit or axis",
                code="cap_unit",
                place=f"cap {cap.name}",
                remedy="Give the cap in the unit of the benefits it covers, along the same axis.",
                name=covered,
            )


def _check_shown(
    outputs: Sequence[Output], correlations: Sequence[Correlation], known: Mapping[str, Kind], inputs: Sequence[Input]
) -> None:
    for output in outputs:
        if output.name not in known:
            raise _unknown("outputs", output.name, known)
    uncertain = [item.name for item in inputs]
    for correlation in correlations:
        for name in correlation.inputs:
            if name not in uncertain:
                raise _unknown("correlations", name, uncertain)


def _unknown(place: str, name: str, known: Iterable[str]) -> CalculationError:
    guess = closest(name, known)
    return CalculationError(
        f"{place}: {name!r} is not known",
        code="unknown_name",
        place=place,
        remedy=f"Did you mean {guess!r}?" if guess else "Declare it as an input or a formula.",
        name=name,
        guess=guess or "—",
    )
