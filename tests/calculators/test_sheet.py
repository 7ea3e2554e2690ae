from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.evaluation import chunk_size
from calculators.lint import lint
from calculators.options import compare
from calculators.sheet import (
    CalculationError,
    Calculator,
    Cap,
    Correlation,
    Formula,
    Given,
    Input,
    Output,
    Tier,
    evaluate,
    run_calculator,
)

WORDS = {"zh-CN": "字", "en": "word"}


def an_input(name: str, unit: str, **more: object) -> Input:
    return Input(**{"name": name, "unit": unit, "title": WORDS, "purpose": WORDS, **more})


def an_output(name: str, **more: object) -> Output:
    return Output(name=name, title=WORDS, action=WORDS, acceptance=WORDS, **more)


def a_calculator(**more: object) -> Calculator:
    plain = {
        "id": "stops",
        "version": "1.0.0",
        "title": WORDS,
        "description": WORDS,
        "inputs": (
            an_input("hours", "h/month", low=10, likely=20, high=40, tier=Tier.PUBLIC, source=WORDS),
            an_input("margin", "CNY/h", likely=None, at_least=0, valid_days=100),
            an_input("saved", "%", low=10, likely=30, high=50, tier=Tier.CLAIM, source=WORDS, no_effect=0),
            an_input("price", "CNY", likely=1000, tier=Tier.PUBLIC, source=WORDS),
        ),
        "formulas": (
            Formula(name="gain", unit="CNY", text="each(hours * period * margin * saved)", title=WORDS),
            Formula(name="flow", unit="CNY", text="gain - at(0, price)", title=WORDS),
            Formula(name="npv", unit="kCNY", text="sum(flow)", title=WORDS),
            Formula(name="back", unit="month", text="payback(flow)", title=WORDS),
        ),
        "outputs": (
            an_output("npv", chance_below=0.0),
            an_output("back", good="low", chance_above=6),
            an_output("flow"),
        ),
        "periods": 12,
    }
    return Calculator(**{**plain, **more})


def a_sheet(claims: bool = True, draws: int = 2000, **values: object):
    return evaluate(a_calculator(), {"margin": 50.0, **values}, draws=draws, seed=1, claims=claims)


def test_the_same_arguments_give_the_same_numbers_and_a_new_input_leaves_other_draws_alone():
    first, again = a_sheet(), a_sheet()
    assert (first.outputs["npv"].values == again.outputs["npv"].values).all()
    other = evaluate(
        a_calculator(inputs=(an_input("extra", "1", low=0, likely=1, high=2), *a_calculator().inputs)),
        {"margin": 50.0}, draws=2000, seed=1, claims=True,
    )  # fmt: skip
    assert (first.outputs["npv"].values == other.outputs["npv"].values).all()
    assert (a_sheet(draws=5000).outputs["npv"].values[:10] != first.outputs["npv"].values[:10]).any()


def test_no_draw_is_lost_where_a_chunk_ends():
    size = chunk_size(a_calculator().plan)
    for draws in (1, 2, size - 1, size, size + 1, 2 * size + 1):
        assert len(a_sheet(draws=draws).outputs["npv"].values) == draws


def test_figures_are_percentiles_in_the_declared_unit():
    figure = a_sheet().outputs["npv"]
    assert figure.unit == "kCNY"
    assert [figure.p10, figure.p50, figure.p90] == pytest.approx(np.quantile(figure.values, [0.1, 0.5, 0.9]))
    estimate, low, high = figure.chance
    assert low <= estimate <= high
    assert estimate == (figure.values < 0).mean()
    assert len(a_sheet().outputs["flow"].p50) == 13


def test_a_payback_never_reached_counts_as_late():
    sheet = a_sheet(price=9000.0)
    figure = sheet.outputs["back"]
    never = np.isnan(figure.values)
    assert 0 < figure.undefined == never.mean() < 1
    assert figure.chance[0] == (never | (figure.values > 6)).mean()


def test_the_mean_of_the_draws_agrees_with_the_pert_means():
    sheet = a_sheet(draws=20_000)
    expected = 12 * (10 + 80 + 40) / 6 * 50 * 0.3 - 1000
    assert sheet.outputs["npv"].mean * 1000 == pytest.approx(expected, rel=2e-3)


def test_claims_off_takes_every_vendor_claim_out():
    sheet = a_sheet(claims=False)
    assert sheet.outputs["npv"].p50 == sheet.outputs["npv"].p90 == -1
    assert sheet.trace("saved").claim_off
    assert sheet.trace("saved").p50 == 0
    assert sheet.outputs["npv"].tier is Tier.PUBLIC
    assert a_sheet().outputs["npv"].tier is Tier.CLAIM
    typed = a_sheet(claims=False, saved=Given(value=0.25 * 100, tier=Tier.MEASURED))
    assert typed.outputs["npv"].p50 > 0


def test_any_number_opens_down_to_its_sources():
    sheet = a_sheet(margin=Given(value="3000 CNY/d", source={"en": "ledger"}, age_days=200, objections=("too high",)))
    trace = sheet.trace("npv")
    assert trace.formula == {"zh-CN": "合计（字）", "en": "total(word)"}
    (flow,) = trace.uses
    gain = next(used for used in flow.uses if used.name == "gain")
    margin = next(used for used in gain.uses if used.name == "margin")
    assert (margin.kind, margin.p50, margin.tier) == ("input", 125, Tier.TYPED)
    assert margin.source == {"en": "ledger"}
    assert margin.stale
    assert margin.objections == ("too high",)
    with pytest.raises(CalculationError) as caught:
        sheet.trace("nonsense")
    assert caught.value.code == "unknown_number"


def test_a_stale_band_is_wider():
    fresh = a_sheet(margin=Given(value=(40.0, 50.0, 60.0), age_days=10)).trace("margin")
    stale = a_sheet(margin=Given(value=(40.0, 50.0, 60.0), age_days=150)).trace("margin")
    assert stale.p10 < fresh.p10 < fresh.p90 < stale.p90


def test_the_tornado_is_sorted_and_keeps_the_others_at_their_median():
    sheet = a_sheet()
    bars = sheet.tornado("npv")
    assert [bar.input for bar in bars] == ["hours", "saved"]
    assert bars[0].swing >= bars[1].swing
    saved = bars[1]
    hours = sheet.drivers.known["hours"].values(np.array([0.5])).item() / sheet.calculator.plan.unit("hours").factor
    assert saved.at_p90 == pytest.approx((12 * hours * 50 * saved.input_p90 / 100 - 1000) / 1000)


def test_sobol_shares_of_a_product_are_those_of_the_closed_form():
    names, shares = a_sheet().sobol("npv", samples=4096)
    squares = {"hours": (65 / 3) ** 2, "saved": 0.09}
    spread = {"hours": (65 / 3 - 10) * (40 - 65 / 3) / 7, "saved": 0.2 * 0.2 / 7}
    total = (squares["hours"] + spread["hours"]) * (squares["saved"] + spread["saved"]) - squares["hours"] * squares[
        "saved"
    ]
    for name, first in zip(names, shares.first, strict=True):
        other = "saved" if name == "hours" else "hours"
        assert first == pytest.approx(spread[name] * squares[other] / total, abs=0.03)
    assert (shares.first_interval[:, 0] <= shares.first).all()
    assert (shares.first <= shares.first_interval[:, 1]).all()


def test_break_even_says_what_must_be_true():
    sheet = a_sheet(price=3000.0)
    (hours,) = sheet.break_even("npv", "hours")
    saved = sheet.drivers.known["saved"].values(np.array([0.5])).item()
    assert 12 * hours * 50 * saved == pytest.approx(3000)
    assert a_sheet(price=9e9).break_even("npv", "hours") == ()


def test_a_two_way_grid_rises_in_both_directions():
    first, second, grid = a_sheet().two_way("npv", "hours", "saved", steps=5)
    assert grid.shape == (5, 5)
    assert (np.diff(grid, axis=0) > 0).all()
    assert (np.diff(grid, axis=1) > 0).all()
    assert first[0] < first[-1]
    assert second[0] < second[-1]


def test_simulated_paths_keep_their_draws_together():
    calculator = a_calculator(
        inputs=(an_input("a", "piece", axis="period"), an_input("b", "piece", axis="period")),
        formulas=(Formula(name="both", unit="piece", text="sum(a) + sum(b)"),),
        outputs=(an_output("both"),),
    )
    draws = np.random.default_rng(1).normal(size=(300, 12))
    values = {"a": Given(value=draws), "b": Given(value=-draws)}
    sheet = evaluate(calculator, values, draws=900, seed=3, claims=True)
    assert np.abs(sheet.outputs["both"].values).max() < 1e-12
    (bar,) = sheet.tornado("both")
    assert bar.input == "a"
    apart = evaluate(calculator, {**values, "b": Given(value=-draws, joint="other")}, draws=900, seed=3, claims=True)
    assert apart.outputs["both"].values.std() > 1
    assert sheet.trace("a").p50[1:] == pytest.approx(np.median(draws, axis=0), abs=0.02)


@pytest.mark.parametrize("beyond", ["hold", "zero", "error"])
def test_a_short_series_is_held_ended_or_refused(beyond):
    calculator = a_calculator(
        inputs=(an_input("a", "piece", axis="period", beyond=beyond),),
        formulas=(Formula(name="total", unit="piece", text="sum(a)"),),
        outputs=(an_output("total"),),
    )
    if beyond == "error":
        with pytest.raises(CalculationError) as caught:
            evaluate(calculator, {"a": np.array([1.0, 2, 3])}, draws=1, seed=1, claims=True)
        assert caught.value.code == "series_too_short"
        return
    sheet = evaluate(calculator, {"a": np.array([1.0, 2, 3])}, draws=1, seed=1, claims=True)
    assert sheet.outputs["total"].p50 == (33 if beyond == "hold" else 6)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "missing_input"),
        ({"margin": "5 EUR/h"}, "wrong_unit"),
        ({"margin": "five"}, "not_a_quantity"),
        ({"margin": -1.0}, "out_of_range"),
        ({"margin": float("nan")}, "not_finite"),
        ({"margin": (3.0, 2.0, 1.0)}, "three_points_order"),
        ({"margin": np.ones((3, 3))}, "wrong_shape"),
        ({"margin": 1.0, "prise": 2.0}, "unknown_input"),
        ({"margin": "1 / 2 / 3 / 4 CNY/h"}, "wrong_shape"),
    ],
)
def test_wrong_input_is_refused_with_its_name(values, code):
    with pytest.raises(CalculationError) as caught:
        evaluate(a_calculator(), values, draws=10, seed=1, claims=True)
    assert caught.value.code == code
    assert caught.value.place.startswith("input ") or code == "three_points_order"
    assert caught.value.remedy


def test_inputs_as_written_on_a_command_line():
    sheet = run_calculator(
        a_calculator(), {"margin": "40 / 50 / 60 CNY/h", "saved": "25 %"}, draws=500, seed=1, claims=True
    )
    assert 40 < sheet.trace("margin").p10 < sheet.trace("margin").p90 < 60
    assert sheet.trace("saved").p50 == 25
    plain = json.loads(json.dumps(sheet.to_json(), allow_nan=False))
    assert plain["numbers"]["npv"]["uses"] == ["flow"]
    assert plain["outputs"]["npv"]["tornado"][0]["input"] in {"hours", "margin"}


def capped(first: str, second: str, limit: str) -> Calculator:
    return a_calculator(
        inputs=(an_input("a", "CNY"), an_input("b", "CNY"), an_input("c", "CNY")),
        formulas=(
            Formula(name="one", unit="CNY", text=first, hangs_on="loss"),
            Formula(name="two", unit="CNY", text=second, hangs_on="loss"),
            Formula(name="total", unit="CNY", text="one + two"),
        ),
        caps=(Cap(name="limit", unit="CNY", text=limit, covers=("one", "two")),),
        outputs=(an_output("total"),),
    )


amount = st.floats(-1000, 1000)


@settings(deadline=None)
@given(st.lists(st.tuples(amount, amount, amount), min_size=2, max_size=20))
def test_benefits_under_one_cap_never_exceed_it(rows):
    a, b, c = np.array(rows).T
    values = {"a": Given(value=a), "b": Given(value=b), "c": Given(value=c)}
    sheet = evaluate(capped("a", "b", "c"), values, draws=len(rows), seed=1, claims=True)
    one, two, limit = (sheet.kept[name][:, 0] for name in ("one", "two", "limit"))
    assert (np.maximum(one, 0) + np.maximum(two, 0) <= np.maximum(limit, 0) * (1 + 1e-12) + 1e-9).all()
    assert sheet.outputs["total"].values == pytest.approx(one + two)


def test_what_was_capped_is_told():
    sheet = evaluate(capped("a", "b", "c"), {"a": 60.0, "b": 20.0, "c": 40.0}, draws=10, seed=1, claims=True)
    assert sheet.outputs["total"].p50 == 40
    first, second = sheet.capped
    assert (first.benefit, first.cap, first.share_of_draws, first.mean_lost) == ("one", "limit", 1.0, 30)
    assert second.mean_lost == pytest.approx(10)
    assert [used.name for used in sheet.trace("one").uses] == ["a", "limit"]
    assert sheet.model("one", np.zeros((1, 0))).item() == 30
    assert sheet.model("limit", np.zeros((1, 0))).item() == 40
    free = evaluate(capped("a", "b", "c"), {"a": 1.0, "b": 2.0, "c": 40.0}, draws=10, seed=1, claims=True)
    assert free.outputs["total"].p50 == 3
    assert free.capped[0].share_of_draws == 0


def test_correlated_inputs_move_together():
    inputs = (an_input("a", "1", low=0, likely=1, high=2), an_input("b", "1", low=0, likely=1, high=2))
    formulas = (Formula(name="total", unit="1", text="a + b"),)
    spread = []
    for r in (-0.9, 0.0, 0.9):
        tied = a_calculator(
            inputs=inputs, formulas=formulas, outputs=(an_output("total"),),
            correlations=(Correlation(inputs=("a", "b"), r=r),),
        )  # fmt: skip
        sheet = evaluate(tied, {}, draws=4000, seed=1, claims=True)
        spread.append(sheet.outputs["total"].values.std())
        assert np.corrcoef(sheet.kept["a"][:, 0], sheet.kept["b"][:, 0])[0, 1] == pytest.approx(r, abs=0.05)
    assert spread == sorted(spread)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {"formulas": (Formula(name="npv", unit="CNY", text="back"), Formula(name="back", unit="CNY", text="npv"))},
            "cycle",
        ),
        ({"formulas": (Formula(name="price", unit="CNY", text="1"),)}, "name_taken"),
        ({"formulas": (Formula(name="Price", unit="CNY", text="1"),)}, "bad_name"),
        ({"formulas": (Formula(name="t", unit="1", text="1"),)}, "name_taken"),
        ({"outputs": (an_output("gian"),)}, "unknown_name"),
        ({"periods": 0}, "too_large"),
        ({"inputs": (an_input("a", "1", low=3, likely=1, high=2),)}, "three_points_order"),
        ({"caps": (Cap(name="limit", unit="CNY", text="price", covers=("gain", "gone")),)}, "unknown_name"),
        ({"caps": (Cap(name="limit", unit="h", text="one_hour", covers=("gain",)),)}, "cap_unit"),
        (
            {
                "caps": (
                    Cap(name="one_cap", unit="CNY", text="price", covers=("gain",)),
                    Cap(name="two_cap", unit="CNY", text="price", covers=("gain",)),
                )
            },
            "cap_twice",
        ),
        ({"times": {"fortnight": "14 d"}}, "unknown_working_time"),
    ],
)
def test_a_calculator_that_cannot_be_computed_does_not_exist(change, code):
    with pytest.raises(CalculationError) as caught:
        a_calculator(**change)
    assert caught.value.code == code


def test_the_horizon_may_be_changed():
    longer = replace(a_calculator(), periods=24)
    sheet = evaluate(longer, {"margin": 50.0}, draws=100, seed=1, claims=True)
    assert len(sheet.outputs["flow"].p50) == 25


def test_lint_wants_action_acceptance_source_and_a_cap_for_overlaps():
    assert lint(a_calculator()) == ()
    bare = a_calculator(
        inputs=(
            an_input("a", "CNY", likely=1),
            an_input("b", "CNY", likely=1, tier=Tier.CLAIM, source=WORDS),
            an_input("c", "CNY"),
        ),
        formulas=(
            Formula(name="one", unit="CNY", text="a", hangs_on="loss"),
            Formula(name="two", unit="CNY", text="b", hangs_on="loss"),
        ),
        outputs=(Output(name="one", title=WORDS, action={}, acceptance={"en": "x"}),),
    )
    codes = {finding.code for finding in lint(bare)}
    assert codes == {
        "no_action", "no_acceptance", "default_without_source", "claim_without_no_effect", "claim_without_range",
        "overlap_without_cap", "unused_input", "unused_formula",
    }  # fmt: skip


def test_work_without_end_is_refused_before_it_begins():
    many = tuple(Formula(name=f"f{i}", unit="CNY", text="each(price * 1)") for i in range(200))
    big = a_calculator(formulas=many, outputs=(an_output("f0"),), periods=600)
    with pytest.raises(CalculationError) as caught:
        evaluate(big, {"margin": 1.0}, draws=100_000, seed=1, claims=True)
    assert caught.value.code == "too_much_work"
    with pytest.raises(CalculationError) as caught:
        a_sheet(draws=10**9)
    assert caught.value.code == "draws_out_of_range"


def test_options_are_compared_draw_by_draw():
    cheap, dear, dead = a_sheet(), a_sheet(price=1500.0), a_sheet(claims=False)
    first, second = compare({"dear": dear, "cheap": cheap}, "npv")
    assert (first.option, second.option) == ("cheap", "dear")
    assert first.best[0] == 1
    assert first.ahead == pytest.approx((0.5, 0.5, 0.5))
    ranked = compare({"cheap": cheap, "dear": dear}, "back", high_is_good=False)
    assert ranked[0].option == "cheap"
    with pytest.raises(CalculationError) as caught:
        compare({"cheap": cheap, "dead": dead}, "npv")
    assert caught.value.code == "options_differ"


def test_a_trace_of_numbers_that_share_their_parts_stays_small():
    formulas = [Formula(name="f0", unit="CNY", text="price"), Formula(name="g0", unit="CNY", text="price")]
    for i in range(1, 40):
        formulas += [Formula(name=f"{side}{i}", unit="CNY", text=f"(f{i - 1} + g{i - 1}) / 2") for side in "fg"]
    calculator = a_calculator(formulas=tuple(formulas), outputs=(an_output("f39"),))
    sheet = evaluate(calculator, {"margin": 1.0}, draws=10, seed=1, claims=True)
    assert sheet.trace("f39").p50 == 1000
    assert len(sheet.to_json()["numbers"]) == 2 * 39 + 2
