"""Rooms: sealing and opening for one tenant, and the few keys that belong to the installation itself.

Data keys are random, one in use for each tenant and purpose, stored wrapped by the key service. Unwrapped they live in
the memory of this process for at most a minute after their last unwrapping, by tenant, and nowhere else. Those of a
tenant that holds its own key are sealed under its secret besides (`portal.custody`).
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.identity import VENDOR
from portal.secrets_held import Secrets
from portal.storage import LOCKED, Store, Transaction, new_id
from portal.storage_values import KeyRow, add_key, key_by_id, key_in_use
from privacy.checkpoint import new_log_key
from privacy.custody import guard, is_guarded, unguard
from privacy.keys import KeyService, KeyUnavailable
from privacy.vault import Place, SealBroken, derive, digest_hmac, new_data_key, open_sealed, seal

KEPT_SECONDS = 60.0
SEAL, DIGEST = "seal", "digest"
OWN = "own"  # of one dataset, see `own_keys`
RECOVERY = "recovery"  # the other way into a tenant's lock, see `custody`
LOG, NAMES, RECEIPTS = "log", "names", "receipts"


@dataclass(frozen=True, slots=True)
class _Kept:
    id: str
    key: bytes
    until: float


class DataKeys:
    """The unwrapped data keys of this process."""

    def __init__(self, store: Store, keys: KeyService) -> None:
        self._store = weakref.ref(store)
        self.keys = keys
        self.secrets = Secrets()
        self._by_id: dict[tuple[str, str], _Kept] = {}
        self._in_use: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.Lock()

    def in_use(self, tenant: str, purpose: str, *, at: datetime, tx: Transaction | None = None) -> tuple[str, bytes]:
        """Return id and bytes of the key that new values are sealed with; makes one where there is none.

        Raises `privacy.keys.KeyUnavailable` where the tenant's key was destroyed.
        """
        kept = self._in_use.get((tenant, purpose))
        if kept is None or kept.until < time.monotonic():
            with self._reading(tx) as reading:
                row = key_in_use(reading, tenant, purpose)
            if row is None:
                row = self._make(tenant, purpose, at=at, tx=tx)
            kept = self._keep(row, tx)
            if tx is None:  # what an open transaction made may still be rolled back
                with self._lock:
                    self._in_use[tenant, purpose] = kept
        return kept.id, kept.key

    def by_id(self, tenant: str, key: str, *, tx: Transaction | None = None) -> bytes:
        """Return a data key of a tenant; `SealBroken` where the tenant has no such key."""
        kept = self._by_id.get((tenant, key))
        if kept is None or kept.until < time.monotonic():
            with self._reading(tx) as reading:
                row = key_by_id(reading, tenant, key)
            if row is None:
                raise SealBroken("the value names a data key that this tenant does not have")
            kept = self._keep(row, tx)
        return kept.key

    def lock_id(self, tenant: str, tx: Transaction | None = None) -> str:
        """Return the id of the lock that a tenant has put over its data keys; "" where it has none."""
        if tenant == VENDOR:
            return ""
        with self._reading(tx) as reading:
            row = key_in_use(reading, tenant, LOCKED)
        return "" if row is None else row.id

    def locked(self, tenant: str) -> bool:
        """Say whether nothing of a tenant opens now, because nobody of its people has opened its lock."""
        return tenant not in self.secrets.tenants() and self.lock_id(tenant) != ""

    def guarded(self, row_place: Place, key: bytes, *, tx: Transaction | None = None) -> tuple[bytes, str]:
        """Return a new data key as it is to be wrapped, and the id of the lock that it is under.

        Raises `privacy.custody.TenantLocked`, and `KeyUnavailable` (lock_changed) where a lock open here is gone
        from the database: somebody took it away there, and nothing new may be sealed without it.
        """
        lock = self.lock_id(row_place.tenant, tx)
        if not lock:
            if row_place.tenant in self.secrets.tenants():
                raise self._lock_changed(row_place.tenant)
            return key, lock
        return guard(self.secrets.of(row_place.tenant, lock), key, place=row_place), lock

    def add(self, tx: Transaction, row: KeyRow, *, lock: str) -> None:
        """Store a new data key; raises `KeyUnavailable` (lock_changed) where its tenant has another lock by now."""
        if self.lock_id(row.tenant, tx) != lock:
            raise self._lock_changed(row.tenant)
        add_key(tx, row)

    @staticmethod
    def _lock_changed(tenant: str) -> KeyUnavailable:
        return KeyUnavailable(
            "the lock was changed meanwhile", code="lock_changed", place=tenant, remedy="Begin again."
        )

    def hold(self, row: KeyRow, key: bytes) -> None:
        """Keep a key that was just made, so that its value can be read at once."""
        with self._lock:
            self._by_id[row.tenant, row.id] = _Kept(row.id, key, time.monotonic() + KEPT_SECONDS)

    def must_stand(self, tx: Transaction, tenant: str, key: str) -> None:
        """Refuse to write what is sealed with a data key that was removed meanwhile (an erasure by another process).

        Raises `privacy.keys.KeyUnavailable` (key_missing).
        """
        if key_by_id(tx, tenant, key) is None:
            self.forget(tenant)
            raise KeyUnavailable(
                "the workspace was erased while this was being made",
                code="key_missing",
                place=tenant,
                remedy="Begin again.",
            )

    def forget(self, tenant: str, key: str | None = None) -> None:
        """Drop what is kept of a tenant, or one of its keys."""
        with self._lock:
            for kept in (self._by_id, self._in_use):
                for place in [place for place in kept if place[0] == tenant and key in {None, kept[place].id}]:
                    del kept[place]

    def rewrapped(self, rows: Sequence[KeyRow]) -> dict[str, bytes]:
        """Return data keys wrapped under the newest version of their tenant's key, by id."""
        return {
            row.id: self.keys.rewrap(row.tenant, row.wrapped, place=key_place(row.tenant, row.id, row.purpose))
            for row in rows
        }

    def _make(self, tenant: str, purpose: str, *, at: datetime, tx: Transaction | None) -> KeyRow:
        if self.keys.status(tenant).state == "missing":
            try:
                self.keys.create_key(tenant, at=at)
            except KeyUnavailable as error:
                if error.code != "key_exists":  # another process was quicker
                    raise
        key = new_log_key() if purpose in {LOG, RECEIPTS} else new_data_key()
        name = new_id()
        place = key_place(tenant, name, purpose)
        inner, lock = self.guarded(place, key, tx=tx)
        wrapped = self.keys.wrap(tenant, inner, place=place)
        row = KeyRow(id=name, tenant=tenant, purpose=purpose, wrapped=wrapped, created_at=at.timestamp())
        with self._writing(tx) as writing:
            other = key_in_use(writing, tenant, purpose)  # another process may have been quicker
            if other is not None:
                return other
            self.add(writing, row, lock=lock)
        return row

    def _keep(self, row: KeyRow, tx: Transaction | None) -> _Kept:
        key = unwrapped(self.keys, row)
        if is_guarded(key):
            key = unguard(self.secrets.of(row.tenant), key, place=key_place(row.tenant, row.id, row.purpose))
        elif self.lock_id(row.tenant, tx):  # put in beside the lock, so that what is sealed with it opens without
            raise SealBroken("a data key is not under its tenant's lock")
        kept = _Kept(row.id, key, time.monotonic() + KEPT_SECONDS)
        with self._lock:
            self._by_id[row.tenant, row.id] = kept
        return kept

    @property
    def store(self) -> Store:
        store = self._store()
        if store is None:
            raise RuntimeError("the store of these data keys is closed")
        return store

    @contextlib.contextmanager
    def _reading(self, tx: Transaction | None) -> Iterator[Transaction]:
        if tx is not None:
            yield tx
        else:
            with self.store.reading() as reading:
                yield reading

    @contextlib.contextmanager
    def _writing(self, tx: Transaction | None) -> Iterator[Transaction]:
        if tx is not None:
            yield tx
        else:
            with self.store.writing() as writing:
                yield writing


_held: weakref.WeakKeyDictionary[Store, DataKeys] = weakref.WeakKeyDictionary()
_held_lock = threading.Lock()


def data_keys_of(store: Store, keys: KeyService) -> DataKeys:
    """Return the data keys of this process for a store and its key service."""
    with _held_lock:
        held = _held.get(store)
        if held is None or held.keys is not keys:
            held = _held[store] = DataKeys(store, keys)
        return held


def key_place(tenant: str, key: str, purpose: str) -> Place:
    """Return the place that a data key is wrapped for."""
    return Place(tenant=tenant, workspace="", kind="data_key", id=key, version=purpose)


def own_ring(tenant: str, key: str) -> str:
    """Return the name in the key service of the key that wraps one dataset's data key."""
    return f"{tenant}/{key}"


def unwrapped(keys: KeyService, row: KeyRow) -> bytes:
    """Return a stored data key as its key service opens it: in custody still sealed under its tenant's secret.

    Raises `KeyUnavailable`, `SealBroken`.
    """
    place = key_place(row.tenant, row.id, row.purpose)
    inner = keys.unwrap(row.tenant, row.wrapped, place=place)
    return keys.unwrap(own_ring(row.tenant, row.id), inner, place=place) if row.purpose == OWN else inner


class Room:
    """Seals and opens the values of one tenant's room."""

    def __init__(self, data_keys: DataKeys, tenant: str, name: str = "main") -> None:
        self.data_keys = data_keys
        self.tenant = tenant
        self.name = name

    def place(self, kind: str, value: str, version: str = "1") -> Place:
        """Return the one place where a value can be opened."""
        return Place(tenant=self.tenant, workspace=self.name, kind=kind, id=value, version=version)

    def seal(
        self, kind: str, value: str, data: bytes, *, at: datetime, tx: Transaction | None = None
    ) -> tuple[str, bytes]:
        """Return the id of the data key and the sealed bytes."""
        name, key = self.data_keys.in_use(self.tenant, SEAL, at=at, tx=tx)
        return name, seal(key, data, place=self.place(kind, value))

    def open(self, kind: str, value: str, sealed: bytes, *, key: str, tx: Transaction | None = None) -> bytes:
        """Open what was sealed for this place; raises `privacy.vault.SealBroken` for anything else."""
        return open_sealed(self.data_keys.by_id(self.tenant, key, tx=tx), sealed, place=self.place(kind, value))

    def digest(self, data: bytes, *, at: datetime, tx: Transaction | None = None) -> str:
        """Return the keyed digest of a value: equal values of two tenants do not look alike."""
        return digest_hmac(self.data_keys.in_use(self.tenant, DIGEST, at=at, tx=tx)[1], data)

    def slot(self, kind: str, name: str, *, at: datetime, tx: Transaction | None = None) -> str:
        """Return under which keyed name a value is found again by its plain name within a kind."""
        return self.digest(f"slot\0{kind}\0{name}".encode(), at=at, tx=tx) if name else ""


def installation_key(data_keys: DataKeys, purpose: str, *, at: datetime, tx: Transaction | None = None) -> bytes:
    """Return a secret of the installation: `LOG` signs checkpoints, `NAMES` makes pseudonyms, `RECEIPTS` signs receipts
    and watermarks. It is wrapped under the vendor's key."""
    return data_keys.in_use(VENDOR, purpose, at=at, tx=tx)[1]


def account_secret(data_keys: DataKeys, purpose: str, *, at: datetime, tx: Transaction | None = None) -> bytes:
    """Return a key derived for one use of the vendor's own account data (e-mail codes, provider secrets, handles)."""
    return derive(installation_key(data_keys, NAMES, at=at, tx=tx), purpose)
