"""Notes in the log: who did what, appended to the tree, its new head signed, in the action's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from portal.identity import Member
from portal.rooms import LOG, NAMES, DataKeys, installation_key
from portal.storage import Transaction
from portal.storage_ledger import EntryRow, add_checkpoint, add_entry, lock_head, newest_checkpoint
from privacy.audit import AuditEntry, append, pseudonym
from privacy.checkpoint import sign_checkpoint
from privacy.merkle import Frontier

LOG_NAME = "mingsuan/log"


def entry_of(
    data_keys: DataKeys,
    tx: Transaction,
    *,
    member: Member,
    tenant: str,
    action: str,
    touched: Mapping[str, str],
    fields: Collection[str] = (),
    purpose: str,
    decision: str,
    policies: Sequence[str],
    reason: str,
    at: datetime,
) -> AuditEntry:
    """Return the entry of an action: the member under his pseudonym, what he touched by id and digest, no value."""
    return AuditEntry(
        time=at,
        actor=pseudonym(installation_key(data_keys, NAMES, at=at, tx=tx), member.id),
        role=str(member.role),
        tenant=tenant,
        action=action,
        resource=" ".join(list(touched)[-MOST_RESOURCES:]),
        fields=tuple(sorted(fields)),
        purpose=purpose,
        decision="allowed" if decision == "allowed" else "refused",
        policies=tuple(policies),
        reason=reason,
        digests=tuple(digest for digest in touched.values() if digest)[-MOST_RESOURCES:],
    )


MOST_RESOURCES = 24
"""How many values an audit entry names one by one: the last ones, since what an action writes comes at its end."""


def write_entry(data_keys: DataKeys, tx: Transaction, entry: AuditEntry) -> int:
    """Append an entry to the log and sign the new head, in the open transaction; returns the entry's position."""
    at = entry.time.timestamp()
    seed = installation_key(data_keys, LOG, at=entry.time, tx=tx)
    edge = lock_head(tx)
    appended = append(Frontier.from_bytes(edge) if edge else Frontier(), entry)
    row = EntryRow(
        seq=appended.index,
        at=at,
        tenant=entry.tenant,
        actor=entry.actor,
        action=entry.action,
        decision=entry.decision,
        entry=appended.data,
        leaf=appended.leaf,
    )
    add_entry(tx, row, edge=appended.frontier.to_bytes())
    size, root = appended.index + 1, appended.frontier.root
    before = newest_checkpoint(tx)
    note = sign_checkpoint(
        seed, name=LOG_NAME, size=size, root=root, at=entry.time, previous=None if before is None else before[2]
    )
    add_checkpoint(tx, size=size, at=at, note=note)
    return appended.index
