"""Scenarios: what a module changes, what it leaves alone, and how its random part is drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.effects import Adoption, Effect, triangle, triangular_quantile, uniforms
from simulators.line import Distribution, Failure, Line, ModelError, Station
from simulators.products import ProductAt, Products, Setup
from simulators.scenario import Module, Scenario, apply, baseline_scenario, combined

SOURCE = {"zh-CN": "内部记录", "en": "own records"}


def effect(parameter="repair", change="reduction", low=0.1, likely=0.2, high=0.3, **more) -> Effect:
    return Effect(
        parameter=parameter, change=change, low=low, likely=likely, high=high, source=SOURCE, **{"tier": "C", **more}
    )


def module(name: str, *effects: Effect, **adoption) -> Module:
    return Module(id=name, title={"en": name, "zh-CN": name}, effects=effects, adoption=Adoption(**adoption))


def line() -> Line:
    jam = Failure(
        name="jam", clock="operating", uptime=Distribution.exponential(3600), repair=Distribution.lognormal(240, 1.2)
    )
    setup = Failure(
        name="changeover", clock="calendar", uptime=Distribution.constant(28800), repair=Distribution.constant(1800)
    )
    return Line(
        name="line",
        stations=(
            Station(name="filler", cycle=Distribution.constant(2.0), failures=(jam, setup), buffer=20, scrap=0.02),
            Station(name="packer", cycle=Distribution.constant(1.8), failures=(jam,)),
        ),
    )


def test_a_scenario_without_effect_gives_the_very_same_line():
    base, scenario = line(), Scenario(id="s", title={}, modules=(module("m", effect(), start=5, shape="step"),))
    drawn = scenario.draw(seed=1, draws=3, months=12)
    assert apply(base, baseline_scenario(), baseline_scenario().draw(seed=1, draws=3, months=12), 0, 0) is base
    assert apply(base, scenario, drawn, 2, 4) is base
    assert apply(base, scenario, drawn, 2, 5) is not base


def test_a_repair_effect_shortens_breakdowns_and_leaves_changeovers_alone():
    scenario = Scenario(id="s", title={}, modules=(module("m", effect(low=0.2, likely=0.2, high=0.2), shape="step"),))
    after = apply(line(), scenario, scenario.draw(seed=1, draws=1, months=1), 0, 0)
    assert after.stations[0].failures[0].repair.mean == pytest.approx(240 * 0.8)
    assert after.stations[1].failures[0].repair.mean == pytest.approx(240 * 0.8)
    assert after.stations[0].failures[1] == line().stations[0].failures[1]


def test_a_setup_effect_meets_only_changeovers():
    change = effect("setup", low=0.5, likely=0.5, high=0.5)
    scenario = Scenario(id="s", title={}, modules=(module("m", change, shape="step"),))
    after = apply(line(), scenario, scenario.draw(seed=1, draws=1, months=1), 0, 0)
    assert after.stations[0].failures[1].repair.mean == pytest.approx(900)
    assert after.stations[1] == line().stations[1]


def test_two_reductions_of_a_fifth_make_36_percent():
    fifth = effect(low=0.2, likely=0.2, high=0.2)
    scenario = Scenario(id="s", title={}, modules=(module("a", fifth, shape="step"), module("b", fifth, shape="step")))
    after = apply(line(), scenario, scenario.draw(seed=1, draws=1, months=1), 0, 0)
    assert after.stations[0].failures[0].repair.mean == pytest.approx(240 * 0.64)


def test_a_quicker_cycle_keeps_the_ideal_as_yardstick():
    scenario = Scenario(
        id="s", title={}, modules=(module("a", effect("cycle", low=0.1, likely=0.1, high=0.1), shape="step"),)
    )
    after = apply(line(), scenario, scenario.draw(seed=1, draws=1, months=1), 0, 0)
    assert after.stations[0].cycle.mean == pytest.approx(1.8)
    assert after.stations[0].ideal == 2.0


def test_vendor_claims_do_nothing_unless_switched_on():
    claim = module("m", effect(tier="D"), shape="step")
    off, on = (Scenario(id="s", title={}, modules=(claim,), claims=claims) for claims in (False, True))
    assert apply(line(), off, off.draw(seed=1, draws=1, months=1), 0, 0) == line()
    assert apply(line(), on, on.draw(seed=1, draws=1, months=1), 0, 0) != line()


def test_an_effect_on_an_unknown_station_says_which_there_are():
    scenario = Scenario(id="s", title={}, modules=(module("m", effect(station="labeller"), shape="step"),))
    with pytest.raises(ModelError) as error:
        apply(line(), scenario, scenario.draw(seed=1, draws=1, months=1), 0, 0)
    assert error.value.code == "effect_without_target"
    assert "filler, packer" in error.value.remedy


def test_a_module_draws_the_same_numbers_in_any_company_and_for_any_number_of_draws():
    first, second = module("a", effect(), t10=1, t90=6, t90_low=4, t90_high=9), module("b", effect("uptime", "gain"))
    alone = Scenario(id="s", title={}, modules=(first,)).draw(seed=3, draws=5, months=9)
    both = Scenario(id="t", title={}, modules=(second, first)).draw(seed=3, draws=50, months=9)
    assert (both.effects[1, :5] == alone.effects[0]).all()
    assert (both.adoption[1, :5] == alone.adoption[0]).all()


def test_effects_on_the_same_evidence_move_together():
    one, two = effect(evidence="pilot"), effect("uptime", "gain", 0.0, 0.1, 0.4, evidence="pilot")
    drawn = Scenario(id="s", title={}, modules=(module("a", one, two),)).draw(seed=3, draws=200, months=1)
    assert (np.diff(drawn.effects[1, np.argsort(drawn.effects[0])]) >= 0).all()


def test_low_and_high_are_the_tenth_and_ninetieth_percentile():
    low, high = triangle(0.05, 0.1, 0.3, "p10_p90")
    quantiles = triangular_quantile(np.array([0.1, 0.9]), low, 0.1, high)
    assert quantiles == pytest.approx([0.05, 0.3], rel=1e-9)
    assert triangle(0.05, 0.1, 0.3, "bounds") == (0.05, 0.3)


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0, 0.9))
def test_a_drawn_effect_never_harms_when_even_its_low_end_helps(a: float, b: float, c: float):
    low, likely, high = sorted((a, b, c))
    drawn = effect(low=low, likely=likely, high=high).quantile(np.linspace(0, 1 - 1e-9, 50))
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert (np.diff(drawn) >= -1e-12).all()


@given(
    st.sampled_from(["step", "linear", "logistic"]),
    st.floats(0, 12),
    st.floats(0, 6),
    st.floats(0, 18),
)
def test_adoption_is_a_share_that_never_falls_and_is_nought_before_the_start(shape, start, t10, more):
    curve = Adoption(shape=shape, start=start, t10=t10, t90=t10 + more).curve(60)
    assert curve.min() >= 0
    assert curve.max() <= 1
    assert (np.diff(curve) >= -1e-9).all()
    assert (curve[: int(start)] == 0).all()
    assert curve[-1] > 0.85


def test_adoption_is_the_mean_over_the_month():
    adoption = Adoption(shape="logistic", start=2, t10=1, t90=5, dip=0.1, dip_months=3)
    rate = np.log(81) / 4
    at = (np.arange(60_000) + 0.5) / 10_000
    value = np.where(at > 2, 1 / (1 + np.exp(-rate * (at - 2 - 3))) - 0.1 * np.clip(1 - (at - 2) / 3, 0, 1), 0)
    assert adoption.curve(6) == pytest.approx(value.reshape(6, -1).mean(axis=1), abs=1e-6)
    assert adoption.curve(6)[2] < 0, "people learn first"


def test_adoption_reaches_a_tenth_and_nine_tenths_when_it_says():
    linear = Adoption(shape="linear", t10=2, t90=10).curve(20)
    assert (linear[1] + linear[2]) / 2 == pytest.approx(0.1)
    assert (linear[9] + linear[10]) / 2 == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"low": 0.3, "likely": 0.2}, "effect_order"),
        ({"high": 1.0}, "effect_range"),
        ({"parameter": "speed"}, "effect_word"),
        ({"low": float("nan")}, "effect_order"),
    ],
)
def test_an_effect_that_makes_no_sense_is_refused(wrong, code):
    with pytest.raises(ModelError) as error:
        effect(**wrong)
    assert error.value.code == code


def test_adoption_that_makes_no_sense_is_refused():
    with pytest.raises(ModelError):
        Adoption(t10=5, t90=3)
    with pytest.raises(ModelError):
        Adoption(t90=3, t90_low=4)
    with pytest.raises(ModelError):
        Adoption(start=-1)


def test_scenarios_survive_json_and_combine():
    one = Scenario(id="a", title={"en": "a"}, modules=(module("m", effect(), t10=1, t90=4),), claims=True)
    two = Scenario(id="b", title={"en": "b"}, modules=(module("m", effect(), t10=1, t90=4), module("n", effect())))
    assert Scenario.from_json(json.loads(json.dumps(one.to_json()))) == one
    both = combined([one, two], name="ab", title={"en": "both"})
    assert [m.id for m in both.modules] == ["m", "n"]
    assert both.claims


def test_uniforms_of_different_purposes_differ():
    assert abs(np.corrcoef(uniforms(1, "a", 4000), uniforms(1, "b", 4000))[0, 1]) < 0.06


def test_effects_reach_the_set_ups_and_the_own_times_of_products():
    own = ProductAt(product="B", cycle=Distribution.constant(3.0), scrap=0.5)
    setup = Setup(time=Distribution.constant(600), matrix=(("A", "B", Distribution.constant(900)),))
    service = Failure(
        name="jam", clock="operating", uptime=Distribution.constant(9e4), repair=Distribution.constant(60), planned=True
    )
    station = Station(
        name="filler", cycle=Distribution.constant(2.0), products=(own,), setup=setup, failures=(service,)
    )
    base = Line(name="line", stations=(station,), products=Products(names=("A", "B"), shares=(0.5, 0.5)))
    half = {"low": 0.5, "likely": 0.5, "high": 0.5}
    effects = [effect(parameter, **half) for parameter in ("setup", "cycle", "scrap", "repair")]
    scenario = Scenario(id="s", title={}, modules=(module("m", *effects, shape="step"),))
    after = apply(base, scenario, scenario.draw(seed=1, draws=1, months=1), 0, 0).stations[0]
    assert after.setup == Setup(time=Distribution.constant(300), matrix=(("A", "B", Distribution.constant(450)),))
    assert after.products == (ProductAt(product="B", cycle=Distribution.constant(1.5), ideal_cycle=3.0, scrap=0.25),)
    assert after.failures == (service,)  # planned, whatever it is called
