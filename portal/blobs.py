"""Blob stores: sealed bytes under random names, in memory or as files of a folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Protocol


class BlobStore(Protocol):
    """Keeps sealed bytes under random names."""

    def put(self, data: bytes | memoryview, *, name: str = "") -> str:
        """Keep the bytes durably and return their name: 32 hexadecimal digits, random where none is given."""

    def get(self, name: str) -> bytes:
        """Return the bytes; a missing name raises KeyError."""

    def delete(self, name: str) -> None:
        """Remove the bytes; a missing name is no error."""


class MemoryBlobs:
    """Blobs that live as long as the process: for tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes | memoryview, *, name: str = "") -> str:
        name = name or secrets.token_hex(16)
        self._kept[name] = bytes(data)
        return name

    def get(self, name: str) -> bytes:
        return self._kept[name]

    def delete(self, name: str) -> None:
        self._kept.pop(name, None)


class FolderBlobs:
    """Blobs as files of one folder (mode 0700), written beside their place and moved there when they are on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, data: bytes | memoryview, *, name: str = "") -> str:
        name = name or secrets.token_hex(16)
        place = self._place(name)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=place.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name

    def get(self, name: str) -> bytes:
        try:
            return self._place(name).read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def delete(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        if not (len(name) == 32 and set(name) <= set("0123456789abcdef")):
            raise KeyError(name)
        return self.folder / name[:2] / name
