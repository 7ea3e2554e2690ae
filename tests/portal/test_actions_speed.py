"""Decision speed: own deals, as far as their accounts show them; who shows nothing is left out and only counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal import actions_links, actions_speed
from portal.actions import ActionError
from portal.cases import VERDICT
from portal.identity import Role
from portal.invitations import open_link
from portal.workspace import Workspace


def account(installation: Any, number: int, *, shows: bool, verdict_after: float | None = None) -> Workspace:
    """An account behind a link of its own; a verdict is kept so many days after its first sign-in."""
    link = actions_links.invite(installation.as_(Role.REP), label=f"Plant {number}", pack="discrete-manufacturing")
    member, _ = open_link(
        installation.store, installation.keys, token=link.token, email=f"a{number}@plant{number}.example", name="",
        at=installation.clock(),
    )  # fmt: skip
    owner = Workspace(member, installation.store, installation.keys, installation.clock)
    if shows:
        actions_links.share_progress(owner, show=True)
    if verdict_after is not None:
        installation.clock.ahead += timedelta(days=verdict_after)
        owner.put(VERDICT, {"verdict": "pilot"})
        with installation.store.writing() as tx:
            owner.flush(tx)
        installation.clock.ahead -= timedelta(days=verdict_after)
    return owner


def test_only_what_accounts_show_is_counted_and_the_rest_is_left_out(installation) -> None:
    account(installation, 1, shows=True, verdict_after=2)
    account(installation, 2, shows=True, verdict_after=6)
    account(installation, 3, shows=True)
    account(installation, 4, shows=False, verdict_after=1)
    installation.clock.ahead += timedelta(days=10)
    found = actions_speed.decision_speed(installation.as_(Role.REP))
    whole = found["all"]
    assert (whole["seen"], whole["done"], found["left_out"]) == (3, 2, 1)
    assert whole["median"] == pytest.approx(6, abs=0.1)
    assert whole["p90"] is None
    assert whole["restricted_mean"] == pytest.approx((2 + 6 + 10) / 3, abs=0.1)
    assert list(found["packs"]) == ["discrete-manufacturing"]
    assert found["stages"] == {"opened": 3}


def test_it_is_about_own_deals_and_for_reps_alone(installation) -> None:
    account(installation, 1, shows=True, verdict_after=2)
    assert actions_speed.decision_speed(installation.as_(Role.REP, who="another"))["all"]["seen"] == 0
    for role in (Role.OWNER, Role.ARCHITECT, Role.COMPLIANCE_OFFICER):
        with pytest.raises(ActionError) as refusal:
            actions_speed.decision_speed(installation.as_(role))
        assert refusal.value.code == "action_refused"


def test_a_verdict_is_kept_once_and_never_on_a_sample(valued) -> None:
    from portal import actions_value

    actions_value.appraise(valued.owner)
    actions_value.appraise(valued.owner, claims=True)
    assert len(valued.owner.list(VERDICT)) == 1
