"""What the ROI calculator says of refunds, decline, loans and carried losses, held against plain arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.sheet import Sheet, evaluate
from templates.calculator_document import shipped_calculator

ROI = shipped_calculator("module_roi")
PLAIN: dict[str, Any] = {
    "extra_good": np.full(36, 1000.0),
    "contribution_margin": 2.0,
    "sellable_extra": 5000.0,
    "price_once": 36_000.0,
    "internal_hours": 0.0,
    "hourly_cost": 0.0,
    "price_index": 0.0,
    "tax_rate": 0.0,
    "discount_rate": 0.0,
    "depreciation_life": 3.0,
}


def sheet(**values: Any) -> Sheet:
    return evaluate(ROI, {**PLAIN, **values}, draws=1, seed=1, claims=True)


def one(found: Sheet, name: str) -> float:
    return float(found.percentiles(name)[1])


def row(found: Sheet, name: str) -> list[float]:
    return [float(value) for value in found.percentiles(name)[1]]


def test_plain_case_is_a_sum() -> None:
    assert one(sheet(), "npv") == pytest.approx(36 * 2000 - 36_000)
    assert one(sheet(), "profitability") == pytest.approx(2)
    assert one(sheet(), "bcr") == pytest.approx(2)
    assert one(sheet(), "equal_annual_cost") == pytest.approx(12_000)


def test_a_haircut_on_the_effect_is_one_on_the_benefit() -> None:
    assert one(sheet(effect_share=75), "npv") == pytest.approx(0.75 * 72_000 - 36_000)


def test_refund_stops_benefit_and_subscription_and_gives_the_price_back() -> None:
    missed = sheet(refund_share=100, refund_promise=30_000, price_monthly=100)
    assert one(missed, "refunded") == 1
    assert one(missed, "npv") == pytest.approx(12 * (2000 - 100) - 36_000 + 36_000)
    assert row(missed, "benefits")[12] == 2000
    assert row(missed, "benefits")[13] == 0
    assert row(missed, "refund")[12] == 36_000
    assert sum(value != 0 for value in row(missed, "refund")) == 1
    kept = sheet(refund_share=100, refund_promise=24_000, price_monthly=100)
    assert one(kept, "refunded") == 0
    assert one(kept, "npv") == pytest.approx(36 * (2000 - 100) - 36_000)


def test_doing_nothing_costs_its_decline_and_modules_save_only_the_part_they_stop() -> None:
    found = sheet(decline=120, decline_stopped=50)
    lost = 2.0 * sum(120 * (month - 0.5) / 12 for month in range(1, 37))
    assert one(found, "do_nothing_npv") == pytest.approx(-lost)
    assert row(found, "do_nothing_flow")[-1] == pytest.approx(-lost)
    assert one(found, "npv") == pytest.approx(36_000 + lost / 2)


def test_losses_carried_forward_save_tax_later_never_more() -> None:
    early = sheet(tax_rate=25, extra_good=np.concatenate([np.zeros(12), np.full(24, 1500.0)]), discount_rate=10)
    late = sheet(
        tax_rate=25,
        extra_good=np.concatenate([np.zeros(12), np.full(24, 1500.0)]),
        discount_rate=10,
        losses_set_off=0,
    )
    assert min(row(early, "tax")) < 0
    assert min(row(late, "tax")) == 0
    assert sum(row(late, "tax")) == pytest.approx(sum(row(early, "tax")))
    assert one(late, "npv") < one(early, "npv")


def test_a_loan_at_the_discount_rate_changes_nothing_before_tax() -> None:
    assert one(sheet(discount_rate=8, loan_share=80, loan_rate=8, loan_term=60), "npv") == pytest.approx(
        one(sheet(discount_rate=8), "npv")
    )
    assert one(sheet(loan_share=100, loan_rate=6), "exposure") < one(sheet(), "exposure")


def test_working_capital_comes_back_at_the_end() -> None:
    assert sum(row(sheet(extra_stock=5000), "tied_up")) == pytest.approx(0)
    assert one(sheet(extra_stock=5000, discount_rate=10), "npv") < one(sheet(discount_rate=10), "npv")


@given(
    share=st.floats(0, 100),
    promise=st.floats(0, 60_000),
    stopped=st.floats(0, 100),
    decline=st.floats(0, 500),
    sellable=st.floats(0, 2000),
)
def test_no_month_has_more_margin_than_its_pieces(share, promise, stopped, decline, sellable) -> None:
    found = sheet(
        refund_share=share,
        refund_promise=promise,
        decline=decline,
        decline_stopped=stopped,
        sellable_extra=sellable,
        saved_cost_per_piece=9.0,
        reuse_share=100.0,
    )
    extra = row(found, "sales_benefit"), row(found, "freed_benefit"), row(found, "margin_of_all_extra")
    assert all(a + b <= cap * (1 + 1e-12) + 1e-9 for a, b, cap in zip(*extra, strict=True))
    assert row(found, "cumulative_flow")[-1] == pytest.approx(one(found, "npv"))
