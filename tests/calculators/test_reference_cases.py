"""Every published or analytic case is computed from its inputs by the public functions and documents.

A case is dispatched on its `method` and the fields of its inputs, never on its id, title or note.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calculators import flows, money, oee, queueing, ramps, reliability, tax, uncertainty
from calculators.formula import compile_formula
from calculators.information import evpi_of_table
from calculators.irr import all_irr, irr
from calculators.parts import Frame, Kind
from calculators.sensitivity import sobol
from calculators.sheet import Given, evaluate
from calculators.units import NUMBER, UnitBook
from templates.calculator_document import shipped_calculator

CASES = json.loads((Path(__file__).parents[1] / "data" / "calculator_reference_cases.json").read_text("utf-8"))["cases"]
Inputs = Mapping[str, Any]
Found = dict[str, Any]


def present_values(given: Inputs) -> Found:
    cash, rate = given["cash_flows"], given["rate"]
    return {
        "npv_first_flow_at_time_0": money.npv(cash, rate),
        "npv_first_flow_at_end_of_period_1": money.npv(cash, rate, timing="first_after_one_period"),
    }


def dated(given: Inputs) -> Found:
    years = money.years_between(given["dates"])
    (rate,) = money.xirr(given["cash_flows"], years)
    return {"xirr": rate, "xnpv": money.xnpv(given["cash_flows"], years, given["rate"])}


def modified(given: Inputs) -> Found:
    return {
        f"mirr_{round(100 * rate)}pct": money.mirr(given["cash_flows"], given["finance_rate"], rate)
        for rate in given["reinvest_rates"]
    }


def internal_rates(given: Inputs) -> Found:
    if "cash_flows" not in given:
        answers = {name: irr(np.array(row, float)) for name, row in given.items()}
        return {f"irr_{name}": None if answer.status == 0 else float(answer.rate) for name, answer in answers.items()}
    cash = np.array(given["cash_flows"], float)
    answer = irr(cash)
    return {
        "irr_all": all_irr(cash),
        "sign_changes": int(answer.sign_changes),
        "npv_at_15pct": money.npv(cash, 0.15),
        "warning_multiple_irr": bool(answer.status == 2),
    }


def project(given: Inputs) -> Found:
    cash, rate = np.array(given["cash_flows"], float), given["rate"]
    return {
        "npv": money.npv(cash, rate),
        "irr": irr(cash).rate,
        "mirr": money.mirr(cash, rate, rate),
        "payback": money.payback(cash).time,
        "discounted_payback": money.discounted_payback(cash, rate).time,
        "profitability_index_pv_over_investment": money.pi_pv_over_investment(cash, rate),
        "npv_over_investment": money.npv_over_investment(cash, rate),
    }


def returns(given: Inputs) -> Found:
    benefits, costs = (money.npv(given[name], given["rate"]) for name in ("benefits", "costs"))
    return {
        "pv_benefits": benefits,
        "pv_costs": costs,
        "npv": benefits - costs,
        "roi_discounted": money.roi(benefits, costs),
        "bcr": money.bcr(benefits, costs),
        "roi_undiscounted": money.roi(sum(given["benefits"]), sum(given["costs"])),
    }


def after_tax(given: Inputs) -> Found:
    years, cost, rate = given["years"], given["investment"], given["tax_rate"]
    life = int(re.findall(r"over (\d+) years", given["depreciation"])[0])
    written_off = tax.straight_line(cost, life, years)
    cash = np.full(years + 1, float(given["before_tax_flow"]))
    cash[0] = 0.0
    flow = tax.after_tax(cash, written_off, rate)
    book = cost - written_off.sum()
    found: Found = {"after_tax_flow": flow[1]}
    for salvage in given["salvage"]:
        total = flow.copy()
        total[0] -= cost
        total[-1] += tax.disposal(salvage, book, rate)
        found[f"npv_salvage_{salvage}_taxed" if salvage else "npv_no_salvage"] = money.npv(total, given["rate"])
    return found


def rates(given: Inputs) -> Found:
    rule, annual = given["flows"], given["annual_effective"]
    cash = [rule["first"], *([rule["repeat"]] * rule["times"])]
    monthly = money.rate_per_period(annual)
    return {
        "monthly_from_annual_effective": monthly,
        "effective_from_nominal_12": money.effective_rate(given["nominal_12_monthly"]),
        "real_rate_fisher": money.real_rate(annual, given["inflation"]),
        "npv_monthly_flows": money.npv(cash, monthly),
        "npv_if_rate_divided_by_12": money.npv(cash, annual / 12),
    }


def web_portal(given: Inputs) -> Found:
    names = {
        "base_orders": "base_transactions", "portal_orders_first_year": "portal_transactions_year1",
        "portal_growth": "portal_growth", "order_size_now": "order_size_year0", "order_size_growth": "order_size_growth",
        "cogs_share": "cogs_share", "phone_order_cost": "cost_per_order_phone_fax", "web_order_cost": "cost_per_order_web",
        "web_share": "share_of_orders_on_web", "upfront": "upfront", "running_cost": "running_cost", "tax_rate": "tax_rate",
        "discount_rate": "rate",
    }  # fmt: skip
    values: dict[str, Any] = {name: Given(value=np.array(given[field], float)) for name, field in names.items()}
    values["depreciation_life"] = f"{re.findall('[0-9]+', given['depreciation'])[0]} year"
    sheet = evaluate(shipped_calculator("web_portal_jeffery"), values, draws=1, seed=1, claims=False)
    found = {name: figure.p50 for name, figure in sheet.outputs.items()}
    return {
        name: value[1:] if name != "incremental_flows" and isinstance(value, list) else value
        for name, value in found.items()
    }


def retention(given: Inputs) -> Found:
    found = flows.retention_benefit(
        given["revenue"], given["share_retained_more"], given["margin"], given["risk_adjustment"], given["rate"]
    )
    return {
        "benefit": found.benefit,
        "benefit_risk_adjusted": found.adjusted,
        "three_year_total": found.total,
        "present_value": found.present_value,
    }


def ratio(given: Inputs) -> Found:
    top, bottom = given["net_contribution"], given["fully_loaded_cost"]
    return {"bcr": money.bcr(top, bottom), "roi": money.roi(top, bottom)}


def shift(given: Inputs) -> Found:
    found = oee.oee_of_shift(
        shift_length=given["shift_length"], breaks=given["breaks"], down_time=given["down_time"],
        ideal_cycle=1 / given["ideal_run_rate"], total_pieces=given["total_pieces"], reject_pieces=given["reject_pieces"],
    )  # fmt: skip
    return {
        "availability": found.availability, "performance": found.performance, "quality": found.quality,
        "oee": found.oee.value,
    }  # fmt: skip


def elements(given: Inputs) -> Found:
    names = {"calendar_time": "calendar"}
    found = oee.iso22400(oee.Elements(**{names.get(key, key.lower()): value for key, value in given.items()}))
    plain = {name: getattr(found, name) for name in found.__slots__}
    return {name: value.value if isinstance(value, oee.Effectiveness) else value for name, value in plain.items()}


def six_losses(given: Inputs) -> Found:
    found = oee.six_big_losses(**given)
    parts = (found.breakdown, found.setup_adjustment, found.minor_stops, found.reduced_speed, found.defects)
    assert sum(parts) + found.fully_productive == pytest.approx(found.loading_time)
    return {
        "availability": found.availability, "operating_speed_rate": found.operating_speed_rate,
        "net_operating_rate": found.net_operating_rate, "performance": found.performance, "quality": found.quality,
        "oee": found.oee.value, "loss_breakdown": found.breakdown, "loss_setup_adjustment": found.setup_adjustment,
        "loss_minor_stops": found.minor_stops, "loss_reduced_speed": found.reduced_speed, "loss_defects": found.defects,
        "fully_productive": found.fully_productive,
    }  # fmt: skip


def capability(given: Inputs) -> Found:
    found = oee.capability(**given)
    return {name: getattr(found, name) for name in found.__slots__}


def lives(given: Inputs) -> Found:
    weibull = reliability.weibull_mle(given["failures"], given["right_censored"])
    lognormal = reliability.lognormal_mle(given["failures"], given["right_censored"])
    return {
        "shape": weibull.shape, "scale": weibull.scale, "log_likelihood": weibull.log_likelihood,
        "aic_weibull": weibull.aic, "aic_lognormal": lognormal.aic, "mean_life": weibull.mean_life,
    }  # fmt: skip


def product_limit(given: Inputs) -> Found:
    return {"reliability_at_failures": reliability.kaplan_meier(given["failures"], given["right_censored"])[1]}


def trend(given: Inputs) -> Found:
    found = reliability.trend_tests(given["repair_times"], given["end_of_observation"])
    freedom = 2 * len(given["repair_times"])
    return {
        "reversals": found.reversals, "reversals_maximum": found.reversals_maximum, "laplace_z": found.laplace_z,
        "mil_hdbk_statistic": found.mil_hdbk_statistic, f"mil_hdbk_chi2_cdf_{freedom}df": found.mil_hdbk_cdf,
    }  # fmt: skip


def variance_shares(given: Inputs) -> Found:
    """The formula as written goes through the formula language; the inputs are uniform between the bounds named."""
    names = re.findall(r"x\d+", given["inputs"])
    bounds = re.search(r"uniform on \[(.+), (.+)\]", given["inputs"])
    assert bounds
    frame = Frame(units=UnitBook(), period="year", periods=1)
    low, high = (compile_formula("bound", text, "1", {}, frame).run({}).item() for text in bounds.groups())
    text = given["formula"].replace("^", "**")
    compiled = compile_formula("model", text, "1", {name: Kind(NUMBER) for name in names}, frame)

    def model(points: np.ndarray) -> np.ndarray:
        values = {name: low + (high - low) * points[:, [i]] for i, name in enumerate(names)}
        return compiled.run(values)[:, 0]

    found = sobol(model, len(names), samples=given["suggested_base_samples"], seed=20)
    return {"first_order": found.first, "total_order": found.total, "variance": found.variance}


def decision_table(given: Inputs) -> Found:
    found = evpi_of_table(list(given["payoff"].values()), list(given["probabilities"].values()))
    return {
        "emv": found.expected, "best_emv": found.best, "ev_with_perfect_information": found.informed,
        "evpi": found.evpi,
    }  # fmt: skip


def three_points(given: Inputs) -> Found:
    points = (given["low"], given["mode"], given["high"])
    mean = uncertainty.triangular_mean(*points)
    quantiles = {f"p{percent}": uncertainty.triangular_quantile(percent / 100, *points) for percent in (10, 50, 90)}
    return {
        "mean": mean, "variance": uncertainty.triangular_variance(*points), **quantiles,
        "cdf_at_mode": uncertainty.triangular_cdf(given["mode"], *points), "tei_style_risk_factor": mean / given["mode"],
    }  # fmt: skip


def adoption(given: Inputs) -> Found:
    p, q = given["p"], given["q"]
    peak = ramps.bass_peak(p, q)
    months = {f"adoption_month_{month}": ramps.bass(month, p, q) for month in (3, 6, 12)}
    return {**months, "peak_month": peak, "adoption_at_peak": ramps.bass(peak, p, q)}


def replications(given: Inputs) -> Found:
    found = queueing.replications(
        given["replication_means"],
        confidence=given["confidence"],
        absolute_error=given["absolute_error"],
        relative_error=given["relative_error"],
    )
    return {name: getattr(found, name) for name in found.__slots__}


def waiting(given: Inputs) -> Found:
    found = queueing.mmc(**given)
    return {name: getattr(found, name) for name in found.__slots__}


def long_run(given: Inputs) -> Found:
    def mean(rule: Mapping[str, float]) -> float:
        return rule["mean"] if "mean" in rule else (rule["low"] + rule["high"]) / 2

    found = queueing.inspected_machine(
        interarrival=mean(given["interarrival"]),
        machine_time=mean(given["machine_time"]),
        inspection_time=mean(given["inspection_time"]),
        good_share=given["good_share"],
        time_to_breakdown=mean(given["time_to_breakdown_calendar"]),
        repair=mean(given["repair"]),
    )
    return {
        "throughput": found.throughput * 60, "machine_busy": found.machine_busy, "inspector_busy": found.inspector_busy,
        "machine_down": found.machine_down,
    }  # fmt: skip


def warm_up(given: Inputs) -> Found:
    found = queueing.mser5(given["series"], batch=given["batch"])
    return {name: getattr(found, name) for name in found.__slots__}


METHODS: dict[str, Callable[[Inputs], Found]] = {
    "npv": present_values,
    "xirr,xnpv": dated,
    "mirr": modified,
    "irr": internal_rates,
    "npv,irr,mirr,payback,pi": project,
    "roi,npv": returns,
    "after_tax_npv": after_tax,
    "rates": rates,
    "npv,irr,payback": web_portal,
    "tei_benefit": retention,
    "roi,bcr": ratio,
    "oee": shift,
    "iso22400": elements,
    "six_big_losses": six_losses,
    "capability": capability,
    "weibull_mle": lives,
    "kaplan_meier": product_limit,
    "trend_tests": trend,
    "sobol": variance_shares,
    "evpi": decision_table,
    "triangular": three_points,
    "ramp_bass": adoption,
    "replications": replications,
    "queue_mmc": waiting,
    "line_simulation": long_run,
    "mser5": warm_up,
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_case_is_reproduced(case):
    inputs = {name: item["value"] for name, item in case["inputs"].items()}
    found = METHODS[case["method"]](inputs)
    for wanted in case["expected"]:
        value, expected, tolerance = found[wanted["name"]], wanted["value"], wanted["tolerance"]
        if expected is None or isinstance(expected, bool) or not tolerance:
            assert value == expected or np.array_equal(value, expected), wanted["name"]
            continue
        np.testing.assert_allclose(
            np.asarray(value, float), np.asarray(expected, float),
            rtol=tolerance.get("rel", 0), atol=tolerance.get("abs", 0), err_msg=wanted["name"],
        )  # fmt: skip


def test_every_method_of_the_file_is_known():
    assert {case["method"] for case in CASES} <= set(METHODS)


def test_the_shared_file_is_the_one_in_the_repository(reference_data):
    assert json.loads((reference_data / "calculator_reference_cases.json").read_text("utf-8"))["cases"] == CASES
