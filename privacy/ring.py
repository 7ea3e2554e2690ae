"""A tenant's key ring: the versions of its key, when they began and when they end.

A ring is a value; each change makes a new one. The rules stand here and nowhere else, so every key service that keeps
rings behaves the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from privacy.vault import Place, PrivacyError, SealBroken, canonical, open_sealed, seal

_MAGIC = b"MSk1"
_HEADER = len(_MAGIC) + 4


class KeyUnavailable(PrivacyError):  # noqa: N818  # says what was found, not that it is an error
    """No key, a destroyed or retired one, or a service that does not answer.

    Codes: key_missing, key_exists, key_destroyed, key_retired, keys_exposed, keys_inside_data, keys_unreadable,
    keys_away.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a tenant key. `ends_at` is set when a newer one takes over: then it only opens, and until then."""

    number: int
    secret: bytes = field(repr=False)  # empty where the service keeps it, as an HSM does
    made_at: datetime
    ends_at: datetime | None = None


class Cipher(Protocol):
    """How a version seals data keys: with its secret here, or inside a device that never gives it out."""

    def seal(self, version: Version, data_key: bytes, *, place: Place) -> bytes: ...
    def open(self, version: Version, sealed: bytes, *, place: Place) -> bytes: ...


class VaultCipher:
    """Sealing with the version's own secret, as everything else is sealed."""

    def seal(self, version: Version, data_key: bytes, *, place: Place) -> bytes:
        return seal(version.secret, data_key, place=place)

    def open(self, version: Version, sealed: bytes, *, place: Place) -> bytes:
        return open_sealed(version.secret, sealed, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """All that is kept for one tenant."""

    tenant: str
    created_at: datetime
    versions: tuple[Version, ...]  # oldest first; the last one wraps
    destroyed_at: datetime | None = None

    @classmethod
    def new(cls, tenant: str, *, at: datetime, secret: bytes) -> KeyRing:
        """A ring with its first version."""
        return cls(tenant=tenant, created_at=at, versions=(Version(number=1, secret=secret, made_at=at),))

    @property
    def status(self) -> KeyStatus:
        if self.destroyed_at is not None:
            return KeyStatus(
                tenant=self.tenant,
                state="destroyed",
                version=0,
                oldest=0,
                created_at=self.created_at,
                rotated_at=None,
                destroyed_at=self.destroyed_at,
            )
        return KeyStatus(
            tenant=self.tenant,
            state="active",
            version=self.versions[-1].number,
            oldest=self.versions[0].number,
            created_at=self.created_at,
            rotated_at=self.versions[-1].made_at,
            destroyed_at=None,
        )

    def wrap(self, data_key: bytes, *, place: Place, cipher: Cipher) -> bytes:
        """The data key under the newest version, for its place."""
        newest = self.usable()[-1]
        header = _MAGIC + newest.number.to_bytes(4, "big")
        return header + cipher.seal(newest, data_key, place=self._bound(place, newest.number))

    def unwrap(self, wrapped: bytes, *, place: Place, cipher: Cipher) -> bytes:
        """The data key; `KeyUnavailable` (key_retired, key_destroyed), `SealBroken`."""
        number = wrapped_version(wrapped)
        versions = self.usable()
        for version in versions:
            if version.number == number:
                return cipher.open(version, wrapped[_HEADER:], place=self._bound(place, number))
        if number < versions[0].number:
            raise KeyUnavailable(
                f"version {number} of this tenant's key has been retired",
                code="key_retired",
                place=self.tenant,
                remedy="Restore the wrapped key as it was after the last rotation; older copies do not open any more.",
                version=number,
            )
        raise SealBroken("the wrapped key names a key version that never was", place=place)

    def rewrap(self, wrapped: bytes, *, place: Place, cipher: Cipher) -> bytes:
        """The same data key under the newest version; unchanged bytes when it is there already."""
        data_key = self.unwrap(wrapped, place=place, cipher=cipher)
        if wrapped_version(wrapped) == self.versions[-1].number:
            return wrapped
        return self.wrap(data_key, place=place, cipher=cipher)

    def rotated(self, *, at: datetime, grace: timedelta, secret: bytes) -> KeyRing:
        """A new version wraps from now on; the one before still opens until `at + grace`."""
        *older, newest = self.usable()
        fresh = Version(number=newest.number + 1, secret=secret, made_at=at)
        return replace(self, versions=(*older, replace(newest, ends_at=at + grace), fresh))

    def retired(self, *, at: datetime) -> KeyRing:
        """Without the versions whose grace has ended; those before a dropped one go with it."""
        versions = self.usable()
        over = [
            index for index, version in enumerate(versions) if version.ends_at is not None and version.ends_at <= at
        ]
        return replace(self, versions=versions[over[-1] + 1 :]) if over else self

    def destroyed(self, *, at: datetime) -> KeyRing:
        """The tombstone: it keeps the name taken and says when; it holds no key."""
        return self if self.destroyed_at is not None else replace(self, versions=(), destroyed_at=at)

    def to_bytes(self) -> bytes:
        """The ring with its secrets, as JSON. Seal it before it goes anywhere."""
        return canonical(
            {
                "tenant": self.tenant,
                "created_at": self.created_at.isoformat(),
                "destroyed_at": None if self.destroyed_at is None else self.destroyed_at.isoformat(),
                "versions": [
                    {
                        "number": version.number,
                        "secret": version.secret.hex(),
                        "made_at": version.made_at.isoformat(),
                        "ends_at": None if version.ends_at is None else version.ends_at.isoformat(),
                    }
                    for version in self.versions
                ],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> KeyRing:
        held = json.loads(data)
        return cls(
            tenant=held["tenant"],
            created_at=datetime.fromisoformat(held["created_at"]),
            destroyed_at=_time(held["destroyed_at"]),
            versions=tuple(
                Version(
                    number=version["number"],
                    secret=bytes.fromhex(version["secret"]),
                    made_at=datetime.fromisoformat(version["made_at"]),
                    ends_at=_time(version["ends_at"]),
                )
                for version in held["versions"]
            ),
        )

    def usable(self) -> tuple[Version, ...]:
        """The versions, oldest first; `KeyUnavailable` (key_destroyed) from a tombstone."""
        if self.destroyed_at is not None:
            raise KeyUnavailable(
                "this tenant's key has been destroyed; what was sealed under it cannot be opened by anybody",
                code="key_destroyed",
                place=self.tenant,
                remedy="Nothing brings it back: that is the promise of an erasure. Create a new tenant to begin again.",
            )
        return self.versions

    def _bound(self, place: Place, number: int) -> Place:
        """The place of the wrapped key: the tenant's own, whatever tenant the place of the data names."""
        inside = place.context("mingsuan/wrapped/1", ring=self.tenant).decode()
        return Place(tenant=self.tenant, workspace="", kind="wrapped key", id=inside, version=str(number))


def missing(tenant: str) -> KeyStatus:
    """The status where there is no ring."""
    return KeyStatus(
        tenant=tenant, state="missing", version=0, oldest=0, created_at=None, rotated_at=None, destroyed_at=None
    )


def wrapped_version(wrapped: bytes) -> int:
    """The key version a wrapped data key needs, for rotation reports; `SealBroken` if the bytes are none."""
    if len(wrapped) <= _HEADER or not wrapped.startswith(_MAGIC):
        raise SealBroken("these bytes are not a wrapped key")
    return int.from_bytes(wrapped[len(_MAGIC) : _HEADER], "big")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
