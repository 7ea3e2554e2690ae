"""What every kernel does with streams and timers."""

from __future__ import annotations

import numpy as np

from simulators.compiled import inlined
from simulators.distributions import Floats
from simulators.streams import fill
from simulators.twin_tables import BLOCK, Records

_u64 = np.uint64


@inlined
def draw(
    streams: Records, store: Floats, numbers: Floats, index: int, seed: np.uint64, replication: np.uint64
) -> float:
    """Return the next number of stream ``index``."""
    stream = streams[index]
    if stream.at == BLOCK:
        fill(
            store[index], numbers, stream.kind, stream.offset, stream.count, stream.a, stream.b, stream.c,
            seed, replication, stream.name, stream.next,
        )  # fmt: skip
        stream.next += _u64(BLOCK)
        stream.at = 0
    stream.at += 1
    return float(store[index, stream.at - 1])


@inlined
def next_timer(when: Floats, floor: Records) -> int:
    """Slot of the next timer, the lowest of several; ``floor.same`` says whether there are several.

    Times are not negative, so their bits are in the same order as they are, and a plain scan of integers is quicker
    than any tree: the processor compares eight at a time.
    """
    words = when.view(np.int64)
    least = words[0]
    for slot in range(1, words.shape[0]):
        least = min(least, words[slot])
    first: int = words.shape[0]
    many = 0
    for slot in range(words.shape[0]):
        found = words[slot] == least
        many += found
        first = min(first, slot if found else words.shape[0])
    floor.same = 1 if many > 1 else 0
    return first
