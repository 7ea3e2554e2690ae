"""Options beside ours, as a tenant typed them: their effect as a share of ours, their own prices, when they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from calculators.declarations import Given, Tier
from calculators.oee import Definition, Effectiveness, check_same
from calculators.options import compare
from calculators.sheet import Sheet
from portal.actions import ActionError
from portal.cases import as_given, sheet_of, simulated_in
from portal.workspace import Workspace

KINDS = ("rival", "build", "other")
SHARE = "share"
"""How an effect is stated: as a percentage of ours, or in points of OEE under one `calculators.oee.Definition`."""

OWN = ("price_once", "price_monthly", "internal_hours", "running_hours", "training", "refund_share", "refund_promise")
"""Inputs that belong to an option; all others are the same for every option."""

NOTHING: Mapping[str, float] = {
    "effect_share": 0.0,
    "decline_stopped": 0.0,
    "price_once": 0.0,
    "price_monthly": 0.0,
    "internal_hours": 0.0,
    "running_hours": 0.0,
    "training": 0.0,
    "extra_stock": 0.0,
}
"""The status quo: no effect and no cost; its value is the zero that the others are held against."""

SHOWN = ("npv", "payback", "irr", "roi", "pv_costs", "equal_annual_cost", "exposure")
STATUS_QUO = "status_quo"


def option_list(workspace: Workspace) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the kept options by id, the oldest first."""
    return [(one.id, workspace.get("option", one.id)) for one in reversed(workspace.list("option"))]


def share_of_ours(workspace: Workspace, effect: Sequence[float], stated_in: str) -> tuple[float, float, float]:
    """Return an effect as percentages of ours: (low, likely, high).

    Points of OEE can be held against ours only under the definition that ours has. Raises the calculation error
    mixed_definitions, and ActionError no_effect_of_ours where ours does not raise OEE.
    """
    low, likely, high = effect
    if stated_in == SHARE:
        return low, likely, high
    _, simulated = simulated_in(workspace, "", claims=True)
    gain = float(simulated["differences"]["oee"]["mean"])
    ours = Effectiveness(value=gain, definition=Definition.ISO_22400, denominator_time=1.0)
    check_same((ours, Effectiveness(value=likely / 100, definition=Definition(stated_in), denominator_time=1.0)))
    if gain <= 0:
        raise ActionError(
            "the scenario does not raise OEE, so points cannot be held against it",
            code="no_effect_of_ours",
            remedy="Simulate a scenario with an effect, or give the effect as a share.",
        )
    return low / gain, likely / gain, high / gain


def compared(workspace: Workspace, *, claims: bool) -> dict[str, Any]:
    """Compute every option on the same draws: the status quo, each simulated scenario, each kept option.

    JSON-ready: see `actions_options.options`.
    """
    summary, first = simulated_in(workspace, "", claims=claims)
    sheets: dict[str, Sheet] = {}
    about: dict[str, dict[str, Any]] = {}
    records = dict.fromkeys(one["record"] for one in summary["scenarios"] if one["record"])
    nothing = {name: Given(value=value, tier=Tier.MEASURED) for name, value in NOTHING.items()}
    sheets[STATUS_QUO] = sheet_of(workspace, first["record"], claims=claims, instead=nothing)
    about[STATUS_QUO] = {"kind": STATUS_QUO, "title": {}, "source": ""}
    for record in records:
        _, simulated = simulated_in(workspace, record, claims=claims)
        sheets[record] = sheet_of(workspace, record, claims=claims)
        about[record] = {"kind": "ours", "title": dict(simulated["title"]), "source": ""}
    for key, option in option_list(workspace):
        sheets[key] = sheet_of(
            workspace, first["record"], claims=claims, instead=given_of(option), later=int(option["later"])
        )
        name = {"zh-CN": option["name"], "en": option["name"]}
        about[key] = {"kind": option["kind"], "title": name, "source": option["source"]}
    standings = compare(sheets, "npv")
    return {
        "options": [
            {
                "id": one.option,
                **about[one.option],
                "tier": sheets[one.option].outputs["npv"].tier.value if one.option != STATUS_QUO else "",
                "best": list(one.best),
                "ahead": [None if isnan(value) else value for value in one.ahead],
                "outputs": {
                    name: figure
                    for name, figure in sheets[one.option].to_json(tornado=False)["outputs"].items()
                    if name in SHOWN
                },
            }
            for one in standings
        ],
        "do_nothing": sheets[STATUS_QUO].to_json(tornado=False)["outputs"]["do_nothing_npv"],
        "definition": Definition.ISO_22400.value,
        "claims": claims,
        "currency": "CNY",
        "periods": sheets[STATUS_QUO].calculator.periods,
        "draws": sheets[STATUS_QUO].draws,
        "sample": summary["sample"],
    }


def given_of(option: Mapping[str, Any]) -> dict[str, Given]:
    """Return the values of an option as the calculator takes them."""
    said = option["source"] or option["name"]
    source = {"zh-CN": said, "en": said}
    low, likely, high = option["effect"]
    found = {
        "effect_share": Given(value=(low, likely, high), tier=Tier(option["tier"]), source=source),
        "price_monthly": Given(value=0.0, source=source),
        "refund_share": Given(value=0.0, source=source),
    }
    for name, value in option["values"].items():
        found[name] = Given(value=as_given(value), tier=Tier.TYPED, source=source)
    return found
