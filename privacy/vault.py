"""Seal and open bytes for exactly one place.

A sealed value starts with a header (magic, suite) and opens only with its data key *and* its place: tenant, workspace,
kind, id and version are bound into the encryption as RFC 8785 JSON together with the suite, so a value moved to another
row, another tenant or an older version does not open, and neither does one whose suite byte was changed.

One construction serves blobs and small values: Cobblestone-256 (C2SP chunked encryption: HKDF-SHA-512 and AES-256-GCM
over 16 KiB chunks, a random salt for each message, key commitment). A second one for small values would save one
microsecond and lose the key commitment. Nothing is handed out before the last chunk is authenticated.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import rfc8785
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

FORMAT: Final = "mingsuan/sealed/1"
_MAGIC: Final = b"MSv1"
_SUITES: Final = {1: "cobblestone-256"}
_NEWEST: Final = 1
_LENGTH: Final = 8  # bytes that hold the length of the data, before it
_SMALLEST: Final = 256  # everything up to here has one size
_CHUNK: Final = 16 * 1024  # of the construction, each with its tag
_TAG: Final = 16
_OVERHEAD: Final = 128  # more than header, salt and key commitment take

Room = Callable[[int], memoryview]
"""Gives memory of at least a size to work in; for large values fresh memory costs more than the cipher."""


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


class SealBroken(PrivacyError):  # noqa: N818  # says what was found, not that it is an error
    """The bytes were not sealed with this key for this place, or were changed since. Says no more than that."""

    def __init__(
        self, message: str, *, place: Place | None = None, code: str = "seal_broken", **params: object
    ) -> None:
        super().__init__(
            message,
            code=code,
            place="" if place is None else f"{place.kind}/{place.id}",
            remedy="Restore the stored value from a backup; if it was moved or edited, look at the audit log.",
            **params,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed value belongs; it opens nowhere else.

    `kind` is the type of the value ("dataset", "line", "result", ...), `id` its random id, `version` its version
    (a number as text, a digest; "1" for immutable values), `grade` its class (public, internal, sensitive, secret).
    """

    tenant: str
    workspace: str
    kind: str
    id: str
    version: str = "1"
    grade: str = "sensitive"

    def context(self, fmt: str, **more: str) -> bytes:
        """The place as canonical JSON, with the format's name and what else is to be bound."""
        return canonical(
            {
                "fmt": fmt,
                "tenant": self.tenant,
                "workspace": self.workspace,
                "kind": self.kind,
                "id": self.id,
                "version": self.version,
                "grade": self.grade,
                "more": more,
            }
        )


def canonical(value: object) -> bytes:
    """RFC 8785 JSON; `PrivacyError` (not_canonical) for NaN, integers beyond 2^53 and what JSON does not know."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # its own check is the one that counts
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise PrivacyError(
            f"this value has no canonical JSON: {error}",
            code="not_canonical",
            remedy="Write large integers, amounts and special numbers as text.",
        ) from error


def new_data_key() -> bytes:
    """A fresh random 256 bit data key."""
    return secrets.token_bytes(32)


def seal(data_key: bytes, data: bytes | memoryview, *, place: Place) -> bytes:
    """Encrypt for one place, padded to a size step (at most 12 % more) so that the length tells little."""
    return bytes(seal_parts(data_key, (data,), place=place))


def seal_parts(
    data_key: bytes, parts: Sequence[bytes | memoryview], *, place: Place, room: Room | None = None
) -> memoryview:
    """`seal` for data in several pieces, without putting them together first or copying the result: for columns."""
    length = sum(memoryview(part).nbytes for part in parts)
    size = padded_size(length)
    sealer = Cobblestone256Encryptor(_checked(data_key), _bound(place, _NEWEST))
    sealed = (room or _fresh)(size + (size // _CHUNK + 2) * _TAG + _OVERHEAD)
    at = len(_MAGIC) + 1
    sealed[:at] = _MAGIC + bytes((_NEWEST,))
    for part in (length.to_bytes(_LENGTH, "big"), *parts, bytes(size - length)):
        at += sealer.update_into(part, sealed[at:])
    last = sealer.finalize()
    sealed[at : at + len(last)] = last
    return sealed[: at + len(last)]


def open_sealed(data_key: bytes, sealed: bytes, *, place: Place) -> bytes:
    """Decrypt what `seal` made for this place; `SealBroken` for anything else."""
    return bytes(open_view(data_key, sealed, place=place))


def open_view(data_key: bytes, sealed: bytes | memoryview, *, place: Place, room: Room | None = None) -> memoryview:
    """`open_sealed` without a last copy of the data: for columns."""
    view = memoryview(sealed)
    suite = view[len(_MAGIC)] if view.nbytes > len(_MAGIC) and bytes(view[: len(_MAGIC)]) == _MAGIC else 0
    if suite not in _SUITES:
        raise SealBroken("these bytes are not a sealed value of a known suite", place=place)
    plain = (room or _fresh)(view.nbytes)
    opener = Cobblestone256Decryptor(_checked(data_key), _bound(place, suite))
    try:
        size = opener.update_into(view[len(_MAGIC) + 1 :], plain)
        rest = opener.finalize()  # only now is the whole of it authenticated
    except InvalidTag:
        raise SealBroken("the sealed value does not open with this key for this place", place=place) from None
    plain[size : size + len(rest)] = rest
    size += len(rest)
    length = int.from_bytes(plain[:_LENGTH], "big")
    if size < _LENGTH or length > size - _LENGTH:
        raise SealBroken("the sealed value has an impossible length", place=place)
    return plain[_LENGTH : _LENGTH + length]


def derive(data_key: bytes, purpose: str | bytes) -> bytes:
    """A 256 bit key for one purpose (HKDF-Expand, SHA-256); keys of two purposes tell nothing of each other."""
    info = purpose.encode() if isinstance(purpose, str) else purpose
    return HKDFExpand(algorithm=SHA256(), length=32, info=b"mingsuan/derive/1\0" + info).derive(_checked(data_key))


def digest_hmac(data_key: bytes, data: bytes) -> str:
    """The digest under which a tenant's value is stored: hex HMAC-SHA-256, so equal values of two tenants differ."""
    return hmac.new(derive(data_key, "digest"), data, hashlib.sha256).hexdigest()


def padded_size(length: int) -> int:
    """The size step for a length: Padme (Nikitin et al., PETS 2019), which lets O(log log L) bits of it be seen."""
    if length <= _SMALLEST:
        return _SMALLEST
    exponent = length.bit_length() - 1
    loose = exponent - exponent.bit_length()
    return (length + (1 << loose) - 1) >> loose << loose


def _fresh(size: int) -> memoryview:
    return memoryview(bytearray(size))


def _bound(place: Place, suite: int) -> bytes:
    return place.context(FORMAT, suite=_SUITES[suite])


def _checked(key: bytes) -> bytes:
    if len(key) != 32:
        raise PrivacyError("a data key has 32 bytes", code="key_wrong_size", remedy="Use new_data_key() or derive().")
    return key
