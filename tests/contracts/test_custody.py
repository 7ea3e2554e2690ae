"""A tenant's own key behaves alike on every database: on PostgreSQL with row-level security, and on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from portal import actions_admin, actions_custody, custody, storage_runs
from portal.identity import VENDOR, Member, Role, Tenant
from portal.rooms import data_keys_of
from portal.storage import Store, data_keys
from portal.storage_accounts import add_tenant
from portal.wiring import Portal, Settings, build
from portal.workspace import Workspace

WORDS = "correct horse battery 订书机"
OTHER = "seventeen green umbrellas sing"


@pytest.fixture(params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("fresh_database")()
    built = build(Settings(data=tmp_path / "data", keys=str(tmp_path / "keys"), database_url=url))
    with built.store.writing() as tx:
        for tenant in ("north", "south"):
            add_tenant(tx, Tenant(id=tenant, name=tenant), now=built.now())
    yield built
    built.store.close()


def member(portal: Portal, tenant: str, role: Role = Role.OWNER) -> Workspace:
    return portal.workspace(Member(id=f"{tenant}-{role}", tenant=tenant, role=role, subject="x", name="X"))


def keep(workspace: Workspace) -> None:
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()


def code_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except ValueError as error:
        return str(getattr(error, "code", ""))
    return "done"


def wrapped(store: Store, tenant: str) -> dict[str, bytes]:
    with store.reading() as tx:
        found = tx.all(sa.select(data_keys).where(data_keys.c.tenant == tenant))
    return {row["id"]: row["wrapped"] for row in found}


def test_taken_locked_rotated_opened_changed_and_given_back(portal: Portal) -> None:
    ids = {}
    for tenant in ("north", "south"):
        one = member(portal, tenant)
        ids[tenant] = (
            one.put("note", {"of": tenant}),
            one.put_table("dataset", {"start": np.array([1.0, 2.0])}, {"kind": "stops"}),
        )
        keep(one)
    theirs, before = wrapped(portal.store, "south"), wrapped(portal.store, "north")
    actions_custody.take_key(member(portal, "north"), passphrase=WORDS, again=WORDS)
    after = wrapped(portal.store, "north")
    assert len(after) == len(before) + 2
    assert not any(after[name] == held for name, held in before.items())
    keys = data_keys_of(portal.store, portal.keys)

    def read(tenant: str) -> str:
        note, table = ids[tenant]
        return code_of(
            lambda: (member(portal, tenant).get("note", note), member(portal, tenant).columns("dataset", table))
        )

    custody.forget(keys, "north")
    assert (read("north"), read("south")) == ("tenant_locked", "done")
    actions_admin.rotate_keys(member(portal, VENDOR, Role.SECURITY_ADMIN), "north")
    assert read("north") == "tenant_locked"
    actions_custody.open_key(member(portal, "north", Role.ANALYST), passphrase=WORDS)
    assert read("north") == "done"
    actions_custody.change_passphrase(member(portal, "north"), now=WORDS, passphrase=OTHER, again=OTHER)
    custody.forget(keys, "north")
    wrong = replace(member(portal, "north").member, id="another")
    assert code_of(lambda: actions_custody.open_key(portal.workspace(wrong), passphrase=WORDS)) == "wrong_passphrase"
    actions_custody.give_key_back(portal.workspace(wrong), passphrase=OTHER)
    assert (read("north"), read("south")) == ("done", "done")
    assert wrapped(portal.store, "south") == theirs
    with portal.store.writing() as tx:
        assert storage_runs.claim(tx, worker="w", at=portal.now().timestamp(), lease=1.0) is None
