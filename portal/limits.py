"""How much is enough: sizes of requests, and how often somebody may ask."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


BODY_SECONDS = 30.0


class TooLargeError(Exception):
    """A request's body went beyond its limit while it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once, and so many a second after that."""

    burst: int
    per_second: float


class Buckets:
    """Token buckets by key; the keys longest unused are forgotten beyond `most`. Time is an argument (seconds)."""

    def __init__(self, *, most: int = 50_000) -> None:
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def clear(self) -> None:
        """Fill every bucket."""
        self._levels.clear()

    def wait(self, key: str, rate: Rate, *, at: float) -> float:
        """Take one token: 0 when there was one, else the seconds until there is (nothing is taken then)."""
        level, since = self._levels.pop(key, (float(rate.burst), at))
        level = min(float(rate.burst), level + max(0.0, at - since) * rate.per_second)
        allowed = level >= 1.0
        self._levels[key] = (level - 1.0 if allowed else level, at)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return 0.0 if allowed else (1.0 - level) / rate.per_second


def retry_after(seconds: float) -> bytes:
    """The value of Retry-After: whole seconds, at least one."""
    return str(max(1, math.ceil(seconds))).encode()


def declared_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Content-Length as a number; None without one, -1 when it is not a number or given twice differently."""
    values = {value for name, value in headers if name == b"content-length"}
    if not values:
        return None
    value = values.pop()
    return int(value) if not values and value.isdigit() and len(value) < 19 else -1


def limited(receive: Receive, *, most: int, seconds: float = BODY_SECONDS) -> Receive:
    """`receive`, which raises `TooLargeError` once a body without an honest Content-Length goes beyond `most` bytes.

    A client that lets us wait for the next piece of its body for longer than `seconds` counts as gone.
    """
    total, complete = 0, False

    async def limited_receive() -> MutableMapping[str, Any]:
        nonlocal total, complete
        if complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            complete = True
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if total > most:
                raise TooLargeError
        return message

    return limited_receive
