"""A predictor that somebody brings: what it sees, what its answer becomes, and what happens without one."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.fit import fit_causes, fit_line, fit_report
from simulators.line import Distribution, Line, ModelError, Station
from simulators.predictors import FailurePredictor, FailureRecords, Hazard
from simulators.records import DowntimeEvent, StopLog

MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()


def log(count: int = 40) -> StopLog:
    rng = np.random.default_rng(4)
    starts = np.cumsum(rng.exponential(5000.0, count) + 600.0)
    return StopLog.of(
        [DowntimeEvent(station="saw", start=MONDAY + at, end=MONDAY + at + 600, reason="jam") for at in starts.tolist()]
    )


class Wearing:
    """A rate that doubles after an hour; without twelve failures it has nothing to say."""

    def __init__(self) -> None:
        self.seen: list[FailureRecords] = []

    def fit(self, records: FailureRecords) -> Hazard:
        self.seen.append(records)
        if records.observed.sum() < 12:
            raise ValueError("too few")
        return Hazard.of_rates([0.0, 3600.0], [1e-4, 2e-4], low=5000.0, high=9000.0)


def test_the_predictors_answer_takes_the_place_of_our_fit_of_uptimes() -> None:
    wearing = Wearing()
    assert isinstance(wearing, FailurePredictor)
    (own,), (theirs,) = fit_causes(log()), fit_causes(log(), predictor=wearing)
    assert (own.predictor, theirs.predictor) == ("", "used")
    assert theirs.uptime.chosen == "predictor"
    assert theirs.uptime.mean == pytest.approx(3600 * 0 + (1 - np.exp(-0.36)) / 1e-4 + np.exp(-0.36) / 2e-4, rel=0.01)
    assert theirs.uptime.intervals == {"mean": (5000.0, 9000.0)}
    assert theirs.uptime.families == own.uptime.families
    assert theirs.repair == own.repair
    (records,) = wearing.seen
    assert (records.station, records.cause, records.kind) == ("saw", "jam", "breakdown")
    assert len(records.times) == len(records.observed) == len(records.at)
    with pytest.raises(ValueError):
        records.times[0] = 1.0


def test_its_interval_is_what_a_study_draws_from() -> None:
    line = Line(name="line", stations=(Station(name="saw", cycle=Distribution.constant(10)),))
    fitted = fit_line(log(), None, None, line, predictor=Wearing())
    factors = np.array(next(one.factors for one in fitted.spreads if one.parameter == "uptime"))
    mean = fitted.causes[0].uptime.mean
    low, high = np.quantile(factors, (0.05, 0.95)) * mean
    assert (low, high) == pytest.approx((5000.0, 9000.0), rel=0.02)
    assert fitted.line.stations[0].failures[0].uptime.kind == "empirical"


def test_without_an_answer_our_own_fit_counts_and_a_note_says_so() -> None:
    few = log(10)
    line = Line(name="line", stations=(Station(name="saw", cycle=Distribution.constant(10)),))
    fitted = fit_line(few, None, None, line, predictor=Wearing())
    assert fitted.causes[0].uptime.chosen == fit_causes(few)[0].uptime.chosen
    assert "log_predictor_silent" in {finding.code for finding in fitted.findings}
    (machine,) = fit_report(few, predictor=Wearing())["machines"]
    assert machine["causes"][0]["predictor"] == "silent"


@given(
    st.lists(st.tuples(st.floats(1, 1e5), st.floats(0, 1e-2)), min_size=1, max_size=6),
    st.floats(1e-6, 1e-2),
)
def test_a_rate_in_steps_becomes_times_that_it_explains(steps: list[tuple[float, float]], last: float) -> None:
    edges = np.concatenate(([0.0], np.cumsum([length for length, _ in steps])))
    rates = np.array([*(rate for _, rate in steps), last])
    wide = Hazard.of_rates(edges.tolist(), rates.tolist(), low=1e-9, high=1e12)
    times = np.sort(np.array(wide.uptime.numbers("values")))
    spans = np.clip(times[:, None] - edges[None, :], 0, np.append(np.diff(edges), np.inf)[None, :])
    survival = np.exp(-(spans * rates).sum(axis=1))
    np.testing.assert_allclose(survival, 1 - (np.arange(len(times)) + 0.5) / len(times), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Hazard(uptime=Distribution.exponential(100), low=200, high=300), "hazard_interval"),
        (lambda: Hazard(uptime=Distribution.exponential(100), low=0, high=300), "hazard_interval"),
        (lambda: Hazard(uptime=Distribution.exponential(100), low=50, high=float("inf")), "hazard_interval"),
        (lambda: Hazard.of_rates([0, 1], [1.0], low=1, high=2), "hazard_rates"),
        (lambda: Hazard.of_rates([1], [1.0], low=1, high=2), "hazard_rates"),
        (lambda: Hazard.of_rates([0], [0.0], low=1, high=2), "hazard_rates"),
        (lambda: Hazard.of_rates([], [], low=1, high=2), "hazard_rates"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(make, code) -> None:
    with pytest.raises(ModelError) as refusal:
        make()
    assert refusal.value.code == code
