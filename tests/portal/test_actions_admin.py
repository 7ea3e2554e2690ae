from __future__ import annotations

from datetime import timedelta

import pytest

from portal import actions_admin, actions_audit, actions_data, actions_journey, storage_accounts
from portal.actions import ACTIONS, ActionError
from portal.identity import VENDOR, Profile, Provider, Role, Tenant
from portal.strongbox import PROVIDER, Strongbox
from privacy.keys import KeyUnavailable
from privacy.verbs import ACTIONS as VERBS


def test_a_tenant_lives_from_creation_to_erasure(installation) -> None:
    admin = installation.as_(Role.SYSTEM_ADMIN)
    made = actions_admin.create_tenant(admin, name=" Acme ")
    assert made.name == "Acme"
    owner = installation.as_(Role.OWNER, made.id)
    actions_data.paste_rows(owner, "machine,start,end\na,2026-01-01 08:00,2026-01-01 08:05\n")
    (row,) = actions_admin.tenants(admin)
    assert (row["name"], row["state"], row["key"], row["values"]) == ("Acme", "active", "active", 2)
    actions_admin.suspend_tenant(admin, made.id)
    actions_admin.resume_tenant(admin, made.id)
    with pytest.raises(ActionError) as refusal:
        actions_admin.close_tenant(admin, made.id, confirm="acme")
    assert refusal.value.code == "not_confirmed"
    actions_admin.close_tenant(admin, made.id, confirm="Acme")
    (row,) = actions_admin.tenants(admin)
    assert (row["state"], row["key"], row["values"]) == ("closed", "destroyed", 0)
    assert not [path for path in (installation.root / "data" / "blobs").rglob("*") if path.is_file()]
    with pytest.raises(KeyUnavailable):
        actions_data.paste_rows(owner, "a,b\n1,2\n")
    with pytest.raises(ActionError) as closed:
        actions_admin.resume_tenant(admin, made.id)
    assert closed.value.code == "tenant_is_closed"


def test_an_unknown_tenant_and_the_vendor_cannot_be_shut(installation) -> None:
    admin = installation.as_(Role.SYSTEM_ADMIN)
    for tenant in ("vendor", "0" * 32, ""):
        for call in (actions_admin.suspend_tenant, actions_admin.resume_tenant):
            with pytest.raises(ActionError) as refusal:
                call(admin, tenant)
            assert refusal.value.code == "no_such_value"


def provider(tenant: str, **more: object) -> Provider:
    fields = {"id": "p1", "tenant": tenant, "title": "Acme", "issuer": "https://id.acme.example", "client_id": "c"}
    return Provider(**{**fields, "roles": {"boss": Role.OWNER}, **more})


def test_a_providers_secret_is_sealed_and_never_shown(installation) -> None:
    admin = installation.as_(Role.SYSTEM_ADMIN)
    tenant = actions_admin.create_tenant(admin, name="Acme").id
    actions_admin.register_provider(admin, provider(tenant), secret="the-client-secret")
    (shown,) = actions_admin.providers(admin)
    assert shown.sealed_secret == b""
    with installation.store.reading() as tx:
        kept = storage_accounts.provider(tx, "p1")
    assert kept is not None
    assert b"the-client-secret" not in kept.sealed_secret
    box = Strongbox(admin.data_keys, installation.clock)
    assert box.open(kept.sealed_secret, kind=PROVIDER, row="p1") == "the-client-secret"
    actions_admin.register_provider(admin, provider(tenant, title="New title"))
    with installation.store.reading() as tx:
        assert storage_accounts.provider(tx, "p1").sealed_secret == kept.sealed_secret
    other = actions_admin.create_tenant(admin, name="Other").id
    with pytest.raises(ActionError):
        actions_admin.register_provider(admin, provider(other))
    actions_admin.remove_provider(admin, "p1")
    assert list(actions_admin.providers(admin)) == []


def test_a_secret_does_not_follow_to_another_issuer(installation) -> None:
    admin = installation.as_(Role.SYSTEM_ADMIN)
    tenant = actions_admin.create_tenant(admin, name="Acme").id
    for change in ({"issuer": "https://evil.example"}, {"client_id": "another"}):
        actions_admin.register_provider(admin, provider(tenant), secret="the-client-secret")
        actions_admin.register_provider(admin, provider(tenant, **change))
        with installation.store.reading() as tx:
            assert storage_accounts.provider(tx, "p1").sealed_secret == b""


def test_nobody_gives_himself_roles_of_the_vendor_by_a_provider_of_his_own(installation) -> None:
    with installation.store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=installation.clock())
    roles = {"me": Role.SECURITY_ADMIN}
    with pytest.raises(ActionError) as refusal:
        actions_admin.register_provider(
            installation.as_(Role.SYSTEM_ADMIN), provider(VENDOR, roles=roles), secret="of my own"
        )
    assert refusal.value.code == "no_such_value"


def test_break_glass_shows_metadata_only_and_tells_the_tenant(installation) -> None:
    admin = installation.as_(Role.SYSTEM_ADMIN)
    tenant = actions_admin.create_tenant(admin, name="Acme").id
    owner = installation.as_(Role.OWNER, tenant)
    actions_data.paste_rows(owner, "machine,start,end\nCANARY,2026-01-01 08:00,2026-01-01 08:05\n", name="CANARY.csv")
    for reason, minutes, code in (("short", 60, "reason_missing"), ("a sentence of a reason", 9999, "grant_too_long")):
        with pytest.raises(ActionError) as refusal:
            actions_admin.break_glass(admin, tenant, reason=reason, minutes=minutes)
        assert refusal.value.code == code
    grant = actions_admin.break_glass(admin, tenant, reason="the upload of Monday hangs", minutes=30)
    seen = actions_admin.support_view(admin, grant)
    assert {row["kind"] for row in seen["kinds"]} >= {"file", "upload"}
    assert "CANARY" not in repr(seen)
    trust = actions_journey.who_can_see(owner)
    assert trust.vendor_access == 1
    assert trust.notices[0][2] == "the upload of Monday hangs"
    log = actions_journey.access_log(owner)
    assert ("break_glass", "the upload of Monday hangs") in {(one.action, one.reason) for one in log}
    installation.clock.ahead = timedelta(minutes=31)
    with pytest.raises(ActionError) as ended:
        actions_admin.support_view(admin, grant)
    assert ended.value.code == "grant_ended"


def test_keys_are_rotated_by_the_security_administrator_only(installation) -> None:
    admin, keeper = installation.as_(Role.SYSTEM_ADMIN), installation.as_(Role.SECURITY_ADMIN)
    tenant = actions_admin.create_tenant(admin, name="Acme").id
    owner = installation.as_(Role.OWNER, tenant)
    upload = actions_data.paste_rows(owner, "a,b\n1,2\n")
    with pytest.raises(ActionError):
        actions_admin.rotate_keys(admin, tenant)
    assert actions_admin.rotate_keys(keeper, tenant) == {"version": 2, "data_keys": 2}
    owner.data_keys.forget(tenant)
    assert [one.id for one in actions_data.uploads(owner)] == [upload]
    assert {row["name"]: row["version"] for row in actions_admin.key_status(keeper)} == {"Acme": 2}


def test_signing_in_and_out_is_in_the_log_each_time(installation) -> None:
    owner, officer = installation.as_(Role.OWNER), installation.as_(Role.COMPLIANCE_OFFICER)
    for _ in range(2):
        actions_admin.sign_in(owner, session="s1", provider="p1")
        actions_admin.sign_out(owner, session="s1")
    assert len(actions_audit.read_log(officer, verb="sign_in")) == 2
    assert len(actions_audit.read_log(officer, verb="sign_out")) == 2


def test_the_officers_overview_counts_refusals_and_people(installation) -> None:
    officer, owner = installation.as_(Role.COMPLIANCE_OFFICER), installation.as_(Role.OWNER)
    actions_data.datasets(owner)
    with pytest.raises(ActionError):
        actions_data.datasets(installation.as_(Role.GUEST))
    seen = actions_audit.today(officer)
    assert (seen["refused"], seen["proof"], seen["by_action"]) == (1, None, {"datasets": 1})
    assert actions_audit.verify_log(officer)["passed"]
    assert actions_audit.today(officer)["proof"]["passed"]


def test_the_same_reading_is_noted_once_and_another_one_again(installation) -> None:
    officer, owner = installation.as_(Role.COMPLIANCE_OFFICER), installation.as_(Role.OWNER)
    for _ in range(3):
        actions_data.datasets(owner)
    actions_data.datasets(installation.as_(Role.ANALYST))
    assert len(actions_audit.read_log(officer, verb="datasets")) == 2


def test_every_action_is_declared_described_and_says_who_may(installation) -> None:
    del installation
    assert set(ACTIONS) <= set(VERBS)
    for declared in ACTIONS.values():
        assert declared.summary.endswith((".", "; returns the upload's id.")) or declared.summary, declared.name
        assert declared.needs, declared.name


def test_the_log_can_be_filtered_and_read_page_by_page(installation) -> None:
    officer, owner = installation.as_(Role.COMPLIANCE_OFFICER), installation.as_(Role.OWNER)
    for number in range(5):
        actions_data.paste_rows(owner, f"a,b\n{number},2\n")
    newest = actions_audit.read_log(officer, verb="paste_rows", limit=2)
    older = actions_audit.read_log(officer, verb="paste_rows", limit=10, before=newest[-1].seq)
    assert (len(newest), len(older)) == (2, 3)
    assert actions_audit.read_log(officer, tenant="nobody") == []
    assert actions_audit.read_log(officer, until=installation.clock() - timedelta(days=1)) == []
    assert {one.actor for one in newest} == {one.actor for one in older}


def test_members_are_pseudonyms_in_the_log_and_names_to_their_own_tenant(installation) -> None:
    with installation.store.writing() as tx:
        from portal.identity import Tenant

        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=installation.clock())
        profile = Profile(
            tenant="north", role=Role.OWNER, subject="s", name="Li Na", email="li@n.example", provider="p"
        )
        member = storage_accounts.admit(tx, profile, language="en", now=installation.clock())
    actions_data.datasets(installation.as_(Role.OWNER, who=member.id))
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    entry = actions_audit.read_log(officer, verb="datasets")[0]
    assert entry.actor.startswith("m-")
    assert b"Li Na" not in actions_audit.export_log(officer)
    assert actions_journey.access_log(installation.as_(Role.ANALYST))[0].who == "Li Na"
