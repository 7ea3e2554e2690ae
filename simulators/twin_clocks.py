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
def set_timer(when: Floats, tree: Records, slot: int, time: float) -> None:
    """Set a timer and play its matches again; the lower slot wins a tie."""
    when[slot] = time
    node = (slot + when.shape[0]) >> 1
    while node > 0:
        left, right = tree[2 * node], tree[2 * node + 1]
        tree[node] = left if when[left] <= when[right] else right
        node >>= 1
