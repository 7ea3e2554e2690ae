"""Seal and open bytes for exactly one place.

A sealed value starts with a header (magic, suite) and opens only with its data key *and* its place: tenant, workspace,
kind, id and version are bound into the encryption as RFC 8785 JSON together with the suite, so a value moved to another
row, another tenant or an older version does not open, and neither does one whose suite byte was changed.

One construction serves blobs and small values: Cobblestone-256 (C2SP chunked encryption: HKDF-SHA-512 and AES-256-GCM
over 16 KiB chunks, a random salt for each message, key commitment). A second one for small values would save one
microsecond and lose the key commitment. Nothing is handed out before the last chunk is authenticated.
"""

from __future__ import annotations

from dataclasses import dataclass


class PrivacyError(ValueError):
    """Refused or impossible in matters of keys, sealing, consent, disclosure, policy or proof.

    `code` is stable and names the text shown to people; `place` says where, `remedy` what to do.
    """

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


class SealBroken(PrivacyError):
    """The bytes were not sealed with this key for this place, or were changed since. Says no more than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed value belongs; it opens nowhere else.

    `kind` is the type of the value ("dataset", "line", "result", ...), `id` its random id, `version` its version
    (a number as text, a digest; "1" for immutable values), `grade` its class (general, important, core, personal).
    """

    tenant: str
    workspace: str
    kind: str
    id: str
    version: str = "1"
    grade: str = "general"

    def context(self, fmt: str, **more: str) -> bytes:
        """The place as canonical JSON, with the format's name and what else is to be bound."""
        raise RuntimeError("being written")


def new_data_key() -> bytes:
    """A fresh random 256 bit data key."""
    raise RuntimeError("being written")


def seal(data_key: bytes, data: bytes, *, place: Place) -> bytes:
    """Encrypt for one place, padded to a size step (at most 12 % more) so that the length tells little."""
    raise RuntimeError("being written")


def open_sealed(data_key: bytes, sealed: bytes, *, place: Place) -> bytes:
    """Decrypt what `seal` made for this place; `SealBroken` for anything else."""
    raise RuntimeError("being written")


def derive(data_key: bytes, purpose: str) -> bytes:
    """A 256 bit key for one purpose (HKDF-Expand, SHA-256); keys of two purposes tell nothing of each other."""
    raise RuntimeError("being written")


def digest_hmac(data_key: bytes, data: bytes) -> str:
    """The digest under which a tenant's value is stored: hex HMAC-SHA-256, so equal values of two tenants differ."""
    raise RuntimeError("being written")
