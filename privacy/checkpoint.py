"""Signed tree heads as C2SP checkpoints: a signed note that any log tool can read.

origin
size
base64 of the root
(further lines, such as `time 2026-11-25T22:30:00Z`)

— name base64(key id, signature)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a checkpoint says; `verified` names the keys whose signatures were checked."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()


def new_log_key() -> bytes:
    """A fresh Ed25519 seed (32 bytes); keep it sealed."""
    raise RuntimeError("being written")


def verifier_key(seed: bytes, *, name: str) -> str:
    """The public key in C2SP form, `name+hash+base64`: publish it, pin it."""
    raise RuntimeError("being written")


def sign_checkpoint(seed: bytes, *, name: str, size: int, root: bytes, at: datetime | None = None) -> str:
    """The signed note for a tree head; `name` is origin and key name, such as `mingsuan/vendor.example/log`."""
    raise RuntimeError("being written")


def read_checkpoint(text: str, *, keys: tuple[str, ...]) -> Checkpoint:
    """Parse a signed note and check it against verifier keys; `PrivacyError` (checkpoint_*) unless one signature holds."""
    raise RuntimeError("being written")
