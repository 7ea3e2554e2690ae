"""What a person may do about himself, and the end of values: a dataset erased with its lineage, terms that run out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import actions_audit, actions_data, actions_house, actions_self, actions_study, sessions, storage_accounts
from portal.actions import ActionError
from portal.identity import VENDOR, Profile, Role, Tenant
from portal.kept import KEPT
from portal.retention import TERMS, erase_staged
from portal.rooms import RECEIPTS, data_keys_of, installation_key, own_ring
from portal.storage import records
from portal.strongbox import sealed_names
from portal.workspace import MissingError, Workspace
from privacy.erasure import read_receipt
from privacy.signature import public_bytes


@pytest.fixture
def people(installation: Any) -> Any:
    """Signs in people of one tenant; gives their workspaces by name."""
    store, clock = installation.store, installation.clock
    storage_accounts.seal_names(store, sealed_names(data_keys_of(store, installation.keys), at=clock()))
    with store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=clock())

    def person(name: str, role: Role = Role.OWNER, *, provider: str = "code") -> Workspace:
        profile = Profile(
            tenant="north", role=role, subject=name, name=name, email=f"{name}@north.example", provider=provider
        )
        with store.writing() as tx:
            member = storage_accounts.admit(tx, profile, language="en", now=clock())
            hour = timedelta(hours=1)
            sessions.open_session(tx, member, idle=hour, absolute=hour, now=clock())
        return Workspace(member, store, installation.keys, clock)

    return installation, person


def test_a_person_sees_all_that_is_kept_of_him_and_nothing_of_others(people) -> None:
    _, person = people
    lina, wang = person("lina"), person("wang", Role.ANALYST)
    actions_data.paste_rows(wang, "a,b\n1,2\n")
    found = actions_self.my_data(lina)
    assert (found["name"], found["email"], found["tenant"]) == ("lina", "lina@north.example", "North")
    assert len(found["sessions"]) == 1
    assert "paste_rows" not in [one["action"] for one in found["entries"]]
    assert [one["action"] for one in actions_self.my_data(wang)["entries"]] == ["paste_rows"]


def test_a_name_is_corrected_where_it_is_kept(people) -> None:
    installation, person = people
    lina = person("lina")
    actions_self.correct_me(lina, name="Li Na")
    with installation.store.reading() as tx:
        found = storage_accounts.member(tx, lina.member.id)
        assert found is not None
        assert (found.name, found.active) == ("Li Na", True)
    for workspace, name, code in (
        (lina, " ", "own_name_missing"),
        (person("w", provider="n"), "W", "name_from_provider"),
    ):
        with pytest.raises(ActionError) as refused:
            actions_self.correct_me(workspace, name=name)
        assert refused.value.code == code


def test_whoever_leaves_is_named_nowhere_and_the_log_still_holds(people) -> None:
    installation, person = people
    lina, wang = person("lina"), person("wang")
    actions_data.paste_rows(lina, "a,b\n1,2\n")
    with pytest.raises(ActionError, match="does not match"):
        actions_self.erase_me(lina, confirm="somebody")
    actions_self.erase_me(lina, confirm="lina")
    with installation.store.reading() as tx:
        found = storage_accounts.member(tx, lina.member.id)
        assert found is not None
        assert (found.name, found.email, found.active) == ("", "", False)
        assert storage_accounts.members_by_email(tx, "lina@north.example", provider_id="code") == []
        assert sessions.sessions_of(tx, lina.member.id, now=installation.clock()) == []
    assert len(actions_data.uploads(wang)) == 1
    proof = actions_audit.verify_log(installation.as_(Role.COMPLIANCE_OFFICER, VENDOR))
    assert (proof["passed"], proof["differences"]) == (True, [])
    again = person("lina")
    assert again.member.id != lina.member.id


def test_the_last_owner_stays(people) -> None:
    _, person = people
    lina = person("lina")
    person("wang", Role.ANALYST)
    with pytest.raises(ActionError) as refused:
        actions_self.erase_me(lina, confirm="lina")
    assert refused.value.code == "last_owner"


def test_a_person_ends_his_own_sessions_and_nobody_elses(people) -> None:
    installation, person = people
    lina, wang = person("lina"), person("wang")
    assert actions_self.end_my_sessions(lina) == 1
    with installation.store.reading() as tx:
        assert sessions.sessions_of(tx, lina.member.id, now=installation.clock()) == []
        assert len(sessions.sessions_of(tx, wang.member.id, now=installation.clock())) == 1


def test_an_erased_dataset_takes_what_was_computed_from_it_and_leaves_a_receipt(installation, plant) -> None:
    owner = installation.as_(Role.OWNER)
    views = plant.upload(owner, weeks=3)
    baseline = actions_study.baseline(owner)["id"]
    text = actions_house.erase_dataset(owner, views[0].id)
    public = public_bytes(installation_key(owner.data_keys, RECEIPTS, at=installation.clock()))
    told = read_receipt(text, public=public)
    assert told.subject == f"dataset/{views[0].id}"
    assert f"baseline/{baseline}" in told.derived
    assert installation.keys.status(own_ring("north", told.key)).state == "destroyed"
    KEPT.drop("north")
    for kind, key in (("dataset", views[0].id), ("baseline", baseline)):
        with pytest.raises(MissingError):
            owner.get(kind, key)
    assert {view.id for view in actions_data.datasets(owner)} == {view.id for view in views[1:]}
    (kept,) = owner.list("erasure")
    assert owner.get("erasure", kept.id)["receipt"] == text


def test_values_past_their_term_are_erased_by_the_workers_and_others_stay(installation) -> None:
    owner = installation.as_(Role.OWNER)
    kinds = [kind for term in TERMS for kind in term.kinds] + ["line", "inputs", "consent", "erasure"]
    for kind in kinds:
        owner.put(kind, {"a": 1})
    with installation.store.writing() as tx:
        owner.flush(tx)
    owner.done()

    def left() -> set[str]:
        with installation.store.reading() as tx:
            return {row["kind"] for row in tx.all(sa.select(records.c.kind))}

    assert erase_staged(installation.store, installation.keys, installation.clock) == 0
    installation.clock.ahead = timedelta(days=8)
    assert erase_staged(installation.store, installation.keys, installation.clock) == 3
    assert left() == set(kinds) - {"upload", "file", "reading"}
    installation.clock.ahead = timedelta(days=3 * 365 + 1)
    erase_staged(installation.store, installation.keys, installation.clock)
    assert left() == {"line", "inputs", "consent", "erasure"}
