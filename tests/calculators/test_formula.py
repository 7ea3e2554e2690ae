from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.formula import compile_formula
from calculators.functions import FUNCTIONS
from calculators.parts import Frame, Kind, Lookup
from calculators.syntax import MAX_LENGTH, parse
from calculators.units import NUMBER, CalculationError, UnitBook
from calculators.wording import formula_text

BOOK = UnitBook({"shift": "8 h"})
FRAME = Frame(
    units=BOOK,
    period="month",
    periods=12,
    lookups={"wage": Lookup(name="wage", x_unit="h", y_unit="CNY/h", points=((0, 20), (8, 30), (12, 60)))},
)


def known(name: str, unit: str, axis: str = "") -> tuple[str, Kind]:
    return name, Kind(BOOK.unit(unit).dimension, axis)


KNOWN = dict(
    [
        known("price", "CNY/piece"), known("pieces", "piece"), known("rate", "1/year"), known("cycle", "s/piece"),
        known("wait", "s"), known("n", "1"), known("flow", "CNY", "period"), known("euro", "EUR"),
        known("margin", "CNY", "orders"), known("staff", "person"), known("wage_rate", "CNY/(person*h)"),
    ]
)  # fmt: skip


def run(text: str, unit: str, **values: object) -> np.ndarray:
    compiled = compile_formula("f", text, unit, KNOWN, FRAME)
    arrays = {name: np.atleast_2d(np.asarray(value, float)) for name, value in values.items()}
    with np.errstate(all="ignore"):
        return compiled.run(arrays) / compiled.unit.factor


def refused(text: str, unit: str = "1") -> CalculationError:
    with pytest.raises(CalculationError) as caught:
        compile_formula("f", text, unit, KNOWN, FRAME)
    assert caught.value.remedy
    return caught.value


ATTACKS = [
    "__import__('os').system('id')", "().__class__.__bases__[0]", "n.__class__", "n.real", "n[0]", "[n for n in (1,)]",
    "{n: 1}", "{n}", "(n for n in n)", "lambda: n", "(lambda x: x)(n)", "f'{n}'", "'a' * 9", 'b"x"', "n := 3",
    "max(*n)", "max(**n)", "max(n, key=n)", "eval(n)", "exec(n)", "open(n)", "print(n)", "getattr(n, n)", "n; n",
    "import os", "n if n", "yield n", "await n", "assert n", "del n", "not", "n @ n", "n // n", "n % n", "n & n",
    "n << 99999999", "n | n", "~n", "n is n", "n in n", "None", "True", "False", "Ellipsis", "...", "1j", "0x10", "0b1",
    "1_000", "1e999", "9" * 400 + ".0" * 2, "ｎ + 1", "n＋1", "n\u200b + 1", "n\x00", "ｅｖａｌ(n)", "µ", "n\u202e", "# n",
    "n\\\nn", "max", "max()", "()", "(,)", "(n, n)", "n,", "", "   ", "((n)", "n))", "_" * 10, "__builtins__",
    "globals()", "type(n)", "vars()", "breakpoint()", "n.n.n", "n!r", "$n", "`n`", "n?n", "1..real", "1 .real",
]  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_but_the_language_gets_through(text):
    assert refused(text).code.startswith(("formula_", "unknown_", "argument_", "number_", "condition_"))


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9", "9**9**9**9**9", "2**(9**9**9)", "exp(exp(exp(99)))", "9" * 300, "(" * 40 + "1" + ")" * 40,
        "1" + "+1" * 39, "-" * 30 + "1",
    ],
)  # fmt: skip
def test_towers_of_numbers_take_no_time(text):
    begun = time.process_time()
    assert run(text, "1").shape == (1, 1)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(" * 500 + "1" + ")" * 500, "formula_depth"),
        ("-" * 1500 + "1", "formula_depth"),
        ("not " * 480 + "n", "formula_depth"),
        ("1" + "+1" * 900, "formula_depth"),
        ("max(" * 41 + "1" + ")" * 41, "formula_depth"),
        (
            "max(" + ",".join(["n"] * 20) + ")" + "*1" * 5 + " + max(" + ",".join(["max(n,n)"] * 150) + ")",
            "formula_nodes",
        ),
        ("n" * (MAX_LENGTH + 1), "formula_length"),
        ("1 if n else " * 150 + "1", "formula_depth"),
    ],
)
def test_size_and_depth_are_limited(text, code):
    assert refused(text).code == code


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_a_clear_refusal(text):
    try:
        parse("f", text)
    except CalculationError as error:
        assert error.place.startswith("formula f, column")
        assert "^" in str(error)


@given(st.text(alphabet="n()+-*/, <>=.0123456789ifelsandotmx_", max_size=80))
def test_text_of_the_alphabet_never_escapes(text):
    try:
        compiled = compile_formula("f", text, "1", KNOWN, FRAME)
    except CalculationError:
        return
    with np.errstate(all="ignore"):
        assert compiled.run({"n": np.ones((3, 1))}).ndim == 2


def test_the_caret_stands_under_the_mistake_and_a_guess_is_made():
    error = refused("pieces * prise", "CNY")
    text, mark = str(error).splitlines()[1:]
    assert mark.index("^") == text.index("prise")
    assert error.place == "formula f, column 10"
    assert error.remedy == "Did you mean 'price'?"
    assert refused("nvp(flow, rate)", "CNY").remedy == "Did you mean 'npv'?"
    assert "plain form" in refused("max（n，0）").remedy
    assert refused("n^2").remedy == "Write ** for a power."


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("price + pieces", "CNY", "unit_mismatch"),
        ("cycle + wait", "s", "unit_mismatch"),
        ("price * pieces + euro", "CNY", "unit_mismatch"),
        ("staff * wage_rate", "CNY/h", ""),
        ("wage_rate", "CNY/h", "result_unit"),
        ("cycle", "s", "result_unit"),
        ("euro", "CNY", "result_unit"),
        ("exp(wait)", "1", "not_a_number"),
        ("price ** n", "CNY", "exponent_unit"),
        ("pieces ** 2", "piece^2", ""),
        ("n ** n", "1", ""),
        ("price > pieces", "1", "unit_mismatch"),
        ("n > 1", "1", "number_expected"),
        ("n + (n > 1)", "1", "number_expected"),
        ("1 if n else 2", "1", "condition_expected"),
        ("n and n > 1", "1", "condition_expected"),
        ("price if n > 1 else 0", "CNY/piece", ""),
        ("price if n > 1 else 1", "CNY/piece", "unit_mismatch"),
        ("sum(n)", "1", "series_needed"),
        ("npv(euro, rate)", "EUR", "series_needed"),
        ("npv(flow, n)", "CNY", "argument_unit"),
        ("npv(flow, each(rate))", "CNY", "single_needed"),
        ("flow + margin", "CNY", "axis_mismatch"),
        ("percentile(flow, n)", "CNY", "written_number_needed"),
        ("lookup(wages, wait)", "CNY/h", "unknown_lookup"),
        ("lookup(wage, price)", "CNY/h", "argument_unit"),
        ("sqrt(price * price)", "CNY/piece", ""),
        ("max(price)", "CNY/piece", "argument_count"),
        ("n", "CNY/", "unit_syntax"),
        ("n", "parsec_of_joy", "unknown_unit"),
        ("n", "workday", "working_time_missing"),
    ],
)
def test_units_and_axes_are_checked_before_anything_runs(text, unit, code):
    if not code:
        compile_formula("f", text, unit, KNOWN, FRAME)
        return
    assert refused(text, unit).code == code


def test_every_function_works_and_is_explained_in_both_languages():
    flow = [[-100.0] + [20.0] * 12]
    calls = {
        "min": "min(n, 2, 3)", "max": "max(n, 2)", "clip": "clip(n, 0, 1)", "percentile": "percentile(flow, 50)",
        "mean_last": "mean_last(flow, 3)", "lookup": "lookup(wage, wait)", "at": "at(2, n)", "mirr": "mirr(flow, rate, rate)",
        "from_period": "from_period(2, n)", "until": "until(2, n)", "npv": "npv(flow, rate)", "discount": "discount(flow, rate)",
        "discounted_payback": "discounted_payback(flow, rate)", "roi": "roi(n, 2)", "bcr": "bcr(n, 2)",
        "equal_payments": "equal_payments(price, rate, wait)", "straight_line": "straight_line(price, one_year)",
        "sum_of_years": "sum_of_years(price, one_year)", "declining_balance": "declining_balance(price, one_year)",
        "tax_offset": "tax_offset(flow, n)", "tax_carried": "tax_carried(flow, n)", "loan": "loan(price, rate, one_year)",
        "loan_interest": "loan_interest(price, rate, one_year)", "ramp": "ramp(wait, one_year)", "indexed": "indexed(price, rate)",
        "logistic_ramp": "logistic_ramp(one_month, one_year)", "bass_ramp": "bass_ramp(rate, rate)", "decay": "decay(price, rate)",
        "grown": "grown(0 * t)",
    }  # fmt: skip
    series = {"sum", "mean", "lowest", "highest", "first", "last", "count", "irr", "payback", "previous", "cumulative",
              "working_capital"}  # fmt: skip
    values = {"n": 2.0, "flow": flow, "wait": 3600.0, "price": 5.0, "rate": 0.1 / BOOK.year}
    for name, function in FUNCTIONS.items():
        text = calls.get(name) or (f"{name}(flow)" if name in series else f"{name}(n)")
        builder_unit = next(unit for unit in ("1", "CNY", "CNY/piece", "1/year", "month", "CNY/h") if _fits(text, unit))
        assert np.isfinite(run(text, builder_unit, **values)).all(), text
        assert set(function.meaning) == {"zh-CN", "en"}
        assert function.form.startswith(f"{name}(")


def _fits(text: str, unit: str) -> bool:
    try:
        compile_formula("f", text, unit, KNOWN, FRAME)
    except CalculationError as error:
        assert error.code == "result_unit", error
        return False
    return True


def test_conditions_choose_per_draw():
    draws = [[1.0], [2.0], [3.0]]
    assert run("10 if n > 1 and not n >= 3 else 0", "1", n=draws).ravel().tolist() == [0, 10, 0]
    assert run("1 if 1 < n <= 2 else -1", "1", n=draws).ravel().tolist() == [-1, 1, -1]


def test_sums_over_periods_and_over_rows_of_a_table():
    assert run("mean_last(margin, 3)", "CNY", margin=[[9, 1, 2, 3]]).item() == 2
    assert run("sum(margin if margin > 2 * sum(margin) / count(margin) else 0)", "CNY", margin=[[9, 1, 1, 1]]) == 9
    assert run("sum(each(pieces))", "piece", pieces=5).item() == 60
    assert run("percentile(margin, 50)", "CNY", margin=[[1, 2, 10]]).item() == 2


def test_a_lookup_is_linear_between_its_points_and_flat_outside():
    hours = np.array([[-3600.0], [4 * 3600], [10 * 3600], [99 * 3600]])
    assert run("lookup(wage, wait)", "CNY/h", wait=hours).ravel().tolist() == [20, 25, 45, 60]


def test_ramps_average_over_the_period():
    assert run("ramp(0, 2 * one_month)", "1").ravel()[:4].tolist() == pytest.approx([0, 0.25, 0.75, 1])
    curve = run("logistic_ramp(2 * one_month, 6 * one_month)", "1").ravel()
    assert (np.diff(curve) > 0).all()
    assert run("sum(bass_ramp(rate * 0.36, rate * 4.56))", "1", rate=1 / BOOK.year).item() == pytest.approx(
        np.mean([_bass_sum(0.03, 0.38, 12)]), rel=1e-9
    )


def _bass_sum(p: float, q: float, end: float) -> float:
    times = np.linspace(0, end, 200_001)
    u = np.exp(-(p + q) * times)
    return float(np.trapezoid((1 - u) / (1 + q / p * u), times))


def test_monthly_flows_use_the_monthly_rate_that_compounds_to_the_annual_one():
    flow = np.array([[-120_000.0, *([4000.0] * 12)]])
    value = run("npv(flow, rate)", "CNY", flow=flow, rate=0.1 / BOOK.year).item()
    monthly = 1.1 ** (1 / 12) - 1
    assert value == pytest.approx(sum(x / (1 + monthly) ** t for t, x in enumerate(flow[0])))
    assert run("payback(flow)", "month", flow=-flow[:, ::-1] * 0 + [[-30.0] + [20.0] * 12]).item() == pytest.approx(1.5)


def test_all_draws_at_once_equal_one_by_one():
    draws = np.random.default_rng(1).uniform(0.5, 2, (50, 1))
    together = run("max(n, 1) ** 2 + exp(-n) * (3 if n > 1 else n)", "1", n=draws)
    single = [run("max(n, 1) ** 2 + exp(-n) * (3 if n > 1 else n)", "1", n=draw).item() for draw in draws]
    assert together.ravel().tolist() == pytest.approx(single)


def test_the_formula_is_shown_in_words_with_its_titles():
    titles = {"price": {"zh-CN": "单价", "en": "price"}, "pieces": {"zh-CN": "件数", "en": "pieces"}}
    words = formula_text(parse("f", "(price - 1) * max(pieces, 0) if pieces > 2 else -(price - 2)"), titles)
    assert words["en"] == "(price − 1) × the larger(pieces, 0) if pieces > 2, otherwise −(price − 2)"
    assert words["zh-CN"] == "若件数 > 2则（单价 − 1） × 较大者（件数，0），否则−（单价 − 2）"


def test_the_guide_lists_every_function():
    guide = (Path(__file__).parents[2] / "docs" / "calculators.md").read_text("utf-8")
    for function in FUNCTIONS.values():
        assert f"| `{function.form}` | {function.meaning['en']} | {function.meaning['zh-CN']} |" in guide


# --- random formulas against plain Python ---------------------------------------------------------------------------

ENV = {"n": 1.5, "m": -2.25, "k": 0.5}
leaves = st.one_of(st.sampled_from(sorted(ENV)), st.integers(1, 9).map(str), st.sampled_from(["0.25", "1.5e1"]))
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda p: f"{p[0]} {p[1]} {p[2]}"),
        inner.map(lambda p: f"-({p})"),
        st.tuples(inner, st.integers(1, 3)).map(lambda p: f"({p[0]}) ** {p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"max({p[0]}, {p[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} < {p[2]} else {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"(1 if {p[0]} >= {p[1]} and not {p[0]} == 3 else abs({p[1]}))"),
    ),
    max_leaves=12,
)


@given(expressions)
def test_a_formula_means_what_the_same_text_means_in_python(text):
    try:
        expected = float(eval(text, {"__builtins__": {}}, {**ENV, "max": max, "abs": abs}))
    except (ZeroDivisionError, OverflowError):
        return
    known_names = {name: Kind(NUMBER) for name in ENV}
    try:
        compiled = compile_formula("f", text, "1", known_names, FRAME)
    except CalculationError as error:
        assert error.code == "formula_depth"
        return
    with np.errstate(all="ignore"):
        found = compiled.run({name: np.array([[value]]) for name, value in ENV.items()}).item()
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9) or abs(expected) > 1e12
