"""Two people at once: a save that would undo a colleague's is refused with both values, and nothing is lost."""

from __future__ import annotations

import pytest

from portal import actions_value
from portal.actions import ActionError
from portal.identity import Role
from portal.text import error_text, speaking


def in_force(workspace, name: str) -> dict:
    return next(item for item in actions_value.inputs(workspace) if item["name"] == name)


def test_a_stale_save_is_refused_with_both_values_and_the_next_one_is_meant(installation) -> None:
    first, second = (installation.as_(role) for role in (Role.OWNER, Role.ANALYST))
    actions_value.set_inputs(first, {"hourly_cost": "90 CNY/(person*h)"})
    seen = {"hourly_cost": in_force(second, "hourly_cost")["at"]}
    actions_value.set_inputs(first, {"hourly_cost": "95 CNY/(person*h)"}, seen=seen)
    with pytest.raises(ActionError) as refusal:
        actions_value.set_inputs(second, {"hourly_cost": "70 CNY/(person*h)", "training": "10 CNY"}, seen=seen)
    assert refusal.value.code == "changed_meanwhile"
    for language in ("zh-CN", "en"):
        with speaking(language):
            message, _ = error_text(refusal.value)
        assert "95" in message
        assert "70" in message
    assert in_force(second, "hourly_cost")["value"] == "95 CNY/(person*h)"
    assert in_force(second, "training")["from"] == "default"  # nothing of a refused save is kept
    again = {"hourly_cost": in_force(second, "hourly_cost")["at"]}
    actions_value.set_inputs(second, {"hourly_cost": "70 CNY/(person*h)"}, seen=again)
    assert in_force(first, "hourly_cost")["value"] == "70 CNY/(person*h)"


def test_different_values_of_two_people_both_stay(installation) -> None:
    first, second = (installation.as_(role) for role in (Role.OWNER, Role.ANALYST))
    actions_value.set_inputs(first, {"hourly_cost": "90 CNY/(person*h)"}, seen={"hourly_cost": ""})
    actions_value.set_inputs(second, {"training": "10 CNY"}, seen={"training": ""})
    assert in_force(first, "hourly_cost")["value"] == "90 CNY/(person*h)"
    assert in_force(first, "training")["value"] == "10 CNY"
