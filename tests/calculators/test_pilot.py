"""A pilot's length, its limits and its level, held against simulated pilots."""

from __future__ import annotations

from math import isinf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.pilot import neighbours, o_brien_fleming, plan_pilot, verdict
from calculators.units import CalculationError

RNG = np.random.default_rng(20260301)
BEFORE = RNG.normal(1000, 100, 120)


def test_the_limits_are_those_of_the_published_table() -> None:
    assert o_brien_fleming(0.025) == pytest.approx((2.797, 1.977), abs=2e-3)
    assert o_brien_fleming(0.05)[1] == pytest.approx(1.678, abs=2e-3)


def test_days_and_visible_change_agree() -> None:
    plan = plan_pilot(BEFORE, 80.0)
    again = plan_pilot(BEFORE, plan.visible, length=plan.length)
    assert again.days == pytest.approx(plan.length, abs=1)
    assert plan_pilot(BEFORE, 80.0, length=int(plan.days)).power >= 0.8 - 1e-9


def test_a_history_that_is_too_noisy_never_shows_a_small_change() -> None:
    assert isinf(plan_pilot(BEFORE[:12], 1.0).days)


def test_simulated_pilots_keep_level_and_power() -> None:
    plan = plan_pilot(BEFORE, 90.0, length=20)
    runs = 4000
    for change, low, high in ((0.0, 0.02, 0.08), (90.0, plan.power - 0.08, 1.0)):
        days = RNG.normal(plan.mean + change, plan.sd, (runs, 20))
        past = RNG.normal(plan.mean, plan.sd, (runs, plan.before)).mean(axis=1)
        half, whole = days[:, :10].mean(axis=1) - past, days.mean(axis=1) - past
        said = [
            verdict(plan, a, half_time=True) == "go"
            or (verdict(plan, a, half_time=True) == "go_on" and verdict(plan, b, half_time=False) == "go")
            for a, b in zip(half, whole, strict=True)
        ]
        assert low <= np.mean(said) <= high


def test_days_that_pull_together_say_less() -> None:
    drift = np.cumsum(RNG.normal(0, 1, 200))
    assert neighbours(drift) > 0.8
    assert neighbours(BEFORE) < 0.3
    tied = 1000 + 100 * (drift - drift.mean()) / drift.std()
    assert plan_pilot(tied, 80.0).visible > plan_pilot(BEFORE, 80.0).visible


def test_what_does_not_pay_is_no_go_however_sure() -> None:
    plan = plan_pilot(BEFORE, 200.0, worth=300.0)
    assert verdict(plan, 250.0, half_time=False) == "no_go"
    assert verdict(plan, 301.0, half_time=False) == "go"


@settings(max_examples=50, deadline=None)
@given(promised=st.floats(1, 1000), length=st.integers(2, 60))
def test_limits_are_in_order(promised, length) -> None:
    plan = plan_pilot(BEFORE, promised, length=length)
    assert plan.stop_below < 0 < plan.go_above <= plan.stop_above
    assert 0 <= plan.power <= 1
    assert plan.visible > plan.go_above
    assert plan_pilot(BEFORE, promised, length=length + 1).visible < plan.visible


@pytest.mark.parametrize(("before", "promised", "code"), [([1.0] * 30, 1.0, "pilot_history"), ([1.0, 2.0], 1.0, "pilot_history"),
                                                          (list(BEFORE), 0.0, "pilot_promise")])  # fmt: skip
def test_nothing_is_planned_on_nothing(before, promised, code) -> None:
    with pytest.raises(CalculationError) as refusal:
        plan_pilot(before, promised)
    assert refusal.value.code == code
