"""Oversight: searches, the review of access, what was unusual, findings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal import actions_audit, actions_data, actions_review, actions_study, sessions
from portal.actions import ActionError
from portal.identity import VENDOR, Profile, Role, Tenant
from portal.storage_accounts import add_tenant, admit, member


def known(installation: Any, role: Role, name: str) -> Any:
    """A person of the vendor with an account."""
    profile = Profile(tenant=VENDOR, role=role, subject=name, name=name, email=f"{name}@v.example", provider="v")
    with installation.store.writing() as tx:
        found = admit(tx, profile, language="en", now=installation.clock())
    return installation.as_(role, who=found.id)


@pytest.fixture
def officer(installation) -> Any:
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=installation.clock())
        add_tenant(tx, Tenant(id="north", name="Nordfilm"), now=installation.clock())
    return known(installation, Role.COMPLIANCE_OFFICER, "Zhou Lan")


def refused(call: Any, code: str) -> None:
    with pytest.raises(ActionError) as refusal:
        call()
    assert refusal.value.code == code


def test_who_read_which_field_when_and_why_is_found(installation, officer, plant) -> None:
    owner = installation.as_(Role.OWNER)
    plant.upload(owner)
    actions_study.baseline(owner)
    found = actions_review.search_log(officer, field="started_at", tenant="nordfilm")
    assert [one.action for one in found] == ["baseline"]
    assert "station" in found[0].fields or "machine" in found[0].fields
    assert (found[0].purpose, found[0].role) == ("baseline", "owner")
    assert [one.action for one in actions_review.search_log(officer, field="baseline")] == ["baseline"]
    assert {one.purpose for one in actions_review.search_log(officer, purpose="baseline")} == {"baseline"}
    assert actions_review.search_log(officer, field="hourly_cost") == []
    assert actions_review.search_log(officer, tenant="south") == []


def test_names_of_columns_that_are_a_tenants_own_never_reach_the_log(installation, officer, plant) -> None:
    from templates import catalogue

    owner = installation.as_(Role.OWNER)
    plant.upload(owner, "secret-")
    actions_study.baseline(owner)
    fields = {name for one in actions_audit.read_log(officer) for name in one.fields}
    assert fields
    assert fields <= catalogue.fields().keys()


def test_a_person_of_the_vendor_is_found_by_his_name(installation, officer) -> None:
    rep = known(installation, Role.REP, "Chen Wei")
    refused(lambda: actions_data.datasets(rep), "action_refused")
    (entry,) = actions_review.search_log(officer, person="chen")
    assert (entry.action, entry.decision) == ("datasets", "refused")
    assert actions_review.search_log(officer, person=entry.actor) == [entry]
    assert actions_review.search_log(officer, person="nobody") == []


def test_an_access_is_confirmed_for_ninety_days_and_for_one_role(installation, officer) -> None:
    rep = known(installation, Role.REP, "Chen Wei")

    def state() -> Any:
        return next(one for one in actions_review.access_review(officer) if one.id == rep.member.id)

    assert (state().state, state().mine) == ("never", False)
    actions_review.confirm_access(officer, rep.member.id)
    assert state().state == "confirmed"
    installation.clock.ahead = timedelta(days=91)
    assert state().state == "due"
    actions_review.confirm_access(officer, rep.member.id)
    known(installation, Role.ARCHITECT, "Chen Wei")  # his role at the provider has changed
    assert (state().role, state().state) == ("architect", "never")


def test_who_loses_his_access_is_signed_out_and_shut_out(installation, officer) -> None:
    rep = known(installation, Role.REP, "Chen Wei")
    with installation.store.writing() as tx:
        found = member(tx, rep.member.id)
        assert found is not None
        sessions.open_session(tx, found, now=installation.clock(), idle=timedelta(hours=1), absolute=timedelta(hours=8))
    actions_review.revoke_access(officer, rep.member.id)
    with installation.store.reading() as tx:
        after = member(tx, rep.member.id)
        assert after is not None
        assert not after.active
        assert sessions.sessions_of(tx, rep.member.id, now=installation.clock()) == []
    assert [one.state for one in actions_review.access_review(officer) if one.id == rep.member.id] == ["off"]


def test_nobody_judges_himself_a_tenant_or_somebody_unknown(installation, officer) -> None:
    owner = Profile(tenant="north", role=Role.OWNER, subject="li", name="Li", email="li@n.example", provider="n")
    with installation.store.writing() as tx:
        theirs = admit(tx, owner, language="en", now=installation.clock())
    refused(lambda: actions_review.confirm_access(officer, officer.member.id), "own_access")
    for name in (theirs.id, "unknown"):
        refused(lambda name=name: actions_review.revoke_access(officer, name), "no_such_value")
    assert theirs.id not in {one.id for one in actions_review.access_review(officer)}
    refused(lambda: actions_review.access_review(known(installation, Role.SYSTEM_ADMIN, "Xu")), "action_refused")


def test_many_refusals_of_one_person_are_unusual(installation, officer) -> None:
    rep = known(installation, Role.REP, "Chen Wei")
    for _ in range(6):
        refused(lambda: actions_data.datasets(rep), "action_refused")
    (found,) = actions_review.anomalies(officer)
    assert (found.rule, found.role, found.figures["count"]) == ("refusals", "rep", 6)


def test_a_finding_is_opened_and_closed_with_what_was_done(officer) -> None:
    low = actions_review.open_finding(officer, title="Witness file lies on the same disk", severity="low")
    actions_review.open_finding(officer, title="Backup was not restored this year", severity="high", about="drill")
    assert [one["severity"] for one in actions_review.findings(officer)] == ["high", "low"]
    actions_review.close_finding(officer, low, outcome="Moved to another machine")
    found = actions_review.findings(officer)
    assert [(one["severity"], one["closed_at"] is None) for one in found] == [("high", True), ("low", False)]
    refused(lambda: actions_review.close_finding(officer, low, outcome="again and again"), "no_such_value")
    refused(lambda: actions_review.open_finding(officer, title="x", severity="low"), "finding_title")
    refused(lambda: actions_review.open_finding(officer, title="A long title", severity="huge"), "finding_severity")
    refused(lambda: actions_review.close_finding(officer, found[0]["id"], outcome=""), "outcome_missing")
