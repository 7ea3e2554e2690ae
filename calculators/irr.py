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
    return tuple(sorted(float(rate) for rate in found[: _all_roots(row, found)]))


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
def _at(k: int, side: int) -> float:
    """Grid of x (side 0: r = 1e-7 ... 1e4) or of y = 1 + r (side 1: r = -1e-7 ... -1), from 1 down."""
    if k == 0:
        return 1.0
    if side == 0:
        return float(1.0 / (1.0 + SMALLEST_RATE * (HIGHEST_RATE / SMALLEST_RATE) ** (k / GRID)))
    return float(1.0 - SMALLEST_RATE * ((1.0 - 1e-6) / SMALLEST_RATE) ** (k / GRID))


@njit(cache=True, nogil=True)
def _scan(row: Array, first: int, last: int, side: int, found: Array, count: int) -> int:
    """Append to `found` the rates on one side of 0; return the new count."""
    backwards = side == 1
    x1, v1, d1 = 1.0, 0.0, 0.0
    for k in range(GRID + 1):
        x = _at(k, side)
        v, d = _value(row, first, last, backwards, x)
        if k >= 1 and v1 != 0.0 and (v < 0.0) != (v1 < 0.0) and count < len(found):
            root = _root(row, first, last, backwards, x, x1, v, x1)
            found[count] = 1.0 / root - 1.0 if side == 0 else root - 1.0
            count += 1
        elif k >= 1 and v1 != 0.0 and v != 0.0 and (d < 0.0) != (d1 < 0.0) and count + 1 < len(found):
            # an extremum lies between: follow it and look on which side of 0 it is
            low, high, low_slope = x, x1, d
            for _ in range(45):
                middle = 0.5 * (low + high)
                value, slope = _value(row, first, last, backwards, middle)
                if (value < 0.0) != (v < 0.0):
                    for low_end, high_end, low_value in ((x, middle, v), (middle, x1, value)):
                        root = _root(row, first, last, backwards, low_end, high_end, low_value, high_end)
                        found[count] = 1.0 / root - 1.0 if side == 0 else root - 1.0
                        count += 1
                    break
                if (slope < 0.0) == (low_slope < 0.0):
                    low = middle
                else:
                    high = middle
        x1, v1, d1 = x, v, d
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
def _all_roots(row: Array, found: Array) -> int:
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
    count = _scan(row, first, last, 0, found, count)
    return _scan(row, first, last, 1, found, count)


@njit(cache=True, nogil=True)
def _solve_rows(rows: Array, rate: Array, status: NDArray[np.int8], changes: NDArray[np.int64]) -> None:
    found = np.empty(2 * MOST_ROOTS)
    near_x, near_y = 1.0, 1.0  # the root of the series before is where the search of the next begins
    for i in range(len(rows)):
        row = rows[i]
        rate[i] = np.nan
        status[i] = 0
        first, last = _ends(row)
        total, sign, front, front_sign, change = 0.0, 0.0, 0, 0.0, 0
        finite = True
        for t in range(first, last + 1):
            c = row[t]
            if not np.isfinite(c):
                finite = False
            total += c
            if c * sign < 0.0:
                change += 1
            if c != 0.0:
                sign = 1.0 if c > 0.0 else -1.0
            if total * front_sign < 0.0:
                front += 1
            if total != 0.0:
                front_sign = 1.0 if total > 0.0 else -1.0
        changes[i] = change
        if not finite or change == 0:
            continue
        if change == 1 and total == 0.0:
            rate[i] = 0.0
            status[i] = 1
            continue
        if change == 1 or (front == 1 and total != 0.0):
            if front == 1:
                near_x = _root(row, first, last, False, 0.0, 1.0, row[first], near_x)
                rate[i] = 1.0 / near_x - 1.0
            else:
                near_y = _root(row, first, last, True, 0.0, 1.0, row[last], near_y)
                rate[i] = near_y - 1.0
            status[i] = 1
            continue
        back, back_sign, behind = 0, 0.0, 0.0
        for t in range(last, first - 1, -1):
            behind += row[t]
            if behind * back_sign < 0.0:
                back += 1
            if behind != 0.0:
                back_sign = 1.0 if behind > 0.0 else -1.0
        if front == 0 and total != 0.0 and back <= 1:
            if back == 1:
                near_y = _root(row, first, last, True, 0.0, 1.0, row[last], near_y)
                rate[i] = near_y - 1.0
                status[i] = 1
            continue
        count = _all_roots(row, found)
        if count == 1:
            rate[i] = found[0]
        status[i] = min(count, 2)
