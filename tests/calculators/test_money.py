from __future__ import annotations

import numpy as np
import numpy_financial
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from calculators import flows, money, tax
from calculators.irr import IrrStatus, all_irr, irr
from calculators.warm import warm_up

amounts = st.integers(-(10**8), 10**8).map(lambda cents: cents / 100)
rows = arrays(np.float64, st.integers(2, 25), elements=amounts)
rates = st.floats(-0.5, 2.0)


@given(rows, rates, st.floats(-10, 10), st.data())
def test_present_value_is_linear_in_the_flows(first, rate, factor, data):
    second = data.draw(arrays(np.float64, len(first), elements=amounts))
    together = money.npv(first + factor * second, rate)
    scale = money.npv(np.abs(first) + abs(factor) * np.abs(second), rate) + 1
    assert abs(together - (money.npv(first, rate) + factor * money.npv(second, rate))) <= 1e-9 * scale


@given(rows, rates)
def test_the_spreadsheet_convention_is_one_period_later(row, rate):
    later = money.npv(row, rate, timing="first_after_one_period")
    assert later * (1 + rate) == pytest.approx(money.npv(row, rate), rel=1e-9, abs=1e-3)
    assert money.npv(row, rate) == pytest.approx(float(numpy_financial.npv(rate, row)), rel=1e-9, abs=1e-3)


@given(rows)
def test_every_rate_of_return_is_a_root(row):
    for rate in all_irr(row):
        x = 1 / (1 + rate)
        powers = x ** np.arange(len(row)) if x <= 1 else (1 / x) ** np.arange(len(row))[::-1]
        assert abs(row @ powers) <= 1e-7 * (np.abs(row) @ powers)


@given(rows)
def test_no_rate_of_return_without_a_change_of_sign(row):
    assert irr(np.abs(row)).status == IrrStatus.NONE
    assert np.isnan(irr(np.abs(row)).rate)
    assert irr(row).sign_changes <= len(row) - 1


@given(arrays(np.float64, 24, elements=amounts.map(abs)), st.integers(1, 10**6))
def test_an_investment_followed_by_income_has_exactly_one_rate(income, price):
    row = np.concatenate([[-price], income])
    found = irr(row)
    if income.sum() == 0:
        assert found.status == IrrStatus.NONE
        return
    assert found.status == IrrStatus.ONE
    x = 1 / (1 + found.rate)
    powers = x ** np.arange(25) if x <= 1 else (1 / x) ** np.arange(25)[::-1]
    assert abs(row @ powers) <= 1e-9 * (np.abs(row) @ powers)


@settings(max_examples=200)
@given(arrays(np.float64, st.integers(2, 8), elements=st.integers(-9, 9).map(float)))
def test_rates_of_return_are_those_of_the_polynomial(row):
    if not row.any():
        assert all_irr(row) == ()
        return
    roots = np.roots(row[::-1])
    scale = np.abs(np.polyval(np.abs(row[::-1]), np.abs(roots)))
    clear = np.abs(np.polyval(np.polyder(row[::-1]), roots)) > 1e-4 * scale  # not a double root
    wanted = roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 1e-4) & (roots.real < 1e4)]
    if clear.all():
        mine = [rate for rate in all_irr(row) if -1 + 1e-4 < rate < 1e4 - 1]
        np.testing.assert_allclose(mine, np.sort(1 / wanted.real - 1), rtol=1e-6, atol=1e-9)


def test_noisy_monthly_flows_get_the_positive_root_by_norstrom():
    generator = np.random.default_rng(5)
    table = generator.normal(3000, 4000, (2000, 61))
    table[:, 0] = -generator.uniform(50_000, 150_000, 2000)
    found = irr(table)
    once = found.status == IrrStatus.ONE
    assert (found.sign_changes > 1).mean() > 0.9
    assert once.mean() > 0.9
    values = money.npv(table[once], found.rate[once])
    assert np.abs(values).max() < 1e-6
    assert ((found.rate[once] > 0) == (table[once].sum(axis=1) > 0)).all()


def test_one_series_or_many_give_the_same():
    table = np.array([[-100.0, 60, 60], [-100, 20, 20], [100, -10, -10]])
    together = irr(table)
    for row, rate in zip(table, together.rate, strict=True):
        assert irr(row).rate == pytest.approx(rate, rel=1e-12)
    assert together.rate[0] == pytest.approx(pyxirr.irr(table[0]), rel=1e-9)


def test_payback_interpolates_flags_a_dip_and_knows_never():
    found = money.payback([[-100, 50, 100, 0], [-100, 120, -50, 40], [-100, 10, 10, 10], [5, 1, 1, 1]])
    assert found.time[0] == pytest.approx(1.5)
    assert np.isnan(found.time[1])
    assert found.dips.tolist() == [False, True, False, False]
    assert found.settled[1] == pytest.approx(2.75)
    assert np.isnan(found.time[2])
    assert np.isnan(found.settled[2])
    assert found.time[3] == 0


@given(rows, st.floats(0, 1))
def test_discounting_never_shortens_payback(row, rate):
    row = np.concatenate([[-abs(row[0]) - 1], np.abs(row[1:])])
    plain, later = money.payback(row).time, money.discounted_payback(row, rate).time
    assert np.isnan(later) or later >= plain - 1e-9


@given(st.floats(1e3, 1e6), st.floats(0.001, 0.05), st.integers(1, 60), st.integers(1, 60))
def test_a_loan_has_no_present_value_at_its_own_rate(principal, rate, instalments, periods):
    loan = flows.loan(principal, rate, instalments, periods)
    assert abs(money.npv(loan.flows, rate)) < 1e-6 * principal


@given(arrays(np.float64, (3, 12), elements=amounts), st.floats(0, 0.6))
def test_carried_losses_are_taxed_no_more_than_profits_and_no_less_than_the_total(profit, rate):
    paid = tax.tax_carried(profit, rate).sum(axis=1)
    assert (paid >= rate * profit.sum(axis=1) - 1e-3).all()
    assert (paid <= rate * np.maximum(profit, 0).sum(axis=1) + 1e-3).all()
    assert (tax.tax_carried(profit, rate) >= -1e-9).all()


@given(st.floats(1, 1e6), st.integers(1, 30))
def test_every_schedule_writes_off_exactly_the_cost(cost, life):
    for schedule in (tax.straight_line, tax.sum_of_years_digits, tax.declining_balance):
        assert schedule(cost, life, life).sum() == pytest.approx(cost, rel=1e-12)
    assert tax.macrs_5(cost, 6).sum() == pytest.approx(cost)


def test_disposal_before_the_end_takes_half_a_year():
    assert tax.macrs_5(100.0, 6, disposal_year=3).tolist() == pytest.approx([0, 20, 32, 9.6, 0, 0, 0])
    assert tax.disposal(50.0, 38.4, 0.25) == pytest.approx(50 - 0.25 * 11.6)


def test_working_capital_comes_back_in_full():
    moved = flows.working_capital(np.array([0.0, 10, 30, 20]))
    assert moved.tolist() == [0, -10, -20, 30]


def test_prices_rise_from_the_second_year_on():
    row = flows.indexed(100.0, 0.1, 25)
    assert row[0] == 0
    assert row[12] == 100
    assert row[13] == pytest.approx(110)
    assert row[25] == pytest.approx(121)
    assert flows.to_real(row, 0.0).tolist() == row.tolist()


def test_equivalent_annual_cost_has_the_same_present_value():
    cost = money.equivalent_annual_cost(1000.0, 0.1, 5)
    assert money.npv([0, *([float(cost)] * 5)], 0.1) == pytest.approx(1000)
    assert money.annuity(0.0, 5) == 5


def test_total_cost_of_ownership_adds_its_lines():
    lines = np.array([[100.0, 0, 0], [0, 10, 10]])
    assert money.total_cost_of_ownership(lines, 0.0) == 120


def test_rates_convert_both_ways():
    assert money.effective_rate(money.rate_per_period(0.1) * 12) == pytest.approx(0.1)
    assert money.nominal_rate(money.real_rate(0.1, 0.03), 0.03) == pytest.approx(0.1)


def test_roi_and_bcr_differ_by_one_and_need_costs():
    assert money.bcr(150, 100) - money.roi(150, 100) == 1
    assert np.isnan(money.roi(150, 0))


def test_decay_without_action_grows():
    lost = flows.decaying(100.0, 0.1, 24)
    assert lost[0] == 0
    assert lost[12] == pytest.approx(10)
    assert (np.diff(lost) > 0).all()


def test_refund_only_where_the_target_was_missed():
    table = flows.refund(np.array([100.0, 100.0]), np.array([True, False]), share=0.5, period=2, periods=3)
    assert table.tolist() == [[0, 0, 0, 0], [0, 0, 50, 0]]


def test_warming_up_changes_nothing():
    before = irr(np.array([-100.0, 60, 60])).rate
    warm_up()
    assert irr(np.array([-100.0, 60, 60])).rate == before
