"""The published vectors for every construction that we rest on: nothing invalid is accepted, everything valid is."""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privacy.vault import canonical


def wycheproof(reference_data: Path, name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    held = json.loads((reference_data / "crypto" / "wycheproof" / f"{name}_test.json").read_text())
    return [(group, case) for group in held["testGroups"] for case in group["tests"]]


def test_cobblestone(reference_data: Path) -> None:
    cases = wycheproof(reference_data, "c2sp_chunked_encryption_aes_256_gcm")
    assert len(cases) == 18
    for _, case in cases:
        sealed = zlib.decompress(bytes.fromhex(case["ct"]))
        try:
            opener = Cobblestone256Decryptor(bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"]))
            plain = opener.update(sealed) + opener.finalize()
        except (InvalidTag, ValueError):
            assert case["result"] == "invalid", case["tcId"]
        else:
            assert case["result"] == "valid", case["tcId"]
            assert hashlib.sha512(plain).hexdigest() == case["msgSha512"]
            assert len(plain) == case["msgLength"]


def test_ed25519(reference_data: Path) -> None:
    cases = wycheproof(reference_data, "ed25519")
    assert len(cases) == 76
    for group, case in cases:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]["pk"]))
        try:
            public.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
        except (InvalidSignature, ValueError):
            assert case["result"] != "valid", case["tcId"]
        else:
            assert case["result"] != "invalid", case["tcId"]


def test_hkdf_sha256(reference_data: Path) -> None:
    cases = wycheproof(reference_data, "hkdf_sha256")
    assert len(cases) == 43
    for _, case in cases:
        salt, info = bytes.fromhex(case["salt"]), bytes.fromhex(case["info"])
        try:
            made = HKDF(algorithm=SHA256(), length=case["size"], salt=salt, info=info).derive(
                bytes.fromhex(case["ikm"])
            )
        except ValueError:
            assert case["result"] == "invalid", case["tcId"]
        else:
            assert (case["result"] == "valid") == (made.hex() == case["okm"]), case["tcId"]


def test_canonical_json(reference_data: Path) -> None:
    cases = json.loads((reference_data / "crypto" / "jcs" / "rfc8785.json").read_text())["tests"]
    assert cases
    for case in cases:
        assert canonical(json.loads(case["input_text"])).hex() == case["canonical_utf8_hex"], case["name"]


def test_the_vector_of_rfc_9106_for_argon2id() -> None:
    """RFC 9106, section 5.3: with secret and associated data."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12, secret=b"\x03" * 8
    )
    assert kdf.derive(b"\x01" * 32).hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


@pytest.mark.parametrize("index", range(3))
def test_vectors_are_not_empty(reference_data: Path, index: int) -> None:
    name = ("ed25519", "hkdf_sha256", "c2sp_chunked_encryption_aes_256_gcm")[index]
    results = {case["result"] for _, case in wycheproof(reference_data, name)}
    assert {"valid", "invalid"} <= results
