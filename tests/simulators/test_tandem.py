"""The block form of the recursion against the reference and the recursion part by part, on random tandem lines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.figures import Window
from simulators.line import Calendar, Distribution, Failure, Line, Shift, Station
from simulators.reference import run_reference
from simulators.twin import run_rows, run_twin
from simulators.twin_blocks import MOST_ROOM, PARTS, tandem_applies
from tests.simulators.lines import times

RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


@st.composite
def tandems(draw):
    """A line to which the block form applies: at most one cause of each clock, any places between."""
    ties, count = draw(st.booleans()), draw(st.integers(1, 6))
    stations = []
    for index in range(count):
        clocks = draw(st.sets(st.sampled_from(["operating", "calendar"])))
        failures = tuple(
            Failure(
                name=clock,
                clock=clock,
                uptime=draw(times(draw(st.floats(5, 300)), ties)),
                repair=draw(times(draw(st.floats(1, 80)), ties)),
                crew=draw(st.sampled_from([None, "fitters"])),
            )
            for clock in sorted(clocks)
        )
        places = draw(st.sampled_from([0, 0, 1, 2, 5, 40, None]))
        cycle = draw(times(draw(st.floats(2, 15)), ties))
        stations.append(
            Station(name=f"M{index}", cycle=cycle, failures=failures, buffer=0 if index + 1 == count else places)
        )
    return Line(name="tandem", stations=tuple(stations), crews=(("fitters", 12),))


@st.composite
def windows(draw):
    """Windows that end within a block and that go over several."""
    horizon = draw(st.sampled_from([300.0, 3_000.0, 20_000.0]))
    return Window(
        warmup=draw(st.sampled_from([0.0, horizon / 5, horizon / 7])),
        horizon=horizon,
        bins=draw(st.sampled_from([0, 7])),
    )


def agree(line: Line, window: Window, seed: int) -> None:
    assert tandem_applies(line)
    found = run_twin(line, window, seed, 3).vector()
    np.testing.assert_allclose(found, run_reference(line, window, seed, 3).vector(), rtol=1e-9, atol=1e-6)
    slower = run_rows(line, window, seed, [3], kernel="serial")[0]
    np.testing.assert_allclose(found, slower, rtol=1e-9, atol=1e-6)


@settings(max_examples=120, **RELAXED)
@given(line=tandems(), window=windows(), seed=st.integers(0, 2**64 - 1))
def test_blocks_give_the_figures_of_the_reference(line: Line, window: Window, seed: int) -> None:
    agree(line, window, seed)


@pytest.mark.slow
@settings(max_examples=600, **RELAXED)
@given(line=tandems(), window=windows(), seed=st.integers(0, 2**64 - 1))
def test_blocks_give_the_figures_of_the_reference_on_thousands_of_lines(line: Line, window: Window, seed: int) -> None:
    agree(line, window, seed)


def test_a_slow_end_behind_a_long_store_needs_more_room() -> None:
    """Hundreds of active periods of the first machine lie between the last look and the present."""
    quick, slow = Distribution.exponential(1.0), Distribution.constant(7.0)
    line = Line(
        name="store",
        stations=(
            Station(name="source", cycle=quick, buffer=1),
            Station(name="quick", cycle=quick, buffer=None),
            Station(name="slow", cycle=slow),
        ),
    )
    agree(line, Window(warmup=0.0, horizon=20_000.0), 1)


def test_more_failures_while_waiting_than_there_is_room_for_at_first() -> None:
    blink = Failure(
        name="blink", clock="calendar", uptime=Distribution.constant(0.5), repair=Distribution.constant(0.25)
    )
    line = Line(
        name="starving",
        stations=(
            Station(name="slow", cycle=Distribution.constant(900.0), buffer=1),
            Station(name="blinking", cycle=Distribution.constant(1.0), failures=(blink,)),
        ),
    )
    agree(line, Window(warmup=100.0, horizon=9_000.0), 1)


def test_what_the_blocks_do_not_know_is_refused() -> None:
    jam = Failure(
        name="jam", clock="operating", uptime=Distribution.exponential(90), repair=Distribution.exponential(9)
    )
    station = Station(name="a", cycle=Distribution.constant(1), failures=(jam,))
    line = Line(name="line", stations=(station,))
    assert tandem_applies(line)
    shift = Calendar(shifts=(Shift(days=(0,), start_s=0.0, end_s=3600.0),))
    far = replace(station, name="b", buffer=MOST_ROOM + 1)
    for other in (
        replace(line, arrivals=Distribution.exponential(2)),
        replace(line, calendar=shift),
        replace(line, stations=(replace(station, servers=2),)),
        replace(line, stations=(replace(station, scrap=0.1),)),
        replace(line, stations=(replace(station, failures=(jam, replace(jam, name="other"))),)),
        replace(line, stations=(far, station)),
    ):
        assert not tandem_applies(other)


def test_the_numbers_of_a_block_are_the_numbers_of_the_stream() -> None:
    """A constant line over more than a block makes the parts that a count on paper makes."""
    line = Line(name="line", stations=(Station(name="a", cycle=Distribution.constant(1.0)),))
    horizon = 3.0 * PARTS + 0.5
    figures = run_twin(line, Window(warmup=0.0, horizon=horizon), 1, 0)
    assert figures.total("good_out") == 3 * PARTS


def test_a_failure_due_exactly_at_the_horizon_does_not_happen() -> None:
    cycle, blink = Distribution.constant(2.0), Distribution.constant(1.0)
    jam = Failure(name="jam", clock="operating", uptime=Distribution.constant(5.0), repair=blink)
    due = Failure(name="due", clock="calendar", uptime=Distribution.constant(300.0), repair=blink)
    stations = (
        *(Station(name=f"M{n}", cycle=cycle) for n in range(3)),
        Station(name="last", cycle=cycle, failures=(due, jam)),
    )
    agree(Line(name="line", stations=stations), Window(warmup=0.0, horizon=300.0), 0)
