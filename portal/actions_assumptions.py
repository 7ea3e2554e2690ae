"""Actions on assumptions: the register, objections in the words of who has them, proposals of the vendor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from calculators.declarations import Given, Tier
from portal import storage_release, storage_values
from portal.actions import EDITORS, READERS, REPS, ActionError, action
from portal.actions_links import list_links
from portal.actions_value import inputs
from portal.cases import as_given, case_of, check_values, typed_inputs
from portal.catalogue import calculator
from portal.objections import (
    department_of,
    effect_ranks,
    is_simulated,
    objections_kept,
    proposals_kept,
    subjects,
    weakest_assumption,
)
from portal.storage import Transaction, new_id
from portal.workspace import MissingError, Workspace

MOST_WORDS = 2000
MOST_PROPOSALS, PROPOSALS_WITHIN = 20, timedelta(days=1)
"""How many values one rep may propose to one customer in this time."""


@action(needs=READERS, purpose="appraisal")
def assumptions(workspace: Workspace, *, scenario: str = "", claims: bool = False) -> Mapping[str, Any]:
    """Return the register: every input with value, source, tier, age, effect on the value, objections and proposals.

    Keys: items (as `inputs`, with swing, objections, open, contradiction, proposals; the largest effect first), others
    (objections to what is no input, by subject), weakest (name of the input that most needs proof, "" where nothing is
    computed yet), currency, computed.
    """
    case: Mapping[str, Any] | None
    try:
        case = case_of(workspace, scenario, claims=claims)
    except ActionError:
        case = None
    swings, objections = effect_ranks(case), objections_kept(workspace)
    proposals = proposals_kept(workspace)
    simulated = None if case is None else case["numbers"].get("extra_good")
    against = {one["input"]: one for one in (case or {}).get("contradictions", ())}
    items = []
    for view in inputs(workspace, scenario=scenario if case is None else case["scenario"]):
        name = view["name"]
        mine = [one for one in objections if one["on"] == name]
        one = {
            **view,
            "swing": swings.get(name, 0.0),
            "objections": mine,
            "open": sum(found["state"] == "open" for found in mine),
            "contradiction": against.get(name),
            "proposals": [found for found in proposals if found["input"] == name],
        }
        if is_simulated(name) and simulated is not None:
            one |= {"tier": simulated["tier"], "source": simulated["source"]}
        items.append(one)
    names = {one["name"] for one in items}
    return {
        "items": sorted(items, key=lambda one: -float(one["swing"])),
        "others": [one for one in objections if one["on"] not in names],
        "weakest": weakest_assumption(items),
        "currency": "CNY" if case is None else case["currency"],
        "computed": case is not None,
    }


@action(needs=READERS, purpose="appraisal")
def object_to(workspace: Workspace, *, on: str, text: str) -> str:
    """Keep an objection word for word on the assumption it attacks; returns its id. Nobody edits it, not its author.

    `on`: an input of the calculator, or effects, line, data, people. Raises ActionError unknown_subject,
    objection_empty.
    """
    if on not in subjects():
        raise ActionError(
            f"{on!r} is no assumption", code="unknown_subject", place=on, remedy="Choose an assumption of the list."
        )
    said = text.strip()
    if not said or len(said) > MOST_WORDS:
        raise ActionError(
            "an objection is kept word for word, up to 2000 characters",
            code="objection_empty",
            remedy="Write what you doubt, and what would settle it.",
            most=MOST_WORDS,
        )
    key = new_id()
    document = {
        "id": key,
        "on": on,
        "text": said,
        "by": workspace.member.name,
        "member": workspace.member.id,
        "role": str(workspace.member.role),
        "department": department_of(workspace, workspace.member.id),
        "at": workspace.clock().isoformat(),
        "answers": [],
    }
    workspace.put("objection", document, slot=key)
    return key


@action(needs=READERS, purpose="appraisal")
def answer_objection(workspace: Workspace, objection: str, *, text: str) -> None:
    """Put an answer under an objection; the objection itself stays. Raises ActionError objection_empty."""
    kept = workspace.latest("objection", slot=objection)
    if kept is None:
        raise MissingError(objection)
    said = text.strip()
    if not said or len(said) > MOST_WORDS:
        raise ActionError(
            "an answer has words", code="objection_empty", remedy="Write what settles the doubt.", most=MOST_WORDS
        )
    document = dict(workspace.get("objection", kept.id))
    answer = {"text": said, "by": workspace.member.name, "at": workspace.clock().isoformat()}
    document["answers"] = [*document["answers"], answer]
    workspace.put("objection", document, slot=objection, replace=True)


@action(needs=EDITORS, purpose="appraisal")
def decide_proposal(workspace: Workspace, proposal: str, *, accept: bool, reason: str = "") -> None:
    """Accept or reject a value that the vendor proposed. Only this action lets it into the inputs.

    An accepted value stays a vendor's claim (tier D): it counts while claims do, and without them the value stands that
    was there before. Raises ActionError already_decided.
    """
    kept = workspace.get("proposal", proposal)
    if workspace.latest("proposal_decision", slot=proposal) is not None:
        raise ActionError(
            "this proposal was decided already",
            code="already_decided",
            remedy="Change the value on the value page, or ask for another proposal.",
        )
    at = workspace.clock().isoformat()
    decision = {
        "state": "accepted" if accept else "rejected",
        "reason": reason.strip()[:500],
        "by": workspace.member.name,
        "at": at,
    }
    workspace.put("proposal_decision", decision, slot=proposal, inputs=(proposal,))
    if not accept:
        return
    typed = dict(typed_inputs(workspace)[1])
    name = str(kept["input"])
    typed[name] = {
        "value": kept["value"],
        "reason": str(kept["reason"])[:500],
        "source": f"{kept['by']}: {kept['source']}"[:200],
        "tier": Tier.CLAIM.value,
        "before": typed.get(name),
        "at": at,
        "by": workspace.member.id,
    }
    check_values({key: Given(value=as_given(one["value"])) for key, one in typed.items()})
    workspace.put("inputs", typed, slot="inputs", replace=True)


@action(needs=REPS, purpose="offer", highest_class="internal")
def proposable(workspace: Workspace) -> Mapping[str, Any]:
    """Return to whom this rep can propose values, and which: who came through his own links, and the public inputs.

    Keys: accounts (key -> label), inputs (name -> title, unit). No value of a customer is read.
    """
    titles = {
        item.name: {"title": dict(item.title), "unit": item.unit}
        for item in calculator().inputs
        if not is_simulated(item.name)
    }
    accounts: dict[str, str] = {}
    links = {link.id: link.label for link in list_links(workspace)}
    with workspace.store.reading() as tx:
        for link, label in links.items():
            for number, _ in enumerate(storage_release.openings_of(tx, link)):
                accounts[f"{link}.{number}"] = label if not number else f"{label} ({number + 1})"
    return {"accounts": accounts, "inputs": titles}


@action(needs=REPS, purpose="offer", highest_class="internal")
def propose_value(workspace: Workspace, *, account: str, name: str, value: str, reason: str, source: str) -> str:
    """Propose a value for an input of a customer who came through one of the rep's links; returns the proposal's id.

    It is put beside the customer's value and changes nothing; the rep can read neither back. `account` is a key of
    `proposable`, `value` is written with its unit. Raises ActionError proposal_incomplete, too_many_proposals, and the
    calculation error of a value that cannot be.
    """
    known = {item.name for item in calculator().inputs if not is_simulated(item.name)}
    if name not in known or not reason.strip() or not source.strip():
        raise ActionError(
            "a proposal names an input, a reason and a source",
            code="proposal_incomplete",
            place=name,
            remedy="Say why the value is better and where it comes from.",
        )
    check_values({name: Given(value=value, tier=Tier.CLAIM)})
    link, _, number = account.partition(".")
    with workspace.store.reading() as tx:
        own = {row.id for row in storage_release.links_by(tx, workspace.tenant, workspace.member.id)}
        opened = storage_release.openings_of(tx, link) if link in own else []
    if not number.isdecimal() or int(number) >= len(opened):
        raise MissingError(account)
    tenant = opened[int(number)].tenant
    workspace.then(lambda tx: _within_rate(workspace, tx, tenant))
    document = {
        "input": name,
        "value": value.strip()[:100],
        "reason": reason.strip()[:500],
        "source": source.strip()[:200],
        "by": workspace.member.name,
        "at": workspace.clock().isoformat(),
    }
    key = workspace.deliver(tenant, "proposal", document)
    workspace.concern(tenant, f"proposal/{key}")
    return key


def _within_rate(workspace: Workspace, tx: Transaction, tenant: str) -> None:
    since = (workspace.clock() - PROPOSALS_WITHIN).timestamp()
    rows = storage_values.list_records(tx, tenant, workspace.room, "proposal")
    if sum(row.author == workspace.member.id and row.created_at > since for row in rows) >= MOST_PROPOSALS:
        raise ActionError(
            f"more than {MOST_PROPOSALS} values were proposed to this customer within a day",
            code="too_many_proposals",
            remedy="Wait until tomorrow; the customer has enough to decide.",
            most=MOST_PROPOSALS,
        )
