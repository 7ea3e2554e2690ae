"""Signed tree heads as C2SP checkpoints (tlog-checkpoint, signed-note): text that any log tool can read.

    origin
    size
    base64 of the root
    (further lines: `time 2026-11-25T22:30:00Z`, `previous ` and base64 of the SHA-256 of the note before)

    — name base64(key id, signature)

The signature is Ed25519 over everything up to and with the newline before the blank line; the key id is the first four
bytes of SHA-256(name, newline, 0x01, public key). The `previous` line chains the notes of one log: the signature of the
last one vouches for every character of all before it, so that ten thousand are checked as fast as one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from privacy.merkle import EMPTY_ROOT
from privacy.signature import new_seed, public_bytes
from privacy.vault import PrivacyError

_ED25519: Final = b"\x01"
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_PREVIOUS: Final = "previous "
_LONGEST: Final = 100_000  # characters of a note
_MOST_SIGNATURES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a checkpoint says; `verified` names the keys whose signatures were checked."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    verified: tuple[str, ...] = ()

    @property
    def previous(self) -> str | None:
        """The digest (`note_digest`) of the note before, where the checkpoint names it."""
        return next((line.removeprefix(_PREVIOUS) for line in self.extensions if line.startswith(_PREVIOUS)), None)


def new_log_key() -> bytes:
    """A fresh Ed25519 seed (32 bytes); keep it sealed."""
    return new_seed()


def verifier_key(seed: bytes, *, name: str) -> str:
    """The public key of a signing seed in C2SP form, `name+hash+base64`: publish it, pin it."""
    if not _NAME.fullmatch(name):
        raise PrivacyError(
            f"{name!r} cannot name a log key",
            code="key_name",
            remedy="Take a name without spaces and plus signs, such as vendor.example/log.",
        )
    public = public_bytes(seed)
    encoded = base64.b64encode(_ED25519 + public).decode()
    return f"{name}+{_key_id(name, public).hex()}+{encoded}"


def sign_checkpoint(
    seed: bytes, *, name: str, size: int, root: bytes, at: datetime | None = None, previous: str | None = None
) -> str:
    """The signed note for a tree head; `name` is origin and key name, such as `vendor.example/log`.

    `previous` is the log's last note before this one: give it always but for the first, so that the notes form a chain.
    """
    lines = [name, str(size), base64.b64encode(root).decode()]
    if at is not None:
        lines.append(f"time {at.astimezone(UTC).isoformat(timespec='seconds').replace('+00:00', 'Z')}")
    if previous is not None:
        lines.append(_PREVIOUS + note_digest(previous))
    body = "".join(f"{line}\n" for line in lines)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = _key_id(name, key.public_key().public_bytes_raw()) + key.sign(body.encode())
    return f"{body}\n— {name} {base64.b64encode(signature).decode()}\n"


def note_digest(text: str) -> str:
    """Base64 of the SHA-256 of a whole note, signatures included: how the next one refers to it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def parse_checkpoint(text: str) -> Checkpoint:
    """What a checkpoint claims, no signature checked; `PrivacyError` (checkpoint_unreadable) if it is none."""
    body, _ = _split(text)
    lines = body.split("\n")[:-1]
    if len(lines) < 3 or not lines[0] or not _SIZE.fullmatch(lines[1]) or "" in lines[3:]:
        raise _unreadable()
    root = _base64(lines[2])
    size = int(lines[1])
    if len(root) != 32 or (size == 0 and root != EMPTY_ROOT):
        raise _unreadable()
    return Checkpoint(origin=lines[0], size=size, root=root, extensions=tuple(lines[3:]))


def read_checkpoint(text: str, *, keys: tuple[str, ...]) -> Checkpoint:
    """Parse a signed note and check it against verifier keys.

    `PrivacyError`: checkpoint_unreadable, checkpoint_unsigned where none of the keys signed it, checkpoint_signature
    where one of them is named and its signature is wrong, key_unreadable. Signatures of other keys are passed over, as
    the format asks.
    """
    claimed = parse_checkpoint(text)
    body, signatures = _split(text)
    known = {(name, key_id): public for name, key_id, public in map(read_verifier_key, keys)}
    verified = []
    for name, blob in signatures:
        public = known.get((name, blob[:4]))
        if public is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], body.encode())
        except InvalidSignature:
            raise PrivacyError(
                f"the signature of {name} on the checkpoint of size {claimed.size} is wrong",
                code="checkpoint_signature",
                place=f"size {claimed.size}",
                remedy="The checkpoint was changed after it was signed: ask for the original and look into it.",
                size=claimed.size,
            ) from None
        verified.append(name)
    if not verified:
        raise PrivacyError(
            f"no known key signed the checkpoint of size {claimed.size}",
            code="checkpoint_unsigned",
            place=f"size {claimed.size}",
            remedy="Give the log's verifier key as it was published.",
            size=claimed.size,
        )
    return Checkpoint(
        origin=claimed.origin,
        size=claimed.size,
        root=claimed.root,
        extensions=claimed.extensions,
        verified=tuple(verified),
    )


def read_verifier_key(text: str) -> tuple[str, bytes, bytes]:
    """Name, key id and public key of `name+hash+base64`; `PrivacyError` (key_unreadable) if it is none."""
    name, _, rest = text.strip().partition("+")
    claimed, _, encoded = rest.partition("+")
    try:
        blob = base64.b64decode(encoded, validate=True)
        key_id = bytes.fromhex(claimed)
    except (ValueError, binascii.Error):
        blob, key_id = b"", b""
    if len(blob) != 33 or blob[:1] != _ED25519 or not _NAME.fullmatch(name) or key_id != _key_id(name, blob[1:]):
        raise PrivacyError(
            "this is not an Ed25519 verifier key",
            code="key_unreadable",
            remedy="It looks like `name+8 hexadecimal digits+base64`; copy the whole line.",
        )
    return name, key_id, blob[1:]


def _split(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Signed body and (key name, key id with signature) of a note."""
    body, blank, below = text.rpartition("\n\n")
    if not blank or not below.endswith("\n") or len(text) > _LONGEST or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise _unreadable()
    lines = below[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise _unreadable()
    signatures = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        blob = _base64(encoded)
        if dash != "—" or not _NAME.fullmatch(name) or len(blob) < 5:
            raise _unreadable()
        signatures.append((name, blob))
    return body + "\n", signatures


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise _unreadable() from None
    if base64.b64encode(data).decode() != text:
        raise _unreadable()
    return data


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _unreadable() -> PrivacyError:
    return PrivacyError(
        "this is not a signed checkpoint",
        code="checkpoint_unreadable",
        remedy="Take the checkpoint's text as it was published, with its blank line and its signature line.",
    )
