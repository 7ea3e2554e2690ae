from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.units import COUNTS, CURRENCIES, NUMBER, CalculationError, UnitBook

BOOK = UnitBook()


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("12 min", "h", 0.2),
        ("0.5 h", "min", 30),
        ("2 %", "1", 0.02),
        ("3", "CNY", 3),
        ("1 200 CNY", "kCNY", 1.2),
        ("1.5 kWh", "MJ", 5.4),
        ("60 piece/h", "piece/min", 1),
        ("10 %/year", "1/month", 0.1 / 12),
        ("-4e3 USD", "kUSD", -4),
        (".5 d", "h", 12),
        ("5.2 万元", "CNY", 52_000),
        ("12分钟", "h", 0.2),
        ("90 元/（人*小时）", "CNY/(person*h)", 90),
        ("3 万元／月", "kCNY/year", 360),
        ("2 ％", "1", 0.02),
    ],
)
def test_quantities_convert(text, unit, value):
    assert BOOK.read(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("12 min", "CNY", "wrong_unit"),
        ("5 EUR", "CNY", "wrong_unit"),
        ("5 EUR/h", "EUR/(person*h)", "wrong_unit"),
        ("5 s", "s/piece", "wrong_unit"),
        ("5 person", "piece", "wrong_unit"),
        ("five min", "min", "not_a_quantity"),
        ("", "min", "not_a_quantity"),
        ("nan min", "min", "not_a_quantity"),
        ("1e999 min", "min", "not_a_quantity"),
        ("5 mni", "min", "unknown_unit"),
        ("5 m**m", "m", "unit_syntax"),
        ("5 m^99", "m", "unit_syntax"),
        ("20 degC", "K", "unknown_unit"),
        ("1 shift", "h", "working_time_missing"),
        ("9" * 500, "1", "not_a_quantity"),
        ("5 " + "m*" * 50 + "m", "m", "unit_syntax"),
    ],
)
def test_what_is_not_a_fitting_quantity_says_so(text, unit, code):
    with pytest.raises(CalculationError) as caught:
        BOOK.read(text, unit)
    assert caught.value.code == code
    assert caught.value.remedy


def test_counts_and_currencies_are_dimensions_of_their_own():
    names = (*CURRENCIES, *COUNTS)
    assert len({BOOK.unit(name).dimension for name in names}) == len(names)
    assert NUMBER not in {BOOK.unit(name).dimension for name in names}


def test_working_times_belong_to_one_calculator():
    book = UnitBook({"shift": "7.5 h", "workday": "15 h", "year": "250 d"})
    assert book.read("2 shift", "h") == 15
    assert book.month * 12 == book.year == 250 * 86400
    assert UnitBook().year == 365.25 * 86400


@pytest.mark.parametrize("times", [{"week": "5 d"}, {"shift": "8 CNY"}, {"shift": "0 h"}, {"shift": "long"}])
def test_a_working_time_is_a_length_of_time(times):
    with pytest.raises(CalculationError):
        UnitBook(times)


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_a_clear_refusal(text):
    try:
        unit = BOOK.unit(text)
    except CalculationError as error:
        assert error.code in {"unknown_unit", "unit_syntax", "working_time_missing"}
    else:
        assert unit.factor > 0


@given(st.floats(-1e9, 1e9), st.sampled_from(["min", "h", "d", "week"]))
def test_there_and_back_again(value, unit):
    seconds = BOOK.read(f"{value!r} {unit}", "s")
    assert seconds / BOOK.unit(unit).factor == pytest.approx(value)
