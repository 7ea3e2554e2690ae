from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calculators.queueing import inspected_machine, mmc, mser5, replications
from calculators.reliability import kaplan_meier, lognormal_mle, trend_tests, weibull_mle
from calculators.units import CalculationError

lives = st.lists(st.floats(1, 1000), min_size=3, max_size=40, unique=True)


@settings(deadline=None, max_examples=40)
@given(lives, st.lists(st.floats(1, 1000), max_size=20))
def test_the_weibull_fit_is_a_maximum(failures, censored):
    found = weibull_mle(failures, censored)

    def likelihood(shape: float, scale: float) -> float:
        life = stats.weibull_min(shape, scale=scale)
        return float(life.logpdf(failures).sum() + life.logsf(censored).sum())

    best = likelihood(found.shape, found.scale)
    assert found.log_likelihood == pytest.approx(best, rel=1e-9, abs=1e-6)
    for factor in (0.99, 1.01):
        assert likelihood(found.shape * factor, found.scale) <= best + 1e-9
        assert likelihood(found.shape, found.scale * factor) <= best + 1e-9


@settings(deadline=None, max_examples=20)
@given(lives)
def test_the_lognormal_fit_without_censoring_is_the_mean_and_spread_of_the_logs(failures):
    found = lognormal_mle(failures)
    assert np.log(found.scale) == pytest.approx(np.log(failures).mean(), abs=1e-4)
    assert found.shape == pytest.approx(np.log(failures).std(), rel=1e-3)


@given(lives, st.lists(st.floats(1, 1000), max_size=20))
def test_the_product_limit_agrees_with_scipy(failures, censored):
    times, reliability = kaplan_meier(failures, censored)
    data = stats.CensoredData(uncensored=failures, right=censored)
    peer = stats.ecdf(data).sf
    assert peer.evaluate(times) == pytest.approx(reliability)


def test_an_improving_machine_shows_in_all_three_tests():
    ages = np.cumsum(np.arange(1.0, 21.0))
    better, worse = trend_tests(ages, ages[-1] + 1), trend_tests(ages[-1] - ages[::-1] + 1, ages[-1] + 1)
    assert better.laplace_z < -1
    assert worse.laplace_z > 1
    assert better.mil_hdbk_cdf > 0.95
    assert worse.mil_hdbk_cdf < 0.3
    assert better.reversals == better.reversals_maximum
    ended = trend_tests(ages)
    assert ended.laplace_z < 0


@pytest.mark.parametrize("failures", [[], [5.0], [5.0, 5.0], [-1.0, 5.0]])
def test_too_few_failures_are_refused(failures):
    with pytest.raises((CalculationError, ValueError)) as caught:
        weibull_mle(failures)
    assert getattr(caught.value, "code", "") == "too_few_failures"


@given(st.floats(0.1, 20), st.floats(0.5, 5), st.integers(1, 30))
def test_littles_law_holds_for_any_queue(arrivals, service, servers):
    if arrivals / service >= servers:
        with pytest.raises(CalculationError):
            mmc(arrival_rate=arrivals, service_rate=service, servers=servers)
        return
    found = mmc(arrival_rate=arrivals, service_rate=service, servers=servers)
    assert found.lq == pytest.approx(arrivals * found.wq)
    assert 0 <= found.probability_wait <= 1
    if servers == 1:
        assert found.p0 == pytest.approx(1 - arrivals / service)
        assert found.w == pytest.approx(1 / (service - arrivals))


def test_an_inspected_machine_that_cannot_keep_up_is_refused():
    plain = {"interarrival": 1, "machine_time": 0.7, "inspection_time": 0.8, "time_to_breakdown": 360, "repair": 10}
    assert inspected_machine(good_share=0.9, **plain).inspector_busy == pytest.approx(8 / 9)
    with pytest.raises(CalculationError):
        inspected_machine(good_share=0.7, **plain)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.floats(0.5, 50))
def test_the_number_of_replications_is_the_least_that_suffices(means, bound):
    found = replications(means, confidence=0.9, absolute_error=bound)
    n = found.n_absolute
    if n is None:
        return

    def half(count: int) -> float:
        return float(stats.t(count - 1).ppf(0.95)) * (found.variance / count) ** 0.5

    assert half(n) <= bound + 1e-9
    assert n == len(means) or half(n - 1) > bound


def test_no_transient_no_cut_and_a_run_too_short_says_so():
    noise = np.random.default_rng(1).normal(size=500)
    assert mser5(noise).truncate_observations <= 250
    assert mser5(np.arange(100.0)).too_short
    with pytest.raises(CalculationError):
        mser5([1.0, 2.0])
