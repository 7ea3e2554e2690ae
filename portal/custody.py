"""The secrets of tenants that hold their own key: in the memory of this process, while their people are signed in.

A tenant's lock is two rows of its data keys, `storage.LOCKED` and `RECOVERY`: the secret under the passphrase
and under the recovery code, each wrapped by the key service once more. So rotation, erasure and backups know them
already. Every change of the lock makes a new secret, wraps all data keys anew and destroys the older versions of the
tenant's key: no copy from before opens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Queue
from typing import TYPE_CHECKING

from portal import kept, sessions
from portal.limits import Buckets, Rate
from portal.noting import write_entry
from portal.rooms import (
    LOG,
    NAMES,
    OWN,
    RECOVERY,
    DataKeys,
    data_keys_of,
    installation_key,
    key_place,
    own_ring,
    unwrapped,
)
from portal.storage import LOCKED, Store, Transaction, new_id
from portal.storage_values import KeyRow, add_key, key_in_use, keys_of, remove_key, set_wrapped
from privacy import passphrase
from privacy.audit import AuditEntry, pseudonym
from privacy.custody import guard, is_guarded, unguard
from privacy.keys import KeyService, KeyUnavailable, wrapped_version
from privacy.vault import PrivacyError, SealBroken, new_data_key

if TYPE_CHECKING:
    from portal.wiring import Portal

TRIES = Rate(burst=5, per_second=1 / 60)
"""How often one member may try words: five, then one a minute; Argon2id makes each try slow besides."""
GONE = frozenset({"key_destroyed", "key_missing", "key_retired"})
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock that is about to be put on: two rows for the database, and the secret for the memory."""

    rows: tuple[KeyRow, ...]
    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return self.rows[0].id


class Tries:
    """How often who may try."""

    def __init__(self) -> None:
        self._buckets = Buckets()
        self._turn = threading.Lock()

    def one(self, member: str) -> None:
        """Count a try; `PrivacyError` (too_many_tries, `seconds`) when it is one too many."""
        with self._turn:
            wait = self._buckets.wait(member, TRIES, at=time.monotonic())
        if wait:
            raise PrivacyError(
                "too many tries",
                code="too_many_tries",
                remedy="Wait, then try again; the recovery code opens too.",
                seconds=int(wait) + 1,
            )


def new_lock(tenant: str, *, words: str, code: str, at: datetime) -> Lock:
    """A fresh secret under a passphrase and a recovery code; slow on purpose. `PrivacyError` (passphrase_short)."""
    secret, rows = new_data_key(), []
    for purpose, said in ((LOCKED, words), (RECOVERY, code)):
        name = new_id()
        place = key_place(tenant, name, purpose)
        rows.append(
            KeyRow(
                id=name,
                tenant=tenant,
                purpose=purpose,
                wrapped=passphrase.lock(said, secret, place=place),  # the key service wraps it in `rekey`
                created_at=at.timestamp(),
            )
        )
    return Lock(rows=tuple(rows), secret=secret)


def opened_by(data_keys: DataKeys, tenant: str, said: str, *, purpose: str = LOCKED) -> tuple[str, bytes]:
    """The lock's id and the secret, by the words that belong to it.

    `SealBroken` (wrong_passphrase); `KeyUnavailable` (key_missing) where the tenant has no lock.
    """
    with data_keys.store.reading() as tx:
        lock, row = key_in_use(tx, tenant, LOCKED), key_in_use(tx, tenant, purpose)
    if lock is None or row is None:
        raise KeyUnavailable(
            "this workspace has no key of its own", code="no_own_key", place=tenant, remedy="Nothing is to be opened."
        )
    held = unwrapped(data_keys.keys, row)
    return lock.id, passphrase.unlock(said, held, place=key_place(tenant, row.id, purpose))


def rekey(
    data_keys: DataKeys, tx: Transaction, tenant: str, *, was: str, old: bytes | None, new: Lock | None, at: datetime
) -> None:
    """Take the data keys of a tenant from one lock (`was`, its secret `old`) to another, in one transaction.

    Both may be none. `KeyUnavailable` (key_missing) where somebody else was quicker. What no key opens any more stays
    so. The older versions of the tenant's key go with `finish`, after the transaction.
    """
    keys = data_keys.keys
    if data_keys.lock_id(tenant, tx) != was:
        raise KeyUnavailable(
            "the lock was changed meanwhile", code="lock_changed", place=tenant, remedy="Look again, then decide."
        )
    rows = keys_of(tx, tenant)
    plain = {row.id: key for row in rows if row.purpose not in {LOCKED, RECOVERY} for key in _opened(keys, row, old)}
    keys.rotate(tenant, at=at, grace=timedelta(0))
    for row in rows:
        if row.purpose in {LOCKED, RECOVERY}:
            remove_key(tx, tenant, row.id)
        elif row.id in plain:
            place = key_place(tenant, row.id, row.purpose)
            inner = plain[row.id] if new is None else guard(new.secret, plain[row.id], place=place)
            if row.purpose == OWN:
                inner = keys.wrap(own_ring(tenant, row.id), inner, place=place)
            set_wrapped(tx, tenant, row.id, keys.wrap(tenant, inner, place=place))
    for row in () if new is None else new.rows:
        wrapped = keys.wrap(tenant, row.wrapped, place=key_place(tenant, row.id, row.purpose))
        add_key(
            tx,
            KeyRow(id=row.id, tenant=tenant, purpose=row.purpose, wrapped=wrapped, created_at=row.created_at),
        )


def _opened(keys: KeyService, row: KeyRow, secret: bytes | None) -> tuple[bytes, ...]:
    try:
        inner = unwrapped(keys, row)
    except KeyUnavailable as error:
        if error.code in GONE:
            return ()
        raise
    if secret is None:
        if is_guarded(inner):
            raise SealBroken("a data key is in custody, and its tenant has no lock")
        return (inner,)
    return (unguard(secret, inner, place=key_place(row.tenant, row.id, row.purpose)),)


def finish(data_keys: DataKeys, tenant: str, *, at: datetime) -> None:
    """Destroy the versions of a tenant's key that are over, where nothing is wrapped by them any more."""
    with data_keys.store.reading() as tx:
        rows = keys_of(tx, tenant)
    newest = data_keys.keys.status(tenant).version
    if rows and all(wrapped_version(row.wrapped) == newest for row in rows):
        data_keys.keys.retire(tenant, at=at)


def forget(data_keys: DataKeys, tenant: str) -> None:
    """Forget a tenant's secret and everything that was opened with it."""
    data_keys.secrets.drop(tenant)
    data_keys.forget(tenant)
    kept.forget(tenant)


def lock_signed_out(store: Store, data_keys: DataKeys, clock: Callable[[], datetime]) -> tuple[str, ...]:
    """Lock the tenants of whom nobody is signed in any more, with an entry in the log; returns which.

    What a page that was being drawn has put into a cache since is forgotten too.
    """
    held, at = data_keys.secrets.tenants(), clock()
    over = []
    for tenant in data_keys.secrets.known():
        if tenant in held:
            with store.reading() as tx:
                if sessions.somebody_signed_in(tx, tenant, now=at):
                    continue
            over.append(tenant)
        forget(data_keys, tenant)
    for tenant in over:
        _note(store, data_keys, tenant, at=at)
    return tuple(over)


def follow(portal: Portal, lines: Queue[bytes]) -> None:
    """In a worker: take over what its launcher tells, and forget with it; does not return."""
    data_keys = data_keys_of(portal.store, portal.keys)
    while True:
        tenant = data_keys.secrets.take(lines.get())
        data_keys.forget(tenant)
        kept.forget(tenant)


def _note(store: Store, data_keys: DataKeys, tenant: str, *, at: datetime) -> None:
    for purpose in (LOG, NAMES):
        installation_key(data_keys, purpose, at=at)
    with store.writing() as tx:
        entry = AuditEntry(
            time=at,
            actor=pseudonym(installation_key(data_keys, NAMES, at=at, tx=tx), SYSTEM),
            role=SYSTEM,
            tenant=tenant,
            action="close_key",
            resource=f"key/{data_keys.lock_id(tenant, tx)}",
            purpose="operation",
        )
        write_entry(data_keys, tx, entry)
