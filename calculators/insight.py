"""What a result says beyond its percentiles: the worst cases, what must be true, what drives it, what to measure first.

Everything here is JSON-ready, with NaN left out, in the units of the sheet.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from calculators.information import evpi
from calculators.sheet import Sheet
from calculators.uncertainty import expected_shortfall
from calculators.verdict import judge, worth_measuring


def insights(sheet: Sheet, name: str = "npv", *, samples: int = 1024) -> dict[str, Any]:
    """Insights on one number, most often the net present value; go means a value above 0.

    `worst_5_percent`: mean of the worst 5 % of the draws. `at_means`: with every input at its mean, the risk-adjusted
    single figure in the manner of a TEI study. `break_even`: for each input the values at which the number
    is 0 with the others at their median, and whether one lies within the input's P10 to P90 (`plausible`); an input
    without a value cannot turn the result alone. `drivers`: Sobol shares (first order, total, 95 % intervals; a total
    well above the first order means that inputs act together). `verdict`: buy, pilot, wait or do_not_buy by the rule of
    the calculator, None without one. `evpi` and `worth_measuring`: what perfect knowledge of
    everything, and of each input, is worth at most.
    """
    figure = sheet.outputs[name]
    finite = figure.values[np.isfinite(figure.values)]
    found: dict[str, Any] = {
        "output": name,
        "unit": figure.unit,
        "worst_5_percent": expected_shortfall(figure.values) if len(finite) else None,
        "at_means": sheet.at_means(name)[0],
        "break_even": [_break_even(sheet, name, column) for column in sheet.drivers.columns],
        "drivers": [],
        "verdict": None,
        "evpi": evpi(finite) if len(finite) else 0.0,
        "worth_measuring": [{"input": known, "at_most": worth} for known, worth in worth_measuring(sheet, npv=name)],
    }
    rule = sheet.calculator.verdict
    if rule is not None and rule.output == name and len(finite):
        verdict, reason = judge(sheet, rule)
        found["verdict"] = {
            "verdict": verdict.value,
            "reason": reason,
            "buy_below": rule.buy_below,
            "refuse_above": rule.refuse_above,
            "source": dict(rule.source),
        }
    if sheet.drivers.columns and len(finite):
        names, shares = sheet.sobol(name, samples=samples)
        rows = zip(names, shares.first, shares.total, shares.first_interval, shares.total_interval, strict=True)
        found["drivers"] = sorted(
            (
                {
                    "input": one,
                    "first": float(first),
                    "total": float(total),
                    "first_interval": [float(end) for end in first_ends],
                    "total_interval": [float(end) for end in total_ends],
                }
                for one, first, total, first_ends, total_ends in rows
            ),
            key=lambda row: -row["total"],
        )
    return found


def _break_even(sheet: Sheet, name: str, column: str) -> dict[str, Any]:
    known = sheet.drivers.moved_by(column)[0]
    values = sheet.break_even(name, known.item.name)
    ends = known.size(np.array([0.1, 0.9]))
    low, high = float(ends.min()), float(ends.max())
    return {
        "input": known.item.name,
        "unit": known.item.unit,
        "values": list(values),
        "p10": low,
        "p90": high,
        "plausible": any(low <= value <= high for value in values),
    }
