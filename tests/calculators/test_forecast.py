from __future__ import annotations

import json

import numpy as np
import pytest

from calculators.calculator import Calculator
from calculators.declarations import Formula, Given, Input, Output, Tier
from calculators.forecast import bias, contradiction, hit_rate, lock, reopen, score
from calculators.sheet import evaluate
from calculators.units import CalculationError

WORDS = {"zh-CN": "字", "en": "word"}


def a_sheet():
    calculator = Calculator(
        id="sum", version="1.0.0", title=WORDS, description=WORDS, periods=3,
        inputs=(
            Input(name="a", unit="CNY", title=WORDS, purpose=WORDS, low=0, likely=50, high=100),
            Input(name="b", unit="CNY", title=WORDS, purpose=WORDS, low=0, likely=20, high=40),
        ),
        formulas=(
            Formula(name="total", unit="CNY", text="a + b"),
            Formula(name="flow", unit="CNY", text="each(a) - at(0, a * 9)"),
            Formula(name="back", unit="month", text="payback(flow)"),
            Formula(name="product", unit="CNY^2", text="a * b"),
        ),
        outputs=tuple(
            Output(name=name, title=WORDS, action=WORDS, acceptance=WORDS) for name in ("total", "flow", "back", "product")
        ),
    )  # fmt: skip
    return evaluate(calculator, {}, draws=2000, seed=1, claims=False)


def test_a_locked_forecast_survives_storage_and_no_edit():
    forecast = lock(a_sheet())
    kept = json.loads(json.dumps(forecast.to_json(), allow_nan=False))
    assert reopen(kept).digest == forecast.digest == lock(a_sheet()).digest
    kept["figures"]["total"]["p10"] -= 1
    with pytest.raises(CalculationError) as caught:
        reopen(kept)
    assert caught.value.code == "forecast_changed"


def test_actual_figures_are_scored_by_period_and_what_never_came_is_missed():
    forecast = lock(a_sheet())
    p10, p50, p90 = forecast.figures["total"]
    hits = score(forecast, {"total": p50, "flow": {1: 50.0, 2: 500.0}, "back": 2.0})
    assert [hit.inside for hit in hits] == [True, True, False, False]
    assert hits[0].distance == 0
    assert score(forecast, {"total": p90})[0].distance == pytest.approx(1)
    assert score(forecast, {"total": p10 - 1})[0].inside is False
    estimate, low, high = hit_rate(hits)
    assert low < estimate == 0.5 < high
    with pytest.raises(CalculationError):
        score(forecast, {"profit": 1.0})


def test_the_value_at_means_is_the_product_of_the_means():
    sheet = a_sheet()
    assert sheet.at_means("total")[0] == pytest.approx(70, rel=1e-4)
    assert sheet.at_means("product")[0] == pytest.approx(50 * 20, rel=1e-3)


def test_a_typed_figure_that_the_upload_contradicts_widens_and_loses_its_grade():
    measured = np.random.default_rng(1).normal(100, 2, 2000)
    assert contradiction(Given(value=101.0), measured, tolerance=0.1) is None
    assert contradiction(Given(value=108.0), measured, tolerance=0.1) is None
    found = contradiction(Given(value=(140.0, 150.0, 160.0), objections=("no",)), measured, tolerance=0.1)
    assert found is not None
    low, likely, high = found.instead.value
    assert low < 100 < likely < 150 < high
    assert found.instead.tier is Tier.PUBLIC
    assert found.instead.objections == ("no",)


def test_a_forecast_names_what_it_rests_on_and_may_hold_more_than_the_sheet():
    more = {"oee": ([None, 0.7], [None, 0.72], [None, 0.74], "1")}
    forecast = lock(a_sheet(), more, rests_on="a" * 64)
    kept = json.loads(json.dumps(forecast.to_json(), allow_nan=False))
    again = reopen(kept)
    assert (again.digest, again.rests_on) == (forecast.digest, "a" * 64)
    assert forecast.digest != lock(a_sheet(), more).digest
    hits = score(again, {"oee": {0: 0.7, 1: 0.73}})
    assert [hit.inside for hit in hits] == [False, True]
    assert bias(hits) == pytest.approx(0.5)


def test_bias_says_on_which_side_and_how_far():
    forecast = lock(a_sheet())
    p10, p50, p90 = forecast.figures["total"]
    assert bias(score(forecast, {"total": p90})) == pytest.approx(1)
    assert bias(score(forecast, {"total": p10})) == pytest.approx(-1)
    assert bias(score(forecast, {"total": p50})) == 0
    assert np.isnan(bias(()))
