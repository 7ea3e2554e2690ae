"""The margin comes from uploaded orders and contradicts what was typed; other currencies need a rate."""

from __future__ import annotations

import pytest

from calculators.units import CalculationError
from portal import actions_assumptions, actions_data, actions_orders, actions_value
from portal.actions import ActionError

ROWS = ["order,due date,quantity,revenue,direct cost"] + [
    f"A{number},2026-01-{number:02d},{100 * number},{100 * number * (20 + number)},{100 * number * 18}"
    for number in range(1, 13)
]
"""Twelve orders with margins of 3, 4 ... 14 CNY a piece, later ones larger; written out of order below."""


@pytest.fixture(scope="module")
def ordered(valued):
    rows = [ROWS[0], *reversed(ROWS[1:])]
    upload = actions_data.stage_upload(valued.owner, "\n".join(rows).encode(), name="orders.csv")
    table = actions_data.read_upload(valued.owner, upload, kind="orders")["tables"][0]
    mapping = {column["header"]: column["field"] for column in table["columns"] if column["field"]}
    actions_data.upload_dataset(valued.owner, upload, mapping=mapping, kind="orders")
    return valued.owner


def test_before_there_are_orders_nothing_is_said(valued) -> None:
    assert actions_orders.from_orders(valued.owner) is None
    with pytest.raises(ActionError) as refusal:
        actions_orders.take_from_orders(valued.owner)
    assert refusal.value.code == "no_orders"
    assert actions_value.appraise(valued.owner)["contradictions"] == []


def test_the_mean_margin_of_the_last_three_orders_by_date(ordered) -> None:
    found = actions_orders.from_orders(ordered)
    assert found["orders"] == 12
    assert found["three_points"][1] == pytest.approx((12 + 13 + 14) / 3)
    assert found["all_orders"] == pytest.approx(sum(n * (n + 2) for n in range(1, 13)) / sum(range(1, 13)))
    assert found["numbers"]["last_three"]["formula"]["en"].startswith("mean of the last n")


def test_a_typed_margin_that_the_orders_contradict_widens_and_falls_to_c(ordered) -> None:
    case = actions_value.appraise(ordered)
    (one,) = case["contradictions"]
    assert (one["input"], one["typed"]) == ("contribution_margin", 0.25)
    assert one["low"] < one["measured"] < one["high"]
    number = case["numbers"]["contribution_margin"]
    assert number["tier"] == "C"
    assert number["p10"] < 3
    assert number["p90"] > 7
    found = actions_assumptions.assumptions(ordered)
    (item,) = [item for item in found["items"] if item["name"] == "contribution_margin"]
    assert item["contradiction"]["typed"] == 0.25
    assert found["weakest"] == "contribution_margin"


def test_the_measured_margin_is_taken_as_tier_a_and_contradicts_nothing(ordered) -> None:
    before = ordered.get("inputs", ordered.latest("inputs", slot="inputs").id)["contribution_margin"]["value"]
    actions_orders.take_from_orders(ordered)
    case = actions_value.appraise(ordered)
    assert case["contradictions"] == []
    assert case["numbers"]["contribution_margin"]["tier"] == "A"
    actions_value.set_inputs(ordered, {"contribution_margin": before})
    assert actions_value.appraise(ordered)["numbers"]["contribution_margin"]["tier"] == "C"


def test_an_amount_in_another_currency_needs_a_declared_rate(valued) -> None:
    with pytest.raises(CalculationError) as refusal:
        actions_value.set_inputs(valued.owner, {"training": "500 EUR"})
    assert refusal.value.code == "rate_missing"
    actions_orders.declare_rate(valued.owner, currency="EUR", value=8.0, source="bank, 2 March")
    actions_value.set_inputs(valued.owner, {"training": "400 / 500 / 600 EUR"})
    kept = valued.owner.get("inputs", valued.owner.latest("inputs", slot="inputs").id)["training"]
    assert (kept["value"], kept["as_typed"]) == ("3200 / 4000 / 4800 CNY", "400 / 500 / 600 EUR")
    assert kept["rates"]["EUR"]["source"] == "bank, 2 March"
    actions_value.set_inputs(valued.owner, {"training": None})
    actions_orders.declare_rate(valued.owner, currency="EUR", value=None)
    assert actions_orders.currency_rates(valued.owner) == {}


@pytest.mark.parametrize("wrong", [{"currency": "CNY"}, {"currency": "EURO"}, {"value": 0.0}, {"source": " "}])
def test_a_rate_needs_currency_value_and_source(valued, wrong) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_orders.declare_rate(valued.owner, **{"currency": "EUR", "value": 8.0, "source": "bank", **wrong})
    assert refusal.value.code == "bad_rate"
