"""A key in the customer's custody: data keys under a secret that nobody but the customer's people can bring back.

The secret is random and is kept nowhere but under a passphrase and under a recovery code (`privacy.passphrase`). A data
key is sealed under it before the key service wraps it, so the key service alone opens nothing of that tenant.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

from privacy.keys import KeyUnavailable
from privacy.vault import Place, PrivacyError, SealBroken, open_sealed, seal

_MAGIC: Final = b"MSc1"
_CODE_BYTES: Final = 20
_FEWEST: Final = 6  # different characters


class TenantLocked(KeyUnavailable):
    """The tenant holds its own key and nobody of its people has opened it. Code: tenant_locked."""

    def __init__(self, tenant: str) -> None:
        super().__init__(
            "this workspace is locked with its organisation's own key",
            code="tenant_locked",
            place=tenant,
            remedy="Somebody of the organisation signs in and types the passphrase.",
        )


def guard(secret: bytes, data_key: bytes, *, place: Place) -> bytes:
    """The data key sealed under the tenant's secret, for its place."""
    return _MAGIC + seal(secret, data_key, place=_inside(place))


def is_guarded(data: bytes) -> bool:
    """Whether `guard` made these bytes; a data key itself is shorter."""
    return len(data) > 2 * len(_MAGIC) + 32 and data.startswith(_MAGIC)


def unguard(secret: bytes, guarded: bytes, *, place: Place) -> bytes:
    """The data key; `SealBroken` for another secret or place, or changed bytes."""
    if not is_guarded(guarded):
        raise SealBroken("these bytes are not a key in a customer's custody", place=place)
    return open_sealed(secret, guarded[len(_MAGIC) :], place=_inside(place))


def new_recovery_code() -> str:
    """160 random bits to be written down: eight groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_recovery_code(text: str) -> str:
    """A recovery code as it was made, however it was typed: spaces, case and 0, 1, 8 for O, I, B do not matter."""
    plain = "".join(one for one in text.upper() if one.isalnum()).translate(str.maketrans("018", "OIB"))
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def check_passphrase(passphrase: str, again: str) -> None:
    """Refuse words that were typed differently twice, or that a machine guesses at once.

    `PrivacyError`: passphrase_differs, passphrase_simple; `privacy.passphrase.lock` refuses short ones.
    """
    if passphrase != again:
        raise PrivacyError("the two passphrases differ", code="passphrase_differs", remedy="Type the same words twice.")
    small = passphrase.casefold()
    if len(set(small)) < _FEWEST or small in (small + small)[1:-1]:
        raise PrivacyError(
            "this passphrase is guessed at once",
            code="passphrase_simple",
            remedy="Take four or five words that do not belong together.",
        )


def _inside(place: Place) -> Place:
    return Place(
        tenant=place.tenant, workspace=place.workspace, kind="guarded data key", id=place.id, version=place.version
    )
