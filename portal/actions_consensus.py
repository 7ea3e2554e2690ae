"""Actions on agreement: where the work stands, who is asked what, where people agree, what the next step is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from portal.actions import OWNER, READERS, TENANT, ActionError, action
from portal.actions_journey import journey
from portal.cases import case_of
from portal.consensus_book import ASKED, STANCES, positions, respondents_open, standing_of
from portal.identity import Role
from portal.objections import department_of, subjects
from portal.workspace import Workspace

MOST_WORDS = 2000
MEASURED = 4


@action(needs=READERS, purpose="appraisal")
def way_map(workspace: Workspace) -> Mapping[str, Any]:
    """Return where this workspace is, what is missing, and what the next steps add to certainty.

    Keys: steps (id, state, count), next_step, missing (codes: back_test, guess, departments, orders), worth (input,
    title, tier, at_most: what knowing it exactly is worth before the decision, by EVPPI; the dearest first), evpi,
    currency. Nothing of it is known to the vendor beyond the progress that the tenant shares.
    """
    way = journey(workspace)
    missing = []
    if workspace.latest("back_test") is None:
        missing.append("back_test")
    if workspace.latest("guess") is None:
        missing.append("guess")
    if workspace.latest("department") is None:
        missing.append("departments")
    worth: list[dict[str, Any]] = []
    total, currency = 0.0, "CNY"
    try:
        case = case_of(workspace, "", claims=False)
    except ActionError:
        case = {}
    if case:
        found, numbers = case["insights"], case["numbers"]
        total, currency = float(found["evpi"]), case["currency"]
        for one in found["worth_measuring"][:MEASURED]:
            number = numbers.get(one["input"])
            if number is not None and one["at_most"] >= 1:
                worth.append({"input": one["input"], "title": number["title"], "tier": number["tier"],
                              "at_most": float(one["at_most"])})  # fmt: skip
        if numbers.get("contribution_margin", {}).get("tier") != "A":
            missing.append("orders")
    return {
        "steps": [asdict(step) for step in way.steps],
        "next_step": way.next_step,
        "missing": missing,
        "worth": worth,
        "evpi": total,
        "currency": currency,
    }


@action(needs=READERS, purpose="appraisal")
def consensus(workspace: Workspace) -> Mapping[str, Any]:
    """Return where people agree, where they do not, and what is open.

    Keys: subjects (on, title, asked: departments, by_department: agree, disagree, unsure; open_objections, state:
    disputed, open or agreed; the disputed first), departments (id, people, asked, answered), agreed, disputed, open,
    respondents_open. A subject is agreed when every department that is asked has somebody who agrees and nobody
    disagrees or objects.
    """
    return standing_of(workspace)


@action(needs=TENANT, purpose="consensus", highest_class="internal")
def my_questions(workspace: Workspace) -> Mapping[str, Any]:
    """Return what this member is asked: the assumptions of his department in words, without any value.

    Keys: department, allowed (False for a guest while outside respondents are switched off), questions (on, title,
    purpose, stance and text of his own answer).
    """
    department = department_of(workspace, workspace.member.id)
    allowed = workspace.member.role is not Role.GUEST or respondents_open(workspace)
    own = {one["on"]: one for one in positions(workspace) if one["member"] == workspace.member.id}
    titles = subjects()
    return {
        "department": department,
        "allowed": allowed,
        "questions": [
            {
                "on": on,
                "title": dict(titles[on]),
                "stance": own.get(on, {}).get("stance", ""),
                "text": own.get(on, {}).get("text", ""),
            }
            for on in (ASKED.get(department, ()) if allowed else ())
        ],
    }


@action(needs=TENANT, purpose="consensus", highest_class="internal")
def take_position(workspace: Workspace, *, on: str, stance: str, text: str = "") -> None:
    """Say whether one agrees with an assumption; the newest answer of a member counts.

    Raises ActionError unknown_subject, unknown_stance, respondents_closed, words_missing (who disagrees says why).
    """
    if on not in subjects():
        raise ActionError(
            f"{on!r} is no assumption", code="unknown_subject", place=on, remedy="Choose an assumption of the list."
        )
    if stance not in STANCES:
        raise ActionError(
            f"{stance!r} is no answer", code="unknown_stance", place=stance, remedy="Agree, disagree, or be unsure."
        )
    if workspace.member.role is Role.GUEST and not respondents_open(workspace):
        raise ActionError(
            "outside respondents are switched off",
            code="respondents_closed",
            remedy="Ask the owner of the workspace to switch them on.",
        )
    said = text.strip()[:MOST_WORDS]
    if stance == "disagree" and not said:
        raise ActionError(
            "who disagrees says why",
            code="words_missing",
            place=on,
            remedy="Write what you doubt and what would settle it.",
        )
    document = {
        "on": on,
        "stance": stance,
        "text": said,
        "member": workspace.member.id,
        "by": workspace.member.name,
        "at": workspace.clock().isoformat(),
    }
    workspace.put("position", document, slot=f"{workspace.member.id}/{on}", replace=True)


@action(needs=OWNER, purpose="operation", highest_class="internal")
def open_respondents(workspace: Workspace, *, on: bool) -> None:
    """Let guests of this workspace answer their questions, or stop that. One switch; nothing else has to be set."""
    document = {"open": on, "by": workspace.member.name, "at": workspace.clock().isoformat()}
    workspace.put("respondents", document, slot="respondents", replace=True)
