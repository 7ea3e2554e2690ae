"""Whether an installation is being used: whoever runs it shares a lock on its data folder, whoever replaces it needs
the lock alone. A killed process lets go."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def occupied(folder: Path, *, alone: bool = False) -> Iterator[bool]:
    """Hold the lock while the block runs; yields False where others hold it (`alone`), and holds nothing then."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "in-use", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
