"""Exact answers beside simulated ones: where there is one, the simulation agrees; elsewhere nothing is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.closed_forms import exact
from simulators.line import Distribution, Failure, Line, Station
from simulators.simulate import simulate

HOUR = 3600.0


def jam(name: str, up: float, down: float, **more) -> Failure:
    given = {"clock": "operating", "uptime": Distribution.exponential(up), "repair": Distribution.lognormal(down, cv=1)}
    return Failure(name=name, **given | more)


def queue(servers: int = 2, mean: float = 60.0) -> Line:
    desk = Station(name="desk", cycle=Distribution.exponential(mean), servers=servers)
    return Line(name="queue", stations=(desk,), arrivals=Distribution.exponential(40))


def two(places: int, first: float = 60.0, second: float = 60.0) -> Line:
    stations = (
        Station(name="a", cycle=Distribution.exponential(first), buffer=places),
        Station(name="b", cycle=Distribution.exponential(second)),
    )
    return Line(name="two", stations=stations)


ALONE = Line(
    name="alone",
    stations=(
        Station(
            name="m", cycle=Distribution.lognormal(30, cv=0.4), failures=(jam("a", 3000, 300), jam("b", 9000, 1200))
        ),
    ),
)


@pytest.mark.parametrize("line", [queue(), queue(1, 30.0), two(0), two(3), two(4, 50.0, 70.0), ALONE])
def test_the_simulation_agrees_with_the_exact_answer(line: Line) -> None:
    known = exact(line)
    assert known is not None
    document = simulate(line, horizon=400 * HOUR, warmup=20 * HOUR, replications=24).to_json()
    low, high = document["kpis"]["throughput_per_h"]["ci95"]
    middle, half = (low + high) / 2, (high - low) / 2
    assert abs(middle - known.throughput_per_h) < 2 * half
    assert document["exact"]["throughput_per_h"] == known.throughput_per_h
    if known.queue_mean_wait_s is not None:
        assert document["queue"]["mean_wait_s"] == pytest.approx(known.queue_mean_wait_s, rel=0.1)


def test_known_values() -> None:
    assert exact(two(0)).throughput_per_h == pytest.approx(60 * 2 / 3)
    assert exact(two(5)).throughput_per_h == pytest.approx(60 * 7 / 8)
    mm1 = exact(queue(1, 20.0))
    assert mm1.queue_mean_wait_s == pytest.approx(20.0)
    assert mm1.queue_mean_level == pytest.approx(0.5)


@pytest.mark.parametrize(
    "line",
    [
        queue(1),  # more comes than can be done
        replace(queue(), system_capacity=5),
        replace(queue(), arrivals=Distribution.constant(40)),
        Line(name="l", stations=(*two(0).stations[:1], Station(name="c", cycle=Distribution.constant(60)))),
        Line(name="l", stations=(replace(ALONE.stations[0], failures=(jam("a", 3000, 300, clock="calendar"),)),)),
        Line(name="l", stations=(replace(ALONE.stations[0], servers=2),)),
    ],
)
def test_where_none_is_known_nothing_is_said(line: Line) -> None:
    assert exact(line) is None
