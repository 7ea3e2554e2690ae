"""The key service: tenant keys that wrap data keys.

A tenant key never leaves its service. What leaves is a *wrapped* data key: bytes that name suite and key version and
open only for the tenant and place they were wrapped for. `LocalKeys` keeps tenant keys in a folder, sealed under a root
key; `MemoryKeys` is its twin without a disk; services of clouds and HSMs live in `portal/clouds.py`. All pass one suite
of tests (`tests/contracts/test_key_services.py`).

Life of a tenant key: `create_key` -> `rotate` (a new version wraps; older ones still open until their grace ends) ->
`retire` (versions past their grace are destroyed) -> `destroy` (erasure: nothing sealed under the tenant opens again,
from no backup; the tombstone stays, so the name cannot be created again).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from privacy.vault import Place, PrivacyError

GRACE = timedelta(days=7)


class KeyUnavailable(PrivacyError):
    """No key, a destroyed or retired one, or a service that does not answer.

    Codes: key_missing, key_exists, key_destroyed, key_retired, keys_exposed, keys_inside_data, keys_unreadable.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """What may be told about a tenant's key: never the key."""

    tenant: str
    state: Literal["active", "destroyed", "missing"]
    version: int  # the one that wraps; 0 without a key
    oldest: int  # the oldest version that still opens
    created_at: datetime | None
    rotated_at: datetime | None
    destroyed_at: datetime | None


class KeyService(Protocol):
    """Wraps and unwraps data keys under tenant keys. Time is handed in as `at` (aware, UTC)."""

    def create_key(self, tenant: str, *, at: datetime) -> KeyStatus: ...
    def wrap(self, tenant: str, data_key: bytes, *, place: Place) -> bytes: ...
    def unwrap(self, tenant: str, wrapped: bytes, *, place: Place) -> bytes: ...
    def rotate(self, tenant: str, *, at: datetime, grace: timedelta = GRACE) -> KeyStatus: ...
    def rewrap(self, tenant: str, wrapped: bytes, *, place: Place) -> bytes:
        """The same data key under the newest version; unchanged bytes when it is there already."""
        ...

    def retire(self, tenant: str, *, at: datetime) -> KeyStatus:
        """Destroy the versions whose grace has ended by `at`."""
        ...

    def destroy(self, tenant: str, *, at: datetime) -> KeyStatus: ...
    def status(self, tenant: str) -> KeyStatus: ...


class MemoryKeys:
    """Tenant keys in memory: for tests, and the definition of how a key service behaves."""

    def create_key(self, tenant: str, *, at: datetime) -> KeyStatus:
        raise RuntimeError("being written")

    def wrap(self, tenant: str, data_key: bytes, *, place: Place) -> bytes:
        raise RuntimeError("being written")

    def unwrap(self, tenant: str, wrapped: bytes, *, place: Place) -> bytes:
        raise RuntimeError("being written")

    def rotate(self, tenant: str, *, at: datetime, grace: timedelta = GRACE) -> KeyStatus:
        raise RuntimeError("being written")

    def rewrap(self, tenant: str, wrapped: bytes, *, place: Place) -> bytes:
        raise RuntimeError("being written")

    def retire(self, tenant: str, *, at: datetime) -> KeyStatus:
        raise RuntimeError("being written")

    def destroy(self, tenant: str, *, at: datetime) -> KeyStatus:
        raise RuntimeError("being written")

    def status(self, tenant: str) -> KeyStatus:
        raise RuntimeError("being written")


class LocalKeys(MemoryKeys):
    """Tenant keys in a folder of mode 0700, each sealed under the folder's root key.

    `data_folder`, where given, may not contain the key folder (`keys_inside_data`): who copies the data must not get
    the keys with it. Makes folder and root key where there are none.
    """

    def __init__(self, folder: Path, *, data_folder: Path | None = None) -> None:
        raise RuntimeError("being written")


def wrapped_version(wrapped: bytes) -> int:
    """The key version a wrapped data key needs, for rotation reports."""
    raise RuntimeError("being written")
