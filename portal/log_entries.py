"""Entries of the log as officers see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.storage_ledger import EntryRow
from privacy.audit import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log: when, who (a pseudonym), which action, on what, how it was decided.

    `fields` are those of the catalogue that were opened; `decision` is allowed or refused; `reason` the code of a
    refusal or the stated reason of a break-glass.
    """

    seq: int
    at: datetime
    tenant: str
    actor: str
    role: str
    action: str
    decision: str
    purpose: str
    fields: tuple[str, ...]
    resources: tuple[str, ...]
    policies: tuple[str, ...]
    reason: str


def entry_of(row: EntryRow) -> Entry:
    """Return a stored entry as it is shown."""
    entry = AuditEntry.from_bytes(row.entry)
    return Entry(
        seq=row.seq,
        at=entry.time,
        tenant=entry.tenant,
        actor=entry.actor,
        role=entry.role,
        action=entry.action,
        decision=entry.decision,
        purpose=entry.purpose,
        fields=entry.fields,
        resources=tuple(entry.resource.split()),
        policies=entry.policies,
        reason=entry.reason,
    )
