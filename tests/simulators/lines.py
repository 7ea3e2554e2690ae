"""Random lines for properties: every feature of the model, times that tie and times that do not."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from simulators.figures import Window
from simulators.line import Calendar, Distribution, Failure, Line, Shift, Station

HOUR = 3600.0


@st.composite
def times(draw, mean: float, ties: bool):
    """A distribution with about this mean; whole seconds where ties are wanted."""
    if ties:
        low, middle, high = (float(max(1, round(mean * factor))) for factor in (0.5, 1, 2))
        return draw(
            st.sampled_from(
                [
                    Distribution.constant(middle),
                    Distribution.discrete([low, middle, high], [0.3, 0.4, 0.3]),
                    Distribution.empirical([low, middle, high]),
                ]
            )
        )
    shape = draw(st.floats(0.2, 2.0))
    return draw(
        st.sampled_from(
            [
                Distribution.constant(mean),
                Distribution.exponential(mean),
                Distribution.lognormal(mean, cv=shape),
                Distribution.weibull(shape=shape + 0.3, scale=mean),
                Distribution.gamma(mean, cv=shape),
                Distribution.erlang(mean, k=1 + int(2 * shape)),
                Distribution.uniform(mean / 2, mean * 3 / 2),
                Distribution.triangular(mean / 5, mean, mean * 3),
                Distribution.discrete([mean / 2, mean * 1.3], [0.4, 0.6]),
                Distribution.empirical([mean / 2, mean, mean * 1.7]),
            ]
        )
    )


@st.composite
def lines(draw, *, serial: bool = False):
    """A line; ``serial``: one to which the exact recursion applies."""
    ties = draw(st.booleans())
    count = draw(st.integers(1, 5))
    kind = draw(st.sampled_from(["saturated", "arrivals"] if serial else ["saturated", "arrivals", "pallets"]))
    closed = kind == "pallets"
    crews = (
        ()
        if serial
        else tuple((f"crew {number}", draw(st.integers(1, 2))) for number in range(draw(st.integers(0, 2))))
    )
    stations = []
    for index in range(count):
        last = index == count - 1
        failures = tuple(
            Failure(
                name=f"cause {number}",
                clock=draw(st.sampled_from(["operating", "calendar"])),
                uptime=draw(times(draw(st.floats(20, 300)), ties)),
                repair=draw(times(draw(st.floats(3, 60)), ties)),
                crew=draw(st.sampled_from([None, *(name for name, _ in crews)])),
            )
            for number in range(draw(st.sampled_from([0, 0, 1, 1, 2])))
        )
        stations.append(
            Station(
                name=f"M{index}",
                servers=1 if serial else draw(st.sampled_from([1, 1, 2, 3])),
                cycle=draw(times(draw(st.floats(2, 15)), ties)),
                scrap=draw(st.sampled_from([0.0, 0.0, 0.1])) if last or not closed else 0.0,
                failures=failures,
                buffer=0 if last and not closed else draw(st.sampled_from([0, 0, 1, 2, 5, None])),
            )
        )
    pallets = None
    if closed:
        places = [None if station.buffer is None else station.buffer + station.servers for station in stations]
        most = 12 if None in places else sum(places) - 1
        assume(most >= 1)
        pallets = draw(st.integers(1, most))
    arrivals = draw(times(draw(st.floats(5, 15)), ties)) if kind == "arrivals" else None
    return Line(
        name="random",
        stations=tuple(stations),
        crews=crews,
        arrivals=arrivals,
        calendar=draw(st.none() | calendars()),
        pallets=pallets,
        system_capacity=draw(st.none() | st.integers(1, 15)) if arrivals is not None and not serial else None,
    )


@st.composite
def calendars(draw):
    """One or two shifts at whole hours, some over midnight."""
    return Calendar(
        shifts=tuple(
            Shift(
                days=tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1)))),
                start_s=draw(st.integers(0, 23)) * HOUR,
                end_s=draw(st.integers(1, 24)) * HOUR,
            )
            for _ in range(draw(st.integers(1, 2)))
        )
    )


@st.composite
def windows(draw, line: Line):
    """A short window; with a calendar long enough to see it switch."""
    horizon = draw(st.sampled_from([3_000.0, 9_000.0] if line.calendar is None else [30_000.0, 90_000.0]))
    return Window(
        warmup=draw(st.sampled_from([0.0, horizon / 5, horizon / 7])),
        horizon=horizon,
        bins=draw(st.sampled_from([0, 7])),
    )
