"""When a line or a crew works: shifts that repeat every week, and days on which nobody comes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from simulators.distributions import ModelError

DAY = 86_400.0
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Working time that repeats every week: from ``start_s`` to ``end_s`` (seconds of the day) on ``days``.

    Monday is day 0. An end that is not after the start is on the next day. Breaks are (start, end) in seconds of the
    day; in a night shift a break before the start of the shift is on the next day.
    """

    days: tuple[int, ...]
    start_s: float
    end_s: float
    breaks: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.days or any(day not in range(7) for day in self.days):
            raise ModelError(
                "a shift needs days from 0 (Monday) to 6",
                code="shift_days",
                place="days",
                remedy="Give days such as mon-fri.",
            )
        for place, value in (("from", self.start_s), ("to", self.end_s)):
            if not 0 <= value <= DAY:
                raise ModelError(
                    f"a shift's time must lie within the day, not at {value:g} s",
                    code="shift_time",
                    place=place,
                    remedy="Give times from 00:00 to 24:00.",
                    value=value,
                )
        for index, (start, end) in enumerate(self.break_spans()):
            if not self.start_s <= start < end <= self.span()[1]:
                raise ModelError(
                    "a break must lie within its shift",
                    code="break_outside",
                    place=f"breaks[{index}]",
                    remedy="Move the break into the shift, or correct the shift.",
                )

    def span(self) -> tuple[float, float]:
        """Start and end in seconds after midnight of the day the shift begins; the end may pass 24 h."""
        return self.start_s, self.end_s if self.end_s > self.start_s else self.end_s + DAY

    def break_spans(self) -> Iterator[tuple[float, float]]:
        """Breaks in seconds after midnight of the day the shift begins."""
        for start, end in self.breaks:
            begin = start if start >= self.start_s else start + DAY
            yield begin, end + DAY * math.ceil((begin - end) / DAY) if end < begin else end


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When the whole line works; a week that repeats, beginning Monday 00:00. Outside it everything is off.

    On the days ``closed`` (holidays, plant shutdowns) nobody works from 00:00 to 24:00, whatever the shifts say. They
    are dates, so ``first`` says which Monday the run begins on.
    """

    shifts: tuple[Shift, ...]
    first: date | None = field(default=None, metadata={"new": True})
    closed: tuple[date, ...] = field(default=(), metadata={"new": True})

    def __post_init__(self) -> None:
        if not self.shifts:
            raise ModelError(
                "a calendar needs a shift",
                code="no_shift",
                place="shifts",
                remedy="Add a shift, or leave the calendar out to work all the time.",
            )
        if self.first is not None and self.first.weekday() != 0:
            raise ModelError(
                f"{self.first} is not a Monday",
                code="first_not_monday",
                place="first",
                remedy="A run begins on a Monday: give the date of one.",
                value=str(self.first),
            )
        if self.closed and self.first is None:
            raise ModelError(
                "closed days need the date of the first Monday",
                code="closed_without_first",
                place="closed",
                remedy="Add first: the date of the Monday on which the run begins.",
            )

    def working(self) -> tuple[tuple[float, float], ...]:
        """Merged working intervals of the week in seconds after Monday 00:00, within [0, WEEK].

        >>> night = Shift(days=(6,), start_s=79_200, end_s=21_600, breaks=((7_200, 9_000),))
        >>> Calendar(shifts=(night,)).working()
        ((0.0, 7200.0), (9000.0, 21600.0), (597600.0, 604800.0))
        """
        spans: list[tuple[float, float]] = []
        for shift in self.shifts:
            for day in shift.days:
                at, until = (day * DAY + edge for edge in shift.span())
                for start, end in sorted(shift.break_spans()):
                    spans.append((at, day * DAY + start))
                    at = max(at, day * DAY + end)
                spans.append((at, until))
        inside: list[tuple[float, float]] = []
        for start, end in spans:
            inside.append((start, min(end, WEEK)))
            inside.append((max(start, WEEK) - WEEK, end - WEEK))
        merged: list[tuple[float, float]] = []
        for start, end in sorted((start, end) for start, end in inside if start < end):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return tuple(merged)

    def switches(self) -> tuple[bool, tuple[float, ...]]:
        """Whether the line works at Monday 00:00, and the seconds in (0, WEEK] at which that changes, week by week."""
        spans = self.working()
        edges = [edge for span in spans for edge in span]
        if edges[0] > 0:
            return False, tuple(edges)
        return True, tuple(edges[1:-1]) if edges[-1] == WEEK else (*edges[1:], WEEK)

    def works_at_once(self) -> bool:
        """Whether the run begins within working time."""
        return self.switches()[0] and 0 not in self._closed_days()

    def moments(self, horizon: float) -> Iterator[float]:
        """Seconds after the start of the run, below ``horizon``, at which working time begins or ends in turn.

        >>> spring = date(2027, 1, 4)
        >>> week = Calendar(shifts=(Shift(days=(0, 1), start_s=0, end_s=3600),), first=spring, closed=(spring,))
        >>> week.works_at_once(), list(week.moments(8 * DAY))
        (False, [86400.0, 90000.0, 604800.0, 608400.0])
        """
        edges, closed = self.switches()[1], self._closed_days()
        if closed:
            return itertools.takewhile(lambda moment: moment < horizon, self._moments(closed, horizon))
        weeks = itertools.count() if edges else range(0)
        return itertools.takewhile(
            lambda moment: moment < horizon, (week * WEEK + edge for week in weeks for edge in edges)
        )

    def _closed_days(self) -> frozenset[int]:
        first = self.first
        return frozenset() if first is None else frozenset((day - first).days for day in self.closed)

    def _moments(self, closed: frozenset[int], horizon: float) -> Iterator[float]:
        until = 0.0
        for start, end in self._open_spans(closed, horizon):
            if start > until:
                if until > 0.0:
                    yield until
                yield start
            until = end
        yield until

    def _open_spans(self, closed: frozenset[int], horizon: float) -> Iterator[tuple[float, float]]:
        """Working intervals one after the other, cut at closed days; one may begin where the one before ends."""
        for week in range(math.ceil(horizon / WEEK) + 1):
            for begin, end in self.working():
                start, until = week * WEEK + begin, week * WEEK + end
                for day in range(int(start // DAY), math.ceil(until / DAY)):
                    if day not in closed:
                        yield max(start, day * DAY), min(until, (day + 1) * DAY)
