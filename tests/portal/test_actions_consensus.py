"""Colleagues by department, their own questions, where they agree; one switch for guests, who never see a value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal import actions_assumptions, actions_consensus, actions_people, storage_accounts
from portal.actions import ActionError
from portal.identity import Profile, Role, Tenant
from portal.workspace import Workspace


@pytest.fixture(scope="module")
def team(valued) -> dict[str, Workspace]:
    """A real owner, and a colleague for finance, for the plant and (a guest) for the works council."""
    made = valued.installation
    profile = Profile(
        tenant="north", role=Role.OWNER, subject="li", name="Li", email="li@north.example", provider="code"
    )
    with made.store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=made.clock())
        member = storage_accounts.admit(tx, profile, language="en", now=made.clock())
    owner = Workspace(member, made.store, made.keys, made.clock)
    found = {"owner": owner}
    for department, role in (("finance", Role.FINANCE_READER), ("plant", Role.ANALYST), ("works_council", Role.GUEST)):
        view = actions_people.invite_colleague(
            owner, email=f"{department}@north.example", role=role, name=department, department=department
        )
        assert view.department == department
        with made.store.reading() as tx:
            colleague = storage_accounts.member(tx, view.id)
        assert colleague is not None
        found[department] = Workspace(colleague, made.store, made.keys, made.clock)
    return found


def state(owner: Workspace, on: str) -> Any:
    return next(row for row in actions_consensus.consensus(owner)["subjects"] if row["on"] == on)


def test_each_department_has_its_own_questions_without_values(team) -> None:
    finance = actions_consensus.my_questions(team["finance"])
    assert finance["department"] == "finance"
    assert {"contribution_margin", "discount_rate"} <= {one["on"] for one in finance["questions"]}
    assert not {one["on"] for one in finance["questions"]} & {"people", "line"}
    plant = json.dumps(actions_consensus.my_questions(team["plant"]))
    assert "value" not in json.loads(plant)["questions"][0]


def test_agreed_needs_everybody_who_is_asked_and_nobody_against(team) -> None:
    owner = team["owner"]
    assert state(owner, "extra_good")["state"] == "open"
    actions_consensus.take_position(team["plant"], on="extra_good", stance="agree")
    assert state(owner, "extra_good")["state"] == "agreed"
    actions_consensus.take_position(team["finance"], on="extra_good", stance="disagree", text="Too good.")
    assert state(owner, "extra_good")["state"] == "disputed"
    actions_consensus.take_position(team["finance"], on="extra_good", stance="unsure")
    assert state(owner, "extra_good")["state"] == "agreed"
    assert state(owner, "extra_good")["by_department"]["finance"] == {"agree": 0, "disagree": 0, "unsure": 1}
    objection = actions_assumptions.object_to(team["finance"], on="extra_good", text="Show me a month.")
    row = state(owner, "extra_good")
    assert (row["state"], row["open_objections"]) == ("disputed", 1)
    actions_assumptions.answer_objection(owner, objection, text="Here it is.")
    assert state(owner, "extra_good")["state"] == "agreed"
    kept = actions_assumptions.assumptions(owner)["items"]
    (one,) = [found for item in kept for found in item["objections"] if item["name"] == "extra_good"]
    assert one["department"] == "finance"


def test_one_switch_lets_guests_answer_and_they_see_no_value(team) -> None:
    guest, owner = team["works_council"], team["owner"]
    closed = actions_consensus.my_questions(guest)
    assert (closed["allowed"], closed["questions"]) == (False, [])
    with pytest.raises(ActionError) as refusal:
        actions_consensus.take_position(guest, on="people", stance="agree")
    assert refusal.value.code == "respondents_closed"
    actions_consensus.open_respondents(owner, on=True)
    assert [one["on"] for one in actions_consensus.my_questions(guest)["questions"]] == ["people", "reuse_share"]
    actions_consensus.take_position(guest, on="people", stance="disagree", text="Shifts are not settled.")
    assert state(owner, "people")["state"] == "disputed"
    for call in (actions_consensus.consensus, actions_consensus.way_map, actions_assumptions.assumptions):
        with pytest.raises(ActionError) as refusal:
            call(guest)
        assert refusal.value.code == "action_refused"
    actions_consensus.open_respondents(owner, on=False)
    assert not actions_consensus.my_questions(guest)["allowed"]


def test_the_map_says_what_the_next_measurement_is_worth(team) -> None:
    found = actions_consensus.way_map(team["owner"])
    worth = [one["at_most"] for one in found["worth"]]
    assert worth == sorted(worth, reverse=True)
    assert all(value <= found["evpi"] * 1.5 + 1 for value in worth)
    assert {step["id"] for step in found["steps"]} >= {"data", "value"}
    assert "orders" in found["missing"]
    assert "departments" not in found["missing"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"on": "weather"}, "unknown_subject"), ({"stance": "maybe"}, "unknown_stance"),
     ({"stance": "disagree"}, "words_missing")],
)  # fmt: skip
def test_an_answer_has_a_subject_a_stance_and_where_it_is_no_a_reason(team, wrong, code) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_consensus.take_position(team["finance"], **{"on": "tax_rate", "stance": "agree", **wrong})
    assert refusal.value.code == code


def test_only_the_owner_says_for_whom_people_speak_and_opens_the_switch(team) -> None:
    member = team["finance"].member.id
    with pytest.raises(ActionError) as unknown:
        actions_people.set_department(team["owner"], member, department="kitchen")
    assert unknown.value.code == "unknown_department"
    for call in (
        lambda: actions_people.set_department(team["plant"], member, department="it"),
        lambda: actions_consensus.open_respondents(team["plant"], on=True),
    ):
        with pytest.raises(ActionError) as refusal:
            call()
        assert refusal.value.code == "action_refused"
    actions_people.set_department(team["owner"], member, department="")
    assert actions_consensus.my_questions(team["finance"])["questions"] == []
    actions_people.set_department(team["owner"], member, department="finance")
