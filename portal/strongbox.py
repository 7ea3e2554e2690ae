"""Small secrets of the installation itself, each sealed for one row: client secrets, addresses and tokens under way.

They are sealed under a key derived from the vendor's own keys, so they outlive the rotation of any tenant's key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from portal.identity import VENDOR
from portal.rooms import DataKeys, account_secret
from portal.storage import Transaction
from privacy.vault import Place, digest_hmac, open_sealed, seal

PROVIDER = "provider"  # the client secret of a provider; row: its id
ID_TOKEN = "id_token"  # noqa: S105  # a kind of secret, not one
UNDER_WAY = "under_way"  # what a sign-in needs again in a few minutes


@dataclass(frozen=True, slots=True)
class Strongbox:
    """Seals texts; what was sealed for one kind and row opens for no other."""

    data_keys: DataKeys
    now: Callable[[], datetime]

    def seal(self, text: str, *, kind: str, row: str) -> bytes:
        return seal(self._key(), text.encode(), place=_place(kind, row))

    def open(self, sealed: bytes, *, kind: str, row: str) -> str:
        return open_sealed(self._key(), sealed, place=_place(kind, row)).decode()

    def _key(self) -> bytes:
        return account_secret(self.data_keys, "strongbox", at=self.now())


def _place(kind: str, row: str) -> Place:
    return Place(tenant=VENDOR, workspace="portal", kind=kind, id=row)


@dataclass(frozen=True, slots=True)
class SealedNames:
    """Seals what names people and organisations (see `storage_accounts.Names`)."""

    key: bytes = field(repr=False)

    def seal(self, text: str, *, row: str) -> bytes:
        return seal(self.key, text.encode(), place=_place("name", row))

    def open(self, sealed: bytes, *, row: str) -> str:
        return open_sealed(self.key, sealed, place=_place("name", row)).decode()

    def mark(self, text: str) -> str:
        return digest_hmac(self.key, text.encode())


def sealed_names(data_keys: DataKeys, *, at: datetime, tx: Transaction | None = None) -> SealedNames:
    """With the installation's key for names; it is derived once and stays the same for as long as there are names."""
    return SealedNames(account_secret(data_keys, "accounts", at=at, tx=tx))
