"""The baseline: time closes, every ratio has two halves, what is unknown is said."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.checks import check_counts, check_stops
from simulators.history import Baseline, Typed, baseline
from simulators.line import Calendar, ModelError, Shift
from simulators.records import CountLog, DowntimeEvent, Equipment, EquipmentList, ProductionCount, StopLog
from simulators.reliability import reliability

DAY = 86_400.0
MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
DAYTIME = Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=21_600, end_s=50_400, breaks=((36_000, 37_800),)),))


def stop(start: float, end: float, reason: str = "jam", station: str = "filler", kind="") -> DowntimeEvent:
    return DowntimeEvent(station=station, start=MONDAY + start, end=MONDAY + end, reason=reason, kind=kind)


def run(start: float, end: float, made: float, good: float, station: str = "filler", **more) -> ProductionCount:
    return ProductionCount(station=station, start=MONDAY + start, end=MONDAY + end, made=made, good=good, **more)


def hour(number: float) -> float:
    return number * 3600.0


def full_day() -> Baseline:
    """One day around the clock: 2 h planned, 1 h changeover, 1 h breakdown, 6 min of short stops, 9,000 parts of 8 s."""
    stops = StopLog.of(
        [
            stop(hour(0), hour(2), "保养", kind="planned"),
            stop(hour(4), hour(5), "换型", kind="setup"),
            stop(hour(6), hour(7)),
            stop(hour(8), hour(8) + 120, "sensor"),
            stop(hour(9), hour(9) + 240, "sensor"),
        ]
    )
    counts = CountLog.of([run(0, hour(12), 4500, 4400), run(hour(12), hour(24), 4500, 4450)])
    machines = EquipmentList.of([Equipment(station="filler", ideal_cycle=8.0)])
    return baseline(stops, counts, machines)


def test_a_day_by_hand():
    past = full_day()
    assert dict(past.waterfall()) == pytest.approx(
        {
            "calendar": DAY,
            "planned": 7200,
            "setup": 3600,
            "breakdown": 3600,
            "minor": 360,
            "speed": DAY - 7200 - 7200 - 360 - 72_000,
            "scrap": 150 * 8,
            "good": 8850 * 8,
        },
        abs=1e-6,
    )
    line = past.line
    assert line.availability.value == pytest.approx((DAY - 7200 - 7560) / (DAY - 7200))
    assert line.effectiveness.value == pytest.approx(72_000 / (DAY - 7200 - 7560))
    assert line.quality.value == pytest.approx(8850 / 9000)
    assert line.oee.value == pytest.approx(8850 * 8 / (DAY - 7200))
    assert past.constraint == "filler"
    assert past.line.oee.tier == "A"


def test_the_three_parts_multiply_to_oee():
    line = full_day().line
    assert line.availability.value * line.effectiveness.value * line.quality.value == pytest.approx(line.oee.value)


def test_the_pareto_adds_up_to_the_losses():
    past = full_day()
    assert [(bar.reason, bar.stops, bar.seconds) for bar in past.by_reason()] == [
        ("保养", 1, 7200),
        ("jam", 1, 3600),
        ("换型", 1, 3600),
        ("sensor", 2, 360),
    ]
    assert past.by_station()[0].seconds == 7560


def test_closed_time_and_breaks_are_no_loss():
    past = baseline(StopLog.of([stop(hour(7), hour(8)), stop(4 * DAY + hour(7), 4 * DAY + hour(8))]), calendar=DAYTIME)
    assert past.last - past.first == 5 * DAY
    assert past.line.planned_busy_s == pytest.approx(5 * 7.5 * 3600)
    assert past.line.availability.value == pytest.approx(1 - 2 / 37.5)


def test_a_stop_over_night_counts_only_while_the_plant_is_open():
    past = baseline(StopLog.of([stop(hour(13), DAY + hour(7))]), calendar=DAYTIME)
    assert past.line.seconds["breakdown"] == pytest.approx(7200)


def test_a_stop_log_alone_says_what_it_cannot_know():
    past = baseline(StopLog.of([stop(hour(1), hour(3))]))
    assert past.line.availability.value == pytest.approx(22 / 24)
    assert past.line.oee is None
    assert past.line.quality is None
    assert past.line.seconds["running"] == pytest.approx(hour(22))
    assert {finding.code for finding in past.findings} == {"log_no_calendar", "log_no_counts"}


def test_typed_shares_complete_a_stop_log_and_are_marked():
    past = baseline(StopLog.of([stop(hour(1), hour(3))]), typed=Typed(quality=0.9, effectiveness=0.8))
    assert past.line.oee.value == pytest.approx(22 / 24 * 0.8 * 0.9)
    assert (past.line.availability.tier, past.line.oee.tier) == ("A", "B")
    assert past.line.seconds["running"] == 0


def test_effectiveness_above_one_is_shown_with_a_warning_and_time_still_closes():
    counts = CountLog.of([run(0, hour(24), 20_000, 20_000)])
    past = baseline(
        StopLog.of([stop(0, hour(1))]), counts, EquipmentList.of([Equipment(station="filler", ideal_cycle=8)])
    )
    assert past.line.effectiveness.value > 1
    assert past.line.seconds["speed"] < 0
    assert "log_effectiveness_above_one" in {finding.code for finding in past.findings}
    assert math.fsum(past.line.seconds.values()) == pytest.approx(past.line.calendar_s)


def test_time_without_a_run_is_idle():
    counts = CountLog.of(
        [run(0, hour(6), 100, 100, ideal_cycle=200.0), run(hour(12), hour(18), 100, 90, ideal_cycle=200)]
    )
    past = baseline(None, counts)
    assert past.last - past.first == hour(18)
    assert past.line.seconds["idle"] == pytest.approx(hour(6))
    assert past.line.availability.value == pytest.approx(12 / 18)
    assert past.line.quality.value == pytest.approx(0.95)
    assert past.line.seconds["scrap"] == pytest.approx(2000)


def test_the_line_is_judged_at_its_constraint_with_what_left_the_line():
    machines = EquipmentList.of(
        [
            Equipment(station="filler", ideal_cycle=8.0, servers=2),
            Equipment(station="labeller", ideal_cycle=5.0),
            Equipment(station="packer", ideal_cycle=4.5),
        ]
    )
    stops = StopLog.of([stop(0, hour(1)), stop(hour(2), hour(5), station="labeller")])
    counts = CountLog.of([run(0, hour(24), 12_000, 11_000, station="packer")])
    past = baseline(stops, counts, machines)
    assert past.constraint == "labeller"
    assert past.line.availability.value == pytest.approx(21 / 24)
    assert past.line.oee.value == pytest.approx(11_000 * 5 / DAY)
    assert [figures.label for figures in past.stations] == ["filler", "labeller", "packer"]
    assert past.unit("filler").oee is None


def test_weeks_and_shifts_cut_the_line_without_loss():
    rng = np.random.default_rng(3)
    starts = np.sort(rng.uniform(0, 20 * DAY, 60))
    stops = StopLog.of([stop(s, s + 1200) for s in starts])
    past = baseline(stops, CountLog.of([run(0, 20 * DAY, 1e5, 9e4, ideal_cycle=10.0)]), timezone="Asia/Shanghai")
    for parts in (past.weeks, past.shifts):
        assert math.fsum(part.calendar_s for part in parts) == pytest.approx(past.line.calendar_s)
        for loss, seconds in past.line.seconds.items():
            assert math.fsum(part.seconds[loss] for part in parts) == pytest.approx(seconds, abs=1e-3)
    assert past.weeks[0].label == "2026-W10"
    assert [shift.label for shift in past.shifts] == ["00:00-08:00", "08:00-16:00", "16:00-24:00"]


def test_mtbf_has_the_interval_of_the_handbook():
    # NIST/SEMATECH e-Handbook 8.4.5.1: 2 failures in 1600 h, 90 % interval 254 h to 4505 h
    found = reliability("m", 1600.0, np.array([1.0, 3.0]))
    assert found.mtbf_s == 800
    assert found.mtbf_interval_s == pytest.approx((254.1, 4502), rel=2e-3)
    assert found.weak


def test_without_a_failure_there_is_a_lower_bound_only():
    found = reliability("m", 1000.0, np.array([]))
    assert found.mtbf_s is None
    assert found.mtbf_interval_s == (pytest.approx(1000 / -math.log(0.1)), None)


def test_a_baseline_survives_json():
    past = full_day()
    assert Baseline.from_json(json.loads(json.dumps(past.to_json()))) == past


def test_nothing_to_measure_and_unknown_zones_are_refused():
    with pytest.raises(ModelError) as error:
        baseline(StopLog.of([]))
    assert error.value.code == "nothing_to_measure"
    with pytest.raises(ModelError) as error:
        baseline(StopLog.of([stop(0, 60)]), timezone="Mars/Olympus")
    assert error.value.code == "unknown_timezone"


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.floats(0, 9 * DAY),
        st.floats(1, DAY),
        st.sampled_from(["planned", "setup", "breakdown", "minor", ""]),
    ),
    min_size=1,
    max_size=25,
)
RUNS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.floats(0, 9 * DAY), st.floats(60, DAY), st.integers(0, 9000)), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, RUNS, st.booleans(), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_the_waterfall_closes_to_calendar_time(events, runs, shifts, timezone):
    stops, _ = check_stops(StopLog.of([stop(s, s + d, kind, name, kind) for name, s, d, kind in events]))
    counts, _ = check_counts(CountLog.of([run(s, s + d, n, n // 2, name, ideal_cycle=9.0) for name, s, d, n in runs]))
    past = baseline(stops, counts, calendar=DAYTIME if shifts else None, timezone=timezone)
    for figures in (past.line, past.total, *past.stations, *past.weeks, *past.shifts):
        assert math.fsum(figures.seconds.values()) == pytest.approx(figures.calendar_s, rel=1e-9, abs=1e-5)
        assert all(seconds >= -1e-5 for loss, seconds in figures.seconds.items() if loss != "speed")
    lost = dict.fromkeys(("planned", "setup", "breakdown", "minor"), 0.0)
    for bar in past.causes:
        lost[bar.kind] += bar.seconds
    assert lost == pytest.approx({kind: past.total.seconds[kind] for kind in lost}, rel=1e-9, abs=1e-3)


def test_clock_changes_are_taken_as_they_come():
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp() - MONDAY  # midnight of the 29th in Berlin, a day of 23 h
    past = baseline(StopLog.of([stop(spring + 60, spring + 7200)]), timezone="Europe/Berlin")
    assert past.last - past.first == 23 * 3600


def test_film_plant_runs_give_the_known_figures(reference_data):
    with (reference_data / "real/logs/film_plant_runs_2019.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = [
        [datetime.fromisoformat(r[n]).replace(tzinfo=UTC).timestamp() for r in rows]
        for n in ("From Date/Time", "To Date/Time")
    ]
    log = CountLog.from_columns(
        {
            "station": np.array([row["Line"] for row in rows]),
            "started_at": np.array(times[0]),
            "ended_at": np.array(times[1]),
            "made": np.array([float(row["Net Quantity Produced"]) for row in rows]),
            "good": np.array([float(row["Quantity Good"]) for row in rows]),
        }
    )
    counts, _ = check_counts(log)
    past = baseline(None, counts)
    assert len(past.stations) == 8
    assert past.total.made == pytest.approx(51_056_526.335, rel=1e-6)
    assert past.total.quality.value == pytest.approx(0.937024, rel=1e-5)
    by_line = {figures.label: figures for figures in past.stations}
    assert by_line["E26"].quality.value == pytest.approx(2918350.412 / 3447725.631)
    assert 0 < past.line.oee.value < 1
    assert all(a.calendar_s == b.calendar_s for a, b in pairwise(past.stations))
