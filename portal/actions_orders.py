"""Actions on what other uploads say about the value: the margin from orders, rates of other currencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calculators.declarations import Given, Tier
from calculators.units import CURRENCIES
from portal.actions import EDITORS, READERS, ActionError, action
from portal.cases import as_given, check_values, rates_of, typed_inputs
from portal.orders import INPUT, seen
from portal.workspace import Workspace


@action(needs=READERS, purpose="appraisal")
def from_orders(workspace: Workspace) -> Mapping[str, Any] | None:
    """Return what the uploaded orders say about the margin of a piece; None without orders that have revenue and cost.

    Keys: dataset, orders (how many), unit, three_points (low, likely, high), all_orders, numbers (each opened as in
    `why`).
    """
    return seen(workspace)


@action(needs=EDITORS, purpose="appraisal")
def take_from_orders(workspace: Workspace) -> None:
    """Put the margin of the uploaded orders in force: measured (tier A). Raises ActionError no_orders."""
    found = seen(workspace)
    if found is None:
        raise ActionError(
            "there are no orders with revenue, direct cost and pieces",
            code="no_orders",
            remedy="Upload a list of orders with these three columns.",
        )
    typed = dict(typed_inputs(workspace)[1])
    typed[INPUT] = {
        "value": [round(value, 6) for value in found["three_points"]],
        "reason": "",
        "source": f"{found['orders']} orders",
        "tier": Tier.MEASURED.value,
        "at": workspace.clock().isoformat(),
        "by": workspace.member.id,
    }
    check_values({name: Given(value=as_given(one["value"])) for name, one in typed.items()})
    workspace.put("inputs", typed, slot="inputs", inputs=(found["dataset"],), replace=True)


@action(needs=EDITORS, purpose="appraisal")
def declare_rate(workspace: Workspace, *, currency: str, value: float | None, source: str = "") -> None:
    """Declare what one unit of another currency is worth in CNY, with its source; None takes it back.

    Values that are typed afterwards in that currency are kept in CNY with the rate beside them. Raises ActionError
    bad_rate.
    """
    rates = dict(rates_of(workspace))
    if value is None:
        rates.pop(currency, None)
    elif currency not in CURRENCIES or currency == "CNY" or not 0 < value < 1e6 or not source.strip():
        raise ActionError(
            "a rate needs a currency, a value above 0 and its source",
            code="bad_rate",
            place=currency,
            remedy="Say what one unit is worth in CNY, and where the rate comes from.",
        )
    else:
        rates[currency] = {
            "value": float(value),
            "source": source.strip()[:200],
            "at": workspace.clock().isoformat(),
            "by": workspace.member.name,
        }
    workspace.put("rates", rates, slot="rates", replace=True)


@action(needs=READERS, purpose="appraisal")
def currency_rates(workspace: Workspace) -> Mapping[str, Any]:
    """Return the declared rates: currency -> value in CNY, source, at, by."""
    return rates_of(workspace)
