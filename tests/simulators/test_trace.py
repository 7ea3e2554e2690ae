"""A watched run is an unwatched run, and what was seen adds up to what was summed up."""

from __future__ import annotations

import itertools
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators import trace as traces
from simulators.distributions import ModelError
from simulators.figures import RunFigures, Window
from simulators.line import Calendar, Distribution, Line, Shift, Station
from simulators.reference import run_reference
from simulators.states import BLOCKED, OFF, STARVED, STATES, WORKING
from simulators.trace import Trace, one_shift, trace
from tests.simulators import lines, networks

SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def adds_up(line: Line, window: Window, seed: int) -> None:
    plain = run_reference(line, Window(warmup=window.warmup, horizon=window.horizon), seed, 0)
    seen = trace(line, begin=window.warmup, end=window.horizon, seed=seed)
    for field in fields(RunFigures):
        if field.name != "window":
            a, b = getattr(plain, field.name), getattr(seen.figures, field.name)
            assert a.tobytes() == b.tobytes(), field.name
    close = {"rtol": 1e-9, "atol": 1e-6}
    np.testing.assert_allclose(seen.state_seconds(), plain.states, **close)
    np.testing.assert_allclose(seen.bottleneck_seconds(), plain.station("bottleneck_s"), **close)
    slices = seen.slices(7)
    held = slices.levels.sum(axis=1) * window.length / 7
    np.testing.assert_allclose(held, plain.station("buffer_part_s"), **close)
    for steps in (*seen.states, *seen.levels, seen.bottleneck):
        times = [step.at for step in steps]
        assert times[0] == window.warmup
        assert times == sorted(set(times))
        assert times[-1] < window.horizon
        assert all(a.value != b.value for a, b in itertools.pairwise(steps))


@SLOW
@given(st.data())
def test_watching_changes_nothing_and_misses_nothing_on_any_line(data) -> None:
    line = data.draw(lines.lines())
    adds_up(line, data.draw(lines.windows(line)), data.draw(st.integers(0, 2**32)))


@SLOW
@given(st.data())
def test_watching_changes_nothing_and_misses_nothing_on_any_network(data) -> None:
    line = data.draw(networks.networks())
    adds_up(line, data.draw(networks.windows(line)), data.draw(st.integers(0, 2**32)))


def pair(**more: object) -> Line:
    def station(name: str, cycle: float, buffer: int) -> Station:
        return Station(name=name, cycle=Distribution.constant(cycle), buffer=buffer)

    return Line(name="l", stations=(station("quick", 10, 2), station("slow", 40, 0)), **more)


def test_the_quick_machine_waits_for_room_and_the_slow_one_holds_the_line_up() -> None:
    seen = trace(pair(), begin=400, end=800, seed=1)
    assert seen.state_seconds()[0].tolist() == [100, 0, 300, 0, 0, 0]
    assert seen.state_seconds()[1].tolist() == [400, 0, 0, 0, 0, 0]
    slices = seen.slices(4)
    assert slices.edges.tolist() == [400, 500, 600, 700, 800]
    assert slices.states.tolist() == [[BLOCKED] * 4, [WORKING] * 4]
    assert slices.levels[1].tolist() == [0, 0, 0, 0]
    assert set(slices.bottleneck.tolist()) == {1}


def test_a_trace_begins_with_what_was_so_when_the_window_began() -> None:
    seen = trace(pair(), begin=0, end=60, seed=1)
    assert [(step.at, STATES[step.value]) for step in seen.states[1]] == [(0, "starved"), (10, "working")]
    assert seen.states[1][0].value == STARVED


def test_too_much_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_MOMENTS", 50)
    with pytest.raises(ModelError) as refused:
        trace(pair(), begin=0, end=1e6, seed=1)
    assert refused.value.code == "trace_too_long"
    assert refused.value.params["most"] == 50


def test_the_shift_to_look_at_is_the_first_of_the_calendar() -> None:
    early = Shift(days=(1, 2), start_s=6 * 3600, end_s=13 * 3600, breaks=((9 * 3600, 9.5 * 3600),))
    window = one_shift(pair(calendar=Calendar(shifts=(early,))))
    assert (window.warmup, window.horizon) == (30 * 3600, 37 * 3600)
    seen = trace(pair(calendar=Calendar(shifts=(early,))), begin=window.warmup, end=window.horizon, seed=1)
    assert seen.state_seconds()[:, OFF].tolist() == [1800, 1800]
    assert one_shift(pair()) == Window(warmup=8 * 3600, horizon=16 * 3600)


def test_the_shift_of_a_very_fast_line_is_cut_to_what_can_be_watched() -> None:
    bottles = tuple(Station(name=name, cycle=Distribution.exponential(0.1), buffer=50) for name in "abcdef")
    bottles = (*bottles[:-1], Station(name="f", cycle=Distribution.exponential(0.1)))
    line = Line(name="bottles", stations=bottles)
    window = one_shift(line)
    assert 60 < window.length < 8 * 3600
    seen: Trace = trace(line, begin=window.warmup, end=window.horizon, seed=1)
    assert seen.figures.total("good_out") > 1000
