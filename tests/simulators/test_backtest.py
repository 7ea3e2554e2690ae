"""Back-tests: a plant that stays as it was is reproduced, one that changed is not, and too little is said to be so."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest

from simulators.backtest import BackTest, back_test, judge
from simulators.line import Calendar, Distribution, Line, Shift, Station
from simulators.records import CountLog, DowntimeEvent, ProductionCount, StopLog
from simulators.twin import run_twin

MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
DAY = 86_400.0
CYCLE = 30.0


def plant(seed: int, *, weeks: int = 26, later: float = 1.0) -> tuple[StopLog, CountLog]:
    """A machine with two causes and 2 % scrap; from the 18th week its repairs take `later` times as long."""
    rng = np.random.default_rng(seed)
    up = {"jam": lambda: rng.weibull(1.3) * 16_000, "belt": lambda: rng.exponential(80_000)}
    down = {"jam": lambda: rng.lognormal(6.6, 0.6), "belt": lambda: rng.lognormal(8.2, 0.5)}
    left = {name: draw() for name, draw in up.items()}
    at, events = 0.0, []
    while True:
        name = min(left, key=left.get)
        at += left[name]
        left = {other: rest - left[name] for other, rest in left.items()}
        repair = down[name]() * (later if at > 18 * 7 * DAY else 1.0)
        if at + repair > weeks * 7 * DAY:
            break
        events.append(DowntimeEvent(station="m", start=MONDAY + at, end=MONDAY + at + repair, reason=name))
        at += repair
        left[name] = up[name]()
    stops = StopLog.of(events)
    counts = []
    for day in range(weeks * 7):
        begin, end = MONDAY + day * DAY, MONDAY + (day + 1) * DAY
        lost = np.clip(np.minimum(stops.end, end) - np.maximum(stops.start, begin), 0, None).sum()
        made = int((DAY - lost) / CYCLE)
        counts.append(ProductionCount(station="m", start=begin, end=end, made=made, good=rng.binomial(made, 0.98)))
    return stops, CountLog.of(counts)


def template() -> Line:
    return Line(name="l", stations=(Station(name="m", cycle=Distribution.constant(CYCLE)),))


def test_a_steady_plant_is_reproduced():
    stops, counts = plant(11)
    found = back_test(stops, counts, None, template(), engine=run_twin)
    assert found.verdict == "reproduces"
    assert found.grade in {"A", "B"}
    assert (found.fitted_weeks, found.judged_weeks) == (18, 8)
    assert [measure.name for measure in found.measures] == ["good_per_h", "downtime_share", "stops_per_h"]
    assert found.weeks[0] == "2026-W28"


def test_a_plant_that_got_worse_is_not_reproduced():
    stops, counts = plant(12, later=4.0)
    found = back_test(stops, counts, None, template(), engine=run_twin)
    assert found.verdict == "biased"
    assert found.grade in {"C", "D"}
    assert found.measures[0].bias < -0.05


def test_a_stop_log_alone_is_judged_by_its_downtime():
    found = back_test(plant(13)[0], None, None, template(), engine=run_twin, replications=100)
    assert found.measures[0].name == "downtime_share"
    assert found.verdict == "reproduces"


def test_too_little_data_is_a_verdict():
    for weeks in (1, 6):
        found = back_test(plant(14, weeks=weeks)[0], None, None, template(), engine=run_twin)
        assert (found.verdict, found.grade, found.measures) == ("too_little_data", "D", ())
    assert back_test(StopLog.of([]), None, None, template(), engine=run_twin).verdict == "too_little_data"


def test_the_calendar_is_the_line_s_own():
    rng = np.random.default_rng(15)
    events = [
        DowntimeEvent(
            station="m",
            start=MONDAY + day * DAY + s,
            end=MONDAY + day * DAY + s + 60 * rng.lognormal(2.5, 0.4),
            reason="jam",
        )
        for day in range(140)
        if day % 7 < 5
        for s in 28_800 + rng.uniform(0, 26_000, 3)
    ]
    calendar = Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=28_800, end_s=57_600),))
    line = Line(name="l", stations=template().stations, calendar=calendar)
    found = back_test(StopLog.of(events), None, None, line, engine=run_twin, replications=60)
    assert abs(found.measures[0].bias) < 0.25
    assert 0.05 < found.measures[0].median < 0.2, "share of open time, not of the week"


def test_bands_are_judged_by_how_many_weeks_they_hold():
    rng = np.random.default_rng(1)
    simulated = rng.normal(100, 10, 400)
    assert judge("x", rng.normal(100, 10, 30), simulated).verdict == "reproduces"
    assert judge("x", rng.normal(100, 40, 30), simulated).verdict == "too_narrow"
    assert judge("x", rng.normal(100, 1, 30), simulated).verdict == "too_wide"
    assert judge("x", rng.normal(120, 10, 30), simulated).verdict == "biased"


def test_any_executor_gives_the_same_verdict_and_it_survives_json():
    stops, counts = plant(16)
    alone = back_test(stops, counts, None, template(), engine=run_twin, replications=40)
    with ThreadPoolExecutor(2) as pool:
        shared = back_test(stops, counts, None, template(), engine=run_twin, replications=40, executor=pool.map)
    assert shared == alone
    assert BackTest.from_json(json.loads(json.dumps(alone.to_json(), allow_nan=False))) == alone


@pytest.mark.slow
def test_the_band_covers_what_it_says_over_200_plants():
    inside = weeks = 0
    verdicts = []
    for seed in range(200):
        stops, counts = plant(1000 + seed)
        found = back_test(stops, counts, None, template(), engine=run_twin, seed=seed, replications=100)
        inside += found.measures[0].coverage * found.judged_weeks
        weeks += found.judged_weeks
        verdicts.append(found.verdict)
    assert 0.74 <= inside / weeks <= 0.86
    assert verdicts.count("reproduces") >= 180
