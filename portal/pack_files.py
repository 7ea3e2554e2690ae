"""The folder of installed packs as files of a backup, and back in place as a whole."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"(?:[^/\\\x00-\x1f]{1,200}/){0,8}[^/\\\x00-\x1f]{1,200}")


def files_of(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    """Every file of the folder with its name below it, in order."""
    if folder is None or not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


class Incoming:
    """Files that come in beside the folder and take its place together; what was there can be taken back."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._beside = None if folder is None else folder.with_name(folder.name + ".restoring")
        self._before = None if folder is None else folder.with_name(folder.name + ".before-restore")
        for left_by_a_kill in (self._beside, self._before):
            if left_by_a_kill is not None:
                shutil.rmtree(left_by_a_kill, ignore_errors=True)

    @staticmethod
    def accepts(name: str) -> bool:
        """Whether a name stays inside the folder."""
        return _NAME.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))

    def add(self, name: str, data: bytes) -> None:
        """Write a file beside the folder."""
        if self._beside is not None:
            path = self._beside / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(data)

    def put_in_place(self) -> None:
        """Let what came in take the folder's place; without a file the folder goes."""
        if self._folder is None or self._beside is None or self._before is None:
            return
        if self._folder.exists():
            self._folder.rename(self._before)
        if self._beside.exists():
            self._beside.rename(self._folder)

    def take_back(self) -> None:
        """Put back what was there."""
        if self._folder is None or self._beside is None or self._before is None:
            return
        shutil.rmtree(self._beside, ignore_errors=True)
        if self._before.exists():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._before.rename(self._folder)

    def done(self) -> None:
        """Remove what was there before."""
        if self._before is not None:
            shutil.rmtree(self._before, ignore_errors=True)
