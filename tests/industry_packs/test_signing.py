"""A pack is what its publisher signed, byte by byte, or it is refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from industry_packs import signing
from industry_packs.pack import PackError, load_pack, shipped_packs
from templates.documents import DocumentError

Keys = tuple[bytes, dict[str, signing.TrustedKey]]


def refused(folder: Path, trusted: dict[str, signing.TrustedKey] | None = None) -> PackError:
    with pytest.raises(PackError) as caught:
        load_pack(folder, trusted=trusted)
    return caught.value


def test_shipped_packs_are_signed_with_the_pinned_key() -> None:
    pinned = signing.trusted_keys()
    assert shipped_packs()
    assert {pack.signed_by for pack in shipped_packs()} <= set(pinned)


def test_a_changed_byte_is_noticed(folder: Path) -> None:
    path = folder / "modules" / "fast-changeover.yaml"
    path.write_bytes(path.read_bytes().replace(b"likely: 30 %", b"likely: 40 %"))
    assert refused(folder).code == "tampered"


def test_an_added_a_removed_and_a_renamed_file_are_noticed(folder: Path) -> None:
    extra = folder / "samples" / "more.csv"
    extra.write_text("a,b\n")
    assert refused(folder).code == "tampered"
    extra.unlink()
    load_pack(folder)
    (folder / "samples" / "counts_en.csv").rename(folder / "samples" / "counts.csv")
    assert refused(folder).code == "tampered"
    (folder / "samples" / "counts.csv").unlink()
    assert refused(folder).code == "tampered"


def test_a_pack_without_signature_is_a_draft(folder: Path) -> None:
    (folder / signing.SIGNATURE_FILE).unlink()
    assert refused(folder).code == "unsigned"
    assert load_pack(folder, verify=False).signed_by is None


def test_a_key_that_is_not_pinned_does_not_count(folder: Path, key: Keys) -> None:
    pem, trusted = key
    signing.sign(folder, pem)
    assert refused(folder).code == "untrusted_key"
    assert load_pack(folder, trusted=trusted).signed_by in trusted


def test_a_withdrawn_key_does_not_count(folder: Path, key: Keys) -> None:
    pem, trusted = key
    signing.sign(folder, pem)
    withdrawn = {
        name: signing.TrustedKey(id=item.id, title="", public=item.public, revoked=True)
        for name, item in trusted.items()
    }
    assert refused(folder, withdrawn).code == "revoked_key"


def test_a_signature_of_another_digest_or_key_is_false(folder: Path, key: Keys) -> None:
    pem, trusted = key
    signing.sign(folder, pem)
    path = folder / signing.SIGNATURE_FILE
    content = json.loads(path.read_text())
    value = bytearray(base64.b64decode(content["signature"]))
    value[5] ^= 1
    path.write_text(json.dumps({**content, "signature": base64.b64encode(bytes(value)).decode()}))
    assert refused(folder, trusted).code == "tampered"


@pytest.mark.parametrize("content", ["", "{}", "[1]", "null", '{"format": 1}', "[" * 5000, "\u00e9", '"x"'])
def test_a_damaged_signature_file_is_named(folder: Path, content: str) -> None:
    (folder / signing.SIGNATURE_FILE).write_text(content, encoding="utf-8")
    assert refused(folder).code == "bad_signature_file"


def test_links_and_hidden_files_are_refused(folder: Path) -> None:
    (folder / "samples" / "secret").symlink_to("/etc/hostname")
    assert refused(folder).code == "link_in_pack"
    (folder / "samples" / "secret").unlink()
    (folder / ".hidden").write_text("x")
    assert refused(folder).code == "bad_file_name"


def test_a_pack_that_is_too_large_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / "samples" / "big.csv").open("wb") as file:
        file.truncate(signing.MAX_FILE_BYTES + 1)
    assert refused(folder).code == "pack_too_large"


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=6), st.binary(max_size=8), max_size=5), st.data())
def test_the_digest_knows_every_file_and_every_byte(files: dict[str, bytes], data: st.DataObject) -> None:
    digest = signing.digest(files)
    assert digest == signing.digest(dict(reversed(files.items())))
    name = data.draw(st.text("abcd", min_size=1, max_size=3))
    if name not in files:
        assert signing.digest({**files, name: b""}) != digest
    else:
        assert signing.digest({**files, name: files[name] + b"\0"}) != digest
    assert signing.digest({**files, signing.SIGNATURE_FILE: b"x"}) == digest


def test_a_damaged_pinned_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text("mingsuan: trusted_keys/1\nkeys:\n  - {id: 0011223344556677, title: x, public_key: AAAA}\n")
    with pytest.raises(DocumentError) as caught:
        signing.trusted_keys(path)
    assert caught.value.code == "bad_public_key"
    assert caught.value.place == "line 3: keys[0].public_key"


def test_the_command_makes_a_key_and_signs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key_file = tmp_path / "key.pem"
    assert signing.main(["--new-key", str(key_file)]) == 0
    assert key_file.stat().st_mode & 0o077 == 0
    assert signing.main([str(folder), str(key_file)]) == 0
    assert "digest" in capsys.readouterr().out
    assert signing.main([]) == 2
    with pytest.raises(PackError) as caught:
        signing.sign(folder, b"not a key")
    assert caught.value.code == "bad_private_key"
