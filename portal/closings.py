"""Who closes a gap, by when and at what cost; and the state of a check list as it was frozen on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from calculators.checklist import Answer, Assessment, CheckList
from calculators.checklist_gaps import Closing, GapBudget, gap_budget
from calculators.checklist_history import compare
from portal.assessments import as_answer
from portal.workspace import Workspace

PLAN, SNAPSHOT = "closing", "assessment"


def closings_of(workspace: Workspace, name: str, checklist: CheckList) -> dict[str, Mapping[str, Any]]:
    """Return the plans by control: owner (a role), due (ISO date or ""), cost and months (three points), blocks."""
    kept = workspace.by_slot(PLAN, [f"{name}/{control.id}" for control in checklist.controls])
    return {slot.removeprefix(f"{name}/"): workspace.get(PLAN, key) for slot, key in kept.items()}


def as_closing(control: str, plan: Mapping[str, Any]) -> Closing:
    """Return a kept plan as the calculation takes it."""
    low, likely, high = plan["cost"]
    first, usual, last = plan["months"]
    return Closing(
        control=control,
        owner=plan["owner"],
        due=date.fromisoformat(plan["due"]) if plan["due"] else None,
        cost=(low, likely, high),
        months=(first, usual, last),
        blocks=plan["blocks"],
    )


def budget_of(found: Assessment, plans: Mapping[str, Mapping[str, Any]], *, today: date) -> GapBudget:
    """Return what closing the gaps costs and how long it holds things up; plans of closed gaps do not count."""
    gaps = {gap.control.id for gap in found.gaps}
    return gap_budget(found, [as_closing(key, one) for key, one in plans.items() if key in gaps], today=today)


def snapshots_of(workspace: Workspace, name: str) -> dict[str, Mapping[str, Any]]:
    """Return the frozen states of a check list by id, the newest first."""
    kept = {one.id: workspace.get(SNAPSHOT, one.id) for one in workspace.list(SNAPSHOT)}
    return {key: one for key, one in kept.items() if one["checklist"] == name}


def changes_since(
    snapshot: Mapping[str, Any], checklist: CheckList, answers: Mapping[str, Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return what became of each control since a frozen state, without those that stayed as they were.

    Controls that the list no longer has are left out: their wording went with the edition.
    """
    known = {control.id: control for control in checklist.controls}
    before = _answers({key: one for key, one in snapshot["answers"].items() if key in known}, now)
    return [
        {
            "control": change.control,
            "title": dict(known[change.control].title),
            "what": change.what,
            "before": None if change.before is None else str(change.before),
            "after": None if change.after is None else str(change.after),
        }
        for change in compare((checklist, before), (checklist, _answers(answers, now)))
        if change.what != "same"
    ]


def _answers(kept: Mapping[str, Mapping[str, Any]], now: datetime) -> dict[str, Answer]:
    return {key: as_answer(one, now) for key, one in kept.items()}
