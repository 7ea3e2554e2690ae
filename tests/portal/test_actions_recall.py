"""After a withdrawal: what is recalled, who has confirmed; what the rep sees and has looked at; the ledger of use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal import actions_copies, actions_links, actions_recall, actions_release, actions_study
from portal.actions import ActionError
from portal.identity import VENDOR, Profile, Role, Tenant
from portal.releasable import Releasable
from portal.storage_accounts import add_tenant, admit
from privacy.disclosure import CaseFigures, FindingsFigures


@pytest.fixture
def released(installation, monkeypatch) -> tuple[Any, Any, Any]:
    """The owner, the rep, and a release from the one to the other."""
    profile = Profile(tenant=VENDOR, role=Role.REP, subject="chen", name="Chen", email="c@v.example", provider="v")
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=installation.clock())
        rep = admit(tx, profile, language="en", now=installation.clock())
    owner = installation.as_(Role.OWNER)
    found = Releasable(
        scenario="s", case=CaseFigures(oee_baseline=0.71), findings=FindingsFigures(), data_digest="ab" * 32
    )
    monkeypatch.setattr(actions_release, "releasable", lambda *_: found)
    shown = actions_release.preview_release(owner)
    given = actions_release.give_consent(
        owner, purpose="offer_preparation", until=installation.clock() + timedelta(days=30), digest=shown.digest,
        recipient=rep.id,
    )  # fmt: skip
    view = actions_release.disclose(owner, consent=given.id, digest=shown.digest)
    return owner, installation.as_(Role.REP, who=rep.id), view


def test_what_the_rep_looks_at_stands_in_the_tenants_own_log(released) -> None:
    owner, rep, view = released
    assert actions_recall.seen_by_rep(owner).looks == ()
    actions_links.sales_feed(rep)
    actions_copies.take_disclosure(rep, view.id, form="csv")
    seen = actions_recall.seen_by_rep(owner)
    assert [look.action for look in seen.looks] == ["take_disclosure", "sales_feed"]
    assert (seen.live, seen.progress_shared, seen.over) == (1, None, ())
    assert not any(rep.member.id in look.who for look in seen.looks)


def test_a_withdrawn_release_is_recalled_until_its_recipient_confirms(released) -> None:
    owner, rep, view = released
    assert actions_recall.recalls(rep) == []
    actions_release.withdraw_consent(owner, view.consent)
    (one,) = actions_recall.recalls(rep)
    assert (one.id, one.purpose, one.withdrawn, one.confirmed_at) == (view.id, "offer_preparation", True, None)
    assert "north" not in one.account
    assert [over.confirmed_at for over in actions_recall.seen_by_rep(owner).over] == [None]
    actions_recall.confirm_recall(rep, view.id)
    actions_recall.confirm_recall(rep, view.id)  # saying it twice changes nothing
    seen = actions_recall.seen_by_rep(owner)
    assert seen.over[0].confirmed_at is not None
    assert seen.looks[0].action == "confirm_recall"


def test_a_release_that_ended_is_recalled_too_and_forgotten_after_a_year(installation, released) -> None:
    _, rep, _ = released
    installation.clock.ahead = timedelta(days=31)
    assert [one.withdrawn for one in actions_recall.recalls(rep)] == [False]
    installation.clock.ahead = timedelta(days=31 + 366)
    assert actions_recall.recalls(rep) == []


def test_nobody_confirms_for_another_or_what_is_still_out(installation, released) -> None:
    owner, rep, view = released
    for member, name in ((rep, view.id), (rep, "unknown")):
        with pytest.raises(ActionError) as refusal:
            actions_recall.confirm_recall(member, name)
        assert refusal.value.code == "no_such_value"
    actions_release.withdraw_consent(owner, view.consent)
    with pytest.raises(ActionError) as refusal:
        actions_recall.confirm_recall(installation.as_(Role.REP, who="another"), view.id)
    assert refusal.value.code == "no_such_value"


def test_the_ledger_says_which_tables_served_which_result(installation, plant) -> None:
    owner = installation.as_(Role.OWNER)
    plant.upload(owner)
    actions_study.baseline(owner)
    uses = actions_recall.data_use(owner)
    used = next(use for use in uses if use.action == "baseline")
    assert set(used.on) == {"stops.csv", "counts.csv", "equipment.csv"}
    assert (used.result, used.purpose, used.role) == (("baseline",), "baseline", "owner")
    assert {use.action for use in uses} >= {"upload_dataset"}
    with pytest.raises(ActionError):
        actions_recall.data_use(installation.as_(Role.GUEST))
    assert actions_recall.data_use(installation.as_(Role.OWNER, "south")) == []


def test_a_tenant_takes_its_own_entries_with_proofs_that_verify_alone(installation) -> None:
    from portal import actions_audit, actions_data, actions_journey
    from privacy.tenant_copy import verify_copy

    for tenant in ("north", "south"):
        actions_data.paste_rows(installation.as_(Role.OWNER, tenant), "a,b\n1,1\n")
    data = actions_journey.take_log(installation.as_(Role.GUEST))
    report = verify_copy(data)
    assert (report.passed, report.entries) == (True, 1)
    assert b"south" not in data
    proof = actions_audit.verify_log(installation.as_(Role.COMPLIANCE_OFFICER))
    assert report.key == proof["key"]
    assert actions_journey.take_log(installation.as_(Role.OWNER)) != data


def test_a_tenant_sees_a_look_with_its_reason_and_end_and_ends_it(installation) -> None:
    from portal import actions_admin

    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id="north", name="North"), now=installation.clock())
    admin, owner = installation.as_(Role.SYSTEM_ADMIN), installation.as_(Role.OWNER)
    grant = actions_admin.break_glass(admin, "north", reason="A study does not end", minutes=30)
    (one,) = actions_recall.grants(installation.as_(Role.GUEST))
    assert (one.id, one.reason, one.open, one.role) == (grant, "A study does not end", True, "system_admin")
    assert actions_admin.support_view(admin, grant)["reason"] == "A study does not end"
    with pytest.raises(ActionError) as refusal:
        actions_recall.end_grant(installation.as_(Role.OWNER, "south"), grant)
    assert refusal.value.code == "no_such_value"
    actions_recall.end_grant(owner, grant)
    assert [look.open for look in actions_recall.grants(owner)] == [False]
    with pytest.raises(ActionError) as refusal:
        actions_admin.support_view(admin, grant)
    assert refusal.value.code == "grant_ended"
