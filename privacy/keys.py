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

import fcntl
import hashlib
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from privacy.ring import Cipher, KeyRing, KeyStatus, KeyUnavailable, VaultCipher, missing, wrapped_version
from privacy.vault import Place, SealBroken, new_data_key, open_sealed, seal

__all__ = ["GRACE", "KeyService", "KeyStatus", "KeyUnavailable", "LocalKeys", "MemoryKeys", "wrapped_version"]

GRACE: Final = timedelta(days=7)


class KeyService(Protocol):
    """Wraps and unwraps data keys under tenant keys. Time is handed in as `at` (aware, UTC).

    Refusals are `KeyUnavailable`; bytes that are not a wrapped key for this tenant and place are `SealBroken`.
    """

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

    def __init__(self) -> None:
        self._rings: dict[str, KeyRing] = {}
        self._cipher: Cipher = VaultCipher()
        self._turn = threading.RLock()

    def create_key(self, tenant: str, *, at: datetime) -> KeyStatus:
        with self._alone():
            held = self._load(tenant)
            if held is not None:
                held.usable()
                raise KeyUnavailable(
                    "this tenant has a key already",
                    code="key_exists",
                    place=tenant,
                    remedy="Rotate it instead; a second key under that name would orphan what the first has sealed.",
                )
            ring = KeyRing.new(tenant, at=at, secret=self._secret(tenant, 1))
            self._store(ring)
            return ring.status

    def wrap(self, tenant: str, data_key: bytes, *, place: Place) -> bytes:
        return self._ring(tenant).wrap(data_key, place=place, cipher=self._cipher)

    def unwrap(self, tenant: str, wrapped: bytes, *, place: Place) -> bytes:
        return self._ring(tenant).unwrap(wrapped, place=place, cipher=self._cipher)

    def rotate(self, tenant: str, *, at: datetime, grace: timedelta = GRACE) -> KeyStatus:
        def rotated(ring: KeyRing) -> KeyRing:
            number = ring.usable()[-1].number + 1
            return ring.rotated(at=at, grace=grace, secret=self._secret(tenant, number))

        return self._change(tenant, rotated)

    def rewrap(self, tenant: str, wrapped: bytes, *, place: Place) -> bytes:
        return self._ring(tenant).rewrap(wrapped, place=place, cipher=self._cipher)

    def retire(self, tenant: str, *, at: datetime) -> KeyStatus:
        return self._change(tenant, lambda ring: ring.retired(at=at))

    def destroy(self, tenant: str, *, at: datetime) -> KeyStatus:
        return self._change(tenant, lambda ring: ring.destroyed(at=at))

    def status(self, tenant: str) -> KeyStatus:
        ring = self._load(tenant)
        return missing(tenant) if ring is None else ring.status

    def _change(self, tenant: str, change: Callable[[KeyRing], KeyRing]) -> KeyStatus:
        with self._alone():
            ring = change(self._ring(tenant))
            self._store(ring)
            return ring.status

    def _ring(self, tenant: str) -> KeyRing:
        ring = self._load(tenant)
        if ring is None:
            raise KeyUnavailable(
                "this tenant has no key",
                code="key_missing",
                place=tenant,
                remedy="Create its key, or connect the key folder that belongs to this data folder.",
            )
        return ring

    def _secret(self, tenant: str, number: int) -> bytes:
        """The secret of a new version; a device makes its own and gives nothing out."""
        del tenant, number
        return new_data_key()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time."""
        with self._turn:
            yield

    def _load(self, tenant: str) -> KeyRing | None:
        return self._rings.get(tenant)

    def _store(self, ring: KeyRing) -> None:
        self._rings[ring.tenant] = ring


class LocalKeys(MemoryKeys):
    """Tenant keys in a folder of mode 0700, each ring sealed under the folder's root key.

    `data_folder`, where given, may not contain the key folder (`keys_inside_data`): who copies the data must not get
    the keys with it. Makes folder and root key where there are none. Every read goes to the disk, so a key destroyed
    by one process is gone for all at once; a change is written beside the old ring, flushed and renamed over it, so a
    kill at any moment leaves the old ring or the new one.
    """

    def __init__(self, folder: Path, *, data_folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder.resolve()
        if data_folder is not None and self._folder.is_relative_to(data_folder.resolve()):
            raise KeyUnavailable(
                "the key folder lies inside the data folder",
                code="keys_inside_data",
                place=str(folder),
                remedy="Put the keys where a copy or backup of the data does not take them along.",
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(self._folder.stat().st_mode) & 0o077:
            raise _exposed(self._folder)
        with self._alone():
            for left_by_a_kill in self._folder.glob("*.new"):
                left_by_a_kill.unlink()
            path = self._folder / "root.key"
            if not path.exists():
                self._refuse_orphans()
                _write(path, new_data_key())
            with _open(path) as file:
                self._root = file.read()
        if len(self._root) != 32:
            raise _unreadable(path)

    def _load(self, tenant: str) -> KeyRing | None:
        path = self._path(tenant)
        while True:
            try:
                with _open(path) as file:
                    try:
                        return KeyRing.from_bytes(open_sealed(self._root, file.read(), place=_home(tenant)))
                    except SealBroken as error:
                        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                            raise _unreadable(path) from error
                        # replaced and blotted out while we read it: read the new one
            except FileNotFoundError:
                return None

    def _store(self, ring: KeyRing) -> None:
        path = self._path(ring.tenant)
        _write(path, seal(self._root, ring.to_bytes(), place=_home(ring.tenant)))

    def _path(self, tenant: str) -> Path:
        return self._folder / f"{hashlib.sha256(tenant.encode()).hexdigest()}.ring"

    def _refuse_orphans(self) -> None:
        """A folder of rings whose root key is gone must not get a new one: the old one may still be found."""
        if any(self._folder.glob("*.ring")):
            raise KeyUnavailable(
                "the key folder holds tenant keys but not their root key",
                code="keys_unreadable",
                place=str(self._folder),
                remedy="Restore root.key from where it is kept.",
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, over all threads and processes; a killed holder lets go."""
        with self._turn, os.fdopen(os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _home(tenant: str) -> Place:
    return Place(tenant=tenant, workspace="", kind="key ring", id=tenant)


def _unreadable(path: Path) -> KeyUnavailable:
    return KeyUnavailable(
        "a key file is damaged or belongs to another root key",
        code="keys_unreadable",
        place=str(path),
        remedy="Restore the key folder, as a whole, from its own backup.",
    )


def _exposed(path: Path) -> KeyUnavailable:
    return KeyUnavailable(
        "other users of this machine may read the keys",
        code="keys_exposed",
        place=str(path),
        remedy="Set mode 0700 on the folder and 0600 on the files, and ask whether the keys were copied: rotate.",
    )


def _open(path: Path) -> BinaryIO:
    file = path.open("rb")
    if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
        file.close()
        raise _exposed(path)
    return file


def _write(path: Path, data: bytes) -> None:
    """Replace a file so that at any moment the old or the new one is there, whole; then blot the old one out.

    Overwriting reaches the blocks of a plain disk; a copy-on-write or flash store may keep them, which is why the ring
    is sealed and why an HSM is the better home.
    """
    old = path.open("r+b") if path.exists() else None
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    if old is not None:
        with old:
            size = os.fstat(old.fileno()).st_size
            old.write(secrets.token_bytes(size))
            old.flush()
            os.fsync(old.fileno())
