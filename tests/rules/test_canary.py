"""The search for the canary finds it in every form it is meant to; else its silence would mean nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import sqlite3
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.canary import CANARY, found_in, holds


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", data)
    return buffer.getvalue()


WORD = CANARY.encode()
HIDDEN = {
    "plain": b"x" + WORD + b"y",
    "utf16": ("ab" + CANARY).encode("utf-16"),
    "hex": (b"zz" + WORD).hex().encode(),
    "upper hex": WORD.hex().upper().encode(),
    "json": json.dumps({"a": f"名{CANARY}"}).encode(),
    "gzip": b"head" + gzip.compress(b"1" * 40 + WORD),
    "zlib": b"head" + zlib.compress(b"1" * 40 + WORD),
    "xz": lzma.compress(WORD * 3),
    "zip": zipped(WORD),
    "zip in zip": zipped(zipped(b"2" * 30 + WORD)),
    "base64 of zlib": b"",
}
HIDDEN |= {f"base64 {turn}": base64.b64encode(b"a" * turn + WORD + b"bcd") for turn in range(4)}
del HIDDEN["base64 of zlib"]


@pytest.mark.parametrize("form", sorted(HIDDEN))
def test_it_is_found(form) -> None:
    assert holds(HIDDEN[form])


def test_other_bytes_are_not_taken_for_it() -> None:
    assert not holds(b"Kq7vX2 Zwg9" * 100)
    assert not holds(zipped(b"nothing"))


def test_it_is_found_in_a_database_and_in_a_name(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.sqlite3") as database:
        database.execute("create table t (c)")
        database.execute("insert into t values (?)", (CANARY,))
    (tmp_path / CANARY).mkdir()
    (tmp_path / "b").write_bytes(b"clean")
    assert {Path(path).name for path in found_in(tmp_path)} >= {"a.sqlite3", CANARY}
