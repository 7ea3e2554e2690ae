"""Amounts in another currency count at a declared rate, and never without one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.currency import exchanged
from calculators.units import CalculationError, UnitBook

UNITS = UnitBook()


@given(amount=st.floats(-1e9, 1e9), rate=st.floats(0.01, 1000))
def test_an_amount_is_the_amount_times_the_rate(amount, rate) -> None:
    told = exchanged(f"{amount!r} EUR", "CNY", UNITS, {"EUR": rate})
    assert UNITS.read(told, "CNY") == pytest.approx(amount * rate, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "unit", "told"),
    [
        ("10 / 12 / 15 EUR/h", "CNY/h", "80 / 96 / 120 CNY/h"),
        ("1.5 kEUR", "CNY", "12000 CNY"),
        ("5, 8, 8 EUR/piece", "CNY/piece", "40, 64, 64 CNY/piece"),
        ("16 piece/EUR", "piece/CNY", "2 piece/CNY"),
        ("12 CNY", "CNY", "12 CNY"),
        ("12", "CNY", "12"),
        ("12 EUR/h", "CNY", "12 EUR/h"),  # not the same kind of figure: the reader says so
        ("twelve", "CNY", "twelve"),
        ("3 km", "CNY", "3 km"),
    ],
)
def test_only_the_currency_is_exchanged(text, unit, told) -> None:
    assert exchanged(text, unit, UNITS, {"EUR": 8.0}) == told


def test_without_a_rate_there_is_no_conversion() -> None:
    with pytest.raises(CalculationError) as refusal:
        exchanged("12 USD", "CNY", UNITS, {"EUR": 8.0})
    assert (refusal.value.code, refusal.value.params["currency"]) == ("rate_missing", "USD")
    with pytest.raises(CalculationError) as refusal:
        UNITS.read("12 USD", "CNY")
    assert refusal.value.code == "wrong_unit"
