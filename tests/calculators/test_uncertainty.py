from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from calculators.information import evpi, evpi_normal, evppi
from calculators.sensitivity import break_even, morris, sobol
from calculators.uncertainty import (
    ThreePoints,
    chance,
    expected_shortfall,
    pert_mean,
    pert_quantile,
    pert_variance,
    triangular_cdf,
    triangular_quantile,
    uniforms,
)
from calculators.units import CalculationError

points = st.tuples(st.floats(-100, 100), st.floats(0.01, 100), st.floats(0.01, 100)).map(
    lambda p: (p[0], p[0] + p[1], p[0] + p[1] + p[2])
)
shapes = st.sampled_from(["pert", "triangular", "uniform"])


@given(points, shapes, st.sampled_from(["bounds", "p10_p90"]))
def test_quantiles_rise_and_stay_within_the_bounds(three, shape, reads):
    try:
        known = ThreePoints(low=three[0], likely=three[1], high=three[2], shape=shape, reads=reads)
        low, high = known.bounds()
    except CalculationError as error:
        assert error.code == "no_such_distribution"
        return
    values = known.quantile(np.linspace(0, 1, 101))
    assert (np.diff(values) >= 0).all()
    assert low - 1e-9 <= values[0] <= values[-1] <= high + 1e-9
    if reads == "p10_p90":
        assert known.quantile([0.1, 0.9]) == pytest.approx([three[0], three[2]], abs=1e-4 * (three[2] - three[0]))


@given(points)
def test_the_pert_table_is_the_beta_distribution(three):
    low, mode, high = three
    share = (mode - low) / (high - low)
    p = np.linspace(0.001, 0.999, 57)
    exact = low + (high - low) * stats.beta(1 + 4 * share, 5 - 4 * share).ppf(p)
    assert np.abs(pert_quantile(p, *three) - exact).max() < 1e-5 * (high - low)
    values = pert_quantile((np.arange(20_000) + 0.5) / 20_000, *three)
    assert values.mean() == pytest.approx(pert_mean(*three), abs=1e-4 * (high - low))
    assert values.var() == pytest.approx(pert_variance(*three), rel=2e-3)


@given(points, st.floats(0, 1))
def test_triangular_quantile_and_cdf_are_inverse(three, p):
    assert triangular_cdf(triangular_quantile(p, *three), *three) == pytest.approx(p, abs=1e-9)


def test_a_lognormal_has_the_given_tenth_and_ninetieth_percentile():
    known = ThreePoints(low=2, likely=4, high=20, shape="lognormal")
    assert known.quantile([0.1, 0.5, 0.9]) == pytest.approx([2, 40**0.5, 20])
    with pytest.raises(CalculationError):
        ThreePoints(low=0, likely=4, high=20, shape="lognormal")


def test_draws_fall_once_into_each_stratum():
    drawn = uniforms(("a", "b"), 100, 7)
    for column in drawn.T:
        assert sorted((column * 100).astype(int)) == list(range(100))
    assert (uniforms(("b",), 100, 7)[:, 0] == drawn[:, 1]).all()
    assert (uniforms(("b",), 100, 8)[:, 0] != drawn[:, 1]).any()


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_chance_lies_in_its_interval(hits, trials):
    estimate, low, high = chance(min(hits, trials), trials)
    assert 0 <= low <= estimate + 1e-12
    assert estimate - 1e-12 <= high <= 1


def test_expected_shortfall_is_the_mean_of_the_worst():
    assert expected_shortfall(np.arange(100.0)) == 2
    assert np.isnan(expected_shortfall(np.array([])))


def test_sobol_of_an_additive_model_is_exact_in_sum():
    found = sobol(lambda points: points @ np.array([1.0, 2.0, 0.0]), 3, samples=2048, seed=3)
    assert found.first == pytest.approx([0.2, 0.8, 0], abs=0.02)
    assert found.total == pytest.approx([0.2, 0.8, 0], abs=0.02)
    assert found.variance == pytest.approx(5 / 12, rel=0.02)
    flat = sobol(lambda points: np.ones(len(points)), 2, samples=64, seed=3)
    assert flat.total.tolist() == [0, 0]
    with pytest.raises(CalculationError):
        sobol(lambda points: points[:, 0], 1, samples=100, seed=1)
    with pytest.raises(CalculationError):
        sobol(lambda points: points[:, 0] * np.nan, 1, samples=64, seed=1)


def test_morris_ranks_a_linear_model_exactly():
    mu, sigma = morris(lambda points: points @ np.array([3.0, 0.0, 1.0]), 3, trajectories=8, seed=1)
    assert mu == pytest.approx([3, 0, 1])
    assert sigma == pytest.approx([0, 0, 0], abs=1e-12)


def test_break_even_finds_every_crossing():
    found = break_even(lambda points: np.sin(2 * np.pi * points[:, 0]) - 0.5, 2, 0)
    assert found == pytest.approx([1 / 12, 5 / 12])


@settings(max_examples=20)
@given(st.floats(-2, 2), st.floats(0.1, 5))
def test_evpi_of_normal_draws_agrees_with_the_closed_form(mean, sd):
    values = stats.norm(mean, sd).ppf((np.arange(100_000) + 0.5) / 100_000)
    assert evpi(values) == pytest.approx(evpi_normal(mean, sd), rel=1e-2, abs=1e-4 * sd)


def test_evppi_finds_the_input_worth_measuring_and_is_not_fooled_by_noise():
    generator = np.random.default_rng(1)
    decisive, noise, idle = generator.normal(size=(3, 40_000))
    values = decisive + 0.5 * noise
    worth = evppi(values, decisive)
    assert worth == pytest.approx(evpi_normal(0.0, 1.0), rel=0.03)
    assert evppi(values, noise) == pytest.approx(evpi_normal(0.0, 0.5), rel=0.05)
    assert evppi(values, idle) < 0.01
    assert worth <= evpi(values)
