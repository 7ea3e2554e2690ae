"""A word that no file may hold in any form: tests put it into tenants' values, and after the run every place that an
installation writes is searched for it (`conftest.py`)."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

CANARY = "Kq7vX2-Zwg9-Ty4mNp8-Lr3"
_DEEPEST = 3
_MOST = 64 * 2**20
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def forms(word: str = CANARY) -> tuple[bytes, ...]:
    """How the word may lie in a file: as it is, in other encodings, hexadecimal, base64 at each of its three turns."""
    plain = word.encode()
    found = [plain, plain.lower(), plain.upper(), word.encode("utf-16-le"), word.encode("utf-16-be")]
    found += [plain.hex().encode(), plain.hex().upper().encode(), plain[::-1]]
    for turn in range(3):
        encoded = base64.b64encode(b"\0" * turn + plain)
        core = encoded[4 if turn else 0 : -4]  # the ends depend on the neighbours
        found += [core, core.replace(b"+", b"-").replace(b"/", b"_")]
    found.append(re.sub("-", "%2D", word).encode())
    return tuple(dict.fromkeys(found))


FORMS = forms()


def holds(data: bytes, *, depth: int = 0) -> bool:
    """Whether bytes hold the word in any form, in compressed members too."""
    if any(form in data for form in FORMS):
        return True
    return depth < _DEEPEST and any(holds(inner, depth=depth + 1) for inner in _members(data))


def _members(data: bytes) -> Iterator[bytes]:
    if b"PK\x03\x04" in data:
        broken = contextlib.suppress(zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, zlib.error)
        with broken, zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)[:_MOST]
    for start in (match.start() for match in re.finditer(rb"\x1f\x8b\x08", data)):
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(data[start:])[:_MOST]
    if data.startswith(b"\xfd7zXZ"):
        with contextlib.suppress(lzma.LZMAError):
            yield lzma.decompress(data)[:_MOST]
    for start in (match.start() for match in _ZLIB.finditer(data)):
        with contextlib.suppress(zlib.error):
            inner = zlib.decompressobj().decompress(data[start:], _MOST)
            if len(inner) > len(CANARY):
                yield inner


def found_in(folder: Path) -> list[str]:
    """The files below a folder that hold the word, in their name or in their bytes."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if holds(path.name.encode()) or (path.is_file() and not path.is_symlink() and holds(path.read_bytes())):
                found.append(str(path))
    return found
