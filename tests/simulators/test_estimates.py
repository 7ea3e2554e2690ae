"""Fits of times: published estimates, known truths, honest intervals and tests."""

from __future__ import annotations

import csv
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulators.estimates import empirical, fit_times, trend_tests
from simulators.families import FAMILIES
from simulators.line import ModelError


def columns(folder, name: str) -> dict[str, np.ndarray]:
    with (folder / "real/reliability" / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def family(fit, name: str):
    return next(found for found in fit.families if found.family == name)


def test_nist_right_censored_times(reference_data):
    data = columns(reference_data, "nist_apr413_weibull_right_censored.csv")
    fit = fit_times(data["time_h"].astype(float), (data["status"] == "failed").astype(float))
    weibull, lognormal = family(fit, "weibull"), family(fit, "lognormal")
    # NIST/SEMATECH e-Handbook 8.4.1.3
    assert weibull.parameters["scale"] == pytest.approx(606.5280, abs=1e-3)
    assert weibull.parameters["shape"] == pytest.approx(1.7208, abs=5e-5)
    assert -weibull.loglik == pytest.approx(75.135, abs=5e-4)
    assert weibull.aic == pytest.approx(154.27, abs=5e-3)
    assert weibull.mean == pytest.approx(540.737, abs=5e-3)
    assert lognormal.aic == pytest.approx(154.39, abs=5e-3)
    assert (fit.events, fit.censored) == (10, 10)


def test_ball_bearings(reference_data):
    data = columns(reference_data, "nbs_1956_ball_bearings_23.csv")
    fit = fit_times(data["million_revolutions_to_failure"].astype(float))
    assert family(fit, "weibull").parameters == pytest.approx({"shape": 2.1018, "scale": 81.875}, rel=1e-4)
    assert family(fit, "lognormal").parameters == pytest.approx({"mu": 4.1504, "sigma": 0.52169}, rel=1e-4)
    assert family(fit, "lognormal").aicc < family(fit, "weibull").aicc


def test_bofors_strengths_are_frequencies(reference_data):
    data = columns(reference_data, "bofors_steel_strength.csv")
    fit = fit_times(data["x"].astype(float), weights=data["n"].astype(float))
    assert fit.events == 389
    assert family(fit, "weibull").parameters == pytest.approx({"shape": 17.57132, "scale": 47.36736}, rel=1e-5)
    assert family(fit, "lognormal").parameters == pytest.approx({"mu": 3.829517, "sigma": 0.05612022}, rel=1e-5)


@pytest.mark.parametrize("name", ["exponential", "weibull", "lognormal", "gamma"])
def test_refits_at_once_equal_refits_one_by_one(name: str):
    rng = np.random.default_rng(4)
    times, seen = rng.weibull(1.4, 60)[None] * 100, (rng.random((1, 60)) < 0.7).astype(float)
    weights = rng.multinomial(60, np.full(60, 1 / 60), size=20).astype(float)
    together, loglik = FAMILIES[name].fit(times, seen, weights)
    for row in range(20):
        picked = np.repeat(np.arange(60), weights[row].astype(int))
        alone, value = FAMILIES[name].fit(times[:, picked], seen[:, picked], np.ones((1, 60)))
        assert together[row] == pytest.approx(alone[0], rel=2e-6)
        assert loglik[row] == pytest.approx(value[0], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "frozen"),
    [
        ("exponential", stats.expon),
        ("weibull", stats.weibull_min),
        ("lognormal", stats.lognorm),
        ("gamma", stats.gamma),
    ],
)
def test_scipy_finds_no_better_likelihood(name: str, frozen):
    rng = np.random.default_rng(8)
    times = rng.gamma(2.5, 40, 80)
    limit = 130.0
    seen = times <= limit
    data = stats.CensoredData(uncensored=times[seen], right=np.full((~seen).sum(), limit))
    _, ours = FAMILIES[name].fit(np.minimum(times, limit)[None], seen[None].astype(float), np.ones((1, 80)))
    theirs = frozen.fit(data, floc=0)
    peer = frozen(*theirs)
    value = peer.logpdf(times[seen]).sum() + (~seen).sum() * peer.logsf(limit)
    assert ours[0] >= value - 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 60), st.floats(1e-3, 1e6), st.integers(0, 2**32 - 1))
def test_a_change_of_unit_changes_only_the_scale(count: int, unit: float, seed: int):
    rng = np.random.default_rng(seed)
    times, seen = rng.lognormal(0, 1, count)[None], (rng.random((1, count)) < 0.8).astype(float)
    seen[0, :3] = 1
    for name, scale in (("weibull", 1), ("gamma", 1)):
        plain, _ = FAMILIES[name].fit(times, seen, np.ones((1, count)))
        scaled, _ = FAMILIES[name].fit(times * unit, seen, np.ones((1, count)))
        assert scaled[0, 0] == pytest.approx(plain[0, 0], rel=1e-3)
        assert scaled[0, scale] == pytest.approx(plain[0, scale] * unit, rel=1e-3)


def test_few_failures_carry_a_mean_only():
    fit = fit_times(np.array([100.0, 300.0, 250.0]), refits=4000)
    assert fit.weak
    assert [found.family for found in fit.families] == ["exponential"]
    assert fit.p_value is None
    exact = 2 * 650 / stats.chi2.ppf([0.95, 0.05], 6)
    assert fit.intervals["mean"] == pytest.approx(exact, rel=0.1)


def test_the_interval_of_the_mean_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truth = 100 * np.exp(0.5)
    hits = 0
    for n in range(200):
        low, high = fit_times(rng.lognormal(np.log(100), 1, 60), seed=n, test=False).intervals["mean"]
        hits += low < truth < high
    assert 0.82 <= hits / 200 <= 0.96


def test_a_right_family_is_rarely_refuted_and_a_wrong_one_is():
    rng = np.random.default_rng(2)
    values = [
        fit_times(rng.weibull(1.5, 50) * 100, (rng.random(50) < 0.8) * 1.0, seed=n, refits=10).p_value
        for n in range(60)
    ]
    assert np.mean(np.array(values) < 0.1) < 0.25
    mixture = np.concatenate([rng.lognormal(2, 0.1, 100), rng.lognormal(6, 0.1, 60)])
    fit = fit_times(mixture)
    assert fit.chosen == "empirical"
    assert fit.mean == pytest.approx(mixture.mean(), rel=0.01)


def test_recorded_times_get_a_tail_where_the_log_was_cut():
    times = np.concatenate([np.linspace(1, 10, 40), np.full(40, 10.0)])
    distribution = empirical(times, np.repeat([1.0, 0.0], 40), np.ones(80))
    assert distribution.mean == pytest.approx(times.sum() / 40, rel=0.35)
    assert max(distribution.numbers("values")) > 10


def test_the_same_seed_gives_the_same_fit():
    times = np.random.default_rng(3).gamma(2, 10, 40)
    assert fit_times(times, seed=7) == fit_times(times, seed=7)
    assert fit_times(times, seed=7).replicates != fit_times(times, seed=8).replicates


def test_trend_tests_of_the_handbook():
    # NIST/SEMATECH e-Handbook 8.2.3.4: system failures at 5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478 h, end 1500 h
    at = np.array([5.0, 40, 43, 175, 389, 712, 747, 795, 1299, 1478])
    found = trend_tests(at, 1500.0)
    assert found.laplace_u == pytest.approx((at.mean() - 750) / (1500 / 120**0.5))
    assert found.military_chi2 == pytest.approx(2 * np.log(1500 / at).sum())
    assert trend_tests(at[:3], 1500.0) is None


def test_trend_tests_find_ageing_and_leave_steady_machines_alone():
    rng = np.random.default_rng(5)
    ageing = 1000 * np.sort(rng.random(60)) ** 0.4
    assert trend_tests(ageing, 1000.0).found
    assert trend_tests(ageing, 1000.0).laplace_u > 0
    steady = [trend_tests(np.sort(rng.random(30)) * 1000, 1000.0).found for _ in range(300)]
    assert np.mean(steady) < 0.09


def test_times_that_cannot_be_are_refused():
    for times, observed, code in (([1.0, 2.0], [0, 0], "no_times"), ([0.0, 2.0], [1, 1], "time_not_positive")):
        with pytest.raises(ModelError) as error:
            fit_times(np.array(times), np.array(observed, dtype=float))
        assert error.value.code == code


@pytest.mark.parametrize(
    ("asset", "shape", "scale"),
    [("Other", 0.932064, 823.962), ("Transformer", 0.875983, 7396.68), ("Tracker", 0.724652, 14380.10)],
)
def test_time_to_first_event_of_876_photovoltaic_sites(reference_data, asset: str, shape: float, scale: float):
    with (reference_data / "real/logs/pv_om_events.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for row in rows:
        days = (datetime.fromisoformat(row["EventStart"]) - datetime.fromisoformat(row["COD"])).days
        last[row["randid"]] = days
        if row["Asset"] == asset:
            first.setdefault(row["randid"], days)
    times = np.array([first.get(site, last[site]) for site in last], dtype=float)
    seen = np.array([site in first for site in last], dtype=float)
    fit = fit_times(times[times > 0], seen[times > 0], refits=10, test=False)
    assert fit.events + fit.censored == 876
    assert family(fit, "weibull").parameters == pytest.approx({"shape": shape, "scale": scale}, rel=1e-5)
