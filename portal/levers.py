"""What if one input were another: the scenario's own draws, and only the formulas that depend on the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from calculators.declarations import Given
from calculators.figures import plain
from calculators.lever import Lever, lever
from calculators.sheet import evaluate
from portal.actions import ActionError
from portal.cases import DRAWS, case_of, sheet_of, values_of
from portal.catalogue import calculator
from portal.kept import LEVERS
from portal.workspace import Workspace

STEPS = 5
FOLLOWED = ("npv", "payback", "irr", "exposure")


def moved(workspace: Workspace, record: str, name: str, value: float, *, claims: bool) -> Mapping[str, Any]:
    """Return the headline outputs of a scenario with one input at another value (in its unit); nothing is kept.

    The first move of an input evaluates everything once; the next ones only what depends on it.
    """
    case = case_of(workspace, record, claims=claims)
    key = f"{case['id']}/{name}"
    held: Lever | None = LEVERS.get(workspace.tenant, key)
    if held is None:
        values, seed = values_of(workspace, record, claims=claims)
        sheet = evaluate(calculator(), values, draws=DRAWS, seed=seed, claims=claims)
        held = lever(sheet, values, name, outputs=FOLLOWED)
        kept = {one: array for one, array in sheet.kept.items() if one in {*held.downstream, *FOLLOWED}}
        held = replace(held, sheet=replace(sheet, kept=kept))
        LEVERS.put(workspace.tenant, key, held, size=held.size + sum(array.nbytes for array in kept.values()))
    sheet = held.move(Given(value=value))
    return {
        one: plain({"p10": figure.p10, "p50": figure.p50, "p90": figure.p90, "chance": figure.chance})
        for one, figure in sheet.outputs.items()
        if one in FOLLOWED
    }


def grid_of(workspace: Workspace, record: str, first: str, second: str, *, claims: bool) -> Mapping[str, Any]:
    """Return the grid of `actions_value.two_way`; kept with the case it belongs to."""
    case = case_of(workspace, record, claims=claims)
    names = [bar["input"] for bar in case["outputs"]["npv"].get("tornado") or ()]
    for name in (first, second):
        if name not in names:
            raise ActionError(
                f"{name!r} does not move the value", code="unknown_number", place=name, remedy="Choose a driver."
            )
    if first == second:
        raise ActionError("two different inputs are needed", code="same_input", place=first, remedy="Choose another.")
    slot = f"{case['id']}/{first}/{second}"
    kept = workspace.latest("grid", slot=slot)
    if kept is not None:
        found: Mapping[str, Any] = workspace.get("grid", kept.id)
        return found
    sheet = sheet_of(workspace, case["scenario"], claims=claims)
    one, other, table = sheet.two_way("npv", first, second, steps=STEPS)
    made = plain({"first": one.tolist(), "second": other.tolist(), "npv": table.tolist()})
    workspace.put("grid", made, slot=slot, inputs=(case["id"],), replace=True)
    return dict(made)
