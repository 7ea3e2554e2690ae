"""A tenant's own copy of the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.audit import AuditEntry, append
from privacy.checkpoint import new_log_key, sign_checkpoint, verifier_key
from privacy.merkle import Frontier, inclusion_proof, inclusion_proofs, leaf_hash
from privacy.tenant_copy import is_copy, verify_copy, write_copy
from privacy.vault import PrivacyError

AT = datetime(2026, 11, 26, tzinfo=UTC)
SEED, NAME = bytes(range(32)), "mingsuan/log"
KEY = verifier_key(SEED, name=NAME)


def copy_of(size: int = 11, *, tenant: str = "acme") -> bytes:
    frontier, rows = Frontier(), []
    for number in range(size):
        whose = "acme" if number % 2 else "other"
        added = append(frontier, AuditEntry(time=AT, actor="m-1", role="owner", tenant=whose, action="appraise"))
        frontier = added.frontier
        rows.append((added.index, added.data, added.leaf))
    note = sign_checkpoint(SEED, name=NAME, size=size, root=frontier.root, at=AT, previous=None)
    mine = [(index, data) for index, data, _ in rows if f'"tenant":"{tenant}"'.encode() in data]
    return write_copy(mine, leaves=[row[2] for row in rows], checkpoint=note, key=KEY, tenant=tenant, at=AT)


def test_a_copy_holds_only_the_tenants_entries_and_verifies_alone() -> None:
    data = copy_of()
    assert is_copy(data)
    report = verify_copy(data, public_key=KEY)
    assert (report.passed, report.entries, report.pinned) == (True, 5, True)
    assert b"other" not in data


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"appraise", b"datasets"), (b'"index": 3', b'"index": 4'), (b'"role": "owner"', b'"role": "rep"')],
)
def test_a_changed_entry_is_named(old, new) -> None:
    report = verify_copy(copy_of().replace(old, new, 1), public_key=KEY)
    assert (report.passed, report.code) == (False, "entry_changed")


def test_entries_of_another_tenant_another_key_or_no_copy_at_all_are_refused() -> None:
    held = json.loads(copy_of())
    assert verify_copy(json.dumps({**held, "tenant": "other"}).encode()).code == "entry_changed"
    assert verify_copy(copy_of(), public_key=verifier_key(new_log_key(), name=NAME)).code == "key_differs"
    for data in (b"", b"{}", b"[" * 100_000, json.dumps({**held, "entries": 3}).encode()):
        assert verify_copy(data).code == "not_an_export"
    forged = held["checkpoint"].replace("\n11\n", "\n12\n")
    assert not verify_copy(json.dumps({**held, "checkpoint": forged}).encode()).passed


@given(st.integers(1, 70), st.data())
def test_many_proofs_at_once_are_the_same_as_one_by_one(size, data) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    indices = data.draw(st.lists(st.integers(0, size - 1), max_size=9))
    assert inclusion_proofs(leaves, indices) == tuple(inclusion_proof(leaves, index) for index in indices)


def test_a_proof_of_an_entry_that_is_not_there_is_refused() -> None:
    with pytest.raises(PrivacyError):
        inclusion_proofs([leaf_hash(b"a")], [1])
