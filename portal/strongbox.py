"""Small secrets of the portal itself, sealed for one row: client secrets, provider tokens, addresses under way."""

from __future__ import annotations

from dataclasses import dataclass

from privacy.keys import KeyService
from privacy.vault import Place


@dataclass(frozen=True, slots=True)
class Strongbox:
    """Seals texts under a tenant's key; what was sealed for one kind and row opens for no other."""

    keys: KeyService

    def seal(self, text: str, *, tenant: str, kind: str, row: str) -> bytes:
        return self.keys.wrap(tenant, text.encode(), place=_place(tenant, kind, row))

    def open(self, sealed: bytes, *, tenant: str, kind: str, row: str) -> str:
        return self.keys.unwrap(tenant, sealed, place=_place(tenant, kind, row)).decode()


def _place(tenant: str, kind: str, row: str) -> Place:
    return Place(tenant=tenant, workspace="portal", kind=kind, id=row)
