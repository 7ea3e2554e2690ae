"""Actions that take what closing gaps costs, and how long that takes, into the value; off until somebody does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calculators.checklist_gaps import GapBudget
from calculators.declarations import Given
from portal.actions import EDITORS, READERS, ActionError, action
from portal.assessments import assessment_of
from portal.cases import GAPS, as_given, check_values, typed_inputs
from portal.catalogue import checklists_on_offer
from portal.closings import PLAN, budget_of, closings_of
from portal.workspace import Workspace


@action(needs=READERS, purpose="appraisal")
def gap_costs(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return what the planned gaps of each check list would add to the value.

    Each: checklist, title, cost (10, 50 and 90 %, CNY), later (whole months by which the effect starts later),
    unplanned (count), counted (whether this list is in the value now). Lists without a cost or a delay are left out.
    """
    planned = {workspace.get(PLAN, one.id)["checklist"] for one in workspace.list(PLAN)}
    inside = typed_inputs(workspace)[1].get(GAPS, {}).get("checklist", "")
    found = []
    for name in sorted(planned & checklists_on_offer().keys()):
        title, _, budget = _budget(workspace, name)
        if budget.cost[2] > 0 or budget.delay_months[1] > 0:
            found.append(
                {
                    "checklist": name,
                    "title": title,
                    "cost": list(budget.cost),
                    "later": _later(budget),
                    "unplanned": len(budget.unplanned),
                    "counted": name == inside,
                }
            )
    return found


@action(needs=EDITORS, purpose="appraisal")
def count_gaps(workspace: Workspace, *, checklist: str, on: bool) -> None:
    """Put the expected cost by month and the delay of a check list's gaps in force as one input, or take it out.

    The input holds what is planned now; a later change of the plan is taken over by doing this again. What falls into
    month 0 is paid in month 1. Raises ActionError no_gap_costs.
    """
    typed = dict(typed_inputs(workspace)[1])
    typed.pop(GAPS, None)
    if on:
        title, as_of, budget = _budget(workspace, checklist)
        if budget.cost[2] <= 0 and budget.delay_months[1] <= 0:
            raise ActionError(
                "no closing of a gap costs anything, or holds anything up",
                code="no_gap_costs",
                place=checklist,
                remedy="Plan the gaps of the check list first, with cost and months.",
            )
        at, later = workspace.clock().isoformat(), _later(budget)
        now, *months = budget.flow or (0.0,)
        first, *rest = months or [0.0]
        series = ", ".join(f"{value:.2f}" for value in (now + first, *rest, 0.0))
        typed[GAPS] = {
            "value": f"{series} CNY",
            "reason": "",
            "source": f"{checklist} {at[:10]}",
            "said": {
                "zh-CN": f"自查《{title['zh-CN']}》（{as_of} 版），{at[:10]} 的整改计划；效果推迟 {later} 个月",
                "en": f"self-check {title['en']} (as of {as_of}), plan of {at[:10]}; effect {later} months later",
            },
            "checklist": checklist,
            "later": later,
            "at": at,
            "by": workspace.member.id,
        }
    check_values({name: Given(value=as_given(one["value"])) for name, one in typed.items()})
    workspace.put("inputs", typed, slot="inputs", replace=True)


def _budget(workspace: Workspace, wanted: str) -> tuple[Mapping[str, str], str, GapBudget]:
    name, checklist, _, found = assessment_of(workspace, wanted)
    plans = closings_of(workspace, name, checklist)
    return dict(checklist.title), checklist.as_of, budget_of(found, plans, today=workspace.clock().date())


def _later(budget: GapBudget) -> int:
    return round(budget.delay_months[1])
