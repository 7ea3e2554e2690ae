"""What closing gaps costs and delays is in the value only while somebody has switched it on."""

from __future__ import annotations

import pytest

from portal import actions_checks, actions_closings, actions_gap_costs, actions_value
from portal.actions import ActionError


def flow(owner) -> list[float]:
    return actions_value.appraise(owner)["outputs"]["cumulative_flow"]["p50"]


def plan(owner, *, cost: float, months: float, blocks: bool) -> str:
    control = actions_checks.assess(owner)["controls"][0]["id"]
    actions_checks.answer_control(owner, control=control, status="not_met")
    actions_closings.plan_closing(
        owner, control=control, owner="security", cost=[cost] * 3, months=[months] * 3, blocks=blocks
    )
    return actions_checks.assess(owner)["checklist"]


def test_the_cost_is_one_input_that_is_off_until_it_is_switched_on_and_goes_out_again(valued) -> None:
    owner = valued.owner
    assert actions_gap_costs.gap_costs(owner) == []
    with pytest.raises(ActionError) as caught:
        actions_gap_costs.count_gaps(owner, checklist="", on=True)
    assert caught.value.code == "no_gap_costs"
    before = flow(owner)
    name = plan(owner, cost=4000, months=2, blocks=False)
    (offered,) = actions_gap_costs.gap_costs(owner)
    assert (offered["checklist"], offered["later"], offered["counted"]) == (name, 0, False)
    assert flow(owner) == before
    actions_gap_costs.count_gaps(owner, checklist=name, on=True)
    (offered,) = actions_gap_costs.gap_costs(owner)
    assert offered["counted"]
    (item,) = [one for one in actions_value.inputs(owner) if one["name"] == "gap_closing"]
    assert item["from"] == "typed"
    assert item["source"]["en"].startswith("self-check ")
    lost = [was - now for was, now in zip(before, flow(owner), strict=True)]
    assert lost[:2] == pytest.approx([0, 0], abs=1e-6)
    assert lost[2] == pytest.approx(3000, rel=0.01)  # a quarter comes back as tax
    actions_gap_costs.count_gaps(owner, checklist=name, on=False)
    assert flow(owner) == before


def test_a_blocking_gap_moves_the_effect_and_nothing_else(valued) -> None:
    owner = valued.owner
    before = flow(owner)
    name = plan(owner, cost=0, months=3, blocks=True)
    actions_gap_costs.count_gaps(owner, checklist=name, on=True)
    late = flow(owner)
    assert late[0] == pytest.approx(before[0])
    assert late[3] < before[3]
    assert late[-1] < before[-1]
    actions_value.set_inputs(owner, {"gap_closing": None})
    assert flow(owner) == before
