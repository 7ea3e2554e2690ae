"""A lock to which only the customer has the key: a passphrase over a data key.

The data key is sealed under an Argon2id key before the key service wraps it, so that the vendor cannot open the
workspace while nobody of the tenant is signed in.
"""

from __future__ import annotations

from privacy.vault import Place


def lock(passphrase: str, data_key: bytes, *, place: Place) -> bytes:
    """Seal a data key under a passphrase (Argon2id, 64 MiB, 3 passes; salt and cost are stored with it)."""
    raise RuntimeError("being written")


def unlock(passphrase: str, locked: bytes, *, place: Place) -> bytes:
    """The data key; `SealBroken` (code wrong_passphrase) for a wrong passphrase or place."""
    raise RuntimeError("being written")
