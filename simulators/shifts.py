"""The shift calendar that a log shows, where nobody gave one.

Production counts are booked by shift: the same few pairs of clock times, on the same days, week after week. Stops come
only while a plant works: hours of the week without a single stop, where many would be expected, are closed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from simulators.intervals import FloatArray, zone
from simulators.line import DAY, WEEK, Calendar, Shift
from simulators.records import CountLog, StopLog

Source = Literal["counts", "stops"]

FEWEST_DAYS = 14
EXPLAINED = 0.9
USUAL = 0.5
MOST_SHIFTS = 6
EXPECTED = 8.0
HOURS = 168


def find_calendar(stops: StopLog | None, counts: CountLog | None, *, timezone: str) -> tuple[Calendar, Source] | None:
    """The calendar and which log shows it; None where the plant works around the clock, or no pattern is clear."""
    tz = zone(timezone)
    if counts is not None and len(counts):
        calendar = from_counts(counts, tz)
        if calendar is not None:
            return (calendar, "counts") if _closes(calendar) else None
    if stops is not None and len(stops):
        calendar = from_stops(stops, tz)
        if calendar is not None and _closes(calendar):
            return calendar, "stops"
    return None


def _closes(calendar: Calendar) -> bool:
    """Whether the calendar leaves at least an hour of the week closed."""
    return sum(end - start for start, end in calendar.working()) < WEEK - 3600


def _local(moments: FloatArray, tz: ZoneInfo) -> list[datetime]:
    return [datetime.fromtimestamp(float(moment), tz) for moment in moments]


def from_counts(counts: CountLog, tz: ZoneInfo) -> Calendar | None:
    """Shifts from pairs of clock times that explain at least 90 % of the rows, each on the days it usually occurs."""
    if float(counts.end.max() - counts.start.min()) < FEWEST_DAYS * DAY:
        return None
    spans = np.unique(np.stack((counts.start, counts.end), axis=1), axis=0)
    if len(spans) > 20_000 or float((spans[:, 1] - spans[:, 0]).max()) > DAY + 1:
        return None
    begins, ends = _local(spans[:, 0], tz), _local(spans[:, 1], tz)
    pairs = Counter(zip(map(_clock, begins), map(_clock, ends), strict=True))
    usual = [pair for pair, count in pairs.items() if count >= 0.01 * len(spans)]
    if sum(pairs[pair] for pair in usual) < EXPLAINED * len(spans):
        return None
    weeks = max((spans[-1, 1] - spans[0, 0]) / WEEK, 1.0)
    shifts = []
    for start, end in sorted(usual):
        days = Counter(
            begin.weekday()
            for begin, until in zip(begins, ends, strict=True)
            if (_clock(begin), _clock(until)) == (start, end)
        )
        worked = tuple(day for day in range(7) if days[day] >= USUAL * weeks * 0.99)
        if worked:
            shifts.append(Shift(days=worked, start_s=start, end_s=end or DAY))
    if len(shifts) > MOST_SHIFTS:
        shifts = _joined(shifts)
    return Calendar(shifts=tuple(shifts)) if shifts else None


def _joined(shifts: list[Shift]) -> list[Shift]:
    """Periods of counting, such as hours, put together where one begins when the other ends, on the same days."""
    joined: list[Shift] = []
    for shift in shifts:
        before = joined[-1] if joined else None
        if before is not None and before.end_s == shift.start_s and before.days == shift.days:
            joined[-1] = replace(before, end_s=shift.end_s)
        else:
            joined.append(shift)
    return joined


def _clock(moment: datetime) -> float:
    return moment.hour * 3600.0 + moment.minute * 60.0 + moment.second


def from_stops(stops: StopLog, tz: ZoneInfo) -> Calendar | None:
    """Whole hours of the week in which stops begin; None while fewer than 8 stops an hour would be expected."""
    if float(stops.end.max() - stops.start.min()) < FEWEST_DAYS * DAY or len(stops) < EXPECTED * HOURS:
        return None
    picked = stops.start if len(stops) <= 100_000 else stops.start[:: len(stops) // 100_000 + 1]
    hours = np.array([moment.weekday() * 24 + moment.hour for moment in _local(picked, tz)])
    met = np.bincount(hours, minlength=HOURS)
    open_ = met > 0.03 * met.mean()
    if open_.all():
        return None
    days: dict[tuple[int, int], list[int]] = {}
    for day in range(7):
        today = np.concatenate(([False], open_[24 * day : 24 * day + 24], [False])).astype(np.int8)
        begin, end = np.flatnonzero(np.diff(today) == 1), np.flatnonzero(np.diff(today) == -1)
        for first, last in zip(begin, end, strict=True):
            days.setdefault((int(first), int(last)), []).append(day)
    shifts = tuple(
        Shift(days=tuple(on), start_s=first * 3600.0, end_s=last * 3600.0) for (first, last), on in sorted(days.items())
    )
    return Calendar(shifts=shifts) if shifts else None


def in_words(calendar: Calendar) -> str:
    """The calendar in short, such as "1-5 06:00-14:00, 1-5 14:00-22:00"; days are numbered from Monday = 1."""
    return ", ".join(f"{_days(shift.days)} {_time(shift.start_s)}-{_time(shift.end_s)}" for shift in calendar.shifts)


def _days(days: tuple[int, ...]) -> str:
    if len(days) > 2 and days == tuple(range(days[0], days[-1] + 1)):
        return f"{days[0] + 1}-{days[-1] + 1}"
    return "/".join(str(day + 1) for day in days)


def _time(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"
