"""Money: figures of merit, formulas, the whole ROI page and Sobol shares. Results are compared before speed is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy_financial
import pyxirr
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample

from calculators import money
from calculators.calculator import Calculator
from calculators.declarations import Formula, Given, Input, Output, Tier
from calculators.evaluation import CHUNK
from calculators.information import evppi
from calculators.irr import irr
from calculators.lever import lever
from calculators.sensitivity import sobol
from calculators.sheet import evaluate
from calculators.units import Array
from calculators.verdict import worth_measuring
from templates.calculator_document import shipped_calculator
from tests.benchmarks.row import Row

SERIES, PERIODS = 100_000, 60
ROUNDS = 5


def rows() -> Iterable[Row]:
    """The rows of this module, one after the other."""
    yield from figures_of_merit()
    yield formulas()
    yield from roi_page()
    yield variance_shares()


def best(work: Callable[[], Any], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter) -> float:
    """Least time of several rounds, in seconds; the first call, which may compile, is not counted.

    Limits in seconds are held against the processor's time, which other programs on the machine do not lengthen.
    """
    work()
    taken = []
    for _ in range(rounds):
        begun = clock()
        work()
        taken.append(clock() - begun)
    return min(taken)


# --- NPV, IRR and payback -------------------------------------------------------------------------------------------


def noisy_flows() -> Array:
    """Investments followed by noisy monthly income: most series change sign many times."""
    rng = np.random.default_rng(20261125)
    table = rng.normal(3000, 4000, (SERIES, PERIODS + 1))
    table[:, 0] = -rng.uniform(50_000, 150_000, SERIES)
    return table


def figures_of_merit() -> Iterable[Row]:
    table = noisy_flows()
    rate = float(money.rate_per_period(0.1))

    def ours() -> tuple[Array, Any, Array]:
        return money.npv(table, rate), irr(table), money.payback(table).settled

    values, rates, times = ours()
    sample = table[:: SERIES // 500]
    picked = slice(None, None, SERIES // 500)
    unique = (rates.status[picked] == 1) & (rates.sign_changes[picked] == 1)
    for row, value, one, found, at in zip(
        sample, values[picked], unique, rates.rate[picked], times[picked], strict=True
    ):
        assert abs(numpy_financial.npv(rate, row) - value) < 1e-6
        assert not one or abs(pyxirr.irr(row) - found) < 1e-9
        assert np.isnan(at) or abs(python_payback(row) - at) < 1e-9
    check = rates.status == 1
    assert np.abs(money.npv(table[check], rates.rate[check])).max() < 1e-5

    def numpy_financial_rows() -> None:
        for row in sample[:100]:
            numpy_financial.npv(rate, row)
            numpy_financial.irr(row)
            python_payback(row)

    def pyxirr_rows() -> None:
        for row in sample:
            pyxirr.npv(rate, row)
            pyxirr.irr(row, silent=True)

    mine = best(ours, 3)
    slow = best(numpy_financial_rows, 2) * SERIES / 100
    rust = best(pyxirr_rows, 3) * SERIES / len(sample)
    work = f"NPV, IRR and payback of {SERIES} series of {PERIODS} months"
    yield Row(work=f"{work}, numpy-financial", ours=mine, peer=slow, ratio=slow / mine, must=">= 100", unit="s")
    yield Row(work=f"{work}, pyxirr (no payback)", ours=mine, peer=rust, ratio=rust / mine, must=">= 3", unit="s")


def python_payback(row: Array) -> float:
    """The last time at which the running total became non-negative for good, in plain Python."""
    total, settled = 0.0, np.nan
    for t, flow in enumerate(row.tolist()):
        before, total = total, total + flow
        if total < 0:
            settled = np.nan
        elif before < 0:
            settled = t - 1 - before / flow
        elif t == 0:
            settled = 0.0
    return settled


# --- formulas -------------------------------------------------------------------------------------------------------

DRAWS = 100_000


def thirty_formulas() -> Calculator:
    """Thirty formulas over twelve uncertain inputs, each using the one before."""
    words = {"zh-CN": "字", "en": "word"}
    inputs = tuple(
        Input(name=f"x{i}", unit="1", title=words, purpose=words, low=0.5, likely=1.0, high=2.0) for i in range(12)
    )
    formulas = [Formula(name="f0", unit="1", text="x0 * x1 + x2")]
    for i in range(1, 30):
        a, b, c = f"x{i % 12}", f"x{(i * 5 + 1) % 12}", f"x{(i * 7 + 2) % 12}"
        text = f"f{i - 1} * 0.5 + {a} * {b} - {c} / (1 + {b}) + max({a}, {c})"
        formulas.append(Formula(name=f"f{i}", unit="1", text=text))
    output = Output(name="f29", title=words, action=words, acceptance=words)
    return Calculator(
        id="thirty", version="1.0.0", title=words, description=words, inputs=inputs, formulas=tuple(formulas),
        outputs=(output,), periods=1,
    )  # fmt: skip


def by_hand(x: list[Array]) -> Array:
    """The same in hand-written NumPy."""
    found = x[0] * x[1] + x[2]
    for i in range(1, 30):
        a, b, c = x[i % 12], x[(i * 5 + 1) % 12], x[(i * 7 + 2) % 12]
        found = found * 0.5 + a * b - c / (1 + b) + np.maximum(a, c)
    return found


def formulas() -> Row:
    plan = thirty_formulas().plan
    rng = np.random.default_rng(1)
    columns = [rng.uniform(0.5, 2.0, DRAWS) for _ in range(12)]

    def ours() -> Array:
        parts = []
        for start in range(0, DRAWS, CHUNK):
            values = {f"x{i}": column[start : start + CHUNK, None] for i, column in enumerate(columns)}
            for name in plan.order:
                values[name] = plan.compiled[name].run(values)
            parts.append(values["f29"][:, 0])
        return np.concatenate(parts)

    assert np.array_equal(ours(), by_hand(columns))
    mine, hand = best(ours), best(lambda: by_hand(columns))
    return Row(
        work=f"30 formulas over {DRAWS} draws, NumPy by hand",
        ours=mine,
        peer=hand,
        ratio=hand / mine,
        must=">= 0.667",
        unit="s",
    )


# --- the ROI page ---------------------------------------------------------------------------------------------------


def roi_inputs() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    extra = rng.normal(1000, 300, (500, 1)) * np.minimum(np.arange(1, 37) / 6, 1) + rng.normal(0, 200, (500, 36))
    return {
        "extra_good": Given(value=extra, tier=Tier.MEASURED),
        "contribution_margin": (4.0, 6.0, 7.0),
        "sellable_extra": (500.0, 1500.0, 4000.0),
        "saved_cost_per_piece": (0.5, 1.0, 3.0),
        "reuse_share": (0.0, 20.0, 60.0),
        "price_once": (60_000.0, 80_000.0, 120_000.0),
        "price_monthly": (300.0, 500.0, 800.0),
        "internal_hours": (80.0, 160.0, 320.0),
        "running_hours": (2.0, 4.0, 10.0),
        "hourly_cost": (70.0, 90.0, 120.0),
        "training": (0.0, 5000.0, 20_000.0),
        "discount_rate": (8.0, 10.0, 14.0),
    }


def roi_page() -> Iterable[Row]:
    """The whole page on 100,000 draws with tornado, Sobol of twelve inputs at 4096 and EVPPI; and one slider move."""
    calculator, values = shipped_calculator("module_roi"), roi_inputs()

    def page() -> None:
        sheet = evaluate(calculator, values, draws=DRAWS, seed=1, claims=True)
        sheet.tornado("npv")
        names, _ = sheet.sobol("npv", samples=4096)
        assert len(names) >= 12
        worth_measuring(sheet)
        sheet.to_json()

    mine = best(page, 3, time.process_time)
    yield Row(
        work="whole ROI page, 100,000 draws, limit 1.5 s of computation",
        ours=mine,
        peer=1.5,
        ratio=1.5 / mine,
        must=">= 1",
        unit="s",
    )
    for name, value in (("price_once", (60_000.0, 80_000.0, 120_000.0)), ("contribution_margin", (4.0, 6.0, 7.0))):
        yield slider(calculator, values, name, value)


def slider(calculator: Calculator, values: dict[str, Any], name: str, value: tuple[float, float, float]) -> Row:
    """One slider move on 20,000 draws, in which the formulas downstream are evaluated again and no others."""
    draws = 20_000
    sheet = evaluate(calculator, values, draws=draws, seed=1, claims=True)
    held = lever(sheet, values, name, outputs=("npv", "irr", "payback", "exposure"))
    moves = iter(range(1000))

    def move() -> None:
        step = next(moves) / 1000
        held.move((value[0], value[1] * (1 + step / 10), value[2]))

    low, likely, high = value
    moved = held.move((low, likely * 1.01, high)).outputs["npv"].values
    whole = {**values, name: (low, likely * 1.01, high)}
    assert np.array_equal(moved, evaluate(calculator, whole, draws=draws, seed=1, claims=True).outputs["npv"].values)
    taken = best(move, 15, time.process_time)
    return Row(
        work=f"one move of {name}, {draws} draws, limit 50 ms of computation",
        ours=taken,
        peer=0.05,
        ratio=0.05 / taken,
        must=">= 1",
        unit="s",
    )


# --- variance shares ------------------------------------------------------------------------------------------------


def variance_shares() -> Row:
    """Sobol shares of the Ishigami function, both with 100 bootstrap resamples, at equal n."""
    samples = 4096
    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}

    def ishigami(x: Array) -> Array:
        return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))

    def ours() -> Any:
        return sobol(lambda points: ishigami(np.pi * (2 * points - 1)), 3, samples=samples, seed=1, resamples=100)

    def peer() -> Any:
        points = salib_sample.sample(problem, samples, calc_second_order=False, seed=1)
        return salib_analyze.analyze(
            problem, ishigami(points), calc_second_order=False, num_resamples=100, print_to_console=False, seed=1
        )

    mine, theirs = ours(), peer()
    assert np.abs(mine.first - theirs["S1"]).max() < 0.04
    assert np.abs(mine.total - theirs["ST"]).max() < 0.04
    assert evppi(np.ones(100), np.ones(100)) == 0
    taken, slow = best(ours), best(peer)
    return Row(
        work=f"Sobol shares with intervals, n = {samples}, SALib",
        ours=taken,
        peer=slow,
        ratio=slow / taken,
        must=">= 4",
        unit="s",
    )
