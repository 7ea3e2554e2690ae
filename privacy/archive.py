"""A sealed archive: a stream that only the holder of a backup key reads, and of which no byte may be missing.

    MSb1 | length | header (canonical JSON) | Cobblestone-256 stream of a tar archive

The header names the recipient and holds a fresh key for the stream, sealed to the recipient's public key by HPKE
(RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM). So a machine that makes backups needs no secret that opens them. The
stream's key is bound to the whole header; a stream cut short, lengthened or changed is refused when its end is reached.
Anybody who knows the public key can make an archive: what is inside must carry its own signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
from typing import Any, BinaryIO, Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.vault import PrivacyError, canonical, new_data_key

FORMAT: Final = "mingsuan/backup/1"
_MAGIC: Final = b"MSb1"
_SECRET: Final = "mingsuan-backup-secret-1"  # noqa: S105  # the name of a form, not a secret
_PUBLIC: Final = "mingsuan-backup-1"
_LONGEST_HEADER: Final = 64 * 1024
_PIECE: Final = 256 * 1024
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def new_backup_key() -> str:
    """A fresh secret backup key as one line of text; whoever has it reads every archive that was sealed to it."""
    return f"{_SECRET}:{base64.b64encode(X25519PrivateKey.generate().private_bytes_raw()).decode()}"


def recipient_of(secret: str) -> str:
    """The public half of a backup key, as one line of text: all that making an archive needs."""
    return f"{_PUBLIC}:{base64.b64encode(_private(secret).public_key().public_bytes_raw()).decode()}"


class ArchiveWriter:
    """A file object that seals what is written to it. `close` ends the archive; without it nothing opens."""

    def __init__(self, file: BinaryIO, *, recipient: str) -> None:
        public = X25519PublicKey.from_public_bytes(_bytes(recipient, _PUBLIC))
        key = new_data_key()
        sealed = _SUITE.encrypt(key, public, info=_info(recipient))
        header = canonical({"fmt": FORMAT, "recipient": recipient.strip(), "key": base64.b64encode(sealed).decode()})
        file.write(_MAGIC + len(header).to_bytes(4, "big") + header)
        self._file = file
        self._sealer = Cobblestone256Encryptor(key, _context(header))

    def write(self, data: bytes) -> int:
        """Seal and pass on."""
        self._file.write(self._sealer.update(data))
        return len(data)

    def close(self) -> None:
        """Write the end."""
        self._file.write(self._sealer.finalize())


class ArchiveReader(io.RawIOBase):
    """A file object that opens an archive. What it gives out counts only once `read_to_end` was reached without error.

    `PrivacyError`: backup_unreadable (no archive), backup_wrong_key, backup_damaged (cut, lengthened or changed).
    """

    def __init__(self, file: BinaryIO, *, secret: str) -> None:
        super().__init__()
        private = _private(secret)
        header, held = _header(file)
        if held["recipient"] != recipient_of(secret):
            raise _wrong_key()
        try:
            key = _SUITE.decrypt(_decoded(held["key"]), private, info=_info(held["recipient"]))
        except (InvalidTag, ValueError):
            raise _wrong_key() from None
        self._file = file
        self._opener = Cobblestone256Decryptor(key, _context(header))
        self._kept = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with opened bytes; 0 at the authenticated end."""
        while not self._kept and not self._ended:
            piece = self._file.read(_PIECE)
            try:
                if piece:
                    self._kept = self._opener.update(piece)
                else:
                    self._kept, self._ended = self._opener.finalize(), True
            except InvalidTag:
                raise _damaged() from None
        count = min(len(buffer), len(self._kept))
        buffer[:count] = self._kept[:count]
        self._kept = self._kept[count:]
        return count

    def read_to_end(self) -> None:
        """Read what is left, so that the whole is authenticated."""
        while self.read(_PIECE):
            pass


def recipient_in(file: BinaryIO) -> str:
    """To whom an archive is sealed, by its header alone."""
    return str(_header(file)[1]["recipient"])


def _header(file: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    start = file.read(len(_MAGIC) + 4)
    length = int.from_bytes(start[len(_MAGIC) :], "big")
    if len(start) < len(_MAGIC) + 4 or not start.startswith(_MAGIC) or length > _LONGEST_HEADER:
        raise _unreadable()
    header = file.read(length)
    try:
        held = json.loads(header)
        known = held["fmt"] == FORMAT and isinstance(held["recipient"], str) and isinstance(held["key"], str)
    except (ValueError, KeyError, TypeError):
        raise _unreadable() from None
    if not known:
        raise _unreadable()
    return header, held


def _context(header: bytes) -> bytes:
    return canonical({"fmt": FORMAT, "header": hashlib.sha256(header).hexdigest()})


def _info(recipient: str) -> bytes:
    return canonical({"fmt": FORMAT, "recipient": recipient.strip()})


def _private(secret: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_bytes(secret, _SECRET))


def _bytes(text: str, form: str) -> bytes:
    name, _, encoded = text.strip().partition(":")
    data = _decoded(encoded)
    if name != form or len(data) != 32:
        raise PrivacyError(
            f"this is not a backup key of the form {form}:…",
            code="backup_key_unreadable",
            remedy="Give the whole line as `mingsuan keys backup` wrote it: the secret one restores.",
            form=form,
        )
    return data


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _unreadable() -> PrivacyError:
    return PrivacyError(
        "this is not a backup",
        code="backup_unreadable",
        remedy="Give a file that `mingsuan backup` wrote.",
    )


def _wrong_key() -> PrivacyError:
    return PrivacyError(
        "the backup was sealed to another key",
        code="backup_wrong_key",
        remedy="Give the secret backup key that belongs to the recipient it was made for.",
    )


def _damaged() -> PrivacyError:
    return PrivacyError(
        "the backup is cut short or was changed; nothing of it may be used",
        code="backup_damaged",
        remedy="Take another copy of this backup, or an earlier one.",
    )
