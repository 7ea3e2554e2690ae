"""Who vouches for a pack: an Ed25519 signature over the digest of every file in its folder.

The digest is SHA-256 over the RFC 8785 JSON of {path: SHA-256 of the file}, `pack.sig` itself left out; so a changed,
added, removed or renamed file breaks it. Keys are pinned: a signature counts only when its key stands in
`trusted_keys.yaml` or in a list the installation trusts. A pack is read into memory once; what was verified is what is
used.

    python -m industry_packs.signing FOLDER KEYFILE     sign a folder
    python -m industry_packs.signing --new-key KEYFILE  make a key; prints its entry for trusted_keys.yaml
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from industry_packs.errors import PackError
from templates import documents

SIGNATURE_FILE = "pack.sig"
FORMAT = "mingsuan-pack-signature/1"
MAX_FILES = 400
MAX_FILE_BYTES = 2_000_000
MAX_BYTES = 16_000_000
TRUSTED = Path(__file__).with_name("trusted_keys.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key whose signatures count. `id` is the first 16 hex digits of the SHA-256 of its 32 bytes."""

    id: str
    title: str
    public: bytes
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature that was checked (or just made): which key, over which digest."""

    key: str
    digest: str
    value: bytes


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file of a pack by its path inside the folder, with '/' between the parts.

    Raises PackError: not_a_folder, link_in_pack, bad_file_name, pack_too_large.
    """
    if not folder.is_dir() or folder.is_symlink():
        raise PackError(
            f"{folder.name}: there is no such folder",
            code="not_a_folder",
            remedy="Give the folder that holds pack.yaml.",
            file=folder.name,
        )
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise PackError(
                f"{name}: a pack holds plain files only, no links",
                code="link_in_pack",
                place=name,
                remedy="Put the file itself in its place.",
                file=name,
            )
        if path.is_dir():
            continue
        if name != unicodedata.normalize("NFC", name) or any(part.startswith(".") for part in name.split("/")):
            raise PackError(
                f"{name}: hidden files and decomposed names are not allowed in a pack",
                code="bad_file_name",
                place=name,
                remedy="Rename or remove the file.",
                file=name,
            )
        total += path.stat().st_size
        if path.stat().st_size > MAX_FILE_BYTES or total > MAX_BYTES or len(files) >= MAX_FILES:
            raise PackError(
                f"{name}: a pack may have {MAX_FILES} files, {MAX_FILE_BYTES} bytes each, {MAX_BYTES} bytes in sum",
                code="pack_too_large",
                place=name,
                remedy="Make the samples smaller.",
                file=name,
            )
        files[name] = path.read_bytes()
    return files


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256, hex, over the RFC 8785 JSON of path to SHA-256 of content, the signature file left out."""
    hashes = {name: sha256(content).hexdigest() for name, content in files.items() if name != SIGNATURE_FILE}
    return sha256(rfc8785.dumps(hashes)).hexdigest()


def key_id(public: bytes) -> str:
    """The name of a public key (32 bytes)."""
    return sha256(public).hexdigest()[:16]


def trusted_keys(path: Path = TRUSTED) -> dict[str, TrustedKey]:
    """The pinned keys of a list, by id; a key whose id does not belong to it is refused."""
    root = documents.load(path.read_bytes(), name=path.name)
    documents.expect_kind(root, "trusted_keys")
    keys: dict[str, TrustedKey] = {}
    for node in root.fields(needed=("mingsuan", "keys"))["keys"].items():
        entries = node.fields(needed=("id", "title", "public_key"), optional=("revoked",))
        try:
            public = base64.b64decode(entries["public_key"].text(), validate=True)
        except binascii.Error:
            public = b""
        identity = entries["id"].text()
        if len(public) != 32 or key_id(public) != identity:
            raise entries["public_key"].error(
                "the public key is damaged or does not belong to its id",
                code="bad_public_key",
                remedy="Copy the line that the key was made with.",
                key=identity,
            )
        revoked = "revoked" in entries and entries["revoked"].boolean()
        keys[identity] = TrustedKey(id=identity, title=entries["title"].text(), public=public, revoked=revoked)
    return keys


def sign(folder: Path, private_pem: bytes) -> Signature:
    """Sign a folder: writes `pack.sig` beside pack.yaml. `private_pem` holds an Ed25519 key (PKCS 8, PEM)."""
    private = _private_key(private_pem)
    public = private.public_key().public_bytes_raw()
    over = digest(read_folder(folder))
    value = private.sign(_message(over, key_id(public)))
    content = {
        "format": FORMAT,
        "digest": over,
        "key": key_id(public),
        "signature": base64.b64encode(value).decode("ascii"),
    }
    waiting = folder / "pack.sig.new"
    waiting.write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")
    waiting.replace(folder / SIGNATURE_FILE)
    return Signature(key=key_id(public), digest=over, value=value)


def verify(files: Mapping[str, bytes], keys: Mapping[str, TrustedKey]) -> Signature:
    """Check the signature of a pack read by `read_folder`.

    Raises PackError: unsigned, bad_signature_file, untrusted_key, revoked_key, tampered.
    """
    if SIGNATURE_FILE not in files:
        raise PackError(
            "the pack is not signed",
            code="unsigned",
            place=SIGNATURE_FILE,
            remedy="Have it reviewed and signed, or try it as a draft in the sandbox.",
        )
    signature = _read_signature(files[SIGNATURE_FILE])
    key = keys.get(signature.key)
    if key is None or key.revoked:
        raise PackError(
            f"the pack is signed with key {signature.key}, which is {'withdrawn' if key else 'not trusted here'}",
            code="revoked_key" if key else "untrusted_key",
            place=SIGNATURE_FILE,
            remedy="Ask the publisher for a pack signed with a key that this installation trusts.",
            key=signature.key,
        )
    if signature.digest != digest(files):
        raise PackError(
            "the pack was changed after it was signed",
            code="tampered",
            place=SIGNATURE_FILE,
            remedy="Fetch the pack again from its publisher; if you changed it yourself, have it reviewed and signed.",
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature.value, _message(signature.digest, key.id))
    except InvalidSignature:
        raise PackError(
            "the signature of the pack is false",
            code="tampered",
            place=SIGNATURE_FILE,
            remedy="Fetch the pack again from its publisher; if you changed it yourself, have it reviewed and signed.",
        ) from None
    return signature


def new_key() -> tuple[bytes, TrustedKey]:
    """A fresh signing key as PEM, and the public entry to pin."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes_raw()
    return pem, TrustedKey(id=key_id(public), title="", public=public)


def write_key(path: Path) -> TrustedKey:
    """A fresh signing key in a file of its own that only its owner may read; never over an existing one.

    Raises PackError key_file_exists.
    """
    pem, key = new_key()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PackError(
            f"{path.name} is there already",
            code="key_file_exists",
            place=path.name,
            remedy="Take another name: a key that is overwritten cannot sign again.",
            file=path.name,
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key


def public_key(pem: bytes, *, title: str) -> TrustedKey:
    """The entry to trust for a key file, be it the private or the public half. Raises PackError bad_private_key."""
    try:
        found: object = serialization.load_pem_public_key(pem)
    except ValueError:
        found = _private_key(pem).public_key()
    if not isinstance(found, Ed25519PublicKey):
        raise PackError(
            "the key file holds no Ed25519 key",
            code="bad_private_key",
            remedy="Give the PEM file that the key was made with.",
        )
    public = found.public_bytes_raw()
    return TrustedKey(id=key_id(public), title=title, public=public)


def entry(key: TrustedKey) -> dict[str, str]:
    """A key as it stands in a list of trusted keys."""
    return {"id": key.id, "title": key.title, "public_key": base64.b64encode(key.public).decode("ascii")}


def _message(over: str, key: str) -> bytes:
    return rfc8785.dumps({"format": FORMAT, "digest": over, "key": key})


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise PackError(
            "the key file holds no Ed25519 private key",
            code="bad_private_key",
            remedy="Give the PEM file that the key was made with.",
        )
    return private


def _read_signature(content: bytes) -> Signature:
    try:
        found: Any = json.loads(content.decode("ascii")) if len(content) < 10_000 else None
        if set(found) == {"format", "digest", "key", "signature"} and found["format"] == FORMAT:
            value = base64.b64decode(found["signature"], validate=True)
            return Signature(key=str(found["key"]), digest=str(found["digest"]), value=value)
    except (ValueError, TypeError, RecursionError):
        pass
    raise PackError(
        "pack.sig is damaged",
        code="bad_signature_file",
        place=SIGNATURE_FILE,
        remedy="Fetch the pack again from its publisher.",
    )


def main(arguments: Sequence[str]) -> int:
    """The command: sign a folder, or make a key."""
    match arguments:
        case ["--new-key", key_file]:
            sys.stdout.write(documents.write([entry(replace(write_key(Path(key_file)), title="..."))]))
        case [folder, key_file]:
            signature = sign(Path(folder), Path(key_file).read_bytes())
            sys.stdout.write(f"{folder}: digest {signature.digest}, key {signature.key}\n")
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
