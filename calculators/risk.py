"""Warnings that follow from figures: a rule is a condition, a level, who owns it and what to do next.

The condition is written in the formula language over plain figures, such as "payback_p90_months > 36". A rule whose
figures are not known is neither raised nor dropped: it is listed as open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np

from calculators.declarations import Text, Tier
from calculators.irr import IrrStatus, irr
from calculators.sheet import Sheet
from calculators.syntax import Choice, Condition, FormulaText, Name, Node, Number, Operation, parse
from calculators.uncertainty import expected_shortfall


class Rule(Protocol):
    """Anything with an id, a level (1 to 3, 3 the gravest) and a condition; "" is asked as a question instead."""

    @property
    def id(self) -> str: ...
    @property
    def level(self) -> int: ...
    @property
    def when(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A rule of the library: what it warns of, from which level on, who owns it, what to do next and on which page.

    `about`: "history" is judged week by week on the records and can be replayed; "current" on what is known now.
    """

    id: str
    title: Text
    level: int
    when: str
    about: Literal["history", "current"]
    owner_role: str
    page: str
    next_step: Text
    source: Text


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Generic[R]):
    """A rule that holds, or (`open`) whose figures are missing, with the figures it looked at."""

    rule: R
    open: bool
    figures: Mapping[str, float]


def warnings(rules: Iterable[R], figures: Mapping[str, float]) -> tuple[Warned[R], ...]:
    """The rules that hold for these figures, gravest first, then those that could not be judged.

    Rules without a condition are left to the person they ask. Raises CalculationError for a condition that is none.
    """
    found = []
    for rule in rules:
        if not rule.when:
            continue
        tree = parse(f"rule_{rule.id}", rule.when)
        names = _names(tree)
        known = {name: figures[name] for name in names if name in figures and not np.isnan(figures[name])}
        missing = len(known) < len(names)
        if missing or _holds(tree, known, FormulaText(f"rule_{rule.id}", rule.when)):
            found.append(Warned(rule=rule, open=missing, figures=known))
    return tuple(sorted(found, key=lambda one: (one.open, -one.rule.level)))


def check_rule(rule: Rule) -> frozenset[str]:
    """The figures a rule looks at; raises CalculationError for a condition that is none, wherever it is wrong."""
    tree = parse(f"rule_{rule.id}", rule.when)
    names = _names(tree)
    for comparison in _comparisons(tree):
        _holds(comparison, dict.fromkeys(names, 1.0), FormulaText(f"rule_{rule.id}", rule.when))
    return names


def _comparisons(node: Node) -> list[Node]:
    if isinstance(node, Condition) and node.sign in {"and", "or", "not"}:
        return [found for part in node.parts for found in _comparisons(part)]
    return [node]


def _names(node: Node) -> frozenset[str]:
    match node:
        case Name(name=name):
            return frozenset({name})
        case Operation(parts=parts) | Condition(parts=parts):
            return frozenset().union(*(_names(part) for part in parts))
        case Choice(condition=condition, yes=yes, no=no):
            return _names(condition) | _names(yes) | _names(no)
        case _:
            return frozenset()


def _holds(node: Node, figures: Mapping[str, float], source: FormulaText) -> bool:
    match node:
        case Condition(sign="not", parts=(inner,)):
            return not _holds(inner, figures, source)
        case Condition(sign="and", parts=parts):
            return all(_holds(part, figures, source) for part in parts)
        case Condition(sign="or", parts=parts):
            return any(_holds(part, figures, source) for part in parts)
        case Condition(sign=sign, parts=(left, right)):
            a, b = _value(left, figures, source), _value(right, figures, source)
            return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[sign]
    raise source.error(
        "a rule is a comparison", node.at, code="condition_expected", remedy="Write a comparison such as x > 0."
    )


def _value(node: Node, figures: Mapping[str, float], source: FormulaText) -> float:
    match node:
        case Number(value=value):
            return value
        case Name(name=name):
            return figures[name]
        case Operation(sign="neg", parts=(inner,)):
            return -_value(inner, figures, source)
        case Operation(sign="+" | "-" | "*" | "/" as sign, parts=(left, right)):
            a, b = _value(left, figures, source), _value(right, figures, source)
            if sign == "/":
                return a / b if b else np.inf
            return {"+": a + b, "-": a - b, "*": a * b}[sign]
    raise source.error(
        "a rule compares figures, numbers and their sums and products",
        node.at,
        code="formula_construct",
        remedy="Write a comparison such as payback_p90_months > 36.",
    )


def sheet_figures(
    sheet: Sheet, *, npv: str = "npv", payback: str = "payback", flows: str = "net_flow"
) -> dict[str, float]:
    """Figures of an appraisal that risk rules speak of, in the units of the sheet; missing outputs are left out.

    `npv_p10`, `npv_p50`, `npv_p90`, `loss_probability`, `npv_worst_5_percent` (mean of the worst 5 %),
    `payback_p50_months`, `payback_p90_months` (infinite when at least a tenth of the draws never pays back),
    `never_pays_back`, `several_irr_share` (draws with several rates of return), `late_share` (share of the mean inflows
    that comes after year 3), `top_driver_share` (swing of the widest tornado bar over all
    swings), `claims_inputs` (number of inputs of tier D that count).
    """
    found: dict[str, float] = {}
    if npv in sheet.outputs:
        figure = sheet.outputs[npv]
        found |= {"npv_p10": figure.p10, "npv_p50": figure.p50, "npv_p90": figure.p90}
        found["loss_probability"] = float((figure.values < 0).mean())
        found["npv_worst_5_percent"] = expected_shortfall(figure.values)
        swings = [bar.swing for bar in sheet.tornado(npv)]
        found["top_driver_share"] = max(swings) / sum(swings) if sum(swings) > 0 else 0.0
    if payback in sheet.outputs:
        times = np.where(np.isfinite(sheet.outputs[payback].values), sheet.outputs[payback].values, np.inf)
        months = 1.0 if sheet.outputs[payback].unit == "month" else 12.0
        low, high = np.quantile(times, [0.5, 0.9], method="lower")
        found |= {"payback_p50_months": float(low) * months, "payback_p90_months": float(high) * months}
        found["never_pays_back"] = sheet.outputs[payback].undefined
    if flows in sheet.outputs:
        table = np.atleast_2d(sheet.outputs[flows].values)
        found["several_irr_share"] = float((irr(table).status == IrrStatus.SEVERAL).mean())
        mean = table.mean(axis=0)
        year = 12 if sheet.calculator.period == "month" else 1
        inflow = np.maximum(mean, 0)
        found["late_share"] = float(inflow[3 * year + 1 :].sum() / inflow.sum()) if inflow.sum() > 0 else 0.0
    known = sheet.drivers.known.values()
    found["claims_inputs"] = float(sum(one.tier is Tier.CLAIM and not one.claim_off for one in known))
    return found
