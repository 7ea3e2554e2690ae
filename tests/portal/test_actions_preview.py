"""Looking as somebody else: the same rules, nothing kept, nothing counted, noted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portal import actions_audit, actions_data, actions_journey, actions_preview, actions_study, actions_value
from portal.actions import ACTIONS, READINGS, ActionError
from portal.actions_preview import VIEWABLE
from portal.identity import Role
from portal.workspace import Workspace
from privacy.verbs import ACTIONS as VERBS


def preview(installation: Any, role: Role) -> Any:
    """The owner's workspace as he looks as another role."""
    owner = installation.as_(Role.OWNER)
    actions_preview.view_as(owner, role)
    seen = Workspace(replace(owner.member, role=role), installation.store, installation.keys, installation.clock)
    seen.previewing = True
    return seen


def entries(installation: Any) -> list[tuple[str, str]]:
    log = actions_audit.read_log(installation.as_(Role.COMPLIANCE_OFFICER), tenant="north")
    return [(one.action, one.role) for one in log]


def outcome(call: Any) -> Any:
    try:
        return call()
    except ActionError as error:
        return error.code


def test_who_looks_as_another_sees_what_that_one_sees(installation, plant) -> None:
    plant.upload(installation.as_(Role.OWNER))
    for role in VIEWABLE:
        theirs, seen = installation.as_(role), preview(installation, role)
        for act in (actions_data.datasets, actions_data.uploads, actions_study.line, actions_journey.who_can_see):
            assert outcome(lambda act=act, who=seen: act(who)) == outcome(lambda act=act, who=theirs: act(who))
    guest = preview(installation, Role.GUEST)
    assert outcome(lambda: actions_data.datasets(guest)) == "action_refused"


def test_nothing_is_kept_and_nothing_counted_but_that_the_owner_looked(installation, plant) -> None:
    plant.upload(installation.as_(Role.OWNER))
    before = entries(installation)
    seen = preview(installation, Role.ANALYST)
    found = actions_study.baseline(seen)  # computed, since nobody has opened it yet, and then not kept
    assert found["line"]
    actions_data.datasets(seen)
    assert outcome(lambda: actions_value.appraise(seen)) == "no_result"
    assert seen.list("baseline") == ()
    assert entries(installation) == [("view_as", "owner"), *before]


def test_nothing_can_be_changed_in_a_preview(installation, plant) -> None:
    plant.upload(installation.as_(Role.OWNER))
    seen = preview(installation, Role.ANALYST)
    dataset = actions_data.datasets(seen)[0].id
    for call in (
        lambda: actions_data.remove_dataset(seen, dataset),
        lambda: actions_data.paste_rows(seen, "a,b\n1,2\n"),
        lambda: actions_study.fit_line(seen),
    ):
        assert outcome(call) == "only_preview"
    assert actions_data.datasets(installation.as_(Role.OWNER))[0].id == dataset


def test_every_action_that_a_preview_may_run_is_a_reading(installation) -> None:
    allowed = {name for name in ACTIONS if VERBS[name].group in READINGS}
    assert allowed
    assert not allowed & {
        "disclose",
        "give_consent",
        "erase_workspace",
        "run_study",
        "set_inputs",
        "contribute",
        "share",
    }


@pytest.mark.parametrize("role", [Role.OWNER, Role.REP, Role.COMPLIANCE_OFFICER, Role.SYSTEM_ADMIN])
def test_nobody_looks_as_more_than_he_is(installation, role) -> None:
    assert outcome(lambda: actions_preview.view_as(installation.as_(Role.OWNER), role)) == "role_not_viewable"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.GUEST, Role.REP, Role.SYSTEM_ADMIN])
def test_only_an_owner_looks_as_another(installation, role) -> None:
    assert outcome(lambda: actions_preview.view_as(installation.as_(role), Role.GUEST)) == "action_refused"
