"""Local times of a plant to epoch seconds, with the hours that clock changes repeat or leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np


def to_epoch(values: np.ndarray, absolute: np.ndarray, timezone: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Local seconds to epoch seconds in a plant's time zone; masks of repeated and of missing hours.

    A repeated hour (clocks put back) is taken as its first pass, a missing one (put forward) as the moment of the
    change; both are reported.
    """
    nothing = np.zeros(len(values), dtype=bool)
    if timezone.upper() in {"UTC", "ETC/UTC", "GMT", "Z"}:
        return values, nothing, nothing
    local = ~np.isnan(values) & ~absolute
    if not local.any():
        return values, nothing, nothing
    zone = ZoneInfo(timezone)
    whole = np.floor(values[local])
    days, where = np.unique(np.floor(whole / 86400).astype(np.int64), return_inverse=True)
    offsets = np.array([_offset(zone, int(day) * 86400) for day in days])
    changes = offsets != np.array([_offset(zone, int(day) * 86400 + 90000) for day in days])
    epoch, repeated, missing = values.copy(), nothing.copy(), nothing.copy()
    epoch[local] -= offsets[where]
    for place in np.flatnonzero(local)[changes[where]]:
        epoch[place], repeated[place], missing[place] = _at_change(zone, float(values[place]))
    return epoch, repeated, missing


def _naive(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None) + timedelta(seconds=seconds)


def _offset(zone: ZoneInfo, seconds: float, fold: int = 0) -> float:
    return (_naive(seconds).replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()).total_seconds()


def _at_change(zone: ZoneInfo, seconds: float) -> tuple[float, bool, bool]:
    """Epoch seconds of a local time on the day of a clock change; whether it is repeated, whether it is missing."""
    first, second = _offset(zone, seconds), _offset(zone, seconds, fold=1)
    if first == second:
        return seconds - first, False, False
    if first > second:  # put back: the same clock time comes twice
        return seconds - first, True, False
    low, high = seconds - second - 7200, seconds - first + 7200  # put forward: find the moment of the change
    while high - low > 0.5:
        middle = (low + high) / 2
        offset = datetime.fromtimestamp(middle, tz=zone).utcoffset() or timedelta()
        low, high = (middle, high) if offset.total_seconds() == first else (low, middle)
    return float(np.round(high)), False, True
