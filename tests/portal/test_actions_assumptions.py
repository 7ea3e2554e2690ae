"""Objections stay word for word where they belong; a vendor proposes and never overwrites."""

from __future__ import annotations

from typing import Any

import pytest

from calculators.units import CalculationError
from portal import actions_assumptions, actions_audit, actions_links, actions_value
from portal.actions import ActionError
from portal.identity import Role
from portal.invitations import open_link
from portal.workspace import MissingError, Workspace

WORDS = "  The margin of 42 is last year's; <b>ask</b> Zhao before anybody believes it.  "


def item(workspace: Any, name: str) -> Any:
    return next(one for one in actions_assumptions.assumptions(workspace)["items"] if one["name"] == name)


def test_the_register_ranks_by_effect_and_names_the_weakest(valued) -> None:
    found = actions_assumptions.assumptions(valued.owner)
    swings = [one["swing"] for one in found["items"]]
    assert swings == sorted(swings, reverse=True)
    assert swings[0] > 0
    assert found["weakest"] in {one["name"] for one in found["items"] if one["swing"] > 0}
    assert item(valued.owner, "extra_good")["tier"] == "B"  # effects that were typed weigh more than the fitted line


def test_an_objection_stays_as_it_was_written_beside_its_number(valued) -> None:
    reader = valued.installation.as_(Role.FINANCE_READER)
    key = actions_assumptions.object_to(reader, on="contribution_margin", text=WORDS)
    found = item(valued.owner, "contribution_margin")
    assert [one["text"] for one in found["objections"]] == [WORDS.strip()]
    assert (found["open"], found["objections"][0]["role"]) == (1, "finance_reader")
    told = actions_value.why(valued.owner, "contribution_margin")
    assert told["objections"][0]["text"] == WORDS.strip()
    actions_assumptions.answer_objection(valued.owner, key, text="Zhao confirmed it on Monday.")
    found = item(reader, "contribution_margin")
    assert (found["open"], found["objections"][0]["state"]) == (0, "answered")
    assert found["objections"][0]["text"] == WORDS.strip()
    assert found["objections"][0]["answers"][0]["text"] == "Zhao confirmed it on Monday."


def test_objections_to_what_is_no_input_are_kept_too(valued) -> None:
    actions_assumptions.object_to(valued.owner, on="people", text="Who is measured by it?")
    others = actions_assumptions.assumptions(valued.owner)["others"]
    assert [(one["on"], one["text"]) for one in others] == [("people", "Who is measured by it?")]


@pytest.mark.parametrize(("on", "text", "code"), [("nothing", "x", "unknown_subject"), ("line", " ", "objection_empty"),
                                                  ("line", "x" * 2001, "objection_empty")])  # fmt: skip
def test_an_objection_needs_a_subject_and_words(valued, on, text, code) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_assumptions.object_to(valued.owner, on=on, text=text)
    assert refusal.value.code == code


@pytest.fixture(scope="module")
def invited(valued):
    """A customer who came through the rep's link."""
    made = valued.installation
    link = actions_links.invite(made.as_(Role.REP), label="Acme")
    member, _ = open_link(made.store, made.keys, token=link.token, email="li@acme.example", name="", at=made.clock())
    return link.id, Workspace(member, made.store, made.keys, made.clock)


PROPOSAL = {
    "name": "hourly_cost",
    "value": "70 / 80 / 95 CNY/(person*h)",
    "reason": "Regional wages.",
    "source": "Yearbook",
}


def test_a_proposal_stands_beside_the_value_until_the_customer_decides(valued, invited) -> None:
    link, owner = invited
    rep = valued.installation.as_(Role.REP)
    actions_value.set_inputs(owner, {"hourly_cost": "120 CNY/(person*h)"})
    assert list(actions_assumptions.proposable(rep)["accounts"].values()) == ["Acme"]
    proposal = actions_assumptions.propose_value(rep, account=f"{link}.0", **PROPOSAL)
    found = item(owner, "hourly_cost")
    assert (found["value"], found["proposals"][0]["state"]) == ("120 CNY/(person*h)", "open")
    with pytest.raises(MissingError):
        rep.get("proposal", proposal)
    actions_assumptions.decide_proposal(owner, proposal, accept=True)
    found = item(owner, "hourly_cost")
    assert (found["value"], found["tier"], found["proposals"][0]["state"]) == (PROPOSAL["value"], "D", "accepted")
    with pytest.raises(ActionError) as refusal:
        actions_assumptions.decide_proposal(owner, proposal, accept=False)
    assert refusal.value.code == "already_decided"
    log = actions_audit.read_log(valued.installation.as_(Role.COMPLIANCE_OFFICER), limit=50)
    assert [one.tenant for one in log if one.action == "propose_value"] == [owner.tenant]


def test_a_rejected_proposal_changes_nothing(valued, invited) -> None:
    link, owner = invited
    rep = valued.installation.as_(Role.REP)
    before = item(owner, "tax_rate")["value"]
    proposal = actions_assumptions.propose_value(
        rep, account=f"{link}.0", name="tax_rate", value="15 %", reason="High-tech.", source="Law"
    )
    actions_assumptions.decide_proposal(owner, proposal, accept=False, reason="We are not.")
    assert item(owner, "tax_rate")["value"] == before
    assert item(owner, "tax_rate")["proposals"][0]["answer"]["reason"] == "We are not."


def test_an_accepted_claim_counts_only_while_claims_do(valued) -> None:
    before = actions_value.appraise(valued.owner, claims=False)["outputs"]["npv"]["p50"]
    document = {"input": "price_once", "value": "1 CNY", "reason": "Cheap.", "source": "Us", "by": "Rep", "at": ""}
    valued.owner.acting = True
    proposal = valued.owner.put("proposal", document)
    with valued.owner.store.writing() as tx:
        valued.owner.flush(tx)
    valued.owner.done()
    valued.owner.acting = False
    actions_assumptions.decide_proposal(valued.owner, proposal, accept=True)
    assert actions_value.appraise(valued.owner, claims=False)["outputs"]["npv"]["p50"] == before
    assert actions_value.appraise(valued.owner, claims=True)["outputs"]["npv"]["p50"] > before
    actions_value.set_inputs(valued.owner, {"price_once": "20000 CNY"})
    assert item(valued.owner, "price_once")["tier"] == "B"


@pytest.mark.parametrize("wrong", [{"name": "extra_good"}, {"name": "nothing"}, {"reason": ""}, {"source": " "}])
def test_a_proposal_without_reason_source_or_input_is_refused(valued, invited, wrong) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_assumptions.propose_value(
            valued.installation.as_(Role.REP), account=f"{invited[0]}.0", **{**PROPOSAL, **wrong}
        )
    assert refusal.value.code == "proposal_incomplete"


def test_a_proposal_in_the_wrong_unit_or_to_a_stranger_is_refused(valued, invited) -> None:
    rep = valued.installation.as_(Role.REP)
    with pytest.raises(CalculationError):
        actions_assumptions.propose_value(rep, account=f"{invited[0]}.0", **{**PROPOSAL, "value": "3 km"})
    for account in (f"{invited[0]}.7", f"{'0' * 32}.0", valued.owner.tenant, f"{invited[0]}.-1"):
        with pytest.raises(ActionError) as refusal:
            actions_assumptions.propose_value(rep, account=account, **PROPOSAL)
        assert refusal.value.code == "no_such_value"


def test_a_rep_cannot_flood_a_customer_with_proposals(valued, monkeypatch) -> None:
    made = valued.installation
    rep = made.as_(Role.REP, who="a-busy-rep")
    link = actions_links.invite(rep, label="Acme")
    open_link(made.store, made.keys, token=link.token, email="wu@acme.example", name="", at=made.clock())
    monkeypatch.setattr(actions_assumptions, "MOST_PROPOSALS", 2)
    for _ in range(2):
        actions_assumptions.propose_value(rep, account=f"{link.id}.0", **PROPOSAL)
    with pytest.raises(ActionError) as refusal:
        actions_assumptions.propose_value(rep, account=f"{link.id}.0", **PROPOSAL)
    assert refusal.value.code == "too_many_proposals"


def test_only_editors_decide_and_only_reps_propose(valued, invited) -> None:
    reader = valued.installation.as_(Role.FINANCE_READER)
    for call in (
        lambda: actions_assumptions.decide_proposal(reader, "0" * 32, accept=True),
        lambda: actions_assumptions.propose_value(valued.owner, account=f"{invited[0]}.0", **PROPOSAL),
        lambda: actions_assumptions.assumptions(valued.installation.as_(Role.REP)),
        lambda: actions_assumptions.object_to(valued.installation.as_(Role.GUEST), on="line", text="x"),
    ):
        with pytest.raises(ActionError) as refusal:
            call()
        assert refusal.value.code == "action_refused"
