"""Sets of time: intervals merged once, then measured between any two moments by interpolation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from simulators.line import Calendar, ModelError, Shift

FloatArray = NDArray[np.float64]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Disjoint intervals in ascending order; the empty set has none."""

    start: FloatArray
    end: FloatArray

    @classmethod
    def of(cls, start: FloatArray, end: FloatArray) -> Cover:
        """The union of intervals, which may overlap and come in any order; empty ones are left out.

        >>> cover = Cover.of(np.array([5.0, 0.0, 1.0]), np.array([6.0, 2.0, 3.0]))
        >>> cover.start.tolist(), cover.end.tolist(), cover.length
        ([0.0, 5.0], [3.0, 6.0], 4.0)
        """
        real = end > start
        order = np.argsort(start[real], kind="stable")
        first, last = start[real][order], end[real][order]
        if not len(first):
            return cls(start=first, end=last)
        reached = np.maximum.accumulate(last)
        begins = np.concatenate(([True], first[1:] > reached[:-1]))
        ends = np.concatenate((np.flatnonzero(begins)[1:] - 1, [len(first) - 1]))
        return cls(start=first[begins], end=reached[ends])

    @classmethod
    def empty(cls) -> Cover:
        return cls(start=np.empty(0), end=np.empty(0))

    def with_(self, other: Cover) -> Cover:
        """The union with another set."""
        return Cover.of(np.concatenate((self.start, other.start)), np.concatenate((self.end, other.end)))

    def clipped(self, first: float, last: float) -> Cover:
        """The part between two moments."""
        return Cover.of(np.maximum(self.start, first), np.minimum(self.end, last))

    def outside(self, first: float, last: float) -> Cover:
        """What is missing between two moments."""
        inside = self.clipped(first, last)
        return Cover.of(np.concatenate(([first], inside.end)), np.concatenate((inside.start, [last])))

    @property
    def length(self) -> float:
        return float((self.end - self.start).sum())

    def until(self, at: FloatArray | float) -> FloatArray:
        """Seconds of the set before each moment."""
        moments = np.asarray(at, dtype=np.float64)
        if not len(self.start):
            return np.zeros(moments.shape)
        lengths = self.end - self.start
        after = np.cumsum(lengths)
        edges = np.stack((self.start, self.end), axis=1).ravel()
        reach = np.stack((np.concatenate(([0.0], after[:-1])), after), axis=1).ravel()
        return np.asarray(np.interp(moments, edges, reach))

    def within(self, other: Cover) -> float:
        """Seconds that both sets share."""
        return float((self.until(other.end) - self.until(other.start)).sum())


def spread_until(start: FloatArray, end: FloatArray, amount: FloatArray, at: FloatArray) -> FloatArray:
    """How much of `amount`, spread evenly over its interval, lies before each moment; intervals may overlap.

    >>> spread_until(np.array([0.0]), np.array([10.0]), np.array([5.0]), np.array([-1.0, 4.0, 99.0])).tolist()
    [0.0, 2.0, 5.0]
    """
    if not len(start):
        return np.zeros(at.shape)
    rate = amount / (end - start)
    moments = np.concatenate((start, end))
    order = np.argsort(moments, kind="stable")
    edges = moments[order]
    rates = np.cumsum(np.concatenate((rate, -rate))[order])
    reach = np.concatenate(([0.0], np.cumsum(rates[:-1] * np.diff(edges))))
    return np.asarray(np.interp(at, edges, reach))


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name.

    Raises:
        ModelError: there is no such zone (`unknown_timezone`).
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ModelError(
            f"there is no time zone {name!r}",
            code="unknown_timezone",
            place="timezone",
            remedy="Use a name such as Asia/Shanghai, Europe/Berlin or UTC.",
            name=name,
        ) from error


def local_days(first: float, last: float, tz: ZoneInfo) -> list[date]:
    """The local days that touch [first, last)."""
    day = datetime.fromtimestamp(first, tz).date()
    end = datetime.fromtimestamp(last, tz)
    days = []
    while day <= end.date():
        days.append(day)
        day += DAY
    if len(days) > 1 and midnight(days[-1], tz) >= last:
        days.pop()
    return days


def midnight(day: date, tz: ZoneInfo) -> float:
    """When a local day begins, in seconds since 1970 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).timestamp()


def wall(day: date, seconds: float, tz: ZoneInfo) -> float:
    """When a local clock shows that many seconds after the day's midnight; clock changes are taken as they come."""
    # sums of one zone are made on the clock's face, not in elapsed time
    return (datetime(day.year, day.month, day.day, tzinfo=tz) + timedelta(seconds=seconds)).timestamp()


def shift_hours(shift: Shift, days: Iterable[date], tz: ZoneInfo) -> tuple[Cover, Cover]:
    """A shift on local days: its whole span, and the breaks in it."""
    spans: list[tuple[float, float]] = []
    breaks: list[tuple[float, float]] = []
    for day in days:
        if day.weekday() in shift.days:
            begin, until = shift.span()
            spans.append((wall(day, begin, tz), wall(day, until, tz)))
            breaks.extend((wall(day, start, tz), wall(day, end, tz)) for start, end in shift.break_spans())
    return _cover(spans), _cover(breaks)


def _cover(pairs: list[tuple[float, float]]) -> Cover:
    edges = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return Cover.of(edges[:, 0], edges[:, 1])


def working_hours(calendar: Calendar | None, first: float, last: float, tz: ZoneInfo) -> Cover:
    """When the plant is open between two moments; without a calendar, always."""
    if calendar is None:
        return Cover.of(np.array([first]), np.array([last]))
    days = local_days(first - DAY.total_seconds(), last, tz)
    open_ = Cover.empty()
    for shift in calendar.shifts:
        span, breaks = shift_hours(shift, days, tz)
        gaps = breaks.outside(first - 3 * DAY.total_seconds(), last + 3 * DAY.total_seconds())
        open_ = open_.with_(intersect(span, gaps))
    return open_.clipped(first, last)


def intersect(one: Cover, two: Cover) -> Cover:
    """What lies in both sets."""
    if not len(one.start) or not len(two.start):
        return Cover.empty()
    first, last = float(min(one.start[0], two.start[0])), float(max(one.end[-1], two.end[-1]))
    return one.outside(first, last).with_(two.outside(first, last)).outside(first, last)


def iso(moment: float) -> str:
    """A moment in UTC as ISO 8601 to the second."""
    return datetime.fromtimestamp(round(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
