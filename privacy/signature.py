"""Ed25519 signatures with a label, so that what was signed as one kind of thing cannot be shown as another."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def new_seed() -> bytes:
    """A fresh secret signing key (32 bytes); keep it sealed."""
    return secrets.token_bytes(32)


def public_bytes(seed: bytes) -> bytes:
    """The 32 bytes of the public key that belongs to a seed: publish them."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, label: str, data: bytes) -> bytes:
    """The 64 bytes of a signature over label and data."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(_labelled(label, data))


def holds(public: bytes, label: str, data: bytes, signature: bytes) -> bool:
    """Does the signature of this key hold for label and data? False for a malformed key or signature as well."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _labelled(label, data))
    except (InvalidSignature, ValueError):
        return False
    return True


def _labelled(label: str, data: bytes) -> bytes:
    return b"mingsuan\0" + label.encode() + b"\0" + data
