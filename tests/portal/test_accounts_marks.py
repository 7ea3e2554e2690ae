"""Accounts carry marks of the server: what is edited past the portal opens nothing, and is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import actions_audit, sessions, storage_accounts
from portal.identity import VENDOR, Profile, Provider, Role, Tenant
from portal.rooms import data_keys_of
from portal.storage_accounts import RowEdited, members, providers, tenants
from portal.strongbox import sealed_names


@pytest.fixture
def town(installation) -> Any:
    """Two tenants with a provider and a signed-in member; gives installation, members and cookies."""
    store, clock = installation.store, installation.clock
    storage_accounts.seal_names(store, sealed_names(data_keys_of(store, installation.keys), at=clock()))
    people, tokens = {}, {}
    with store.writing() as tx:
        for name, role in (("north", Role.ANALYST), ("south", Role.OWNER)):
            storage_accounts.add_tenant(tx, Tenant(id=name, name=name), now=clock())
            issuer = f"https://id.{name}.example"
            row = Provider(id=name, tenant=name, title=name, issuer=issuer, client_id="c", roles={"a": role})
            storage_accounts.put_provider(tx, row, now=clock())
            profile = Profile(tenant=name, role=role, subject="s", name="Li", email=f"l@{name}.example", provider=name)
            people[name] = storage_accounts.admit(tx, profile, language="en", now=clock())
            hour = timedelta(hours=1)
            tokens[name], _ = sessions.open_session(tx, people[name], idle=hour, absolute=hour, now=clock())
    return installation, people, tokens


def edit(installation: Any, statement: Any) -> None:
    with installation.store.writing() as tx:
        assert tx.run(statement) == 1


def signed_in(installation: Any, token: str) -> Any:
    with installation.store.reading() as tx:
        return sessions.session_by_token(tx, token, now=installation.clock())


def named(installation: Any) -> list[tuple[str, str]]:
    found = actions_audit.verify_log(installation.as_(Role.COMPLIANCE_OFFICER, VENDOR))["differences"]
    return [(one["kind"], one["code"]) for one in found]


def test_untouched_accounts_are_whole(town) -> None:
    installation, people, tokens = town
    assert signed_in(installation, tokens["north"]).member == people["north"]
    assert named(installation) == []


@pytest.mark.parametrize(
    "change", [{"role": "owner"}, {"tenant": "south"}, {"email": "x" * 64}, {"subject": "x" * 64}, {"person": b"x"}]
)
def test_a_member_edited_in_the_database_gets_in_nowhere_and_is_named(town, change) -> None:
    installation, people, tokens = town
    if "person" in change:  # the sealed name of another row
        with installation.store.reading() as tx:
            change = {"person": tx.all(sa.select(members.c.person).where(members.c.tenant == "south"))[0]["person"]}
    edit(installation, sa.update(members).where(members.c.id == people["north"].id).values(**change))
    assert signed_in(installation, tokens["north"]) is None
    assert named(installation) == [("member", "row_edited")]


def test_an_edited_member_can_only_be_switched_off(town) -> None:
    installation, people, _ = town
    who = people["north"].id
    edit(installation, sa.update(members).where(members.c.id == who).values(role="owner"))
    with installation.store.writing() as tx:
        for attempt in (
            lambda: storage_accounts.set_member_active(tx, who, active=True),
            lambda: storage_accounts.set_role(tx, who, Role.OWNER),
            lambda: storage_accounts.admit(
                tx,
                Profile(tenant="north", role=Role.ANALYST, subject="s", name="", email="", provider="north"),
                language="en",
                now=installation.clock(),
            ),
        ):
            with pytest.raises(RowEdited):
                attempt()
        assert storage_accounts.set_member_active(tx, who, active=False)
        found = storage_accounts.member(tx, who)
        assert found is not None
        assert not found.active
    assert named(installation) == []


def test_a_switched_off_member_switched_on_in_the_database_stays_out(town) -> None:
    installation, people, _ = town
    who = people["north"].id
    with installation.store.writing() as tx:
        storage_accounts.set_member_active(tx, who, active=False)
    edit(installation, sa.update(members).where(members.c.id == who).values(active=True))
    with installation.store.reading() as tx:
        assert not storage_accounts.member(tx, who).active
    assert named(installation) == [("member", "row_edited")]


def test_a_suspended_tenant_is_not_resumed_in_the_database(town) -> None:
    installation, _, tokens = town
    with installation.store.writing() as tx:
        storage_accounts.set_tenant_state(tx, "north", "suspended", now=installation.clock())
    edit(installation, sa.update(tenants).where(tenants.c.id == "north").values(state="active"))
    assert signed_in(installation, tokens["north"]) is None
    with installation.store.reading() as tx:
        assert not storage_accounts.tenant(tx, "north").active
    assert named(installation) == [("tenant", "row_edited")]


def test_a_provider_of_another_tenant_slipped_in_is_off(town) -> None:
    installation, _, _ = town
    edit(installation, sa.update(providers).where(providers.c.id == "south").values(tenant="north"))
    with installation.store.reading() as tx:
        assert not storage_accounts.provider(tx, "south").active
    assert named(installation) == [("provider", "row_edited")]


def test_a_session_written_into_the_database_opens_nothing(town) -> None:
    installation, people, tokens = town
    with installation.store.writing() as tx:
        (row,) = tx.all(sa.select(sessions.sessions).where(sessions.sessions.c.tenant == "south"))
        forged = {**row, "id": "f" * 32, "token_hash": sessions.hashed("known")}
        tx.run(sa.insert(sessions.sessions).values(**forged))
        ours = sessions.sessions.c.tenant == "north"
        tx.run(sa.update(sessions.sessions).where(ours).values(member=people["south"].id, tenant="south"))
    assert signed_in(installation, "known") is None
    assert signed_in(installation, tokens["north"]) is None
    assert signed_in(installation, tokens["south"]) is not None


def test_an_ended_session_made_to_live_again_has_no_cookie(town) -> None:
    installation, people, tokens = town
    with installation.store.writing() as tx:
        assert sessions.revoke(tx, member_id=people["north"].id, now=installation.clock()) == 1
        tx.run(sa.update(sessions.sessions).values(ended_at=None))
    assert signed_in(installation, tokens["north"]) is None
    assert signed_in(installation, tokens["south"]) is not None


def test_a_row_without_a_mark_counts_as_edited(town) -> None:
    installation, _, _ = town
    edit(installation, sa.update(members).where(members.c.tenant == "north").values(mac=None))
    assert named(installation) == [("member", "row_edited")]
