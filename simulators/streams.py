"""Random numbers: one stream per seed, replication, station and purpose.

The generator is counter-based (Philox4x32-10, Salmon et al. 2011): number ``index`` of a stream is a pure function of
(seed, replication, stream, index), so nothing depends on the order of drawing or on the number of workers. A stream is
known by the names of its station and purpose, never by a position: adding a station, a cause or a module changes no
number of any other. Times come by inverse transform, one uniform number each. Smooth quantile functions are read from
tables (64 cells per binary octave down to 2**-53 on both sides, a cubic through four points in each; relative error
below 1e-6 for every shape that a Distribution allows, typically 1e-10); both engines read the same tables.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulators.compiled import compiled
from simulators.distributions import Distribution, Floats, ModelError

Bits = NDArray[np.uint64]

#: How a stream turns a uniform number into a value.
CONSTANT, TABLE, UNIFORM, TRIANGULAR, DISCRETE, EMPIRICAL = range(6)
CELLS = 64  # per octave
OCTAVES = 53
ROWS = OCTAVES * CELLS

_u64 = np.uint64
_LOW = _u64(0xFFFFFFFF)
_HALF = _u64(32)
_M0, _M1 = _u64(0xD2511F53), _u64(0xCD9E8D57)
_W0, _W1 = _u64(0x9E3779B9), _u64(0xBB67AE85)
_SHIFT = _u64(11)
_TOP = np.int64((1 << 53) - 1)
_ULP = 2.0**-53
_FRACTION = np.int64((1 << 46) - 1)
_PER_FRACTION = 2.0**-46


@compiled("void(u8[::1], u8, u8, u8, u8)")
def random_bits(out: Bits, seed: np.uint64, replication: np.uint64, stream: np.uint64, first: np.uint64) -> None:
    """Fill ``out`` (even length) with 53 random bits each, numbers ``first`` (even) and following of the stream."""
    key0, key1 = seed & _LOW, seed >> _HALF
    name0, name1 = stream & _LOW, stream >> _HALF
    block = first >> _u64(1)
    for i in range(out.shape[0] // 2):
        c0, c1, c2, c3 = (block + _u64(i)) & _LOW, replication & _LOW, name0, name1
        k0, k1 = key0, key1
        for _ in range(10):
            low, high = _M0 * c0, _M1 * c2
            c0, c2 = (high >> _HALF) ^ c1 ^ k0, (low >> _HALF) ^ c3 ^ k1
            c1, c3 = high & _LOW, low & _LOW
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        out[2 * i] = ((c0 << _HALF) | c1) >> _SHIFT
        out[2 * i + 1] = ((c2 << _HALF) | c3) >> _SHIFT


@compiled("void(f8[::1], f8[::1], i8, i8, i8, f8, f8, f8, u8, u8, u8, u8)")
def fill(
    out: Floats,
    tables: Floats,
    kind: int,
    offset: int,
    count: int,
    a: float,
    b: float,
    c: float,
    seed: np.uint64,
    replication: np.uint64,
    stream: np.uint64,
    first: np.uint64,
) -> None:
    """Fill ``out`` (even length) with values of the stream, numbers ``first`` (even) and following.

    ``kind``, ``offset``, ``count``, ``a``, ``b``, ``c`` are those of ``recipe``; ``tables`` holds what it points to.
    """
    n = out.shape[0]
    if kind == CONSTANT:
        out[:] = a
        return
    bits = out.view(np.uint64)
    random_bits(bits, seed, replication, stream, first)
    if kind == TABLE:
        # The nearer end of (0, 1) is kept exactly; its sign says which end it is, its exponent finds the octave.
        for i in range(n):
            k = np.int64(bits[i])
            upper = k >> 52
            near = (np.float64(k ^ (-upper & _TOP)) + 0.5) * _ULP
            out[i] = -near if upper else near
        words = out.view(np.int64)
        for i in range(n):
            word = words[i]
            octave = 1021 - ((word >> 52) & 2047)
            row = octave * CELLS + ((word >> 46) & 63) + (ROWS if word < 0 else 0)
            x = np.float64(word & _FRACTION) * _PER_FRACTION
            at = offset + 4 * row
            out[i] = a * (tables[at] + x * (tables[at + 1] + x * (tables[at + 2] + x * tables[at + 3])))
        return
    for i in range(n):
        u = (np.float64(np.int64(bits[i])) + 0.5) * _ULP
        if kind == UNIFORM:
            out[i] = a + (b - a) * u
        elif kind == TRIANGULAR:
            if u * (c - a) < b - a:
                out[i] = a + math.sqrt(u * (c - a) * (b - a))
            else:
                out[i] = c - math.sqrt((1.0 - u) * (c - a) * (c - b))
        elif kind == EMPIRICAL:
            out[i] = tables[offset + min(int(u * count), count - 1)]
        else:
            low, high = 0, count - 1
            while low < high:
                middle = (low + high) // 2
                if u < tables[offset + middle]:
                    high = middle
                else:
                    low = middle + 1
            out[i] = tables[offset + count + low]


@lru_cache(maxsize=4096)
def stream_id(station: str, purpose: str, cause: str = "", server: int = 0) -> int:
    """Return the 64-bit name of a stream, such as ``stream_id("filler", "uptime", cause="jam")``."""
    text = json.dumps([station, purpose, cause, server], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def checked_seed(seed: int) -> int:
    """Return ``seed`` if it fits into 64 bits."""
    if not 0 <= seed < 1 << 64:
        raise ModelError(
            f"the seed {seed} does not fit",
            code="seed_range",
            place="seed",
            remedy="Give a whole number from 0 to 18446744073709551615.",
            seed=seed,
        )
    return seed


def _to_powers(points: tuple[float, ...]) -> Floats:
    """Turns values at `points` into the coefficients of their polynomial: ``[point, power]``, each rounded once.

    Lagrange in fractions, because the last bit of a linear solver depends on the processor.
    """
    rows = []
    for point in points:
        row = [Fraction(1)]
        for other in points:
            if other != point:
                away, root = Fraction(point) - Fraction(other), Fraction(other)
                row = [
                    ((row[k - 1] if k else 0) - (row[k] * root if k < len(row) else 0)) / away
                    for k in range(len(row) + 1)
                ]
        rows.append([float(coefficient) for coefficient in row])
    return np.array(rows)


@lru_cache(maxsize=64)
def _shape_table(unit: Distribution) -> Floats:
    """Cubics of the quantile function of a distribution of scale 1, ``[side, octave, cell, power]``, flat."""
    points = (1 - np.cos((2 * np.arange(4) + 1) * np.pi / 8)) / 2
    octave = np.arange(OCTAVES)[:, None, None]
    cell = np.arange(CELLS)[None, :, None]
    near = 2.0 ** -(octave + 2.0) * (1 + (cell + points) / CELLS)
    to_powers = _to_powers(tuple(points.tolist()))
    # einsum and not @: the last bit must not depend on the BLAS kernel that a processor chooses
    sides = [np.einsum("ocp,pk->ock", unit.quantile(*way), to_powers) for way in ((near, 1 - near), (1 - near, near))]
    table = np.ascontiguousarray(np.stack(sides)).ravel()
    table.flags.writeable = False
    return table


@lru_cache(maxsize=1024)
def _unit(distribution: Distribution) -> tuple[Distribution, float] | None:
    """The distribution of scale 1 with the same smooth shape, and the scale."""
    match distribution.kind:
        case "exponential":
            return Distribution.exponential(1.0), distribution.number("mean")
        case "lognormal" | "gamma":
            shape = Distribution.of(distribution.kind, mean=1.0, cv=distribution.number("cv"))
            return shape, distribution.number("mean")
        case "erlang":
            return Distribution.of("erlang", mean=1.0, k=distribution.number("k")), distribution.number("mean")
        case "weibull":
            shape = Distribution.weibull(distribution.number("shape"), 1.0)
            return shape, distribution.number("scale")
        case _:
            return None


Recipe = tuple[int, Floats, int, float, float, float]
_NOTHING = np.zeros(0)


def recipe(distribution: Distribution) -> Recipe:
    """Return how ``fill`` makes values: (kind, table, count, a, b, c)."""
    smooth = _unit(distribution)
    if smooth is not None:
        return TABLE, _shape_table(smooth[0]), 0, smooth[1], 0.0, 0.0
    match distribution.kind:
        case "constant":
            return CONSTANT, _NOTHING, 0, distribution.number("value"), 0.0, 0.0
        case "uniform":
            return UNIFORM, _NOTHING, 0, distribution.number("low"), distribution.number("high"), 0.0
        case "triangular":
            low, mode, high = (distribution.number(name) for name in ("low", "mode", "high"))
            return TRIANGULAR, _NOTHING, 0, low, mode, high
        case "discrete":
            steps = np.cumsum(distribution.numbers("probabilities"))
            steps[-1] = 2.0
            values = np.asarray(distribution.numbers("values"))
            return DISCRETE, np.concatenate([steps, values]), len(values), 0.0, 0.0, 0.0
        case _:
            values = np.sort(np.asarray(distribution.numbers("values")))
            return EMPIRICAL, values, len(values), 0.0, 0.0, 0.0


def draws(distribution: Distribution, seed: int, replication: int, stream: int, block: int = 256) -> Iterator[float]:
    """Yield the numbers of one stream for ever."""
    kind, table, count, a, b, c = recipe(distribution)
    tables = np.array(table) if table.size else np.zeros(1)
    out = np.empty(block)
    first = 0
    while True:
        fill(out, tables, kind, 0, count, a, b, c, _u64(seed), _u64(replication), _u64(stream), _u64(first))
        yield from out.tolist()
        first += block
