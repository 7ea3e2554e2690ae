"""Rows of the audit log: entries in order, the tree's right edge, signed checkpoints.

There is one log for an installation. Whoever appends locks the head row first and commits soon after, so entries stand
in the order of their commits, without gaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, audit, checkpoints, log_head


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry as it is stored: `entry` is the canonical JSON that is hashed, the rest is for filtering."""

    seq: int
    at: float
    tenant: str
    actor: str
    action: str
    decision: str
    entry: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted; empty fields want all."""

    tenant: str = ""
    actor: str = ""
    action: str = ""
    decision: str = ""
    since: float | None = None
    until: float | None = None
    before: int | None = None


def lock_head(tx: Transaction) -> bytes:
    """Return the tree's right edge and keep others from appending until this transaction ends."""
    found = tx.one(sa.select(log_head.c.peaks).where(log_head.c.id == 1).with_for_update())
    if found is None:
        raise RuntimeError("the log has no head; call Store.create() first")
    return bytes.fromhex(found["peaks"])


def read_head(tx: Transaction) -> tuple[int, bytes]:
    """Return the number of entries and the tree's right edge."""
    found = tx.one(sa.select(log_head).where(log_head.c.id == 1))
    return (0, b"") if found is None else (int(found["size"]), bytes.fromhex(found["peaks"]))


def add_entry(tx: Transaction, row: EntryRow, *, edge: bytes) -> None:
    """Append one entry; `edge` is the tree's right edge with it. The head must be locked."""
    tx.run(
        sa.insert(audit).values(
            seq=row.seq,
            at=row.at,
            tenant=row.tenant,
            actor=row.actor,
            action=row.action,
            decision=row.decision,
            entry=row.entry,
            leaf=row.leaf,
        )
    )
    tx.run(sa.update(log_head).where(log_head.c.id == 1).values(size=row.seq + 1, peaks=edge.hex()))


def entries(tx: Transaction, wanted: Filter, *, limit: int) -> list[EntryRow]:
    """Return entries that match, newest first."""
    query = sa.select(audit).where(*_matches(wanted)).order_by(audit.c.seq.desc()).limit(limit)
    return [_entry(row) for row in tx.all(query)]


def every_entry(tx: Transaction, *, first: int = 0, chunk: int = 2000) -> Iterator[EntryRow]:
    """Yield all entries in order."""
    while True:
        query = sa.select(audit).where(audit.c.seq >= first).order_by(audit.c.seq).limit(chunk)
        rows = tx.all(query)
        yield from map(_entry, rows)
        if len(rows) < chunk:
            return
        first = rows[-1]["seq"] + 1


def leaves(tx: Transaction, size: int) -> list[bytes]:
    """Return the leaf hashes of the first entries, in order."""
    query = sa.select(audit.c.leaf).where(audit.c.seq < size).order_by(audit.c.seq)
    return [bytes(row["leaf"]) for row in tx.all(query)]


def tally(tx: Transaction, wanted: Filter) -> list[dict[str, Any]]:
    """Count entries that match by tenant, actor, action and decision."""
    by = (audit.c.tenant, audit.c.actor, audit.c.action, audit.c.decision)
    query = sa.select(*by, sa.func.count().label("entries")).where(*_matches(wanted)).group_by(*by)
    return tx.all(query)


def add_checkpoint(tx: Transaction, *, size: int, at: float, note: str) -> None:
    """Keep a signed checkpoint; the first one for a size stays."""
    if tx.one(sa.select(checkpoints.c.size).where(checkpoints.c.size == size)) is None:
        tx.run(sa.insert(checkpoints).values(size=size, at=at, note=note))


def all_checkpoints(tx: Transaction) -> list[tuple[int, float, str]]:
    """Return the checkpoints by size: entries, time, signed note."""
    query = sa.select(checkpoints).order_by(checkpoints.c.size)
    return [(int(row["size"]), row["at"], row["note"]) for row in tx.all(query)]


def newest_checkpoint(tx: Transaction) -> tuple[int, float, str] | None:
    """Return the checkpoint of the largest size."""
    row = tx.one(sa.select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1))
    return None if row is None else (int(row["size"]), row["at"], row["note"])


def _matches(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    for column in ("tenant", "actor", "action", "decision"):
        value = getattr(wanted, column)
        if value:
            found.append(audit.c[column] == value)
    if wanted.since is not None:
        found.append(audit.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(audit.c.at < wanted.until)
    if wanted.before is not None:
        found.append(audit.c.seq < wanted.before)
    return found


def _entry(row: dict[str, Any]) -> EntryRow:
    return EntryRow(
        seq=int(row["seq"]),
        at=row["at"],
        tenant=row["tenant"],
        actor=row["actor"],
        action=row["action"],
        decision=row["decision"],
        entry=bytes(row["entry"]),
        leaf=bytes(row["leaf"]),
    )
