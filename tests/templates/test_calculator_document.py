from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from calculators.insight import insights
from calculators.lint import lint
from calculators.risk import sheet_figures, warnings
from calculators.sheet import Given, Tier, evaluate
from calculators.verdict import Verdict, advise, judge
from templates.calculator_document import (
    CALCULATOR,
    read_calculator,
    shipped_calculator,
    shipped_calculators,
)
from templates.documents import DocumentError, load

SCRAP = """
mingsuan: calculator/1
id: scrap_cost
version: 1.0.0
title: {zh-CN: 废品成本, en: Cost of scrap}
description: {zh-CN: 一年的废品成本, en: What a year of scrap costs}
period: year
periods: 1
inputs:
  output: {title: {zh-CN: 产量, en: Output}, unit: 1/h, purpose: {zh-CN: 量, en: amount}, at_least: 0}
  scrap: {title: {zh-CN: 废品率, en: Scrap}, unit: "%", purpose: {zh-CN: 率, en: rate}, at_least: 0, at_most: 100}
  part: {title: {zh-CN: 单价, en: Part}, unit: EUR, purpose: {zh-CN: 价, en: price}}
formulas:
  scrap_cost: {unit: EUR/year, is: output * scrap * part}
outputs:
  scrap_cost:
    title: {zh-CN: 废品成本, en: Cost of scrap}
    action: {zh-CN: 改善, en: improve}
    acceptance: {zh-CN: 下降, en: falls}
"""
LIMITS = replace(shipped_calculator("module_roi").verdict, refuse_above=0.5)


def test_a_document_without_python_computes_with_units():
    calculator = read_calculator(SCRAP, "scrap.yaml")
    sheet = evaluate(
        calculator, {"output": "1000 1/h", "scrap": "2 %", "part": "0.10 EUR"}, draws=1, seed=1, claims=False
    )
    assert sheet.outputs["scrap_cost"].p50 == pytest.approx(17532)
    assert lint(calculator) == ()


@pytest.mark.parametrize(
    ("before", "after", "code", "place"),
    [
        ("output * scrap * part", "output * scarp * part", "unknown_name", "line 14: formulas.scrap_cost.is"),
        ("EUR/year, is", "EUR, is", "result_unit", "line 14: formulas.scrap_cost.is"),
        ("unit: 1/h", "unit: 1/hurr", "unknown_unit", "line"),
        ("is: output", "iz: output", "unknown_key", "line 14"),
        ("periods: 1", "periods: 1000", "out_of_range", "line 8"),
        ("id: scrap_cost", "id: Scrap Cost", "text_pattern", "line 3"),
        ("at_most: 100", "at_most: much", "expected_number", "line 11"),
        ("  scrap_cost:\n    title", "  scrap_sum:\n    title", "unknown_name", "line"),
    ],
)
def test_a_mistake_is_named_with_its_line(before, after, code, place):
    assert before in SCRAP
    with pytest.raises(DocumentError) as caught:
        read_calculator(SCRAP.replace(before, after), "scrap.yaml")
    assert caught.value.code == code
    assert caught.value.place.startswith(place)


def test_the_documents_fit_their_schema():
    schema = CALCULATOR.schema()
    for path in shipped_calculators().values():
        jsonschema.validate(load(path.read_text("utf-8"), name=path.name).plain(), schema)


@pytest.mark.parametrize("identity", sorted(shipped_calculators()))
def test_shipped_calculators_may_be_published(identity):
    assert lint(shipped_calculator(identity)) == ()


def test_an_unknown_calculator_is_refused_with_a_guess():
    with pytest.raises(DocumentError) as caught:
        shipped_calculator("modul_roi")
    assert "module_roi" in caught.value.remedy


# --- the ROI page ---------------------------------------------------------------------------------------------------


def appraised(
    pieces: float = 1500.0, *, claims: bool = True, tier: Tier = Tier.MEASURED, draws: int = 2000, **more: object
):
    generator = np.random.default_rng(4)
    level = generator.normal(pieces, 100, (200, 1))
    extra = level * np.minimum(np.arange(1, 37) / 6, 1) + generator.normal(0, 50, (200, 36))
    values = {
        "extra_good": Given(value=extra, tier=tier),
        "contribution_margin": (5.0, 6.0, 7.0),
        "sellable_extra": "5000 piece",
        "price_once": Given(value=(90_000.0, 100_000.0, 130_000.0), tier=Tier.TYPED),
        "price_monthly": "1000 CNY/month",
        "internal_hours": "80 / 160 / 320 person*h",
        "hourly_cost": "90 CNY/(person*h)",
        **more,
    }
    return evaluate(shipped_calculator("module_roi"), values, draws=draws, seed=2, claims=claims)


def test_the_flows_are_those_of_the_stated_method():
    row = np.full(36, 1000.0)
    sheet = appraised(
        extra_good=row, contribution_margin="6 CNY/piece", price_once="100000 CNY", price_index="3 %/year",
        internal_hours="160 person*h", draws=1,
    )  # fmt: skip
    flow = np.zeros(37)
    flow[0] = -100_000 - 160 * 90
    fee = 1000 * 1.03 ** ((np.arange(1, 37) - 1) // 12)
    depreciation = 100_000 / 60
    profit = 6000 - fee - depreciation
    flow[1:] = 6000 - fee - 0.25 * profit
    flow[0] += 0.25 * 160 * 90
    flow[36] += 0.25 * (100_000 - 36 * depreciation)
    assert sheet.outputs["net_flow"].p50 == pytest.approx(flow)
    monthly = 1.1 ** (1 / 12)
    assert sheet.outputs["npv"].p50 == pytest.approx((flow / monthly ** np.arange(37)).sum())
    rate = sheet.outputs["irr"].p50 / 100
    assert (flow * (1 + rate) ** (-np.arange(37) / 12)).sum() == pytest.approx(0, abs=1e-6)
    assert sheet.outputs["cumulative_flow"].p50 == pytest.approx(np.cumsum(flow))


def test_pieces_beyond_demand_are_worth_nothing_until_the_hours_are_reused():
    unlimited, limited = appraised(), appraised(sellable_extra="500 piece")
    assert limited.outputs["npv"].p50 < unlimited.outputs["npv"].p50
    reused = appraised(sellable_extra="500 piece", saved_cost_per_piece="2 CNY/piece", reuse_share="100 %")
    assert limited.outputs["npv"].p50 < reused.outputs["npv"].p50 < unlimited.outputs["npv"].p50
    greedy = appraised(sellable_extra="500 piece", saved_cost_per_piece="99 CNY/piece", reuse_share="100 %")
    assert greedy.outputs["npv"].p50 == pytest.approx(unlimited.outputs["npv"].p50, rel=1e-9)
    assert greedy.capped[1].share_of_draws == 1


def test_without_claims_a_vendor_effect_is_worth_nothing():
    sheet = appraised(tier=Tier.CLAIM, claims=False)
    assert sheet.outputs["npv"].p90 < -100_000
    assert sheet.outputs["payback"].undefined == 1
    assert sheet.outputs["irr"].undefined == 1 or sheet.outputs["irr"].p50 < 0
    assert sheet.to_json()["outputs"]["payback"]["p50"] is None


def test_a_verdict_never_rests_on_claims_alone():
    good, off = appraised(4000), appraised(4000, claims=False)
    assert advise(good, off, LIMITS).verdict is Verdict.BUY
    claimed = advise(appraised(4000, tier=Tier.CLAIM), appraised(4000, tier=Tier.CLAIM, claims=False), LIMITS)
    assert claimed.verdict is Verdict.PILOT
    assert claimed.reasons[0] == "claims_only"
    assert claimed.loss_with_claims < 0.1 < claimed.loss_without_claims
    assert judge(good, LIMITS) == (Verdict.BUY, "loss_rare")
    assert judge(appraised(4000, tier=Tier.CLAIM), LIMITS) == (Verdict.PILOT, "claims_only")
    bad = advise(appraised(100), appraised(100, claims=False), LIMITS)
    assert bad.verdict is Verdict.DO_NOT_BUY
    assert bad.reasons == ("loss_likely",)


def test_what_is_worth_measuring_first_is_the_widest_doubt():
    close = appraised(960, contribution_margin=Given(value=(3.0, 6.0, 9.0)))
    advice = advise(close, close, LIMITS)
    assert advice.verdict in {Verdict.PILOT, Verdict.WAIT}
    assert advice.worth_measuring[0][0] == "contribution_margin"
    assert 0 < advice.worth_measuring[0][1] <= advice.evpi * 1.05


class Rule:
    def __init__(self, identity: str, level: int, when: str) -> None:
        self.id, self.level, self.when = identity, level, when


def test_risk_rules_are_raised_gravest_first_and_left_open_without_figures():
    figures = sheet_figures(appraised(820))
    assert set(figures) >= {"npv_p10", "loss_probability", "payback_p90_months", "top_driver_share", "late_share"}
    rules = [
        Rule("mild", 1, "loss_probability >= 0"), Rule("grave", 3, "npv_p10 < 0 and payback_p90_months > 12"),
        Rule("quiet", 3, "loss_probability > 2"), Rule("open", 3, "veto_gaps > 0"), Rule("asked", 2, ""),
    ]  # fmt: skip
    found = warnings(rules, figures)
    assert [(one.rule.id, one.open) for one in found] == [("grave", False), ("mild", False), ("open", True)]
    assert set(found[0].figures) == {"npv_p10", "payback_p90_months"}


@pytest.mark.parametrize("when", ["loss_probability", "max(loss_probability, 1) > 0", "1 if 1 > 0 else 2"])
def test_a_rule_that_is_no_comparison_is_refused(when):
    with pytest.raises(ValueError, match="rule"):
        warnings([Rule("odd", 1, when)], {"loss_probability": 0.5})


def test_insights_say_what_must_be_true_and_what_to_measure():
    sheet = appraised(960)
    found = insights(sheet, samples=256)
    json.dumps(found, allow_nan=False)
    by_input = {one["input"]: one for one in found["break_even"]}
    (margin,) = by_input["contribution_margin"]["values"]
    moved = appraised(960, contribution_margin=margin)
    middle = moved.model("npv", np.full((1, len(moved.drivers.columns)), 0.5)).item()
    assert abs(middle) < 1e-3 * sheet.outputs["pv_costs"].p50
    assert found["verdict"]["verdict"] in {"pilot", "wait"}
    assert found["worst_5_percent"] < sheet.outputs["npv"].p10
    assert {one["input"] for one in found["drivers"]} == {one["input"] for one in found["break_even"]}
    assert 0.9 < sum(one["first"] for one in found["drivers"]) < 1.1
