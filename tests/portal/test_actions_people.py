from __future__ import annotations

import io
import json
import zipfile

import pytest
from pyarrow import parquet

from portal import (
    actions_admin,
    actions_audit,
    actions_data,
    actions_house,
    actions_people,
    actions_release,
    storage_accounts,
)
from portal.actions import ActionError
from portal.identity import Profile, Role
from portal.outgoing import send_waiting
from portal.workspace import Workspace
from privacy.keys import KeyUnavailable


@pytest.fixture
def owner(installation) -> Workspace:
    """The owner of a tenant that was created by the administrator."""
    tenant = actions_admin.create_tenant(installation.as_(Role.SYSTEM_ADMIN), name="Acme").id
    profile = Profile(tenant=tenant, role=Role.OWNER, subject="li", name="Li Na", email="li@acme.example", provider="p")
    with installation.store.writing() as tx:
        member = storage_accounts.admit(tx, profile, language="en", now=installation.clock())
    return Workspace(member, installation.store, installation.keys, installation.clock)


def test_a_colleague_is_let_in_by_mail_and_signs_in_by_code(installation, owner) -> None:
    made = actions_people.invite_colleague(
        owner, email="Wang@Acme.example", role=Role.FINANCE_READER, origin="https://portal.example"
    )
    assert (made.email, made.role, made.by_code) == ("wang@acme.example", Role.FINANCE_READER, True)
    with installation.store.reading() as tx:
        (found,) = storage_accounts.members_by_email(tx, "wang@acme.example", provider_id="code")
    assert found.tenant == owner.tenant
    portal = installation.portal()
    assert send_waiting(portal.store, portal.keys, portal.mailer, portal.now) == 1
    assert "https://portal.example/auth/sign-in" in portal.mailer.mails()[0][1].body
    assert [one.name for one in actions_people.colleagues(owner)] == ["Li Na", "wang"]
    with pytest.raises(ActionError) as twice:
        actions_people.invite_colleague(owner, email="wang@acme.example")
    assert twice.value.code == "already_here"
    with pytest.raises(ActionError) as vendor:
        actions_people.invite_colleague(owner, email="x@acme.example", role=Role.REP)
    assert vendor.value.code == "role_not_here"


def test_the_last_owner_stays_one(owner) -> None:
    for call in (
        lambda: actions_people.change_role(owner, owner.member.id, role=Role.ANALYST),
        lambda: actions_people.remove_member(owner, owner.member.id),
    ):
        with pytest.raises(ActionError) as refusal:
            call()
        assert refusal.value.code == "last_owner"
    second = actions_people.invite_colleague(owner, email="wang@acme.example")
    actions_people.change_role(owner, second.id, role=Role.OWNER)
    actions_people.remove_member(owner, owner.member.id)
    assert {one.name: one.active for one in actions_people.colleagues(owner)} == {"Li Na": False, "wang": True}


def test_people_of_another_tenant_are_like_nobody(installation, owner) -> None:
    stranger = installation.as_(Role.OWNER, "south")
    answers = set()
    for wanted in (owner.member.id, "0" * 32):
        for call in (
            lambda wanted=wanted: actions_people.change_role(stranger, wanted, role=Role.GUEST),
            lambda wanted=wanted: actions_people.remove_member(stranger, wanted),
        ):
            with pytest.raises(ActionError) as refusal:
                call()
            answers.add((refusal.value.code, str(refusal.value)))
    assert len(answers) == 1


def test_everything_can_be_taken_along(installation, owner, plant) -> None:
    plant.upload(owner, "acme-", weeks=1)
    actions_data.paste_rows(owner, "a,b\n1,2\n")
    archive = zipfile.ZipFile(io.BytesIO(actions_house.export_workspace(owner)))
    index = json.loads(archive.read("index.json"))
    assert {row["kind"] for row in index} >= {"dataset", "file", "upload"}
    for name in (name for name in archive.namelist() if name.endswith(".parquet")):
        table = parquet.read_table(io.BytesIO(archive.read(name)))
        assert table.column_names == archive.read(name.replace(".parquet", ".csv")).decode().splitlines()[0].split(",")
        assert table.num_rows > 0
    tables = [name for name in archive.namelist() if name.endswith(".csv")]
    assert len(tables) == 3
    assert any(b"acme-press" in archive.read(name) for name in tables)
    assert any(archive.read(name) == b"a,b\n1,2" for name in archive.namelist() if name.endswith(".bin"))
    entries = actions_audit.read_log(installation.as_(Role.COMPLIANCE_OFFICER), verb="export_workspace")
    assert [entry.decision for entry in entries] == ["allowed"]


def test_an_erased_workspace_is_empty_and_backups_of_it_do_not_open(installation, owner) -> None:
    upload = actions_data.paste_rows(owner, "a,b\n1,2\n")
    with installation.store.reading() as tx:
        from portal.storage_values import keys_of, record

        backup, row = keys_of(tx, owner.tenant), record(tx, owner.tenant, "main", "upload", upload)
    with pytest.raises(ActionError) as refusal:
        actions_house.erase_workspace(owner, confirm="acme")
    assert refusal.value.code == "not_confirmed"
    actions_house.erase_workspace(owner, confirm="Acme")
    assert list(actions_data.uploads(owner)) == []
    assert list(actions_release.consents(owner)) == []
    assert row is not None
    for key in backup:
        with pytest.raises(KeyUnavailable) as retired:
            owner.data_keys.rewrapped([key])
        assert retired.value.code == "key_retired"
    assert actions_data.paste_rows(owner, "a,b\n3,4\n")
    assert actions_audit.verify_log(installation.as_(Role.COMPLIANCE_OFFICER))["passed"]


def test_only_an_owner_rules_the_house(installation) -> None:
    analyst = installation.as_(Role.ANALYST)
    for call in (
        lambda: actions_house.export_workspace(analyst),
        lambda: actions_house.erase_workspace(analyst, confirm="x"),
        lambda: actions_people.invite_colleague(analyst, email="a@b.example"),
        lambda: actions_people.remove_member(analyst, "x"),
    ):
        with pytest.raises(ActionError) as refusal:
            call()
        assert refusal.value.code == "action_refused"
