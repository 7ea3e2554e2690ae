from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies

from portal import storage_values
from portal.identity import Role
from portal.kept import KEPT, Kept
from portal.workspace import MissingError, Workspace
from privacy.keys import KeyUnavailable
from privacy.vault import SealBroken

JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers(-(2**53), 2**53) | strategies.text(max_size=40),
    lambda inner: (
        strategies.lists(inner, max_size=4) | strategies.dictionaries(strategies.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def keep(workspace: Workspace) -> None:
    """What the frame of an action does at its end."""
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=JSON)
def test_a_kept_value_comes_back_equal(installation, value) -> None:
    workspace = installation.as_(Role.OWNER)
    key = workspace.put("note", value)
    keep(workspace)
    KEPT.drop("north")
    assert installation.as_(Role.OWNER).get("note", key) == json.loads(json.dumps(value))


def test_large_values_and_files_go_beside_the_database(installation) -> None:
    workspace = installation.as_(Role.OWNER)
    noise = np.random.default_rng(1).bytes(300_000)
    file = workspace.put_bytes("file", noise)
    long = workspace.put("result", {"numbers": list(range(80_000))})
    keep(workspace)
    again = installation.as_(Role.ANALYST)
    assert again.get("file", file) == noise
    assert again.get("result", long)["numbers"][-1] == 79_999
    assert len(list((installation.root / "data" / "blobs").rglob("*"))) >= 2


def test_a_table_opens_by_column(installation) -> None:
    workspace = installation.as_(Role.OWNER)
    columns = {"station": np.array(["a", "b"], dtype=object), "start": np.array([1.0, np.nan])}
    key = workspace.put_table("dataset", columns, {"kind": "stops"})
    keep(workspace)
    again = installation.as_(Role.OWNER)
    assert again.get("dataset", key) == {"kind": "stops"}
    assert list(again.columns("dataset", key, ["station"])) == ["station"]
    np.testing.assert_array_equal(again.columns("dataset", key)["start"], columns["start"])


def test_foreign_missing_and_erased_ids_give_the_same_answer(installation) -> None:
    owner, stranger = installation.as_(Role.OWNER), installation.as_(Role.OWNER, "south")
    key, gone = owner.put("line", {"a": 1}), owner.put("line", {"a": 2})
    keep(owner)
    owner.remove("line", gone)
    keep(owner)
    answers = set()
    for kind, wanted in (("line", key), ("line", gone), ("line", "0" * 32), ("line", "")):
        for call in (stranger.get, stranger.columns, stranger.stored, stranger.remove):
            with pytest.raises(MissingError) as refusal:
                call(kind, wanted)
            answers.add((type(refusal.value), str(refusal.value).replace(wanted, "…") if wanted else "'…'"))
    assert len(answers) == 1
    assert stranger.list("line") == ()
    assert stranger.latest("line") is None
    assert owner.get("line", key) == {"a": 1}


def test_a_value_moved_to_another_row_or_tenant_does_not_open(installation) -> None:
    owner, stranger = installation.as_(Role.OWNER), installation.as_(Role.OWNER, "south")
    key = owner.put("line", {"secret": 1})
    stranger.put("line", {"own": 1})
    keep(owner)
    keep(stranger)
    with installation.store.writing() as tx:
        row = storage_values.record(tx, "north", "main", "line", key)
        assert row is not None
        fields = {name: getattr(row, name) for name in row.__dataclass_fields__}
        storage_values.add_record(tx, storage_values.Row(**{**fields, "id": "f" * 32}))
        storage_values.add_record(tx, storage_values.Row(**{**fields, "id": "e" * 32, "tenant": "south"}))
    with pytest.raises(SealBroken):
        owner.get("line", "f" * 32)
    with pytest.raises(SealBroken):
        stranger.get("line", "e" * 32)


def test_a_slot_is_found_by_its_name_and_replaced(installation) -> None:
    workspace = installation.as_(Role.OWNER)
    workspace.put("answer", 1, slot="list/a")
    keep(workspace)
    second = workspace.put("answer", 2, slot="list/a", replace=True)
    workspace.put("answer", 3, slot="list/b")
    keep(workspace)
    latest = workspace.latest("answer", slot="list/a")
    assert latest is not None
    assert (latest.id, workspace.get("answer", latest.id)) == (second, 2)
    assert len(workspace.list("answer")) == 2
    assert set(workspace.by_slot("answer", ["list/a", "list/b", "list/c"])) == {"list/a", "list/b"}


def test_what_an_action_gave_up_leaves_no_row_and_no_blob(installation) -> None:
    workspace = installation.as_(Role.OWNER)
    workspace.put_bytes("file", bytes(200_000) + b"x")
    workspace.abandon()
    keep(workspace)
    assert workspace.list("file") == ()
    assert not [path for path in (installation.root / "data" / "blobs").rglob("*") if path.is_file()]


def test_equal_values_of_two_tenants_have_different_digests(installation) -> None:
    digests = []
    for tenant in ("north", "south"):
        workspace = installation.as_(Role.OWNER, tenant)
        key = workspace.put("line", {"same": "value"})
        keep(workspace)
        digests.append(workspace.stored("line", key).digest)
    assert digests[0] != digests[1]


def test_after_its_key_is_destroyed_nothing_of_a_tenant_opens(installation) -> None:
    workspace = installation.as_(Role.OWNER)
    key = workspace.put("line", {"a": 1})
    keep(workspace)
    installation.keys.destroy("north", at=installation.clock())
    workspace.data_keys.forget("north")
    KEPT.drop("north")
    with pytest.raises(KeyUnavailable):
        installation.as_(Role.OWNER).get("line", key)


def test_what_another_process_seals_after_an_erasure_is_not_kept(installation) -> None:
    late = installation.as_(Role.OWNER)
    late.put("line", {"a": 1})
    with installation.store.writing() as tx:
        storage_values.remove_keys(tx, "north")
    with pytest.raises(KeyUnavailable):
        keep(late)
    fresh = installation.as_(Role.OWNER)
    key = fresh.put("line", {"a": 2})
    keep(fresh)
    assert fresh.get("line", key) == {"a": 2}


def test_after_a_rotation_old_and_new_values_open(installation) -> None:
    workspace = installation.as_(Role.OWNER)
    old = workspace.put("line", "old")
    keep(workspace)
    installation.keys.rotate("north", at=installation.clock())
    with installation.store.writing() as tx:
        for key, wrapped in workspace.data_keys.rewrapped(storage_values.keys_of(tx, "north")).items():
            storage_values.set_wrapped(tx, "north", key, wrapped)
    workspace.data_keys.forget("north")
    KEPT.drop("north")
    fresh = installation.as_(Role.OWNER)
    new = fresh.put("line", "new")
    keep(fresh)
    assert (fresh.get("line", old), fresh.get("line", new)) == ("old", "new")


def test_delivered_values_can_be_read_by_their_owner_only(installation) -> None:
    admin, owner = installation.as_(Role.SYSTEM_ADMIN), installation.as_(Role.OWNER)
    key = admin.deliver("north", "notice", {"reason": "look"})
    keep(admin)
    assert owner.get("notice", key) == {"reason": "look"}
    with pytest.raises(MissingError):
        admin.get("notice", key)


def test_opened_values_are_kept_for_a_moment_and_within_bounds() -> None:
    kept = Kept(seconds=60.0, most=1000)
    for number in range(10):
        kept.put("north", str(number), number, size=200)
    kept.put("north", "large", "x", size=400)
    assert [kept.get("north", str(number)) for number in (0, 9)] == [None, 9]
    assert kept.get("north", "large") is None
    assert kept.get("south", "9") is None
    kept.drop("north")
    assert kept.get("north", "9") is None
    short = Kept(seconds=-1.0)
    short.put("north", "a", 1, size=1)
    assert short.get("north", "a") is None
