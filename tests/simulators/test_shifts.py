"""Shifts read from logs: found where the pattern is clear, and only there."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from simulators.history import baseline
from simulators.line import WEEK, Calendar
from simulators.records import CountLog, DowntimeEvent, ProductionCount, StopLog
from simulators.shifts import find_calendar, in_words

MONDAY = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
DAY, HOUR = 86_400.0, 3600.0


def booked(weeks: int, *shifts: tuple[float, float], days=range(5), skip=()) -> CountLog:
    return CountLog.of(
        ProductionCount(
            station=name,
            start=MONDAY + (7 * week + day) * DAY + start * HOUR,
            end=MONDAY + (7 * week + day) * DAY + end * HOUR,
            made=100,
            good=99,
            ideal_cycle=60.0,
        )
        for week in range(weeks)
        for day in days
        if (week, day) not in skip
        for start, end in shifts
        for name in ("press", "weld")
    )


def hours(calendar: Calendar) -> float:
    return sum(end - start for start, end in calendar.working()) / HOUR


def test_two_shifts_on_five_days_are_found_in_local_time():
    calendar, source = find_calendar(None, booked(8, (6, 14), (14, 22)), timezone="Asia/Shanghai")
    assert source == "counts"
    assert in_words(calendar) == "1-5 06:00-14:00, 1-5 14:00-22:00"
    assert hours(calendar) == 80


def test_night_shifts_pass_midnight_and_a_holiday_changes_nothing():
    calendar, _ = find_calendar(None, booked(8, (22, 30), skip={(3, 2)}), timezone="Asia/Shanghai")
    assert in_words(calendar) == "1-5 22:00-06:00"
    assert hours(calendar) == 40


def test_round_the_clock_is_no_calendar():
    assert find_calendar(None, booked(8, (0, 8), (8, 16), (16, 24), days=range(7)), timezone="Asia/Shanghai") is None


def test_hourly_counts_are_joined_to_shifts():
    hourly = [(float(hour), hour + 1.0) for hour in range(6, 22)]
    calendar, _ = find_calendar(None, booked(4, *hourly), timezone="Asia/Shanghai")
    assert in_words(calendar) == "1-5 06:00-22:00"
    assert (
        find_calendar(None, booked(4, *[(h, h + 1) for h in range(24)], days=range(7)), timezone="Asia/Shanghai")
        is None
    )


def test_runs_by_order_show_no_shifts():
    rng = np.random.default_rng(1)
    starts = np.sort(rng.uniform(0, 8 * WEEK, 300))
    runs = CountLog.of(
        ProductionCount(station="a", start=MONDAY + s, end=MONDAY + s + rng.uniform(HOUR, 9 * HOUR), made=9, good=9)
        for s in starts
    )
    assert find_calendar(None, runs, timezone="UTC") is None


def test_stops_that_never_begin_at_night_show_when_the_plant_works():
    rng = np.random.default_rng(2)
    stops = StopLog.of(
        DowntimeEvent(
            station="a", start=(at := MONDAY + day * DAY + rng.uniform(6, 22) * HOUR), end=at + 60, reason="x"
        )
        for day in range(180)
        if day % 7 < 5
        for _ in range(20)
    )
    calendar, source = find_calendar(stops, None, timezone="Asia/Shanghai")
    assert source == "stops"
    assert in_words(calendar) == "1-5 06:00-22:00"


def test_few_stops_show_nothing():
    stops = StopLog.of(
        DowntimeEvent(station="a", start=MONDAY + d * DAY + 9 * HOUR, end=MONDAY + d * DAY + 10 * HOUR)
        for d in range(60)
    )
    assert find_calendar(stops, None, timezone="UTC") is None
    assert find_calendar(StopLog.of([]), None, timezone="UTC") is None


def test_the_baseline_uses_what_it_found_and_says_so():
    past = baseline(None, booked(8, (6, 14), (14, 22)), timezone="Asia/Shanghai")
    assert "log_calendar_from_counts" in {finding.code for finding in past.findings}
    assert past.line.seconds["idle"] < 1
    assert past.line.planned_busy_s / 2 == 8 * 80 * HOUR
    assert [shift.label for shift in past.shifts] == ["06:00-14:00", "14:00-22:00"]


def test_utc_is_not_assumed_for_a_plant_elsewhere():
    calendar, _ = find_calendar(None, booked(4, (6, 14)), timezone="UTC")
    assert calendar.shifts[0].start_s == 22 * HOUR
    assert datetime.fromtimestamp(MONDAY, UTC).hour == 16
