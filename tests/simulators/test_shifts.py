"""The working hours that records show."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, strategies

from simulators.line import DAY, Calendar, Shift
from simulators.records import CountLog, ProductionCount, StopLog
from simulators.shifts import infer_calendar


def runs(weeks: int, shifts: list[tuple[int, float, float]], start: float) -> CountLog:
    first = start
    return CountLog.of(
        ProductionCount(
            station="press",
            start=first + week * 7 * DAY + day * DAY + begin * 3600,
            end=first + week * 7 * DAY + day * DAY + end * 3600,
            made=100,
            good=99,
        )
        for week in range(weeks)
        for day, begin, end in shifts
    )


def monday() -> float:
    return datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


def test_two_shifts_on_working_days_are_found():
    log = runs(8, [(day, begin, begin + 8) for day in range(5) for begin in (6.0, 14.0)], monday())
    found = infer_calendar(log, None, timezone="Asia/Shanghai")
    assert found == Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=6 * 3600.0, end_s=22 * 3600.0),))


def test_a_night_shift_goes_on_after_midnight():
    log = runs(8, [(day, 22.0, 30.0) for day in range(5)], monday())
    found = infer_calendar(log, None, timezone="Asia/Shanghai")
    assert found is not None
    assert found.working()[0] == (22 * 3600.0, DAY + 6 * 3600.0)


def test_round_the_clock_gives_no_calendar():
    log = runs(8, [(day, begin, begin + 8) for day in range(7) for begin in (0.0, 8.0, 16.0)], monday())
    assert infer_calendar(log, None, timezone="Asia/Shanghai") is None


def test_runs_of_many_days_say_nothing_about_shifts():
    assert infer_calendar(runs(8, [(0, 0.0, 100.0)], monday()), None, timezone="Asia/Shanghai") is None


def test_one_week_is_not_enough():
    assert infer_calendar(runs(1, [(0, 6.0, 14.0)], monday()), None, timezone="Asia/Shanghai") is None


def test_stops_alone_show_the_hours_when_there_are_enough_of_them():
    draw = np.random.default_rng(1)
    size = 6000
    day, hour = draw.integers(0, 5, size), draw.uniform(6, 22, size)
    start = monday() + draw.integers(0, 26, size) * 7 * DAY + day * DAY + hour * 3600
    log = StopLog.from_columns({"station": np.full(size, "press"), "started_at": start, "ended_at": start + 60})
    found = infer_calendar(None, log, timezone="Asia/Shanghai")
    assert found is not None
    assert found.shifts[0].days == (0, 1, 2, 3, 4)
    assert (found.shifts[0].start_s, found.shifts[0].end_s) == (6 * 3600.0, 22 * 3600.0)


@given(
    strategies.lists(strategies.tuples(strategies.integers(0, 6), strategies.integers(0, 20)), min_size=1, max_size=9)
)
def test_what_is_found_covers_what_was_worked(shifts):
    log = runs(6, [(day, float(begin), begin + 4.0) for day, begin in shifts], monday())
    found = infer_calendar(log, None, timezone="Asia/Shanghai")
    if found is not None:
        working = found.working()
        for day, begin in shifts:
            at = (day * DAY + begin * 3600 + 7200) % (7 * DAY)
            assert any(start <= at < end for start, end in working)
