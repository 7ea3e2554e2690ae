"""A lock to which only the customer has the key: a passphrase over a key.

The secret of a tenant that holds its own key is sealed under an Argon2id key (`portal.custody`), so that the vendor
cannot open the workspace while nobody of the tenant is signed in.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from privacy.vault import Place, PrivacyError, SealBroken, open_sealed, seal

# RFC 9106, section 4, second recommended option
_MEMORY_KIB: Final = 64 * 1024
_PASSES: Final = 3
_LANES: Final = 4
_MAGIC: Final = b"MSp1"
_SALT: Final = 16
_SHORTEST: Final = 12  # characters


def lock(passphrase: str, data_key: bytes, *, place: Place) -> bytes:
    """Seal a data key under a passphrase (Argon2id, 64 MiB, 3 passes, 4 lanes).

    `PrivacyError` (passphrase_short) below 12 characters.
    """
    if len(_normal(passphrase)) < _SHORTEST:
        raise PrivacyError(
            f"a passphrase needs at least {_SHORTEST} characters",
            code="passphrase_short",
            remedy="Take four or five words that do not belong together.",
            least=_SHORTEST,
        )
    salt = secrets.token_bytes(_SALT)
    return _MAGIC + salt + seal(_stretched(passphrase, salt), data_key, place=place)


def unlock(passphrase: str, locked: bytes, *, place: Place) -> bytes:
    """The data key; `SealBroken` (wrong_passphrase) for a wrong passphrase or place, or changed bytes."""
    if not locked.startswith(_MAGIC) or len(locked) <= len(_MAGIC) + _SALT:
        raise SealBroken("these bytes are not a locked key", place=place)
    salt = locked[len(_MAGIC) : len(_MAGIC) + _SALT]
    try:
        return open_sealed(_stretched(passphrase, salt), locked[len(_MAGIC) + _SALT :], place=place)
    except SealBroken:
        raise SealBroken("this is not the passphrase", place=place, code="wrong_passphrase") from None


def _stretched(passphrase: str, salt: bytes) -> bytes:
    kdf = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive(_normal(passphrase).encode())


def _normal(passphrase: str) -> str:
    """The same characters however the keyboard composes them."""
    return unicodedata.normalize("NFKC", passphrase)
