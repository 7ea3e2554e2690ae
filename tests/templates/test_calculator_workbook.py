"""The spreadsheet recalculates to the same numbers: LibreOffice is the judge."""

from __future__ import annotations

import math
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from calculators.calculator import Calculator
from calculators.declarations import Cap, Formula, Given, Input, Output
from calculators.excel import column_name, workbook
from calculators.excel_functions import CALLS
from calculators.functions import FUNCTIONS
from calculators.parts import Lookup
from calculators.sheet import Sheet, evaluate
from templates.calculator_document import shipped_calculator
from templates.calculator_workbook import write_workbook

WORDS = {"zh-CN": "字", "en": "word"}
ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
FORMULAS = {
    "elementwise": ("1", "min(a, 2, 3) + max(a, 2) - clip(a, 0, 1) + abs(-a) + exp(a / 9) + log(a) + sin(a) * cos(a) - a ** 2"),
    "rounded": ("1", "ceil(a) + 10 * floor(a) + sqrt(a) + ceil(-a)"),
    "chosen": ("1", "1 if a > 1 and not a > 100 or a == 5 else (2 if 1 < a <= 2 else 3)"),
    "noted": ("1", "-a ** 2 + (-a) ** 2 - 2 ** -1"),
    "flow": ("CNY", "s - at(0, 300 * price)"),
    "present": ("CNY", "npv(flow, rate)"),
    "yearly": ("1/year", "irr(flow) + mirr(flow, rate, rate / 2)"),
    "paid": ("month", "payback(flow)"),
    "paid_discounted": ("month", "discounted_payback(flow, rate)"),
    "never": ("month", "payback(flow - 400 * price)"),
    "ratios": ("1", "roi(sum(s), 300 * price) + bcr(sum(s), 300 * price)"),
    "reduced": ("CNY", "sum(s) + mean(s) + lowest(s) + highest(s) + first(s) + last(s) + mean_last(s, 3) + percentile(s, 25)"),
    "counted": ("1", "count(s) + count(margin)"),
    "rows": ("CNY", "mean_last(margin, 2) + sum(margin * 2 if margin > first(margin) else 0)"),
    "parts": ("CNY", "each(price) + from_period(3, price) + until(2, price) + at_end(price) + previous(s) + cumulative(s)"),
    "growing": ("CNY", "price * grown(0.1 * t / 12) + indexed(price, rate) + decay(price, rate) + discount(s, rate)"),
    "written_off": (
        "CNY",
        "straight_line(price, life) + 2 * sum_of_years(price, life) + 3 * declining_balance(price, life)",
    ),
    "taxed": ("CNY", "tax_offset(s - 50 * price / 10, share) + tax_carried(s - 6 * price, share)"),
    "tied": ("CNY", "working_capital(s)"),
    "borrowed": ("CNY", "loan(price, rate, life) + 2 * loan_interest(price, rate, life) + loan(price, rate, 9 * life)"),
    "payments": ("CNY", "equal_payments(price, rate, life)"),
    "ramps": ("1", "ramp(one_month, 3 * one_month) + logistic_ramp(one_month, life) + bass_ramp(0.4 / one_year, 4 / one_year)"),
    "looked": ("CNY/h", "lookup(wage, life * 3) + lookup(step, life) + lookup(wage, 900 * life) + lookup(wage, one_hour)"),
    "one": ("CNY", "s * 2"),
    "two": ("kCNY", "s * share"),
    "both": ("CNY", "one + two"),
}  # fmt: skip


def everything() -> Sheet:
    """A calculator that calls every function of the language, and a cap."""
    plain = {"title": WORDS, "purpose": WORDS}
    calculator = Calculator(
        id="all", version="1.0.0", title=WORDS, description=WORDS, periods=12,
        inputs=(
            Input(name="a", unit="1", low=1, likely=3, high=9, **plain),
            Input(name="s", unit="kCNY", axis="period", **plain),
            Input(name="price", unit="CNY", **plain), Input(name="rate", unit="%/year", **plain),
            Input(name="life", unit="month", **plain), Input(name="share", unit="%", **plain),
            Input(name="margin", unit="CNY", axis="orders", **plain),
        ),
        formulas=tuple(Formula(name=name, unit=unit, text=text) for name, (unit, text) in FORMULAS.items()),
        caps=(Cap(name="limit", unit="CNY", text="s * 2.1", covers=("one", "two")),),
        lookups=(
            Lookup(name="wage", x_unit="d", y_unit="CNY/h", points=((1, 20), (200, 30), (900, 60))),
            Lookup(name="step", x_unit="d", y_unit="CNY/h", points=((1, 20), (200, 30)), method="step"),
        ),
        outputs=(Output(name="present", title=WORDS, action=WORDS, acceptance=WORDS),),
    )  # fmt: skip
    series = np.array([0.04, 0.05, 0.03, 0.06, 0.05, 0.04, 0.06, 0.05, 0.05, 0.05, 0.04, 0.07])
    values = {
        "s": series, "price": 1.2, "rate": 12.0, "life": 6.0, "share": 30.0,
        "margin": Given(value=np.array([[3.0, 1.0, 7.0, 5.0]])),
    }  # fmt: skip
    return evaluate(calculator, values, draws=50, seed=1, claims=True)


def recalculated(data: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook without any stored result, as LibreOffice computes it."""
    bare = openpyxl.load_workbook(BytesIO(data))
    bare.save(folder / "bare.xlsx")
    assert openpyxl.load_workbook(folder / "bare.xlsx", data_only=True)["Calculation"]["G3"].value is None
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE, "utf-8")
    program = shutil.which("soffice")
    assert program, "LibreOffice is missing: install libreoffice-calc-nogui"
    subprocess.run(
        [program, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML",
         "--outdir", str(folder / "out"), str(folder / "bare.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return openpyxl.load_workbook(folder / "out" / "bare.xlsx", data_only=True)


@pytest.mark.parametrize("made", ["everything", "web_portal_jeffery"])
def test_the_spreadsheet_gives_the_same_numbers(made, tmp_path):
    sheet = (
        everything() if made == "everything" else evaluate(shipped_calculator(made), {}, draws=10, seed=1, claims=True)
    )
    book = recalculated(write_workbook(sheet), tmp_path)
    for name, (page, row) in workbook(sheet).where.items():
        if name not in sheet.calculator.plan.compiled:
            continue
        for place, mine in enumerate(sheet.model_row(name)):
            theirs = book[page].cell(row + 1, 7 + place).value
            if math.isnan(mine):
                assert theirs == "#N/A", (name, place)
            else:
                assert theirs == pytest.approx(mine, rel=1e-9, abs=1e-12), (name, place)


def test_every_function_can_be_written_in_a_spreadsheet_and_is_tried():
    assert set(CALLS) == set(FUNCTIONS)
    text = " ".join(text for _, text in FORMULAS.values())
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []


def test_a_text_that_looks_like_a_formula_stays_a_text():
    calculator = shipped_calculator("web_portal_jeffery")
    given = Given(value=0.5, source={"en": "=HYPERLINK(1)"})
    data = write_workbook(evaluate(calculator, {"web_share": given}, draws=1, seed=1, claims=True))
    page = openpyxl.load_workbook(BytesIO(data))["Inputs"]
    cell = next(row[5] for row in page.iter_rows() if row[0].value == "web_share")
    assert cell.data_type != "f"


def test_the_same_sheet_gives_the_same_bytes():
    sheet = evaluate(shipped_calculator("web_portal_jeffery"), {}, draws=1, seed=1, claims=True)
    assert write_workbook(sheet) == write_workbook(sheet)


def test_columns_are_lettered_as_spreadsheets_do():
    assert [column_name(i) for i in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
