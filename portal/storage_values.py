"""Rows of sealed values and of wrapped data keys. Every query names the tenant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, api_answers, data_keys, records


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A data key as it is stored: wrapped by the key service for its tenant and purpose."""

    id: str
    tenant: str
    purpose: str
    wrapped: bytes
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A sealed value as it is stored. `sealed` is the value itself, `blobs` name what lies beside the database."""

    id: str
    tenant: str
    room: str
    kind: str
    slot: str
    digest: str
    inputs: tuple[str, ...]
    created_at: float
    author: str
    data_key: str
    sealed: bytes | None
    blobs: tuple[str, ...]
    size: int


_OUTSIDE = [column for column in records.c if column.name != "sealed"]


def add_key(tx: Transaction, row: KeyRow) -> None:
    """Store a wrapped data key."""
    tx.run(
        sa.insert(data_keys).values(
            id=row.id, tenant=row.tenant, purpose=row.purpose, wrapped=row.wrapped, created_at=row.created_at
        )
    )


def key_by_id(tx: Transaction, tenant: str, key: str) -> KeyRow | None:
    """Return one data key of a tenant."""
    found = tx.one(sa.select(data_keys).where(data_keys.c.tenant == tenant, data_keys.c.id == key))
    return None if found is None else _key(found)


def key_in_use(tx: Transaction, tenant: str, purpose: str) -> KeyRow | None:
    """Return the key that new values of a tenant are sealed with: the oldest that is not retired, so that two that
    were made at the same moment by two processes do not compete."""
    query = (
        sa.select(data_keys)
        .where(data_keys.c.tenant == tenant, data_keys.c.purpose == purpose, data_keys.c.retired_at.is_(None))
        .order_by(data_keys.c.created_at, data_keys.c.id)
        .limit(1)
    )
    found = tx.one(query)
    return None if found is None else _key(found)


def keys_of(tx: Transaction, tenant: str) -> list[KeyRow]:
    """Return every data key of a tenant."""
    return [_key(row) for row in tx.all(sa.select(data_keys).where(data_keys.c.tenant == tenant))]


def set_wrapped(tx: Transaction, tenant: str, key: str, wrapped: bytes, *, was: bytes | None = None) -> None:
    """Replace a data key's wrapping after the tenant key was rotated; with `was` only where it is still that one."""
    ours = sa.and_(data_keys.c.tenant == tenant, data_keys.c.id == key)
    if was is not None:
        ours = sa.and_(ours, data_keys.c.wrapped == was)
    tx.run(sa.update(data_keys).where(ours).values(wrapped=wrapped))


def retire_keys(tx: Transaction, tenant: str, purpose: str, *, at: float) -> None:
    """New values get a new data key from now on; the old ones still open what they sealed."""
    tx.run(
        sa.update(data_keys)
        .where(data_keys.c.tenant == tenant, data_keys.c.purpose == purpose, data_keys.c.retired_at.is_(None))
        .values(retired_at=at)
    )


def retire_unused(tx: Transaction, tenant: str, purpose: str, *, at: float) -> list[KeyRow]:
    """Retire the keys of a purpose that no value of the tenant is sealed with any more; returns them."""
    used = sa.exists(sa.select(records.c.id).where(records.c.tenant == tenant, records.c.data_key == data_keys.c.id))
    unused = sa.and_(
        data_keys.c.tenant == tenant, data_keys.c.purpose == purpose, data_keys.c.retired_at.is_(None), ~used
    )
    rows = [_key(row) for row in tx.all(sa.select(data_keys).where(unused))]
    if rows:
        tx.run(sa.update(data_keys).where(data_keys.c.id.in_([row.id for row in rows])).values(retired_at=at))
    return rows


def retired_keys(tx: Transaction, purpose: str) -> list[KeyRow]:
    """Return the retired keys of a purpose, of every tenant."""
    query = sa.select(data_keys).where(data_keys.c.purpose == purpose, data_keys.c.retired_at.is_not(None))
    return [_key(row) for row in tx.all(query)]


def remove_key(tx: Transaction, tenant: str, key: str) -> None:
    """Remove one data key of a tenant."""
    tx.run(sa.delete(data_keys).where(data_keys.c.tenant == tenant, data_keys.c.id == key))


def remove_sealed_with(tx: Transaction, tenant: str, key: str) -> tuple[str, ...]:
    """Remove the values that were sealed with a data key; returns the names of their blobs."""
    where = sa.and_(records.c.tenant == tenant, records.c.data_key == key)
    names = [name for row in tx.all(sa.select(records.c.blobs).where(where)) for name in json.loads(row["blobs"])]
    tx.run(sa.delete(records).where(where))
    return tuple(names)


def remove_keys(tx: Transaction, tenant: str) -> None:
    """Remove all data keys of a tenant."""
    tx.run(sa.delete(data_keys).where(data_keys.c.tenant == tenant))


def add_record(tx: Transaction, row: Row) -> None:
    """Store a sealed value."""
    tx.run(
        sa.insert(records).values(
            id=row.id,
            tenant=row.tenant,
            room=row.room,
            kind=row.kind,
            slot=row.slot,
            digest=row.digest,
            inputs=json.dumps(row.inputs),
            created_at=row.created_at,
            author=row.author,
            data_key=row.data_key,
            sealed=row.sealed,
            blobs=json.dumps(row.blobs),
            size=row.size,
        )
    )


def record(tx: Transaction, tenant: str, room: str, kind: str, key: str) -> Row | None:
    """Return one value of a tenant's room, sealed."""
    found = tx.one(sa.select(records).where(_within(tenant, room, kind), records.c.id == key))
    return None if found is None else _row(found)


def list_records(tx: Transaction, tenant: str, room: str, kind: str, *, limit: int = 1000) -> list[Row]:
    """Return what is kept of a kind, newest first, without the sealed bytes."""
    query = sa.select(*_OUTSIDE).where(_within(tenant, room, kind)).order_by(*_NEWEST).limit(limit)
    return [_row(found) for found in tx.all(query)]


def latest_record(tx: Transaction, tenant: str, room: str, kind: str, slot: str | None) -> Row | None:
    """Return the newest of a kind, in a slot where one is named, without the sealed bytes."""
    query = sa.select(*_OUTSIDE).where(_within(tenant, room, kind)).order_by(*_NEWEST).limit(1)
    if slot is not None:
        query = query.where(records.c.slot == slot)
    found = tx.one(query)
    return None if found is None else _row(found)


def heads(tx: Transaction, tenant: str, room: str, kinds: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return for each kind how many values there are and the id of the newest."""
    query = (
        sa.select(records.c.kind, records.c.id, records.c.created_at)
        .where(records.c.tenant == tenant, records.c.room == room, records.c.kind.in_(kinds))
        .order_by(*_NEWEST)
    )
    found: dict[str, tuple[int, str]] = {}
    for row in tx.all(query):
        count, newest = found.get(row["kind"], (0, row["id"]))
        found[row["kind"]] = (count + 1, newest)
    return found


def first_at(tx: Transaction, tenant: str, room: str, kind: str) -> float | None:
    """Return when the oldest value of a kind that is still there was kept, or None."""
    query = sa.select(sa.func.min(records.c.created_at).label("first")).where(_within(tenant, room, kind))
    found = tx.one(query)
    return None if found is None or found["first"] is None else float(found["first"])


def made_from(tx: Transaction, tenant: str, room: str) -> list[Row]:
    """Return every value of a room, without the sealed bytes: what was made from what."""
    query = sa.select(*_OUTSIDE).where(records.c.tenant == tenant, records.c.room == room)
    return [_row(found) for found in tx.all(query)]


def key_of(tx: Transaction, tenant: str, value: str, *, purpose: str) -> str:
    """Return the id of the data key of a purpose that a value is sealed with, or ""."""
    joined = records.join(data_keys, data_keys.c.id == records.c.data_key)
    query = sa.select(data_keys.c.id).select_from(joined).where(records.c.tenant == tenant, records.c.id == value)
    found = tx.one(query.where(data_keys.c.purpose == purpose))
    return "" if found is None else str(found["id"])


def remove_record(tx: Transaction, tenant: str, room: str, kind: str, key: str) -> tuple[str, ...] | None:
    """Remove a value and return the names of its blobs, which are to be deleted; None where there was no value."""
    where = sa.and_(_within(tenant, room, kind), records.c.id == key)
    found = tx.one(sa.select(records.c.blobs).where(where))
    if found is None:
        return None
    tx.run(sa.delete(records).where(where))
    return tuple(json.loads(found["blobs"]))


def remove_in_slot(tx: Transaction, tenant: str, room: str, kind: str, slot: str, *, but: str) -> tuple[str, ...]:
    """Remove the values of a slot but one; returns the names of their blobs."""
    where = sa.and_(_within(tenant, room, kind), records.c.slot == slot, records.c.id != but)
    names = [name for row in tx.all(sa.select(records.c.blobs).where(where)) for name in json.loads(row["blobs"])]
    tx.run(sa.delete(records).where(where))
    return tuple(names)


def remove_tenant_records(tx: Transaction, tenant: str) -> tuple[str, ...]:
    """Remove every value of a tenant, kept answers to its programs too; returns the names of the blobs."""
    tx.run(sa.delete(api_answers).where(api_answers.c.tenant == tenant))
    query = sa.select(records.c.blobs).where(records.c.tenant == tenant)
    names = [name for row in tx.all(query) for name in json.loads(row["blobs"])]
    tx.run(sa.delete(records).where(records.c.tenant == tenant))
    return tuple(names)


def remove_older(tx: Transaction, kinds: Sequence[str], *, before: float) -> list[tuple[str, tuple[str, ...]]]:
    """Remove values of these kinds that are older, of every tenant; returns tenant and blobs of each."""
    where = sa.and_(records.c.kind.in_(kinds), records.c.created_at < before)
    rows = tx.all(sa.select(records.c.tenant, records.c.blobs).where(where))
    if rows:
        tx.run(sa.delete(records).where(where))
    return [(row["tenant"], tuple(json.loads(row["blobs"]))) for row in rows]


def counts(tx: Transaction, tenant: str) -> list[dict[str, Any]]:
    """Return for each kind of a tenant: kind, values, bytes, newest (time). Nothing of what they hold."""
    query = (
        sa.select(
            records.c.kind,
            sa.func.count().label("values"),
            sa.func.sum(records.c.size).label("bytes"),
            sa.func.max(records.c.created_at).label("newest"),
        )
        .where(records.c.tenant == tenant)
        .group_by(records.c.kind)
        .order_by(records.c.kind)
    )
    return tx.all(query)


def totals(tx: Transaction) -> dict[str, tuple[int, int]]:
    """Return values and bytes by tenant, for the administrator's list."""
    query = sa.select(
        records.c.tenant, sa.func.count().label("values"), sa.func.sum(records.c.size).label("bytes")
    ).group_by(records.c.tenant)
    return {row["tenant"]: (int(row["values"]), int(row["bytes"] or 0)) for row in tx.all(query)}


_NEWEST = (records.c.created_at.desc(), records.c.id.desc())


def _within(tenant: str, room: str, kind: str) -> sa.ColumnElement[bool]:
    return sa.and_(records.c.tenant == tenant, records.c.room == room, records.c.kind == kind)


def _key(row: dict[str, Any]) -> KeyRow:
    return KeyRow(
        id=row["id"],
        tenant=row["tenant"],
        purpose=row["purpose"],
        wrapped=bytes(row["wrapped"]),
        created_at=row["created_at"],
    )


def _row(row: dict[str, Any]) -> Row:
    sealed = row.get("sealed")
    return Row(
        id=row["id"],
        tenant=row["tenant"],
        room=row["room"],
        kind=row["kind"],
        slot=row["slot"],
        digest=row["digest"],
        inputs=tuple(json.loads(row["inputs"])),
        created_at=row["created_at"],
        author=row["author"],
        data_key=row["data_key"],
        sealed=None if sealed is None else bytes(sealed),
        blobs=tuple(json.loads(row["blobs"])),
        size=row["size"],
    )
