"""Prices of modules become the two price inputs of the ROI calculator."""

from __future__ import annotations

import pytest

from calculators.declarations import Tier
from industry_packs.pack import shipped_pack
from templates.prices import price_inputs

MODULES = shipped_pack("discrete-manufacturing").modules


def test_one_off_prices_add_up_and_yearly_ones_become_twelfths() -> None:
    found = price_inputs([MODULES["predictive-maintenance"], MODULES["fast-changeover"]])
    assert found["price_once"].value == (120_000, 190_000, 330_000)
    assert found["price_monthly"].value == pytest.approx((36_000 / 12, 55_000 / 12, 88_000 / 12))


def test_an_offer_is_no_claim_of_an_effect() -> None:
    assert all(given.tier is Tier.PUBLIC for given in price_inputs([MODULES["quick-response"]]).values())


def test_without_modules_nothing_is_given() -> None:
    assert price_inputs([]) == {}
