"""Small secrets of the installation itself, each sealed for one row: client secrets, addresses and tokens under way.

They are sealed under a key derived from the vendor's own keys, so they outlive the rotation of any tenant's key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.identity import VENDOR
from portal.rooms import DataKeys, account_secret
from privacy.vault import Place, open_sealed, seal

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
