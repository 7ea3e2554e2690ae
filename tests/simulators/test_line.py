"""The line as a value: what exists is valid, and a refusal names the place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.digest import digest
from simulators.line import DAY, WEEK, Calendar, Distribution, Failure, Line, ModelError, Shift, Station
from simulators.products import Demand
from simulators.warmup import working_share

HOUR = 3600.0
FIVE = Distribution.constant(5)


def station(**changes: object) -> Station:
    return Station(**{"name": "filler", "cycle": FIVE} | changes)


def line(*stations: Station, **changes: object) -> Line:
    return Line(**{"name": "line", "stations": stations} | changes)


def jam(**changes: object) -> Failure:
    return Failure(**{"name": "jam", "clock": "operating", "uptime": FIVE, "repair": FIVE} | changes)


REFUSED = [
    (lambda: station(buffer=-1), "buffer_negative", "buffer"),
    (lambda: station(servers=0), "servers", "servers"),
    (lambda: station(scrap=1.5), "scrap_range", "scrap"),
    (lambda: station(name=""), "no_name", "name"),
    (lambda: station(cycle=Distribution.constant(0)), "cycle_not_positive", "cycle"),
    (lambda: station(cycle=Distribution.discrete([0, 1], [0.5, 0.5])), "cycle_not_positive", "cycle"),
    (lambda: station(ideal_cycle=0.0), "ideal_cycle", "ideal_cycle"),
    (lambda: station(failures=(jam(), jam())), "same_name", "failures[1].name"),
    (lambda: jam(clock="solar"), "unknown_clock", "clock"),
    (lambda: jam(uptime=Distribution.constant(0)), "uptime_not_positive", "uptime"),
    (line, "no_station", "stations"),
    (lambda: line(station(), station()), "same_name", "stations[1].name"),
    (lambda: line(station(failures=(jam(crew="fitters"),))), "unknown_crew", "stations[0].failures[0].crew"),
    (lambda: line(station(), crews=(("fitters", 0),)), "crew_size", "crews.fitters"),
    (lambda: line(station(buffer=3)), "buffer_after_last", "stations[0].buffer"),
    (lambda: line(station(), system_capacity=3), "capacity_without_arrivals", "system_capacity"),
    (lambda: line(station(), arrivals=FIVE, system_capacity=0), "system_capacity", "system_capacity"),
    (lambda: line(station(), arrivals=Distribution.constant(0)), "arrivals_not_positive", "arrivals"),
    (lambda: line(station(), pallets=0), "pallets", "pallets"),
    (lambda: line(station(), pallets=1), "pallets_jam", "pallets"),
    (lambda: line(station(), pallets=1, arrivals=FIVE), "pallets_with_arrivals", "pallets"),
    (
        lambda: line(station(scrap=0.1, buffer=9), station(name="capper"), pallets=2),
        "pallets_scrap",
        "stations[0].scrap",
    ),
    (lambda: Shift(days=(), start_s=0, end_s=1), "shift_days", "days"),
    (lambda: Shift(days=(7,), start_s=0, end_s=1), "shift_days", "days"),
    (lambda: Shift(days=(0,), start_s=-1, end_s=1), "shift_time", "from"),
    (lambda: Shift(days=(0,), start_s=0, end_s=HOUR, breaks=((HOUR, 2 * HOUR),)), "break_outside", "breaks[0]"),
    (lambda: Calendar(shifts=()), "no_shift", "shifts"),
    (lambda: Distribution.of("normal", mean=3), "unknown_distribution", ""),
    (lambda: Distribution.of("exponential", rate=3), "distribution_parameters", ""),
    (lambda: Distribution.exponential(-3), "distribution_negative", "mean"),
    (lambda: Distribution.exponential(0), "distribution_not_positive", "mean"),
    (lambda: Distribution.exponential(float("nan")), "distribution_not_finite", "mean"),
    (lambda: Distribution.lognormal(3, cv=21), "distribution_cv", "cv"),
    (lambda: Distribution.weibull(shape=0.01, scale=3), "distribution_shape", "shape"),
    (lambda: Distribution.of("erlang", mean=3, k=1.5), "distribution_k", "k"),
    (lambda: Distribution.uniform(3, 2), "distribution_low", "low"),
    (lambda: Distribution.triangular(1, 5, 3), "distribution_mode", "mode"),
    (lambda: Distribution.discrete([1, 2], [1.0]), "distribution_lengths", "probabilities"),
    (lambda: Distribution.discrete([1, 2], [0.5, 0.4]), "distribution_sum", "probabilities"),
    (lambda: Distribution.empirical([]), "distribution_not_finite", "values"),
    (lambda: FIVE.scaled(0), "scale_factor", ""),
]


@pytest.mark.parametrize(("build", "code", "place"), REFUSED, ids=[code for _, code, _ in REFUSED])
def test_what_cannot_be_run_is_refused_with_its_place(build, code: str, place: str) -> None:
    with pytest.raises(ModelError) as refusal:
        build()
    error = refusal.value
    assert (error.code, error.place) == (code, place)
    assert str(error)
    assert error.remedy
    assert error.at("line 7").place == (f"line 7.{place}" if place else "line 7")


def test_a_calendar_merges_shifts_and_takes_out_breaks() -> None:
    early = Shift(days=(0,), start_s=6 * HOUR, end_s=14 * HOUR, breaks=((10 * HOUR, 10.5 * HOUR),))
    late = Shift(days=(0,), start_s=14 * HOUR, end_s=22 * HOUR)
    assert Calendar(shifts=(early, late)).working() == ((6 * HOUR, 10 * HOUR), (10.5 * HOUR, 22 * HOUR))
    assert Calendar(shifts=(early,)).switches() == (False, (6 * HOUR, 10 * HOUR, 10.5 * HOUR, 14 * HOUR))


def test_a_night_shift_on_sunday_works_on_monday_morning() -> None:
    night = Calendar(shifts=(Shift(days=(6,), start_s=22 * HOUR, end_s=6 * HOUR),))
    assert night.working() == ((0.0, 6 * HOUR), (WEEK - 2 * HOUR, WEEK))
    assert night.switches() == (True, (6 * HOUR, WEEK - 2 * HOUR))


def test_round_the_clock_never_switches() -> None:
    always = Calendar(shifts=(Shift(days=tuple(range(7)), start_s=0, end_s=24 * HOUR),))
    assert always.switches() == (True, ())


@given(
    st.lists(
        st.builds(
            Shift,
            days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
            start_s=st.integers(0, 23).map(lambda hour: hour * HOUR),
            end_s=st.integers(0, 24).map(lambda hour: hour * HOUR),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_working_time_is_in_order_and_within_the_week(shifts: list[Shift]) -> None:
    edges = [edge for span in Calendar(shifts=tuple(shifts)).working() for edge in span]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)
    assert edges[0] >= 0
    assert edges[-1] <= WEEK
    assert len(Calendar(shifts=tuple(shifts)).switches()[1]) % 2 == 0


@given(st.floats(0.01, 100))
def test_scaling_a_time_scales_its_mean_and_every_quantile(factor: float) -> None:
    u = np.linspace(0.001, 0.999, 33)
    for distribution in (
        Distribution.exponential(3),
        Distribution.lognormal(3, cv=1.2),
        Distribution.weibull(shape=2, scale=3),
        Distribution.erlang(3, k=2),
        Distribution.uniform(1, 3),
        Distribution.triangular(1, 2, 4),
        Distribution.discrete([1, 6], [0.9, 0.1]),
        Distribution.empirical([1, 2, 4]),
    ):
        scaled = distribution.scaled(factor)
        assert scaled.mean == pytest.approx(factor * distribution.mean)
        np.testing.assert_allclose(scaled.ppf(u), factor * distribution.ppf(u), rtol=1e-9)


def test_crews_may_be_given_as_a_mapping() -> None:
    assert line(station(), crews={"fitters": 2}).crews == (("fitters", 2),)


def test_the_constraint_has_the_longest_ideal_cycle_per_machine() -> None:
    slow = station(name="slow", cycle=Distribution.constant(8), servers=2)
    assert line(station(), slow, station(name="same")).constraint == 0
    assert line(station(), slow, station(name="last", ideal_cycle=6.0)).constraint == 2


@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 23),
    end=st.integers(1, 24),
    closed=st.sets(st.integers(0, 20), max_size=4),
)
def test_a_calendar_switches_where_shifts_and_closed_days_say(days, start, end, closed) -> None:
    first = date(2027, 1, 4)
    shift = Shift(days=tuple(sorted(days)), start_s=start * HOUR, end_s=end * HOUR)
    calendar = Calendar(
        shifts=(shift,), first=first, closed=tuple(first + timedelta(days=day) for day in sorted(closed))
    )
    spans = calendar.working()
    horizon = 4 * WEEK
    on, switches = calendar.works_at_once(), list(calendar.moments(horizon))
    assert switches == sorted(set(switches))
    for hour in range(4 * 168):
        at = (hour + 0.5) * HOUR
        expected = any(a <= at % WEEK < b for a, b in spans) and int(at // DAY) not in closed
        assert (on + sum(moment <= at for moment in switches)) % 2 == expected


def test_closed_days_are_off_where_a_warm_up_is_looked_for() -> None:
    every_day = (Shift(days=tuple(range(7)), start_s=0, end_s=DAY),)
    calendar = Calendar(shifts=every_day, first=date(2027, 1, 4), closed=(date(2027, 1, 5),))
    share = working_share(line(station(), calendar=calendar), np.arange(5) * DAY * 0.75)
    np.testing.assert_allclose(share, [1, 1 / 3, 1 / 3, 1])


def test_what_a_line_does_not_say_is_not_in_its_digest() -> None:
    """The digest of before there were products, ways and vehicles."""
    old = Line(name="a", stations=(Station(name="x", cycle=Distribution.constant(3)),))
    assert digest(line=old) == "0fdd0dfd245adbba02ed274de45e2083f81070ac3bbb97b70554c4275d96ea1d"
    assert digest(line=replace(old, demand=Demand(every=60, parts=(("", 1),)))) != digest(line=old)
