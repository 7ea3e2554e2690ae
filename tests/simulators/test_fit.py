"""From a stop log to a line: causes, clocks, what is weak or poor, and back to the numbers that made the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from simulators import kpi
from simulators.causes import clock_times
from simulators.checks import check_stops
from simulators.figures import STARVED, WORKING, Window
from simulators.fit import fit_causes, fit_line, fit_report
from simulators.intervals import Cover
from simulators.line import Calendar, Distribution, Line, ModelError, Shift, Station
from simulators.records import CountLog, DowntimeEvent, Equipment, EquipmentList, ProductionCount, StopLog
from simulators.twin import run_twin

MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
DAY = 86_400.0
WEEKS = 26


def history(station: str, rng: np.random.Generator, *, days: int = 7 * WEEKS, causes=None) -> list[DowntimeEvent]:
    """Stops of a machine that always works when it can: each cause on its own operating clock."""
    causes = causes or {"jam": (lambda: rng.weibull(1.6) * 9000, lambda: rng.lognormal(6.4, 0.6))}
    left = {name: uptime() for name, (uptime, _) in causes.items()}
    at, events = 0.0, []
    while True:
        name = min(left, key=left.get)
        at += left[name]
        left = {other: rest - left[name] for other, rest in left.items()}
        repair = causes[name][1]()
        if at + repair > days * DAY:
            return events
        events.append(DowntimeEvent(station=station, start=MONDAY + at, end=MONDAY + at + repair, reason=name))
        at += repair
        left[name] = causes[name][0]()


def template(*names: str, cycle: float = 10.0, **more) -> Line:
    stations = tuple(
        Station(name=name, cycle=Distribution.constant(cycle), buffer=10 * (n < len(names) - 1))
        for n, name in enumerate(names)
    )
    return Line(name="line", stations=stations, **more)


def test_the_numbers_that_made_the_log_are_found():
    rng = np.random.default_rng(1)
    stops = StopLog.of(history("filler", rng))
    (cause,) = fit_causes(stops, minor_stop_s=1.0)
    assert cause.uptime.chosen in {"weibull", "gamma"}
    assert cause.uptime.mean == pytest.approx(9000 * 0.8966, rel=0.06)
    assert cause.repair.chosen == "lognormal"
    low, high = cause.repair.intervals["sigma"]
    assert low < 0.6 < high
    assert not cause.trend.found


def test_causes_are_told_apart_and_each_has_its_own_clock():
    rng = np.random.default_rng(2)
    causes = {
        "jam": (lambda: rng.exponential(7200), lambda: rng.lognormal(6.5, 0.5)),
        "换型": (lambda: rng.normal(28_800, 1000), lambda: rng.normal(1800, 100)),
    }
    stops = StopLog.of(history("filler", rng, causes=causes))
    found = {cause.cause: cause for cause in fit_causes(stops, minor_stop_s=1.0)}
    assert found["jam"].kind == "breakdown"
    assert found["换型"].kind == "setup"
    assert found["换型"].uptime.mean == pytest.approx(28_800, rel=0.02), "repairs of other causes do not count"
    assert found["jam"].uptime.mean == pytest.approx(7200, rel=0.15)


def test_short_stops_are_a_cause_of_their_own_that_says_so():
    rng = np.random.default_rng(3)
    causes = {"sensor": (lambda: rng.exponential(3000), lambda: 60.0)}
    (cause,) = fit_causes(StopLog.of(history("filler", rng, days=20, causes=causes)))
    assert (cause.kind, cause.name) == ("minor", "minor: sensor")


def test_rare_causes_of_a_kind_are_one():
    rng = np.random.default_rng(4)
    events = [
        DowntimeEvent(station="a", start=MONDAY + n * 7200, end=MONDAY + n * 7200 + 900 + rng.random(), reason=f"r{n}")
        for n in range(30)
    ]
    (cause,) = fit_causes(StopLog.of(events))
    assert cause.cause == "other"
    assert cause.repair.events == 30


def test_closed_time_does_not_age_a_machine():
    calendar = Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=28_800, end_s=57_600),))
    events = [
        DowntimeEvent(station="a", start=MONDAY + day * DAY + 43_200, end=MONDAY + day * DAY + 46_800, reason="jam")
        for day in range(5)
    ]
    (cause,) = fit_causes(StopLog.of(events), calendar=calendar)
    assert cause.operating_s == pytest.approx(5 * 7 * 3600)
    assert cause.uptime.mean == pytest.approx(5 * 7 * 3600 / 5)


def test_the_time_still_running_at_the_end_is_censored():
    running = Cover.of(np.array([0.0, 110.0, 230.0]), np.array([100.0, 200.0, 300.0]))
    times, observed, at, lead = clock_times(np.array([100.0, 200.0]), running)
    assert times.tolist() == [90, 70]
    assert observed.tolist() == [1, 0]
    assert at.tolist() == [100, 190]
    assert lead == 100


def test_a_fitted_line_runs_like_the_log_it_came_from():
    rng = np.random.default_rng(5)
    events = [stop for name in ("filler", "packer") for stop in history(name, rng)]
    stops, _ = check_stops(StopLog.of(events))
    fitted = fit_line(stops, None, None, template("filler", "packer"), minor_stop_s=1.0)
    assert [cause.station for cause in fitted.causes] == ["filler", "packer"]
    figures = run_twin(fitted.line, Window(warmup=DAY, horizon=61 * DAY), 1, 0)
    down = [shares["down"] for shares in kpi.state_shares(figures)]
    logged = [
        sum(e.end - e.start for e in events if e.station == name) / (7 * WEEKS * DAY) for name in ("filler", "packer")
    ]
    assert down == pytest.approx(logged, rel=0.15), "waiting machines do not age, so uptimes are in working time"
    assert (figures.states[1, WORKING] + figures.states[1, STARVED]) > 0


def test_counts_give_scrap_and_the_share_of_working_time():
    rng = np.random.default_rng(6)
    stops = StopLog.of(history("filler", rng, days=20))
    counts = CountLog.of(
        [
            ProductionCount(station="filler", start=MONDAY + d * DAY, end=MONDAY + (d + 1) * DAY, made=3000, good=2850)
            for d in range(20)
        ]
    )
    machines = EquipmentList.of([Equipment(station="filler", ideal_cycle=10.0, cycle=12.0, servers=1)])
    fitted = fit_line(stops, counts, machines, template("filler"), minor_stop_s=1.0)
    station = fitted.line.stations[0]
    assert station.scrap == pytest.approx(0.05)
    assert (station.cycle.mean, station.ideal) == (12.0, 10.0)
    assert "log_pace_unexplained" in {finding.code for finding in fitted.findings}
    share = 20 * 3000 * 12 / fitted.causes[0].operating_s
    assert station.failures[0].uptime.mean == pytest.approx(fitted.causes[0].uptime.mean * share, rel=1e-6)


def test_without_a_list_the_cycle_comes_from_the_runs():
    rng = np.random.default_rng(7)
    stops = StopLog.of(history("filler", rng, days=5))
    counts = CountLog.of(
        [ProductionCount(station="filler", start=MONDAY, end=MONDAY + 5 * DAY, made=20_000, good=20_000)]
    )
    fitted = fit_line(stops, counts, None, template("filler"), minor_stop_s=1.0)
    assert fitted.line.stations[0].cycle.mean == pytest.approx(fitted.causes[0].operating_s / 20_000)


def test_what_is_weak_ageing_or_missing_is_said():
    ageing = [
        DowntimeEvent(station="filler", start=MONDAY + t, end=MONDAY + t + 600, reason="jam")
        for t in 60 * DAY * (np.arange(1, 61) / 61) ** 0.4
    ]
    rare = [DowntimeEvent(station="x", start=MONDAY + 5 * DAY, end=MONDAY + 5 * DAY + 900, reason="belt")]
    fitted = fit_line(StopLog.of([*ageing, *rare]), None, None, template("filler", "packer"))
    codes = {finding.code for finding in fitted.findings}
    assert {"log_station_unmatched", "log_station_unused", "log_trend_worse"} <= codes
    assert fitted.line.stations[1] == template("filler", "packer").stations[1]


def test_spreads_name_the_failures_of_the_line():
    fitted = fit_line(StopLog.of(history("filler", np.random.default_rng(8))), None, None, template("filler"))
    names = {failure.name for failure in fitted.line.stations[0].failures}
    assert {spread.cause for spread in fitted.spreads} == names
    assert all(abs(np.mean(spread.factors) - 1) < 0.2 for spread in fitted.spreads)


def test_reports_are_plain_json_and_the_same_every_time():
    stops = StopLog.of(history("filler", np.random.default_rng(9), days=30))
    report = fit_report(stops, seed=3)
    assert json.dumps(report, allow_nan=False) == json.dumps(fit_report(stops, seed=3), allow_nan=False)
    cause = report["machines"][0]["causes"][0]
    assert {"events", "chosen", "mean", "weak", "intervals", "p_value"} <= set(cause["uptime"])
    fitted = fit_line(stops, None, None, template("filler"))
    json.dumps(fitted.to_json(), allow_nan=False)


def test_a_template_that_fits_no_record_is_refused():
    with pytest.raises(ModelError) as error:
        fit_line(StopLog.of(history("filler", np.random.default_rng(9), days=3)), None, None, template("labeller"))
    assert error.value.code == "no_station_matches"


def test_a_line_is_not_fitted_to_nothing():
    with pytest.raises(ModelError) as error:
        fit_line(StopLog.of([]), None, None, template("filler"))
    assert error.value.code == "no_stops"


def test_losses_that_nobody_logged_slow_the_model_down():
    stops = StopLog.of(history("filler", np.random.default_rng(10)))
    days = 7 * WEEKS
    running = days * DAY - float((stops.end - stops.start).sum())
    made = 0.9 * running / 10 / days
    counts = CountLog.of(
        [
            ProductionCount(station="filler", start=MONDAY + d * DAY, end=MONDAY + (d + 1) * DAY, made=made, good=made)
            for d in range(days)
        ]
    )
    machines = EquipmentList.of([Equipment(station="filler", ideal_cycle=9.5, cycle=10.0)])
    fitted = fit_line(stops, counts, machines, template("filler"), minor_stop_s=1.0)
    station = fitted.line.stations[0]
    assert station.cycle.mean == pytest.approx(10 / 0.9, rel=0.02)
    assert station.ideal == 9.5
    assert "log_pace_adjusted" in {finding.code for finding in fitted.findings}
    figures = run_twin(fitted.line, Window(warmup=DAY, horizon=57 * DAY), 3, 0)
    assert kpi.line_kpis(fitted.line, figures)["good_per_h"] == pytest.approx(made / 24, rel=0.02)


def test_a_model_that_makes_what_was_counted_is_left_alone():
    stops = StopLog.of(history("filler", np.random.default_rng(10)))
    days = 7 * WEEKS
    made = (days * DAY - float((stops.end - stops.start).sum())) / 10 / days
    counts = CountLog.of(
        [ProductionCount(station="filler", start=MONDAY, end=MONDAY + days * DAY, made=made * days, good=made * days)]
    )
    machines = EquipmentList.of([Equipment(station="filler", cycle=10.0)])
    fitted = fit_line(stops, counts, machines, template("filler"), minor_stop_s=1.0)
    assert fitted.line.stations[0].cycle.mean == 10.0
    assert "log_pace_adjusted" not in {finding.code for finding in fitted.findings}
