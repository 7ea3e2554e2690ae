"""The shift calendar that a plant's own records show: a proposal, to be confirmed or changed by a person.

A quarter of an hour of the week counts as worked when runs cover it in at least half of the weeks. Where there are
stops only, an hour of the week counts when at least a tenth as many stops begin in it as in the usual hour. Nothing is
proposed where the records do not speak clearly; then the plant is taken to work all the time.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulators.intervals import local_days, midnight, zone
from simulators.line import DAY, Calendar, Shift
from simulators.records import CountLog, StopLog

SLOT = 900.0
FEWEST_WEEKS = 2
FEWEST_STOPS = 2000
CLEAR = 0.95
ALWAYS = 0.97

Mask = NDArray[np.bool_]


def infer_calendar(counts: CountLog | None, stops: StopLog | None, *, timezone: str) -> Calendar | None:
    """The weekly working hours that the records show, in local time; None: all the time, or they are unclear."""
    tz = zone(timezone)
    worked = None
    if counts is not None and len(counts):
        worked = _from_runs(counts, tz)
    if worked is None and stops is not None and len(stops) >= FEWEST_STOPS:
        worked = _from_stops(stops, tz)
    if worked is None or not worked.any() or worked.mean() >= ALWAYS:
        return None
    return calendar_of(worked)


def calendar_of(worked: Mask) -> Calendar:
    """The calendar of a week given in equal slots, beginning Monday 00:00.

    >>> slots = np.zeros(7 * 24, dtype=bool)
    >>> slots[6:14] = slots[30:38] = True
    >>> [(shift.days, shift.start_s / 3600, shift.end_s / 3600) for shift in calendar_of(slots).shifts]
    [((0, 1), 6.0, 14.0)]
    """
    width = 7 * DAY / len(worked)
    days: dict[tuple[float, float], list[int]] = defaultdict(list)
    for day, slots in enumerate(worked.reshape(7, -1)):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], slots, [False])).astype(np.int8)))
        for start, end in edges.reshape(-1, 2):
            days[start * width, end * width].append(day)
    shifts = sorted((tuple(on), start, end) for (start, end), on in days.items())
    return Calendar(shifts=tuple(Shift(days=on, start_s=start, end_s=end) for on, start, end in shifts))


def _from_runs(counts: CountLog, tz: ZoneInfo) -> Mask | None:
    length = counts.end - counts.start
    short = length <= DAY
    if short.mean() < CLEAR:
        return None
    weeks = _week_starts(float(counts.start.min()), float(counts.end.max()), tz)
    if len(weeks) < FEWEST_WEEKS:
        return None
    covered = np.zeros((len(weeks), round(7 * DAY / SLOT)), dtype=bool)
    number = np.searchsorted(weeks, counts.start, side="right") - 1
    for week, start, end in zip(number[short], counts.start[short], counts.end[short], strict=True):
        first = int(np.ceil((start - weeks[week]) / SLOT - 1e-9))
        last = int((end - weeks[week]) / SLOT + 1e-9)
        covered[week, max(first, 0) : last] = True
        if last > covered.shape[1] and week + 1 < len(weeks):
            covered[week + 1, : last - covered.shape[1]] = True
    whole = covered[1:-1] if len(weeks) > FEWEST_WEEKS + 1 else covered
    worked: Mask = whole.mean(axis=0) >= 0.5
    inside = covered[:, worked].sum() / max(covered.sum(), 1)
    return worked if inside >= CLEAR else None


def _from_stops(stops: StopLog, tz: ZoneInfo) -> Mask | None:
    weeks = _week_starts(float(stops.start.min()), float(stops.start.max()), tz)
    number = np.searchsorted(weeks, stops.start, side="right") - 1
    hours = np.clip((stops.start - weeks[number]) // 3600.0, 0, 167).astype(np.int64)
    begun = np.bincount(hours, minlength=168)
    usual = np.median(begun[begun > 0])
    worked: Mask = begun >= 0.1 * usual
    return worked if begun[worked].sum() / begun.sum() >= CLEAR and begun[~worked].sum() < 0.01 * begun.sum() else None


def _week_starts(first: float, last: float, tz: ZoneInfo) -> NDArray[np.float64]:
    days = local_days(first, last, tz)
    monday = days[0] - timedelta(days=days[0].weekday())
    found = []
    while monday <= days[-1]:
        found.append(midnight(monday, tz))
        monday += timedelta(days=7)
    return np.array(found)
