"""Gaps have an owner and a date, states are frozen and compared, an answer is taken back."""

from __future__ import annotations

import pytest

from portal import actions_checks, actions_closings
from portal.actions import ActionError
from portal.identity import Role


@pytest.fixture
def owner(installation):
    return installation.as_(Role.OWNER)


def first_controls(owner, count: int = 2) -> list[str]:
    return [one["id"] for one in actions_checks.assess(owner)["controls"][:count]]


def test_a_gap_is_planned_and_what_it_costs_adds_up(owner) -> None:
    first, second = first_controls(owner)
    for control in (first, second):
        actions_checks.answer_control(owner, control=control, status="not_met")
    actions_closings.plan_closing(
        owner, control=first, owner="security", due="2020-01-31", cost=[1000] * 3, months=[2] * 3, blocks=True
    )
    found = actions_closings.closing_state(owner)
    assert found["budget"]["cost"] == pytest.approx((1000, 1000, 1000))
    assert found["budget"]["delay_months"] == pytest.approx((2, 2, 2))
    assert found["budget"]["flow"] == pytest.approx((0, 0, 1000))
    assert (found["budget"]["overdue"], found["budget"]["unplanned"]) == ((first,), (second,))
    actions_checks.answer_control(owner, control=first, status="not_applicable", reason="no such zone")
    assert actions_closings.closing_state(owner)["budget"]["cost"] == (0, 0, 0)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"owner": "somebody"}, "unknown_owner"),
        ({"due": "soon"}, "due_date"),
        ({"cost": [3, 2, 1]}, "closing_order"),
        ({"months": [-1, 0, 1]}, "closing_order"),
        ({"control": "nothing"}, "no_open_gap"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_and_not_kept(owner, call, code) -> None:
    (control,) = first_controls(owner, 1)
    actions_checks.answer_control(owner, control=control, status="partly")
    with pytest.raises(ValueError) as caught:
        actions_closings.plan_closing(owner, **{"control": control, "owner": "security", **call})
    assert caught.value.code == code
    assert actions_closings.closing_state(owner)["plans"] == {}


def test_a_frozen_state_stays_and_says_what_changed_since(owner) -> None:
    first, second = first_controls(owner)
    with pytest.raises(ActionError) as caught:
        actions_closings.freeze_assessment(owner)
    assert caught.value.code == "nothing_answered"
    actions_checks.answer_control(owner, control=first, status="not_met")
    frozen = actions_closings.freeze_assessment(owner)
    assert actions_closings.closing_state(owner)["changes"] == []
    actions_checks.answer_control(owner, control=first, status="met")
    actions_checks.answer_control(owner, control=second, status="partly")
    changes = actions_closings.closing_state(owner, since=frozen)["changes"]
    assert [(one["control"], one["what"], one["before"], one["after"]) for one in changes] == [
        (first, "better", "not_met", "met"),
        (second, "answered", None, "partly"),
    ]
    assert owner.get("assessment", frozen)["answers"][first]["status"] == "not_met"
    later = actions_closings.freeze_assessment(owner)
    found = actions_closings.closing_state(owner)
    assert {one["id"] for one in found["snapshots"]} == {frozen, later}


def test_an_answer_is_taken_back_once_and_its_evidence_stays(owner) -> None:
    (control,) = first_controls(owner, 1)
    actions_checks.answer_control(owner, control=control, status="partly", reason="half of the zones")
    actions_checks.answer_control(owner, control=control, status="met")
    actions_checks.attach_evidence(owner, control=control, data=b"plan", name="plan.txt")
    actions_closings.undo_answer(owner, control=control)
    answer = actions_checks.assess(owner)["controls"][0]["answer"]
    assert (answer["status"], answer["reason"], len(answer["evidence"])) == ("partly", "half of the zones", 1)
    with pytest.raises(ActionError) as caught:
        actions_closings.undo_answer(owner, control=control)
    assert caught.value.code == "answer_unchanged"


def test_who_only_reads_changes_nothing(installation, owner) -> None:
    (control,) = first_controls(owner, 1)
    actions_checks.answer_control(owner, control=control, status="partly")
    reader = installation.as_(Role.FINANCE_READER)
    assert actions_closings.closing_state(reader)["plans"] == {}
    for call in (
        lambda: actions_closings.plan_closing(reader, control=control, owner="it"),
        lambda: actions_closings.undo_answer(reader, control=control),
        lambda: actions_closings.freeze_assessment(reader),
    ):
        with pytest.raises(ActionError) as caught:
            call()
        assert caught.value.code == "action_refused"
