"""Opened values that this process keeps for a moment, so that a page that is drawn again does not decrypt again.

By tenant and id, at most a minute, at most 64 MB in all, the longest unused go first. Only `Workspace` uses `KEPT` and
`portal.levers` uses `LEVERS`, and both ask only for their own tenant.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any

SECONDS = 60.0
BYTES = 64 * 1024 * 1024


class Kept:
    """A small cache with an end for each value and for all."""

    def __init__(self, *, seconds: float = SECONDS, most: int = BYTES) -> None:
        self._seconds = seconds
        self._most = most
        self._held: OrderedDict[tuple[str, str], tuple[float, int, Any]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, tenant: str, key: str) -> Any:
        """Return what is kept, or None."""
        with self._lock:
            held = self._held.get((tenant, key))
            if held is None:
                return None
            if held[0] < time.monotonic():
                self._remove((tenant, key))
                return None
            self._held.move_to_end((tenant, key))
            return held[2]

    def put(self, tenant: str, key: str, value: Any, *, size: int) -> None:
        """Keep a value of about so many bytes; one that is larger than a quarter of the room is not kept."""
        if size > self._most // 4:
            return
        with self._lock:
            self._remove((tenant, key))
            self._held[tenant, key] = (time.monotonic() + self._seconds, size, value)
            self._size += size
            while self._size > self._most:
                self._remove(next(iter(self._held)))

    def drop(self, tenant: str, key: str | None = None) -> None:
        """Forget one value, or all of a tenant."""
        with self._lock:
            for place in [place for place in self._held if place[0] == tenant and key in {None, place[1]}]:
                self._remove(place)

    def _remove(self, place: tuple[str, str]) -> None:
        held = self._held.pop(place, None)
        if held is not None:
            self._size -= held[1]


KEPT = Kept()

LEVERS = Kept(most=192 * 1024 * 1024)
"""Inputs on sliders, with what the formulas downstream of them look at: some four at a time in the whole process."""


def forget(tenant: str) -> None:
    """Forget everything of a tenant."""
    KEPT.drop(tenant)
    LEVERS.drop(tenant)
