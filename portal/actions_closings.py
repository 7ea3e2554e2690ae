"""Actions on the gaps of a check list: who closes them and when, frozen states, and the way back from an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from calculators.checklist import Status
from portal.actions import EDITORS, READERS, ActionError, action
from portal.assessments import answers_of, assessment_of
from portal.catalogue import checklist as find
from portal.closings import PLAN, SNAPSHOT, budget_of, changes_since, closings_of, snapshots_of
from portal.workspace import MissingError, Workspace
from templates.checklist_document import OWNERS

NOTHING = (0.0, 0.0, 0.0)


@action(needs=EDITORS, purpose="self_check")
def plan_closing(
    workspace: Workspace,
    *,
    control: str,
    owner: str,
    due: str = "",
    cost: Sequence[float] = NOTHING,
    months: Sequence[float] = NOTHING,
    blocks: bool = False,
    checklist: str = "",
) -> None:
    """Say which department closes a gap, by when (ISO date), for how much money and in how many months.

    `cost` (CNY) and `months` are low, likely, high; `blocks`: nothing goes live before it is closed. Raises ActionError
    unknown_owner, due_date, no_open_gap; CalculationError closing_order.
    """
    name, _, _, found = assessment_of(workspace, checklist)
    if owner not in OWNERS:
        raise ActionError(
            f"{owner!r} is no department", code="unknown_owner", place=control, remedy="Choose one of the list."
        )
    try:
        date.fromisoformat(due or "2000-01-01")
    except ValueError:
        raise ActionError(
            f"{due!r} is no date", code="due_date", place=control, remedy="Write the date as 2027-03-31."
        ) from None
    document = {
        "checklist": name,
        "owner": owner,
        "due": due,
        "cost": [float(value) for value in cost],
        "months": [float(value) for value in months],
        "blocks": bool(blocks),
        "by": workspace.member.id,
        "at": workspace.clock().isoformat(),
    }
    if control not in {gap.control.id for gap in found.gaps}:
        raise ActionError(
            f"control {control!r} has no gap", code="no_open_gap", place=control, remedy="Choose a gap of the list."
        )
    budget_of(found, {control: document}, today=workspace.clock().date())
    workspace.put(PLAN, document, slot=f"{name}/{control}", replace=True)


@action(needs=EDITORS, purpose="self_check")
def undo_answer(workspace: Workspace, *, control: str, checklist: str = "") -> None:
    """Put back what an answer said before its last change; evidence stays. Raises ActionError answer_unchanged."""
    name, control_list = find(checklist)
    now = answers_of(workspace, name, control_list).get(control)
    if now is None or now.get("before") is None:
        raise ActionError(
            "this answer was not changed", code="answer_unchanged", place=control, remedy="Answer the control instead."
        )
    document = {**now, **now["before"], "before": None, "by": workspace.member.id}
    document["at"] = workspace.clock().isoformat()
    workspace.put("answer", document, slot=f"{name}/{control}", replace=True)


@action(needs=EDITORS, purpose="self_check")
def freeze_assessment(workspace: Workspace, *, checklist: str = "") -> str:
    """Keep the answers as they are today, never to be changed; returns the id. Raises ActionError nothing_answered."""
    name, control_list, answers, found = assessment_of(workspace, checklist)
    if not found.answered and not found.counts[Status.NOT_APPLICABLE]:
        raise ActionError(
            "nothing has been answered yet", code="nothing_answered", remedy="Answer a question of the list first."
        )
    document = {
        "checklist": name,
        "version": control_list.version,
        "at": workspace.clock().isoformat(),
        "by": workspace.member.id,
        "score": [found.low, found.high],
        "answered": found.answered,
        "applicable": found.applicable,
        "answers": answers,
        "plans": closings_of(workspace, name, control_list),
    }
    return workspace.put(SNAPSHOT, document)


@action(needs=READERS, purpose="self_check")
def closing_state(workspace: Workspace, *, checklist: str = "", since: str = "") -> Mapping[str, Any]:
    """Return the plans, what they cost, the frozen states, and what changed since one of them.

    Keys: owners (roles), plans by control (owner, due, cost, months, blocks), budget (cost, delay_months: 10, 50 and
    90 %; flow by month, CNY; unplanned, overdue: controls), snapshots (id, at, version, score, answered, applicable;
    the newest first), changes (control, title, what, before, after; of the state `since`, or the newest one), since.
    Raises MissingError for a state that is not there.
    """
    name, control_list, answers, found = assessment_of(workspace, checklist)
    now = workspace.clock()
    plans = closings_of(workspace, name, control_list)
    kept = snapshots_of(workspace, name)
    if since and since not in kept:
        raise MissingError(since)
    chosen = since or next(iter(kept), "")
    told = ("at", "version", "score", "answered", "applicable")
    return {
        "owners": list(OWNERS),
        "plans": plans,
        "budget": asdict(budget_of(found, plans, today=now.date())),
        "snapshots": [{"id": key, **{part: one[part] for part in told}} for key, one in kept.items()],
        "changes": changes_since(kept[chosen], control_list, answers, now) if chosen else [],
        "since": chosen,
    }
