"""A moved slider gives the numbers of a whole evaluation, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.calculator import Calculator
from calculators.declarations import Cap, Correlation, Formula, Given, Input, Output, Tier
from calculators.lever import lever
from calculators.sheet import Sheet, evaluate
from calculators.units import CalculationError

WORDS = {"zh-CN": "字", "en": "word"}
DRAWS = 5000
PATHS = np.random.default_rng(1).normal(10, 4, (40, 6))
VALUES: dict[str, Any] = {
    "pieces": Given(value=PATHS, tier=Tier.MEASURED),
    "price": (2.0, 3.0, 5.0),
    "rate": 8.0,
    "saved": (0.0, 20.0, 60.0),
    "claim": Given(value=(1.0, 2.0, 3.0), tier=Tier.CLAIM),
}


def made() -> Calculator:
    """Series and single numbers, two benefits under a cap, a correlation, a claim, an output that nothing moves."""
    plain = {"title": WORDS, "purpose": WORDS}
    names = ("npv", "back", "flow", "share", "fixed", "tied")
    return Calculator(
        id="levers", version="1.0.0", title=WORDS, description=WORDS, periods=6,
        inputs=(
            Input(name="pieces", unit="piece", axis="period", no_effect=0, **plain),
            Input(name="price", unit="CNY/piece", at_least=0, **plain),
            Input(name="rate", unit="%/year", **plain),
            Input(name="saved", unit="CNY", at_least=0, **plain),
            Input(name="claim", unit="CNY", no_effect=0, **plain),
            Input(name="other", unit="CNY", low=1, likely=2, high=9, **plain),
        ),
        formulas=(
            Formula(name="sold", unit="CNY", text="pieces * price"),
            Formula(name="freed", unit="CNY", text="each(saved)"),
            Formula(name="flow", unit="CNY", text="sold + freed - at(0, 20 * claim) - at(0, other)"),
            Formula(name="npv", unit="CNY", text="npv(flow, rate)"),
            Formula(name="back", unit="month", text="payback(flow)"),
            Formula(name="share", unit="1", text="sum(freed) / sum(sold + freed)"),
            Formula(name="fixed", unit="CNY", text="other * 2"),
            Formula(name="tied", unit="CNY", text="other + saved"),
        ),
        caps=(Cap(name="limit", unit="CNY", text="max(pieces, 0) * price", covers=("sold", "freed")),),
        correlations=(Correlation(inputs=("other", "saved"), r=0.6),),
        outputs=tuple(Output(name=name, title=WORDS, action=WORDS, acceptance=WORDS) for name in names),
    )  # fmt: skip


CALCULATOR = made()


def same(left: Sheet, right: Sheet) -> None:
    assert left.outputs.keys() == right.outputs.keys()
    for name, figure in left.outputs.items():
        other = right.outputs[name]
        assert figure.values.tobytes() == np.ascontiguousarray(other.values).tobytes(), name
        assert repr((figure.p10, figure.p50, figure.p90, figure.mean, figure.undefined, figure.chance)) == repr(
            (other.p10, other.p50, other.p90, other.mean, other.undefined, other.chance)
        )
        assert figure.tier is other.tier
    assert left.kept.keys() == right.kept.keys()
    for name, array in left.kept.items():
        assert np.array_equal(array, right.kept[name], equal_nan=True), name
    assert left.capped == right.capped
    assert repr(left.to_json()) == repr(right.to_json())


three = st.lists(st.floats(0.1, 50), min_size=3, max_size=3).map(sorted).map(tuple)
values = {
    "price": st.one_of(three, st.floats(0, 50)),
    "rate": st.floats(0, 40),
    "saved": st.one_of(three, st.floats(0, 200)),
    "claim": st.builds(
        lambda value, tier: Given(value=value, tier=tier), three, st.sampled_from([Tier.CLAIM, Tier.TYPED])
    ),
    "other": st.one_of(three, st.floats(0, 50)),
    "pieces": st.integers(0, 9).map(lambda seed: Given(value=np.random.default_rng(seed).normal(10, 4, (40, 6)))),
}


@settings(max_examples=40, deadline=None)
@given(
    move=st.sampled_from(sorted(values)).flatmap(lambda name: st.tuples(st.just(name), values[name], values[name])),
    claims=st.booleans(),
)
def test_a_move_is_a_whole_evaluation(move, claims) -> None:
    name, first, second = move
    base = evaluate(CALCULATOR, VALUES, draws=DRAWS, seed=3, claims=claims)
    held = lever(base, VALUES, name)
    for value in (first, second):
        whole = evaluate(CALCULATOR, {**VALUES, name: value}, draws=DRAWS, seed=3, claims=claims)
        same(held.move(value), whole)


def test_only_what_depends_on_the_input_is_evaluated_again() -> None:
    base = evaluate(CALCULATOR, VALUES, draws=DRAWS, seed=3, claims=True)
    held = lever(base, VALUES, "rate")
    assert held.downstream == {"rate", "npv"}
    moved = held.move(20.0)
    assert moved.outputs["npv"].p50 != base.outputs["npv"].p50
    assert all(moved.kept[name] is base.kept[name] for name in base.kept if name not in held.downstream)
    assert held.size < sum(array.nbytes for array in base.kept.values()) * 20


def test_only_what_is_asked_for_is_followed() -> None:
    base = evaluate(CALCULATOR, VALUES, draws=DRAWS, seed=3, claims=True)
    moved = lever(base, VALUES, "price", outputs=("npv",)).move((1.0, 9.0, 10.0))
    whole = evaluate(CALCULATOR, {**VALUES, "price": (1.0, 9.0, 10.0)}, draws=DRAWS, seed=3, claims=True)
    assert moved.outputs["npv"].values.tobytes() == whole.outputs["npv"].values.tobytes()
    assert moved.outputs["fixed"].values.tobytes() == whole.outputs["fixed"].values.tobytes()
    assert "back" not in moved.outputs  # it would be the one from before the move
    assert moved.capped == whole.capped


def test_a_lever_needs_an_input() -> None:
    base = evaluate(CALCULATOR, VALUES, draws=100, seed=3, claims=True)
    with pytest.raises(CalculationError) as refusal:
        lever(base, VALUES, "npv")
    assert refusal.value.code == "unknown_number"
