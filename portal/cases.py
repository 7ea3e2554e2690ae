"""The case of a scenario: what the simulated gain is worth on the tenant's own inputs; computed once, kept sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np

from calculators.declarations import Given, Tier, weakest
from calculators.drivers import gather
from calculators.insight import insights
from calculators.sheet import Sheet, evaluate
from calculators.units import split_quantity
from portal.actions import ActionError
from portal.catalogue import calculator
from portal.materials import open_result, scenario
from portal.orders import against_orders, orders_in_force
from portal.studies import find_scenario
from portal.workspace import MissingError, Stored, Workspace
from simulators.scenario import Scenario
from templates.calculator_workbook import write_workbook

DRAWS = 20_000
MARGIN = "contribution_margin"
FROM_RESULT = "extra_good"
"""The input that the simulation fills; nobody types it."""

GAPS = "gap_closing"
"""The input that the plan of a check list's gaps fills; it says as well by how many months the effect starts later."""

VERDICT = "verdict"
"""Kind of the one value that shows when the first verdict on the tenant's own records was there."""

Typed = Mapping[str, Mapping[str, Any]]


def case_of(workspace: Workspace, record: str, *, claims: bool) -> Mapping[str, Any]:
    """Return the case of a scenario (see `actions_value.appraise`), computed where it is not kept yet."""
    summary, simulated = simulated_in(workspace, record, claims=claims)
    stored, typed = typed_inputs(workspace)
    orders = orders_in_force(workspace)
    rests_on = [summary["result"], simulated["record"], "" if stored is None else stored.id]
    wanted = tuple(rests_on if orders is None else [*rests_on, orders[0]])
    slot = f"{simulated['record']}/{claims}/{calculator().version}"
    kept = workspace.latest("case", slot=slot)
    if kept is not None and kept.inputs == wanted:
        return {"id": kept.id, **workspace.get("case", kept.id)}
    case = _compute(workspace, summary, simulated, typed, claims=claims)
    key = workspace.put("case", case, slot=slot, inputs=wanted, replace=True)
    if not case["sample"] and workspace.latest(VERDICT) is None:
        workspace.put(VERDICT, {"verdict": (case["insights"]["verdict"] or {}).get("verdict", "")}, inputs=(key,))
    return {"id": key, **case}


def workbook_of(workspace: Workspace, record: str, *, claims: bool) -> bytes:
    """Return the case of a scenario as a spreadsheet with live formulas, its inputs at their median."""
    summary, simulated = simulated_in(workspace, record, claims=claims)
    return write_workbook(_sheet(workspace, summary, simulated, typed_inputs(workspace)[1], claims=claims))


def sheet_of(
    workspace: Workspace, record: str, *, claims: bool, instead: Mapping[str, Given] | None = None, later: int = 0
) -> Sheet:
    """Return the evaluated sheet of a scenario, on the same draws as its case.

    `instead`: values that take the place of the tenant's; `later`: months by which the effect starts later. Raises what
    `case_of` raises.
    """
    values, seed = values_of(workspace, record, claims=claims, instead=instead, later=later)
    return evaluate(calculator(), values, draws=DRAWS, seed=seed, claims=claims)


def values_of(
    workspace: Workspace, record: str, *, claims: bool, instead: Mapping[str, Given] | None = None, later: int = 0
) -> tuple[dict[str, Given], int]:
    """Return what `sheet_of` evaluates: values by input, and the seed."""
    summary, simulated = simulated_in(workspace, record, claims=claims)
    typed = typed_inputs(workspace)[1]
    return _values(workspace, summary, simulated, typed, claims=claims, instead=instead or {}, later=later)


def simulated_in(workspace: Workspace, record: str, *, claims: bool) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the newest result's summary and the scenario in it."""
    newest = workspace.latest("summary", slot="result")
    if newest is None:
        raise ActionError(
            "nothing has been simulated yet", code="no_result", remedy="Choose modules and start the simulation."
        )
    summary = workspace.get("summary", newest.id)
    simulated = find_scenario(summary, record, claims=claims)
    if simulated is None:
        raise ActionError(
            "this scenario is not in the newest result",
            code="not_simulated",
            place=record,
            remedy="Start the simulation again with it.",
        )
    return summary, simulated


def _compute(
    workspace: Workspace, summary: Mapping[str, Any], simulated: Mapping[str, Any], typed: Typed, *, claims: bool
) -> dict[str, Any]:
    sheet = _sheet(workspace, summary, simulated, typed, claims=claims)
    return {
        **sheet.to_json(),
        "insights": insights(sheet),
        "scenario": simulated["record"],
        "title": simulated["title"],
        "claims": claims,
        "sample": summary["sample"],
        "currency": "CNY",
        "contradictions": contradictions(workspace, typed, claims=claims),
        "rests_on": {"result": summary["result"], "scenario": simulated["record"], "line_study": summary["study"]},
    }


def _sheet(
    workspace: Workspace, summary: Mapping[str, Any], simulated: Mapping[str, Any], typed: Typed, *, claims: bool
) -> Sheet:
    values, seed = _values(workspace, summary, simulated, typed, claims=claims)
    return evaluate(calculator(), values, draws=DRAWS, seed=seed, claims=claims)


def _values(
    workspace: Workspace,
    summary: Mapping[str, Any],
    simulated: Mapping[str, Any],
    typed: Typed,
    *,
    claims: bool,
    instead: Mapping[str, Given] = MappingProxyType({}),
    later: int = 0,
) -> tuple[dict[str, Given], int]:
    """Return the values of every input that is not at its default, and the seed of the simulation."""
    result = open_result(workspace, summary["result"])
    now = workspace.clock()
    values: dict[str, Given] = from_scenario(workspace, simulated["record"])
    values |= {name: given_by(one, now) for name, one in typed_that_count(typed, claims=claims).items()}
    later += int(typed.get(GAPS, {}).get("later", 0))
    values |= instead
    against = against_orders(workspace, _read(MARGIN, values.get(MARGIN)))
    if against is not None:
        values[MARGIN] = against.instead
    extra = result.extra_good(simulated["id"])
    values[FROM_RESULT] = Given(
        value=np.concatenate([np.zeros((len(extra), later)), extra], axis=1),
        tier=_tier_of_effects(workspace, summary, simulated),
        source={"zh-CN": "本工作区的仿真结果", "en": "the simulation of this workspace"},
    )
    missing = [item.name for item in calculator().inputs if item.likely is None and item.name not in values]
    if missing:
        raise ActionError(
            f"{len(missing)} inputs are missing: {', '.join(missing)}",
            code="inputs_missing",
            place=missing[0],
            remedy="Fill them in; each one says where to find it.",
            names=", ".join(missing),
            count=len(missing),
        )
    return values, result.seed


def _tier_of_effects(workspace: Workspace, summary: Mapping[str, Any], simulated: Mapping[str, Any]) -> Tier:
    """Return the weakest tier among the line and the effects that count in a simulated scenario."""
    study = workspace.get("study", summary["study"])
    line = workspace.get("line", study["line"])
    base = {"fitted": Tier.MEASURED, "edited": Tier.TYPED}.get(line["source"], Tier.PUBLIC)
    counted = Scenario.from_json(
        {**workspace.get("scenario", simulated["record"])["scenario"], "claims": simulated["claims"]}
    )
    return weakest(base, *(Tier(effect.tier) for _, effect in counted.active()))


def from_scenario(workspace: Workspace, record: str) -> dict[str, Given]:
    """Return the price inputs that a scenario's modules give: once, and each month (a year's price in twelfths)."""
    if not record:
        newest = workspace.latest("scenario")
        if newest is None:
            return {}
        record = newest.id
    try:
        modules = scenario(workspace, record).modules
    except MissingError:
        return {}
    found: dict[str, Given] = {}
    for name, share in (("price_once", {"once": 1.0}), ("price_monthly", {"month": 1.0, "year": 1 / 12})):
        prices = [(price, share[price.every]) for module in modules for price in module.prices if price.every in share]
        if prices:
            low, likely, high = (
                sum(getattr(price, end) * part for price, part in prices) for end in ("low", "likely", "high")
            )
            tier = weakest(*(Tier(price.tier) for price, _ in prices))
            found[name] = Given(
                value=(low, likely, high),
                tier=Tier.PUBLIC
                if tier is Tier.CLAIM
                else tier,  # an offer binds its maker; it is no claim of an effect
                source={"zh-CN": "模块价目", "en": "price list of the modules"},
            )
    return found


def typed_inputs(workspace: Workspace) -> tuple[Stored | None, Typed]:
    """Return what the tenant typed into the calculator: what is kept of it, and the values by input."""
    stored = workspace.latest("inputs", slot="inputs")
    return (None, {}) if stored is None else (stored, workspace.get("inputs", stored.id))


def contradictions(workspace: Workspace, typed: Typed, *, claims: bool) -> list[dict[str, Any]]:
    """Return typed figures that an upload speaks against: input, typed, measured and its 95 % interval."""
    counted = typed_that_count(typed, claims=claims).get(MARGIN)
    given = None if counted is None else _read(MARGIN, given_by(counted, workspace.clock()))
    against = against_orders(workspace, given)
    if against is None:
        return []
    measured = {"measured": against.measured, "low": against.measured_low, "high": against.measured_high}
    return [{"input": MARGIN, "typed": against.typed, **measured}]


def rates_of(workspace: Workspace) -> Mapping[str, Mapping[str, Any]]:
    """Return the declared rates of other currencies; see `actions_orders.currency_rates`."""
    kept = workspace.latest("rates", slot="rates")
    found: Mapping[str, Mapping[str, Any]] = {} if kept is None else workspace.get("rates", kept.id)
    return found


def typed_that_count(typed: Typed, *, claims: bool) -> Typed:
    """Return the typed values in force: one that came from the vendor's proposal counts only while claims do.

    Without claims the value stands that the tenant had before, or the default.
    """
    if claims:
        return typed
    found: dict[str, Mapping[str, Any]] = {}
    for name, one in typed.items():
        own: Mapping[str, Any] | None = one
        while own is not None and own.get("tier") == Tier.CLAIM:
            own = own.get("before")
        if own is not None:
            found[name] = own
    return found


def given_by(one: Mapping[str, Any], now: datetime) -> Given:
    """Return one typed value as the calculator takes it."""
    said = one["source"] or one["reason"]
    return Given(
        value=as_given(one["value"]),
        tier=Tier(one.get("tier", Tier.TYPED)),
        source=one.get("said") or {"zh-CN": said or "自行填写", "en": said or "typed"},
        age_days=max((now - datetime.fromisoformat(one["at"])).total_seconds() / 86_400, 0.0),
    )


def as_given(value: Any) -> Any:
    """Return a kept value as a calculator takes it: three estimates are a tuple there and a list in JSON."""
    return tuple(value) if isinstance(value, list) else value


def _read(name: str, given: Given | None) -> Given | None:
    """Return a value with its text read: numbers in the unit of the input."""
    if given is None or not isinstance(given.value, str):
        return given
    item = next(item for item in calculator().inputs if item.name == name)
    units = calculator().plan.frame.units
    parts = [part.strip() for part in given.value.split(" / ")]
    unit = split_quantity(parts[-1])[1]
    numbers = [units.read(f"{part} {unit}".strip(), item.unit) for part in parts[:-1]]
    numbers.append(units.read(parts[-1], item.unit))
    if len(numbers) == 1:
        return replace(given, value=numbers[0])
    low, likely, high = numbers
    return replace(given, value=(low, likely, high))


def check_values(values: Mapping[str, Given]) -> None:
    """Refuse values that the calculator would refuse; what is still missing stands in with something harmless."""
    whole = dict(values)
    for item in calculator().inputs:
        if item.likely is None and item.name not in whole:
            whole[item.name] = Given(value=max(item.at_least or 0.0, 0.0))
    gather(calculator(), whole, claims=True)
