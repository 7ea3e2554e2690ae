"""Changeovers from runs: pairs, what explains the time between them, and the line that they make."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.changeovers import changeovers, with_changeovers
from simulators.intervals import Cover
from simulators.line import Distribution, Failure, Line, Station
from simulators.records import CountLog, DowntimeEvent, ProductionCount, StopLog

MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
HOUR = 3600.0


def runs(*made: tuple[str, float, float], station: str = "press", parts: float = 100) -> CountLog:
    return CountLog.of(
        ProductionCount(
            station=station, start=MONDAY + start, end=MONDAY + end, made=parts, good=parts, product=product
        )
        for product, start, end in made
    )


def setup(start: float, minutes: float) -> DowntimeEvent:
    return DowntimeEvent(
        station="press", start=MONDAY + start, end=MONDAY + start + 60 * minutes, reason="die change", kind="setup"
    )


def test_set_up_stops_belong_to_the_nearest_change() -> None:
    log = runs(("A", 0, HOUR), ("A", HOUR, 2 * HOUR), ("B", 2.5 * HOUR, 4 * HOUR), ("A", 4.5 * HOUR, 6 * HOUR))
    stops = StopLog.of([setup(2 * HOUR, 20), setup(4 * HOUR - 60, 11), setup(4.4 * HOUR, 4), setup(20 * HOUR, 99)])
    (found,) = changeovers(log, stops)
    assert (found.station, found.source) == ("press", "setup_stops")
    assert [(one.before, one.after, one.count, one.mean_s) for one in found.changes] == [
        ("A", "B", 1, 1200.0),
        ("B", "A", 1, 900.0),
    ]
    assert found.overall.mean_s == 1050.0
    assert all(one["weak"] for one in found.to_json()["changes"])


def test_without_set_up_stops_the_open_gap_that_nothing_else_explains_counts() -> None:
    log = runs(("A", 0, HOUR), ("B", 3 * HOUR, 4 * HOUR))
    jam = StopLog.of([DowntimeEvent(station="press", start=MONDAY + HOUR, end=MONDAY + 1.5 * HOUR, reason="jam")])
    open_ = Cover.of(np.array([MONDAY, MONDAY + 2.5 * HOUR]), np.array([MONDAY + 2 * HOUR, MONDAY + 9 * HOUR]))
    (found,) = changeovers(log, jam, open_)
    assert (found.source, found.overall.mean_s) == ("gaps", pytest.approx(HOUR))


@given(st.lists(st.tuples(st.sampled_from("AABC"), st.floats(60, 4000)), min_size=2, max_size=40))
def test_every_change_is_counted_once_and_the_pairs_add_up(lots: list[tuple[str, float]]) -> None:
    at, made, wanted = 0.0, [], []
    for number, (product, gap) in enumerate(lots):
        made.append((product, at, at + HOUR))
        if number + 1 < len(lots) and lots[number + 1][0] != product:
            wanted.append(gap)
        at += HOUR + gap
    found = changeovers(runs(*made))
    assert len(found) == bool(wanted)
    for machine in found:
        assert sum(one.count for one in machine.changes) == machine.overall.count == len(wanted)
        total = sum(one.count * one.mean_s for one in machine.changes)
        assert total == pytest.approx(sum(wanted), rel=1e-6)
        assert total == pytest.approx(machine.overall.count * machine.overall.mean_s, rel=1e-6)


def test_a_line_gets_its_products_in_order_and_set_ups_in_place_of_set_up_failures() -> None:
    order = "ABABABAC"
    log = runs(*((product, 2 * n * HOUR, (2 * n + 1.5) * HOUR) for n, product in enumerate(order)))
    jam, change = (
        Failure(name=n, clock="operating", uptime=Distribution.exponential(9e3), repair=Distribution.exponential(600))
        for n in ("jam", "setup")
    )
    line = Line(
        name="line",
        stations=(Station(name="press", cycle=Distribution.constant(30), failures=(jam, change), buffer=2),
                  Station(name="pack", cycle=Distribution.constant(20))),
    )  # fmt: skip
    made = with_changeovers(line, changeovers(log), log)
    assert made.products is not None
    assert made.products.names == ("A", "B", "C")
    assert made.products.sequence == tuple((product, 100) for product in order)
    press, pack = made.stations
    assert [one.name for one in press.failures] == ["jam"]
    assert press.setup is not None
    assert {(before, after) for before, after, _ in press.setup.matrix} == {("A", "B"), ("B", "A")}
    assert press.setup.time is not None
    assert press.setup.time.mean == pytest.approx(1800.0)
    assert pack == line.stations[1]
    assert with_changeovers(line, (), log) is line
