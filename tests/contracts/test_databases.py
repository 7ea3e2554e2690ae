"""One suite over every database: what storage, workspaces, the log and workers rely on, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from portal import (
    actions_admin,
    actions_audit,
    actions_data,
    actions_links,
    storage_accounts,
    storage_runs,
    storage_values,
)
from portal.actions import ActionError
from portal.identity import TENANT_ROLES, VENDOR, Member, Role
from portal.invitations import open_link
from portal.materials import queue
from portal.storage import MemoryBlobs, Store, metadata, new_id
from portal.storage_isolation import isolated
from portal.storage_schema import prepare
from portal.witness import witness_head
from portal.workspace import MissingError, Workspace
from privacy.keys import MemoryKeys


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Place:
    """One installation on one database."""

    store: Store
    keys: MemoryKeys
    clock: Clock

    def as_(self, role: Role, tenant: str = "") -> Workspace:
        home = tenant or ("north" if role in TENANT_ROLES else VENDOR)
        member = Member(id=f"{home}-{role}", tenant=home, role=role, subject="s", name="n", email="n@n.example")
        return Workspace(member, self.store, self.keys, self.clock)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("postgres")
    store = Store.at(url, MemoryBlobs(), witness=tmp_path / "witness.txt")
    if request.param == "postgresql":  # begin with nothing
        metadata.drop_all(store.engine)
        prepare(store)
        isolated(store)
        store.create()
    assert store.engine.dialect.name == request.param
    yield Place(store=store, keys=MemoryKeys(), clock=Clock())
    store.close()


def keep(workspace: Workspace) -> None:
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()


def all_at_once(count: int, work: Any) -> list[Any]:
    """The outcomes of so many threads that do the same at once."""
    outcomes: list[Any] = []

    def run(number: int) -> None:
        try:
            outcomes.append(work(number))
        except Exception as error:  # noqa: BLE001
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_the_database_answers_and_its_tables_may_be_created_again(place) -> None:
    place.store.create()
    place.store.purge()
    assert place.store.ready()


def test_values_tables_and_slots_come_back(place) -> None:
    owner = place.as_(Role.OWNER)
    key = owner.put("line", {"名称": "灌装线", "stations": [1, None, 2.5]}, slot="line")
    table = owner.put_table("dataset", {"a": np.array([1.0, 2.0]), "b": np.array(["x", "y"], dtype=object)}, {"n": 2})
    keep(owner)
    again = place.as_(Role.ANALYST)
    assert again.get("line", key)["名称"] == "灌装线"
    assert again.columns("dataset", table, ["b"])["b"].tolist() == ["x", "y"]
    latest = again.latest("line", slot="line")
    assert latest is not None
    assert latest.id == key
    assert again.heads("line", "dataset") == {"line": (1, key), "dataset": (1, table)}
    again.remove("dataset", table)
    keep(again)
    assert again.list("dataset") == ()


def test_a_tenant_sees_nothing_of_another(place) -> None:
    owner, other = place.as_(Role.OWNER), place.as_(Role.OWNER, "south")
    key = owner.put("line", {"a": 1})
    keep(owner)
    for wanted in (key, new_id()):
        with pytest.raises(MissingError):
            other.get("line", wanted)
    assert other.list("line") == ()


def test_a_failed_change_leaves_nothing(place) -> None:
    owner = place.as_(Role.OWNER)
    owner.put("line", {"a": 1})
    with pytest.raises(ZeroDivisionError), place.store.writing() as tx:
        owner.flush(tx)
        1 / 0  # noqa: B018
    owner.abandon()
    assert owner.list("line") == ()


def test_the_log_grows_without_gaps_under_many_writers_and_verifies(place) -> None:
    place.as_(Role.OWNER).warm()
    outcomes = all_at_once(12, lambda number: actions_data.paste_rows(place.as_(Role.OWNER), f"a,b\n{number},1\n"))
    assert all(isinstance(outcome, str) for outcome in outcomes), outcomes
    officer = place.as_(Role.COMPLIANCE_OFFICER)
    witness_head(place.store)
    proof = actions_audit.verify_log(officer)
    assert (proof["passed"], proof["entries"], proof["witnessed"]) == (True, 12, True)
    assert [entry.seq for entry in actions_audit.read_log(officer, verb="paste_rows")] == list(range(11, -1, -1))


def test_a_log_that_was_edited_in_the_database_does_not_verify(place) -> None:
    for number in range(3):
        actions_data.paste_rows(place.as_(Role.OWNER), f"a,b\n{number},1\n")
    officer = place.as_(Role.COMPLIANCE_OFFICER)
    with place.store.owning() as tx:
        tx.connection.exec_driver_sql("DELETE FROM audit WHERE seq = 1")
    proof = actions_audit.verify_log(officer)
    assert not proof["passed"]
    assert proof["index"] == 1


def test_one_worker_of_many_takes_a_run(place) -> None:
    owner = place.as_(Role.OWNER)
    queue(owner, "study", "subject")
    keep(owner)

    def claim(number: int) -> Any:
        with place.store.writing() as tx:
            return storage_runs.claim(tx, worker=str(number), at=place.clock().timestamp(), lease=30.0)

    assert sum(outcome is not None for outcome in all_at_once(6, claim)) == 1


def test_of_many_that_open_a_one_use_link_one_succeeds(place) -> None:
    link = actions_links.invite(place.as_(Role.REP), label="Acme")

    def attempt(number: int) -> Any:
        return open_link(
            place.store, place.keys, token=link.token, email=f"p{number}@acme.example", name="", at=place.clock()
        )

    outcomes = all_at_once(50, attempt)
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {(type(failure), getattr(failure, "code", str(failure))) for failure in failures} == {
        (ActionError, "link_not_valid")
    }
    assert len(failures) == 49
    with place.store.reading() as tx:
        assert len(storage_accounts.all_tenants(tx)) == 1


def test_a_closed_tenant_is_erased(place) -> None:
    admin = place.as_(Role.SYSTEM_ADMIN)
    tenant = actions_admin.create_tenant(admin, name="Acme").id
    actions_data.paste_rows(place.as_(Role.OWNER, tenant), "a,b\n1,1\n")
    actions_admin.close_tenant(admin, tenant, confirm="Acme")
    with place.store.reading() as tx:
        assert storage_values.counts(tx, tenant) == []
    assert place.keys.status(tenant).state == "destroyed"


def test_refusals_are_noted(place) -> None:
    with pytest.raises(ActionError):
        actions_data.datasets(place.as_(Role.GUEST))
    (entry,) = actions_audit.read_log(place.as_(Role.COMPLIANCE_OFFICER), decision="refused")
    assert (entry.action, entry.reason) == ("datasets", "not_permitted")
