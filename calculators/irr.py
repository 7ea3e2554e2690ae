"""Internal rates of return of many flow series at once, with "none" and "several" as answers.

With x = 1/(1+r) a rate r > -1 is a positive root of p(x) = sum of c_t x^t. Two counts decide most series exactly:
the sign changes of the cumulative flows from the front bound the roots with r > 0, those of the cumulative flows
from the back the roots with r < 0, and no change means no root, one change exactly one (Descartes' rule for p/(1-x);
Norstrom 1972). The others are scanned over a dense grid of rates, with near misses followed to their extremum.

Both sides are searched with the variable between 0 and 1 (x, or y = 1+r), so nothing overflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numba import njit
from numpy.typing import NDArray

from calculators.units import Array

BLOCK = 64  # series solved side by side
GRID = 100  # rates looked at on either side of 0 when the counts do not decide
MOST_ROOTS = 32
HIGHEST_RATE = 1e4
SMALLEST_RATE = 1e-7


class IrrStatus(IntEnum):
    """How many rates of return there are. `ONE` includes a single positive rate beside negative ones (Norstrom)."""

    NONE = 0
    ONE = 1
    SEVERAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Irr:
    """Rate per period (NaN unless the status is ONE), status, and sign changes of the flows; one entry per series."""

    rate: Array
    status: NDArray[np.int8]
    sign_changes: NDArray[np.int64]


def irr(flows: Array) -> Irr:
    """Internal rate of return per period of each series.

    `flows` has shape [..., period], the first flow now; results have shape [...].

    >>> float(irr(np.array([-1000.0, 200, 300, 400, 500])).rate.round(6))
    0.128257
    >>> irr(np.array([1000.0, -3000, 2500])).status.item() == IrrStatus.NONE
    True
    """
    table = np.ascontiguousarray(np.atleast_2d(np.asarray(flows, np.float64)))
    rows = table.reshape(-1, table.shape[-1])
    rate = np.empty(len(rows))
    status = np.empty(len(rows), np.int8)
    changes = np.empty(len(rows), np.int64)
    _solve_rows(rows, rate, status, changes)
    shape = np.shape(flows)[:-1]
    return Irr(rate=rate.reshape(shape), status=status.reshape(shape), sign_changes=changes.reshape(shape))


def all_irr(flows: Array) -> tuple[float, ...]:
    """Every rate of return above -1 of one series, ascending; empty when there is none.

    >>> [round(rate, 9) for rate in all_irr(np.array([-1000.0, 2300, -1320]))]
    [0.1, 0.2]
    """
    row = np.ascontiguousarray(flows, np.float64)
    if row.ndim != 1 or not np.isfinite(row).all():
        return ()
    found = np.empty(2 * MOST_ROOTS)
    return tuple(sorted(float(rate) for rate in found[: _all_roots(row, (_grid(0), _grid(1)), found)]))


def sign_changes(flows: Array) -> NDArray[np.int64]:
    """Changes of sign along the last axis, zeros left out (Descartes' bound on the number of rates)."""
    return irr(flows).sign_changes


@njit(cache=True, nogil=True)
def _value(row: Array, first: int, last: int, backwards: bool, x: float) -> tuple[float, float]:
    """The polynomial and its derivative at x; `backwards` takes the flows from the last to the first."""
    value, slope = 0.0, 0.0
    if backwards:
        for t in range(first, last + 1):
            slope = slope * x + value
            value = value * x + row[t]
    else:
        for t in range(last, first - 1, -1):
            slope = slope * x + value
            value = value * x + row[t]
    return value, slope


@njit(cache=True, nogil=True)
def _root(
    row: Array, first: int, last: int, backwards: bool, low: float, high: float, low_value: float, start: float
) -> float:
    """The root between low and high, where the signs differ: Newton from `start`, bisection when it leaves."""
    x = start
    for _ in range(200):
        value, slope = _value(row, first, last, backwards, x)
        if value == 0.0:
            return x
        if (value < 0.0) == (low_value < 0.0):
            low = x
        else:
            high = x
        step = x - value / slope if slope != 0.0 else low - 1.0
        if low < step < high:
            if abs(step - x) <= 1e-12 * x:  # the error of the next step is the square of this one
                return step
        else:
            step = 0.5 * (low + high)
            if step in (low, high):
                return step
        x = step
    return x


@njit(cache=True, nogil=True)
def _grid(side: int) -> Array:
    """Values of x (side 0: r = 1e-7 ... 1e4) or of y = 1 + r (side 1: r = -1e-7 ... -1), from 1 down."""
    points = np.ones(GRID + 1)
    for k in range(1, GRID + 1):
        if side == 0:
            points[k] = 1.0 / (1.0 + SMALLEST_RATE * (HIGHEST_RATE / SMALLEST_RATE) ** (k / GRID))
        else:
            points[k] = 1.0 - SMALLEST_RATE * ((1.0 - 1e-6) / SMALLEST_RATE) ** (k / GRID)
    return points


@njit(cache=True, nogil=True)
def _values(row: Array, first: int, last: int, backwards: bool, points: Array) -> tuple[Array, Array]:
    """The polynomial and its derivative at many points at once."""
    values, slopes = np.zeros(len(points)), np.zeros(len(points))
    for step in range(last - first + 1):
        c = row[first + step] if backwards else row[last - step]
        for k in range(len(points)):
            slopes[k] = slopes[k] * points[k] + values[k]
            values[k] = values[k] * points[k] + c
    return values, slopes


@njit(cache=True, nogil=True)
def _scan(row: Array, first: int, last: int, side: int, grid: Array, found: Array, count: int) -> int:
    """Append to `found` the rates on one side of 0; return the new count."""
    backwards = side == 1
    values, slopes = _values(row, first, last, backwards, grid)
    for k in range(1, len(grid)):
        x1, x, v1, v, d1, d = grid[k - 1], grid[k], values[k - 1], values[k], slopes[k - 1], slopes[k]
        if k == 1 and values[0] == 0.0:
            continue  # the root at 0 is known; one next to it is not told apart
        if (v < 0.0) != (v1 < 0.0) and count < len(found):
            root = _root(row, first, last, backwards, x, x1, v, x1)
            found[count] = 1.0 / root - 1.0 if side == 0 else root - 1.0
            count += 1
        elif v != 0.0 and (d < 0.0) == (v > 0.0) and (d1 < 0.0) == (v < 0.0) and count + 1 < len(found):
            # a dip towards 0 lies between; only where the tangents of its two ends meet beyond 0 can it reach 0
            if (v + d * ((v1 - v + d * x - d1 * x1) / (d - d1) - x) < 0.0) == (v < 0.0):
                continue
            low, high = x, x1
            for _ in range(45):
                middle = 0.5 * (low + high)
                value, slope = _value(row, first, last, backwards, middle)
                if (value < 0.0) != (v < 0.0):
                    for low_end, high_end, low_value in ((x, middle, v), (middle, x1, value)):
                        root = _root(row, first, last, backwards, low_end, high_end, low_value, high_end)
                        found[count] = 1.0 / root - 1.0 if side == 0 else root - 1.0
                        count += 1
                    break
                if (slope < 0.0) == (d < 0.0):
                    low = middle
                else:
                    high = middle
    return count


@njit(cache=True, nogil=True)
def _ends(row: Array) -> tuple[int, int]:
    first, last = 0, len(row) - 1
    while first <= last and row[first] == 0.0:
        first += 1
    while last > first and row[last] == 0.0:
        last -= 1
    return first, last


@njit(cache=True, nogil=True)
def _all_roots(row: Array, grids: tuple[Array, Array], found: Array) -> int:
    first, last = _ends(row)
    if first >= last:
        return 0
    total = 0.0
    for t in range(first, last + 1):
        total += row[t]
    count = 0
    if total == 0.0:
        found[0] = 0.0
        count = 1
    count = _scan(row, first, last, 0, grids[0], found, count)
    return _scan(row, first, last, 1, grids[1], found, count)


@njit(cache=True, nogil=True)
def _changes(row: Array, first: int, last: int, backwards: bool, cumulative: bool) -> int:
    """Changes of sign of the flows, or of their running total from either end; zeros left out."""
    count, sign, total = 0, 0, 0.0
    for step in range(last - first + 1):
        c = row[last - step] if backwards else row[first + step]
        total = total + c if cumulative else c
        now = int(total > 0.0) - int(total < 0.0)
        count += int(now * sign < 0)
        sign = now if now != 0 else sign
    return count


@njit(cache=True, nogil=True)
def _solve_rows(rows: Array, rate: Array, status: NDArray[np.int8], changes: NDArray[np.int64]) -> None:
    """Classify every series; solve those with one root in blocks, scan the few others."""
    grids = (_grid(0), _grid(1))
    found = np.empty(2 * MOST_ROOTS)
    queue = np.empty(BLOCK, np.int64)
    waiting = 0
    for i in range(len(rows)):
        row = rows[i]
        rate[i] = np.nan
        status[i] = 0
        first, last = _ends(row)
        total = 0.0
        for t in range(first, last + 1):
            total += row[t]
        changes[i] = _changes(row, first, last, False, False)
        if not np.isfinite(total) or changes[i] == 0:
            continue
        front = _changes(row, first, last, False, True)
        if total == 0.0:
            if changes[i] == 1:
                rate[i] = 0.0
                status[i] = 1
                continue
        elif changes[i] == 1 or front == 1:
            status[i] = -1 if front == 1 else -2
        elif front == 0:
            back = _changes(row, first, last, True, True)
            if back == 0:
                continue
            if back == 1:
                status[i] = -2
        if status[i] < 0:
            queue[waiting] = i
            waiting += 1
            if waiting == BLOCK:
                _solve_block(rows, queue[:waiting], rate, status)
                waiting = 0
            continue
        count = _all_roots(row, grids, found)
        if count == 1:
            rate[i] = found[0]
        status[i] = min(count, 2)
    _solve_block(rows, queue[:waiting], rate, status)


@njit(cache=True, nogil=True)
def _solve_block(rows: Array, queue: NDArray[np.int64], rate: Array, status: NDArray[np.int8]) -> None:
    """Newton's method on several series side by side; status -1: a root in x, -2: one in y = 1 + r."""
    width, length = len(queue), rows.shape[1]
    table = np.empty((length, width))
    x, low, high = np.ones(width), np.zeros(width), np.ones(width)
    negative, done = np.zeros(width, np.bool_), np.zeros(width, np.bool_)
    values, slopes = np.empty(width), np.empty(width)
    for k in range(width):
        row = rows[queue[k]]
        first, last = _ends(row)
        backwards = status[queue[k]] == -2
        negative[k] = (row[last] if backwards else row[first]) < 0.0
        for t in range(length):
            table[t, k] = row[t] if backwards else row[length - 1 - t]
    for _ in range(200):
        values[:] = 0.0
        slopes[:] = 0.0
        for t in range(length):
            for k in range(width):
                slopes[k] = slopes[k] * x[k] + values[k]
                values[k] = values[k] * x[k] + table[t, k]
        running = False
        for k in range(width):
            if done[k]:
                continue
            value, slope = values[k], slopes[k]
            if (value < 0.0) == negative[k]:
                low[k] = x[k]
            else:
                high[k] = x[k]
            step = x[k] - value / slope if slope != 0.0 else -1.0
            if low[k] < step < high[k]:
                done[k] = abs(step - x[k]) <= 1e-9 * x[k]  # the error of this step is about its square
            elif value == 0.0:
                step = x[k]
                done[k] = True
            else:
                step = 0.5 * (low[k] + high[k])
                done[k] = step in (low[k], high[k])
            x[k] = step
            running = running or not done[k]
        if not running:
            break
    for k in range(width):
        rate[queue[k]] = 1.0 / x[k] - 1.0 if status[queue[k]] == -1 else x[k] - 1.0
        status[queue[k]] = 1
