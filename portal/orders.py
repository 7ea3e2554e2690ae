"""What the uploaded orders say about the margin of a piece, and whether that speaks against what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calculators.calculator import Calculator
from calculators.declarations import Given, Tier
from calculators.forecast import Contradiction, contradiction
from calculators.sheet import Sheet, evaluate
from portal.materials import datasets_in_force
from portal.workspace import Workspace
from templates.calculator_document import shipped_calculator

INPUT = "contribution_margin"
"""The input of the value that orders tell about."""

COLUMNS = ("revenue", "direct_cost", "quantity")
FEWEST = 3
RESAMPLES = 500
TOLERANCE = 0.1
"""A typed margin within a tenth of the measured one is taken as the same."""


@lru_cache(maxsize=1)
def order_calculator() -> Calculator:
    """Return the calculator over orders, read once for each process."""
    return shipped_calculator("order_margin")


def orders_in_force(workspace: Workspace) -> tuple[str, dict[str, NDArray[np.float64]]] | None:
    """Return id and columns of the orders that have revenue, cost and pieces, in the order of their dates, or None."""
    found = datasets_in_force(workspace).get("orders")
    if found is None or found.about["sample"]:
        return None
    columns = workspace.columns("dataset", found.stored.id)
    if not set(COLUMNS) <= columns.keys():
        return None
    table = {name: np.asarray(columns[name], np.float64) for name in COLUMNS}
    good = np.isfinite(np.stack(list(table.values()))).all(axis=0) & (table["quantity"] > 0)
    when = next((columns[name] for name in ("due_at", "date", "started_at") if name in columns), None)
    order = np.arange(len(good)) if when is None else np.argsort(np.asarray(when, np.float64), kind="stable")
    kept = order[good[order]]
    if len(kept) < FEWEST:
        return None
    return found.stored.id, {name: column[kept] for name, column in table.items()}


def margin_sheet(table: Mapping[str, NDArray[np.float64]]) -> Sheet:
    """Return the evaluated calculator over the rows of the orders."""
    source = {"zh-CN": "上传的订单", "en": "the uploaded orders"}
    values = {name: Given(value=table[name], tier=Tier.MEASURED, source=source) for name in COLUMNS}
    return evaluate(order_calculator(), values, draws=1, seed=1, claims=False)


def resampled(table: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return draws of the weighted mean margin: the orders drawn again with repetition."""
    size = len(table["quantity"])
    rows = np.random.default_rng(size).integers(0, size, (RESAMPLES, size))
    profit = (table["revenue"] - table["direct_cost"])[rows].sum(axis=1)
    return np.asarray(profit / table["quantity"][rows].sum(axis=1))


def against_orders(workspace: Workspace, given: Given | None) -> Contradiction | None:
    """Hold a typed margin against the orders; None where there are none or they agree."""
    found = orders_in_force(workspace)
    if given is None or found is None or given.tier is Tier.MEASURED or isinstance(given.value, str):
        return None
    return contradiction(given, resampled(found[1]), tolerance=TOLERANCE)


def three_points(sheet: Sheet) -> tuple[float, float, float]:
    """Return low, likely and high of the margin as the orders give them: spread of the orders, mean of the last three.

    Where the last three lie outside the spread, the spread is widened to them.
    """
    low, likely, high = (float(sheet.percentiles(name)[1]) for name in ("low", "last_three", "high"))
    return min(low, likely), likely, max(high, likely)


def seen(workspace: Workspace) -> dict[str, Any] | None:
    """Return what the orders say, JSON-ready; see `actions_orders.from_orders`."""
    found = orders_in_force(workspace)
    if found is None:
        return None
    sheet = margin_sheet(found[1])
    return {
        "dataset": found[0],
        "orders": len(found[1]["quantity"]),
        "unit": "CNY/piece",
        "three_points": list(three_points(sheet)),
        "all_orders": float(sheet.percentiles("all_orders")[1]),
        "numbers": sheet.to_json(tornado=False)["numbers"],
    }
