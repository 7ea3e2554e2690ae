"""Actions on money: the tenant's inputs, his own guess, and the appraisal of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calculators.currency import exchanged
from calculators.declarations import Given, Input
from portal.actions import EDITORS, READERS, ActionError, action
from portal.cases import (
    FROM_RESULT,
    as_given,
    case_of,
    check_values,
    from_scenario,
    given_by,
    rates_of,
    typed_inputs,
    workbook_of,
)
from portal.catalogue import calculator
from portal.levers import grid_of, moved
from portal.objections import objections_kept
from portal.text import pick
from portal.watermarks import watermark_of, watermarked
from portal.workspace import Workspace


@action(needs=EDITORS, purpose="appraisal", locks=True)
def set_inputs(workspace: Workspace, values: Mapping[str, Any], *, seen: Mapping[str, str] | None = None) -> None:
    """Keep values of the ROI calculator's inputs, typed by the tenant (tier B); None takes a value back.

    `values`: input name -> text with unit ("12 min", or "10 / 12 / 15 min" for low, likely, high), a number in the
    declared unit, or {"value": one of these, "reason", "source"}. `seen`: the `at` of each value that the person saw
    when he typed; where somebody has changed it since, nothing is kept. Raises ActionError changed_meanwhile with both
    values, and the calculation error that names input and unit; then nothing is kept.
    """
    typed = dict(typed_inputs(workspace)[1])
    for name, was in (seen or {}).items():
        there = typed.get(name)
        if there is not None and there["at"] != was and name in values:
            raise _changed(name, there["value"], values[name])
    at = workspace.clock().isoformat()
    for name, given in values.items():
        if given is None:
            typed.pop(name, None)
            continue
        said = dict(given) if isinstance(given, Mapping) else {"value": given}
        if name == FROM_RESULT:
            raise _simulated(name)
        value, rate = _in_home_currency(workspace, name, said["value"])
        typed[name] = {
            **rate,
            "value": value,
            "reason": str(said.get("reason", ""))[:500],
            "source": str(said.get("source", ""))[:200],
            "at": at,
            "by": workspace.member.id,
        }
    check_values({name: Given(value=as_given(one["value"])) for name, one in typed.items()})
    workspace.put("inputs", typed, slot="inputs", replace=True)


@action(needs=READERS, purpose="appraisal")
def inputs(workspace: Workspace, *, scenario: str = "") -> list[Mapping[str, Any]]:
    """Return every input of the ROI calculator, in the order it is asked.

    Each: name, title, purpose, unit, needed (no default), value in force (None where there is none), low, high, tier,
    source, reason, age_days, stale, and where it came from: typed, scenario, simulation, default or missing.
    """
    typed = typed_inputs(workspace)[1]
    offered = from_scenario(workspace, scenario)
    now = workspace.clock()
    return [_input_view(item, typed.get(item.name), offered.get(item.name), now) for item in calculator().inputs]


@action(needs=READERS, purpose="appraisal")
def record_guess(workspace: Workspace, *, npv: float, currency: str = "CNY") -> None:
    """Keep the member's own estimate before the figure is shown; one for each member, the first counts."""
    slot = f"guess/{workspace.member.id}"
    if workspace.latest("guess", slot=slot) is None:
        guess = {"npv": float(npv), "currency": currency, "by": workspace.member.id}
        workspace.put("guess", guess, slot=slot)


@action(needs=READERS, purpose="appraisal")
def appraise(workspace: Workspace, *, scenario: str = "", claims: bool = False) -> Mapping[str, Any]:
    """Return the case of a scenario (default: the first of the newest result).

    The shape is that of `calculators.sheet.Sheet.to_json()` (outputs with p10, p50, p90, chance, tier, tornado;
    numbers; capped), with id, scenario, title, claims, sample, currency, rests_on and `guess` (the member's own, or
    None). Computed on 20,000 draws from the newest result, kept sealed, then reread. `claims`: whether vendor claims
    count. Raises ActionError no_result, not_simulated, inputs_missing (`names`), and calculation errors.
    """
    case = case_of(workspace, scenario, claims=claims)
    kept = workspace.latest("guess", slot=f"guess/{workspace.member.id}")
    return {**case, "guess": None if kept is None else workspace.get("guess", kept.id)}


@action(needs=READERS, purpose="appraisal")
def take_workbook(workspace: Workspace, *, scenario: str = "", claims: bool = False) -> bytes:
    """Return the case of a scenario as an XLSX file whose formulas a spreadsheet computes itself, with a watermark.

    Raises what `appraise` raises.
    """
    data = workbook_of(workspace, scenario, claims=claims)
    return watermarked(workspace, data, watermark_of(workspace, purpose="own_use"), form="xlsx")


@action(needs=READERS, purpose="appraisal")
def try_value(
    workspace: Workspace, *, name: str, value: float, scenario: str = "", claims: bool = False
) -> Mapping[str, Any]:
    """Return npv, payback, irr and exposure (p10, p50, p90, chance) with one input at another value; nothing is kept.

    Raises ActionError input_is_simulated, and the calculation error of a value outside the input's range.
    """
    if name == FROM_RESULT:
        raise _simulated(name)
    return moved(workspace, scenario, name, value, claims=claims)


@action(needs=READERS, purpose="appraisal")
def two_way(
    workspace: Workspace, *, first: str, second: str, scenario: str = "", claims: bool = False
) -> Mapping[str, Any]:
    """Return the net present value over a grid of two inputs between their P05 and P95, all others at their median.

    Keys: first, second (values of the steps), npv (a row for each step of the first). Raises ActionError same_input,
    unknown_number.
    """
    return grid_of(workspace, scenario, first, second, claims=claims)


@action(needs=READERS, purpose="appraisal")
def why(workspace: Workspace, name: str, *, scenario: str = "", claims: bool = False) -> Mapping[str, Any]:
    """Open one number of the case: its trace, its tornado, objections to it, and the ids it rests on.

    `name` is an output, a formula or an input; `trace["uses"]` names what it is made of, `parts` holds their traces.
    Raises ActionError unknown_number.
    """
    case = case_of(workspace, scenario, claims=claims)
    numbers = case["numbers"]
    if name not in numbers:
        raise ActionError(
            f"the case has no number {name!r}", code="unknown_number", place=name, remedy="Choose a number of the page."
        )
    return {
        "trace": numbers[name],
        "parts": [numbers[used] for used in numbers[name]["uses"] if used in numbers],
        "tornado": case["outputs"].get(name, {}).get("tornado", []),
        "objections": [one for one in objections_kept(workspace) if one["on"] == name],
        "rests_on": case["rests_on"],
        "claims": case["claims"],
    }


def _in_home_currency(workspace: Workspace, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
    """Return a typed value in the input's own currency, and where it was exchanged, what was typed and the rate."""
    item = next((item for item in calculator().inputs if item.name == name), None)
    if item is None or not isinstance(value, str):
        return value, {}
    rates = rates_of(workspace)
    told = exchanged(
        value, item.unit, calculator().plan.frame.units, {code: float(one["value"]) for code, one in rates.items()}
    )
    return (told, {}) if told == value else (told, {"as_typed": value, "rates": dict(rates)})


def _simulated(name: str) -> ActionError:
    return ActionError(
        "this number comes from the simulation",
        code="input_is_simulated",
        place=name,
        remedy="Change the line or the scenario instead.",
    )


def _changed(name: str, theirs: Any, yours: Any) -> ActionError:
    """The error of a save that would undo somebody else's: both values, for a person to choose."""
    title = next((item.title for item in calculator().inputs if item.name == name), {})
    mine = yours["value"] if isinstance(yours, Mapping) else yours
    return ActionError(
        f"somebody changed {name} to {theirs} meanwhile",
        code="changed_meanwhile",
        remedy="Look at both values; save again to put yours in its place.",
        name=pick(title) or name,
        theirs=theirs,
        yours=mine,
    )


def _input_view(item: Input, typed: Mapping[str, Any] | None, offered: Given | None, now: datetime) -> dict[str, Any]:
    view: dict[str, Any] = {
        "name": item.name,
        "title": dict(item.title),
        "purpose": dict(item.purpose),
        "unit": item.unit,
        "needed": item.likely is None,
        "value": item.likely,
        "low": item.low,
        "high": item.high,
        "tier": None if item.tier is None else item.tier.value,
        "source": dict(item.source),
        "reason": "",
        "at": "" if typed is None else typed["at"],
        "age_days": None,
        "stale": False,
        "from": "default" if item.likely is not None else "missing",
        "default": item.likely,
    }
    if item.name == FROM_RESULT:
        return {**view, "needed": False, "from": "simulation"}
    given = given_by(typed, now) if typed is not None else offered
    if given is not None:
        value = given.value
        low, likely, high = value if isinstance(value, tuple) else (None, value, None)
        stale = given.age_days is not None and item.valid_days is not None and given.age_days > item.valid_days
        view |= {"value": likely, "low": low, "high": high, "tier": given.tier.value, "source": dict(given.source)}
        view |= {"age_days": given.age_days, "stale": stale, "from": "scenario" if typed is None else "typed"}
        view["reason"] = "" if typed is None else typed["reason"]
    return view
