"""Two engines, one truth: the twin's kernels against the SimPy reference on random lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.figures import RunFigures, Window
from simulators.flow import Rework
from simulators.kpi import bottleneck_shares, line_kpis, state_shares
from simulators.line import Distribution, Failure, Line, Station
from simulators.reference import run_reference
from simulators.twin import run_many, run_rows, run_twin
from simulators.twin_recursion import recursion_applies
from tests.simulators.lines import lines, windows
from tests.simulators.networks import networks
from tests.simulators.networks import windows as network_windows

RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}


def agree(line: Line, window: Window, seed: int) -> None:
    truth = run_reference(line, window, seed, 3)
    np.testing.assert_allclose(run_twin(line, window, seed, 3).vector(), truth.vector(), rtol=1e-9, atol=1e-6)
    events = RunFigures.from_vector(line, window, run_rows(line, window, seed, [3], kernel="events")[0])
    np.testing.assert_allclose(events.vector(), truth.vector(), rtol=1e-9, atol=1e-6)
    for engine in (events, run_twin(line, window, seed, 3)):
        np.testing.assert_allclose(
            list(line_kpis(line, engine).values()), list(line_kpis(line, truth).values()), rtol=1e-9, atol=1e-9
        )
        np.testing.assert_allclose(
            bottleneck_shares(line, engine), bottleneck_shares(line, truth), rtol=1e-9, atol=1e-9
        )


@settings(max_examples=120, **RELAXED)
@given(data=st.data())
def test_the_twin_gives_the_figures_of_the_reference_on_any_line(data) -> None:
    line = data.draw(lines())
    agree(line, data.draw(windows(line)), data.draw(st.integers(0, 2**64 - 1)))


@settings(max_examples=80, **RELAXED)
@given(data=st.data())
def test_the_recursion_gives_the_figures_of_the_reference_where_it_applies(data) -> None:
    line = data.draw(lines(serial=True))
    assert recursion_applies(line)
    agree(line, data.draw(windows(line)), data.draw(st.integers(0, 2**64 - 1)))


@pytest.mark.slow
@settings(max_examples=1_500, **RELAXED)
@given(data=st.data())
def test_the_twin_gives_the_figures_of_the_reference_on_thousands_of_lines(data) -> None:
    line = data.draw(lines(serial=data.draw(st.booleans())))
    agree(line, data.draw(windows(line)), data.draw(st.integers(0, 2**64 - 1)))


@settings(max_examples=60, **RELAXED)
@given(data=st.data())
def test_states_and_parts_add_up(data) -> None:
    line = data.draw(lines())
    window = data.draw(windows(line))
    figures = run_twin(line, window, 1, 0)
    servers = np.array([station.servers for station in line.stations])
    np.testing.assert_allclose(figures.states.sum(axis=1), window.length * servers, rtol=1e-9)
    assert (figures.states >= -1e-6).all()
    assert sum(state_shares(figures)[0].values()) == pytest.approx(1)
    assert sum(bottleneck_shares(line, figures)) == pytest.approx(1)
    assert figures.total("good_out") + figures.station("scrapped")[-1] == figures.station("processed")[-1]
    assert figures.output.sum() in {0, figures.station("processed")[-1]}


def test_what_the_recursion_cannot_follow_is_refused() -> None:
    def station(**changes: object) -> Station:
        jam = Failure(
            name="jam",
            clock="operating",
            uptime=Distribution.exponential(60),
            repair=Distribution.exponential(6),
            crew="fitters",
        )
        return Station(**{"name": "M", "cycle": Distribution.constant(1), "failures": (jam,)} | changes)

    two = (station(name="A"), station(name="B"))
    enough = Line(name="enough", stations=two, crews=(("fitters", 2),))
    assert recursion_applies(enough)
    assert not recursion_applies(Line(name="short", stations=two, crews=(("fitters", 1),)))
    assert not recursion_applies(Line(name="parallel", stations=(station(servers=2, failures=()),)))
    closed = (station(name="A", failures=(), buffer=1), station(name="B", failures=(), buffer=1))
    assert not recursion_applies(Line(name="closed", stations=closed, pallets=2))
    lossy = Line(name="lossy", stations=(station(failures=()),), arrivals=Distribution.constant(2), system_capacity=3)
    assert not recursion_applies(lossy)


def test_many_lines_at_once_are_the_lines_one_by_one() -> None:
    slow = Line(name="slow", stations=(Station(name="A", cycle=Distribution.exponential(9)),))
    fast = Line(name="fast", stations=(Station(name="A", cycle=Distribution.exponential(3)),))
    window = Window(warmup=10, horizon=5_000)
    together = run_many([slow, fast], window, 7, range(3))
    for line, runs in zip((slow, fast), together, strict=True):
        for replication, figures in enumerate(runs):
            assert (figures.vector() == run_twin(line, window, 7, replication).vector()).all()


def test_an_uptime_too_short_to_move_the_clock_ends_no_active_period():
    stop = Failure(name="cause 0", clock="operating", uptime=Distribution.constant(20), repair=Distribution.constant(3))
    soon = Failure(
        name="cause 1",
        clock="calendar",
        uptime=Distribution.gamma(20, 1.8180358810544175),  # many draws are next to nothing
        repair=Distribution.constant(3),
    )
    stations = [
        Station(name=f"M{n}", cycle=Distribution.constant(2), failures=(stop, soon) if n == 1 else (stop,))
        for n in range(5)
    ]
    line = Line(name="ring", stations=tuple(stations), pallets=1)
    window = Window(warmup=0, horizon=6_000)
    truth = run_reference(line, window, 1917, 3)
    np.testing.assert_allclose(run_twin(line, window, 1917, 3).vector(), truth.vector(), rtol=1e-9, atol=1e-6)


def agree_on_network(line: Line, window: Window, seed: int) -> None:
    truth, twin = run_reference(line, window, seed, 3), run_twin(line, window, seed, 3)
    np.testing.assert_allclose(twin.vector(), truth.vector(), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(
        list(line_kpis(line, twin).values()), list(line_kpis(line, truth).values()), rtol=1e-9, atol=1e-9
    )


@settings(max_examples=200, **RELAXED)
@given(data=st.data())
def test_the_twin_gives_the_figures_of_the_reference_on_any_network(data) -> None:
    line = data.draw(networks())
    agree_on_network(line, data.draw(network_windows(line)), data.draw(st.integers(0, 2**64 - 1)))


@pytest.mark.slow
@settings(max_examples=1_500, **RELAXED)
@given(data=st.data())
def test_the_twin_gives_the_figures_of_the_reference_on_thousands_of_networks(data) -> None:
    line = data.draw(networks())
    agree_on_network(line, data.draw(network_windows(line)), data.draw(st.integers(0, 2**64 - 1)))


@pytest.mark.parametrize("seed", range(8))
def test_parts_from_the_rack_make_room_in_the_same_order_in_both_engines(seed: int) -> None:
    """Several machines that rework their own parts, some of them blocked at the same moment."""
    ties = Distribution.discrete([2.0, 4.0, 6.0], [0.3, 0.4, 0.3])
    first = Station(name="M0", servers=3, cycle=ties, buffer=2, rework=Rework(to="M0", share=0.5, tries=2))
    line = Line(name="rack", stations=(first, Station(name="M1", cycle=Distribution.constant(2), servers=1)))
    agree_on_network(line, Window(warmup=0, horizon=3_000), seed)
