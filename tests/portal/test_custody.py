"""A tenant that holds its own key: what opens, for whom, until when, and what a copy of everything is worth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from portal import actions_admin, actions_custody, actions_house, custody, sessions, storage_accounts, storage_runs
from portal.actions_custody import OwnKey
from portal.digests import send_digests
from portal.identity import Role, Tenant
from portal.kept import KEPT
from portal.outgoing import send_waiting
from portal.rooms import data_keys_of
from portal.secrets_held import Secrets, as_line
from portal.storage import LOCKED, FolderBlobs, Store, data_keys
from portal.storage_runs import RunRow
from portal.strongbox import sealed_names
from portal.workspace import Workspace
from privacy.custody import TenantLocked
from privacy.keys import LocalKeys
from privacy.vault import SealBroken

WORDS = "correct horse battery 订书机"
OTHER = "seventeen green umbrellas sing"


def keep(workspace: Workspace) -> None:
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()


def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except (ValueError, KeyError) as error:
        return str(getattr(error, "code", type(error).__name__))
    return "done"


def fill(owner: Workspace) -> tuple[str, str]:
    """A value and a table of a tenant; their ids."""
    note = owner.put("note", {"secret": 42}, slot="only")
    table = owner.put_table("dataset", {"start": np.array([1.0, 2.0])}, {"kind": "stops"})
    keep(owner)
    return note, table


def held(installation: Any) -> tuple[str, str, str]:
    """A workspace with a value and a table that holds its own key; their ids and the recovery code."""
    owner = installation.as_(Role.OWNER)
    note, table = fill(owner)
    code = actions_custody.take_key(owner, passphrase=WORDS, again=WORDS)
    return note, table, code


def lock(installation: Any, tenant: str = "north") -> None:
    custody.forget(data_keys_of(installation.store, installation.keys), tenant)


@pytest.fixture(autouse=True)
def _fresh_tries() -> None:
    actions_custody._tries.__init__()  # type: ignore[misc]


def test_locked_nothing_opens_for_nobody_and_the_passphrase_opens_it(installation: Any) -> None:
    note, table, _ = held(installation)
    analyst = installation.as_(Role.ANALYST)
    assert analyst.get("note", note) == {"secret": 42}
    assert analyst.columns("dataset", table)["start"].tolist() == [1.0, 2.0]
    lock(installation)
    owner = installation.as_(Role.OWNER)
    for call in (
        lambda: owner.get("note", note),
        lambda: owner.columns("dataset", table),
        lambda: owner.put("note", {}),
        lambda: owner.put_table("dataset", {"start": np.array([1.0])}, {}),
        lambda: owner.latest("note", slot="only"),
        lambda: actions_house.export_workspace(owner),
        lambda: installation.as_(Role.SYSTEM_ADMIN).deliver("north", "notice", {}),
    ):
        assert outcome(call) == "tenant_locked"
    reader = installation.as_(Role.FINANCE_READER)
    assert outcome(lambda: actions_custody.open_key(reader, passphrase=OTHER)) == "wrong_passphrase"
    assert actions_custody.own_key(reader) == replace(actions_custody.own_key(reader), held=True, open=False)
    actions_custody.open_key(reader, passphrase=WORDS)
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    assert installation.as_(Role.OWNER).columns("dataset", table)["start"].tolist() == [1.0, 2.0]
    actions_custody.close_key(reader)
    assert outcome(lambda: installation.as_(Role.OWNER).get("note", note)) == "tenant_locked"


def test_a_copy_of_database_files_and_keys_opens_nothing(installation: Any, tmp_path: Path) -> None:
    before = tmp_path / "before"
    owner = installation.as_(Role.OWNER)
    note, table = fill(owner)
    shutil.copytree(installation.root / "data", before / "data")
    actions_custody.take_key(owner, passphrase=WORDS, again=WORDS)
    new = installation.as_(Role.OWNER)
    later = new.put("note", {"secret": 43})
    keep(new)
    copies = {"after": tmp_path / "after", "before": before}
    shutil.copytree(installation.root / "data", copies["after"] / "data")
    for name, root in copies.items():  # the older copy: its wrapped keys are under a version that was destroyed
        shutil.copytree(installation.root / "keys", root / "keys")
        store = Store.at(f"sqlite:///{root / 'data' / 'mingsuan.sqlite3'}", FolderBlobs(root / "data" / "blobs"))
        thief = Workspace(owner.member, store, LocalKeys(root / "keys"), installation.clock)
        KEPT.drop("north")
        wanted = {"after": {"tenant_locked"}, "before": {"key_retired"}}[name]
        found = {outcome(partial(thief.get, "note", one)) for one in ([note, later] if name == "after" else [note])}
        assert found | {outcome(partial(thief.columns, "dataset", table))} == wanted
        store.close()


def test_another_tenant_and_the_log_do_not_notice(installation: Any) -> None:
    held(installation)
    south = installation.as_(Role.OWNER, "south")
    theirs = south.put("note", {"a": 1})
    keep(south)
    lock(installation)
    KEPT.drop("south")
    assert installation.as_(Role.OWNER, "south").get("note", theirs) == {"a": 1}
    assert outcome(lambda: actions_custody.open_key(south, passphrase=WORDS)) == "no_own_key"
    assert actions_custody.own_key(south) == OwnKey(held=False, open=True, since=None)


def test_a_new_passphrase_ends_the_old_one_and_its_code(installation: Any) -> None:
    note, _, code = held(installation)
    owner = installation.as_(Role.OWNER)
    fresh = actions_custody.change_passphrase(owner, now=WORDS, passphrase=OTHER, again=OTHER)
    lock(installation)
    assert outcome(lambda: actions_custody.open_key(owner, passphrase=WORDS)) == "wrong_passphrase"
    again = {"passphrase": WORDS, "again": WORDS}
    assert outcome(lambda: actions_custody.recover_key(owner, code=code, **again)) == "wrong_passphrase"
    last = actions_custody.recover_key(owner, code=fresh.lower().replace("-", " "), **again)
    assert last not in {code, fresh}
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    lock(installation)
    actions_custody.open_key(owner, passphrase=WORDS)
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}


def test_given_back_the_installation_opens_it_again(installation: Any) -> None:
    note, table, _ = held(installation)
    owner = installation.as_(Role.OWNER)
    assert outcome(lambda: actions_custody.give_key_back(owner, passphrase=OTHER)) == "wrong_passphrase"
    actions_custody.give_key_back(owner, passphrase=WORDS)
    KEPT.drop("north")
    assert actions_custody.own_key(owner).held is False
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    assert installation.as_(Role.OWNER).columns("dataset", table)["start"].tolist() == [1.0, 2.0]


def test_the_tenants_key_is_rotated_while_it_is_locked(installation: Any) -> None:
    note, table, _ = held(installation)
    lock(installation)
    with installation.store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=installation.clock())
    actions_admin.rotate_keys(installation.as_(Role.SECURITY_ADMIN), "north")
    assert outcome(lambda: installation.as_(Role.OWNER).get("note", note)) == "tenant_locked"
    actions_custody.open_key(installation.as_(Role.OWNER), passphrase=WORDS)
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    assert installation.as_(Role.OWNER).columns("dataset", table)["start"].tolist() == [1.0, 2.0]


def test_a_data_key_put_in_beside_the_lock_is_refused(installation: Any) -> None:
    held(installation)
    owner = installation.as_(Role.OWNER)
    keys = data_keys_of(installation.store, installation.keys)
    row = custody.new_lock("north", words=OTHER, code=OTHER, at=installation.clock()).rows[0]
    place = custody.key_place("north", row.id, "seal")
    planted = replace(
        row, purpose="seal", wrapped=installation.keys.wrap("north", b"k" * 32, place=place), created_at=0
    )
    with installation.store.writing() as tx:
        custody.add_key(tx, planted)
    keys.forget("north")
    with pytest.raises(SealBroken):
        owner.put("note", {"secret": 44})


def test_what_was_being_made_while_the_lock_came_is_refused(installation: Any) -> None:
    owner, other = installation.as_(Role.OWNER), installation.as_(Role.ANALYST)
    fill(owner)
    other.put_table("dataset", {"start": np.array([1.0])}, {"kind": "stops"})
    actions_custody.take_key(owner, passphrase=WORDS, again=WORDS)
    assert outcome(lambda: keep(other)) == "lock_changed"


def test_a_lock_taken_away_in_the_database_seals_nothing_new_in_the_clear(installation: Any) -> None:
    held(installation)
    owner = installation.as_(Role.OWNER)
    with installation.store.writing() as tx:
        tx.run(sa.delete(data_keys).where(data_keys.c.tenant == "north", data_keys.c.purpose == LOCKED))
    data_keys_of(installation.store, installation.keys).forget("north")

    def another() -> None:
        owner.put_table("dataset", {"start": np.array([3.0])}, {"kind": "stops"})
        keep(owner)

    assert outcome(another) == "lock_changed"


def test_words_are_checked_and_tries_are_counted(installation: Any) -> None:
    owner = installation.as_(Role.OWNER)
    for words, again, code in (
        (WORDS, OTHER, "passphrase_differs"),
        ("short wörd", "short wörd", "passphrase_short"),
        ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa", "passphrase_simple"),
    ):
        assert outcome(lambda w=words, a=again: actions_custody.take_key(owner, passphrase=w, again=a)) == code
    held(installation)
    lock(installation)
    tries = [outcome(lambda: actions_custody.open_key(owner, passphrase=OTHER)) for _ in range(6)]
    assert tries == ["wrong_passphrase"] * 5 + ["too_many_tries"]
    actions_custody.open_key(installation.as_(Role.ANALYST), passphrase=WORDS)  # a colleague is not held up


@pytest.mark.parametrize(
    "role", [Role.GUEST, Role.REP, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.COMPLIANCE_OFFICER]
)
def test_nobody_else_may_even_try(installation: Any, role: Role) -> None:
    held(installation)
    assert outcome(lambda: actions_custody.open_key(installation.as_(role), passphrase=WORDS)) == "action_refused"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE_READER])
def test_only_an_owner_decides_about_the_key(installation: Any, role: Role) -> None:
    _, _, code = held(installation)
    one, again = installation.as_(role), {"passphrase": OTHER, "again": OTHER}
    for call in (
        lambda: actions_custody.take_key(one, **again),
        lambda: actions_custody.change_passphrase(one, now=WORDS, **again),
        lambda: actions_custody.recover_key(one, code=code, **again),
        lambda: actions_custody.give_key_back(one, passphrase=WORDS),
    ):
        assert outcome(call) == "action_refused"


def test_it_locks_when_the_last_session_ends_and_the_log_says_so(installation: Any) -> None:
    now = installation.clock
    keys = data_keys_of(installation.store, installation.keys)
    from portal.identity import Profile
    from portal.storage_accounts import seal_names

    seal_names(installation.store, sealed_names(keys, at=now()))
    profile = Profile(tenant="north", role=Role.OWNER, subject="a", name="A", email="a@north.example", provider="idp")
    with installation.store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=now())
        member = storage_accounts.admit(tx, profile, language="en", now=now())
        limits = {"idle": timedelta(minutes=30), "absolute": timedelta(hours=8)}
        _, first = sessions.open_session(tx, member, now=now(), **limits)
        _, second = sessions.open_session(tx, member, now=now(), **limits)
    note, _, _ = held(installation)

    def sweep() -> tuple[str, ...]:
        return custody.lock_signed_out(installation.store, keys, now)

    assert sweep() == ()
    with installation.store.writing() as tx:
        sessions.revoke(tx, session_id=first.id, now=now(), why="signed_out")
    assert sweep() == ()
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    with installation.store.writing() as tx:
        sessions.revoke(tx, session_id=second.id, now=now())
    assert sweep() == ("north",)
    assert outcome(lambda: installation.as_(Role.OWNER).get("note", note)) == "tenant_locked"
    assert sweep() == ()
    with installation.store.writing() as tx:  # and so it does when one is idle for too long
        sessions.open_session(tx, member, now=now(), **limits)
    actions_custody.open_key(installation.as_(Role.OWNER), passphrase=WORDS)
    assert sweep() == ()
    installation.clock.ahead += timedelta(minutes=31)
    assert sweep() == ("north",)


def test_runs_and_messages_of_a_locked_tenant_wait(installation: Any) -> None:
    held(installation)
    owner, at = installation.as_(Role.OWNER), installation.clock().timestamp()
    owner.mail(to="a@north.example", subject="s", text="t")
    keep(owner)
    lock(installation)
    blank = dict.fromkeys(("stage", "worker", "error", "rough", "result"), "")
    times = {"created_at": at, "started_at": None, "finished_at": None, "heartbeat": 0.0, "lease_until": 0.0}
    common = {**blank, **times, "room": "main", "author": "x", "role": "owner", "kind": "study", "subject": "s"}
    rows = [
        RunRow(id=f"run-{tenant}", tenant=tenant, state="queued", progress=0.0, attempts=0, cancel=False, **common)
        for tenant in ("north", "south")
    ]
    with installation.store.writing() as tx:
        for row in rows:
            storage_runs.add_run(tx, row)

    def claim(*opened: str) -> str:
        with installation.store.writing() as tx:
            row = storage_runs.claim(tx, worker="w", at=at, lease=30.0, opened=opened)
        return "" if row is None else row.id

    portal = installation.portal()
    assert send_digests(portal.store, portal.keys, portal.now) == 0
    assert send_waiting(portal.store, portal.keys, portal.mailer, portal.now) == 0
    assert (claim(), claim(), claim("north")) == ("run-south", "", "run-north")
    actions_custody.open_key(owner, passphrase=WORDS)
    assert send_waiting(portal.store, portal.keys, portal.mailer, portal.now) == 1


def test_a_worker_is_told_of_a_secret_and_of_its_end() -> None:
    ours, theirs = Secrets(), Secrets()
    ours.listen(lambda tenant, now: theirs.take(as_line(tenant, now)))
    ours.hold("north", "lock", b"s" * 32)
    assert theirs.of("north", "lock") == b"s" * 32
    with pytest.raises(TenantLocked):
        theirs.of("north", "another lock")
    ours.drop("north")
    with pytest.raises(TenantLocked):
        theirs.of("north")


def test_neither_words_nor_secret_nor_code_are_on_the_disk(installation: Any) -> None:
    _, _, code = held(installation)
    secret = data_keys_of(installation.store, installation.keys).secrets.of("north")
    with installation.store.reading() as tx:
        purposes = {row["purpose"] for row in tx.all(sa.select(data_keys).where(data_keys.c.tenant == "north"))}
    assert {"passphrase", "recovery"} <= purposes
    for path in installation.root.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(one in data for one in (secret, secret.hex().encode(), WORDS.encode(), code.encode()))


def test_what_a_kill_left_of_the_older_key_goes_when_the_workspace_is_opened(
    installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:  # between the transaction and what follows it
        killed.setattr(custody, "finish", lambda *_, **__: None)
        note, table, _ = held(installation)
    assert installation.keys.status("north").oldest == 1
    lock(installation)
    actions_custody.open_key(installation.as_(Role.OWNER), passphrase=WORDS)
    status = installation.keys.status("north")
    assert status.oldest == status.version == 2
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    assert installation.as_(Role.OWNER).columns("dataset", table)["start"].tolist() == [1.0, 2.0]


def test_a_change_that_is_not_committed_leaves_everything_as_it_was(installation: Any) -> None:
    owner = installation.as_(Role.OWNER)
    note, table = fill(owner)

    def fail(_: object) -> None:
        raise RuntimeError("the disk is full")

    owner.conclusion = lambda _: owner.then(fail)
    with pytest.raises(RuntimeError):
        actions_custody.take_key(owner, passphrase=WORDS, again=WORDS)
    data_keys_of(installation.store, installation.keys).forget("north")
    KEPT.drop("north")
    assert actions_custody.own_key(installation.as_(Role.OWNER)).held is False
    assert installation.as_(Role.OWNER).get("note", note) == {"secret": 42}
    actions_custody.take_key(installation.as_(Role.OWNER), passphrase=WORDS, again=WORDS)
    lock(installation)
    actions_custody.open_key(installation.as_(Role.OWNER), passphrase=WORDS)
    assert installation.as_(Role.OWNER).columns("dataset", table)["start"].tolist() == [1.0, 2.0]
