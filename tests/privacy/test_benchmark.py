from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import benchmark, noise
from privacy.benchmark import GROUP, MEASURES, MICRO, PRICES, STEPS, YEAR_BUDGET
from privacy.vault import PrivacyError

OEE = MEASURES["oee"]


def question(precision: str = "usual") -> benchmark.Question:
    return benchmark.ask("oee", "discrete", year=2026, precision=precision)


@given(st.floats(allow_nan=False), st.sampled_from(sorted(MEASURES)))
def test_a_figure_never_leaves_its_range(value, name) -> None:
    assert 0 <= MEASURES[name].counted(value) <= STEPS


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(PrivacyError, match="not a number"):
        OEE.counted(math.nan)


@given(st.integers(min_value=-(10**9), max_value=10**9), st.integers(min_value=GROUP, max_value=500))
def test_an_answer_stays_inside_the_public_range_and_in_order(noisy, group) -> None:
    found = benchmark.answer(question(), noisy, group=group)
    assert OEE.low <= found.low <= found.mean <= found.high <= OEE.high


def test_without_noise_the_answer_would_be_the_mean() -> None:
    figures = [0.55, 0.65, 0.75, 0.6] * 10
    total = sum(OEE.counted(value) for value in figures)
    assert benchmark.answer(question(), total, group=40).mean == pytest.approx(statistics.mean(figures), abs=OEE.step)


def test_a_year_has_room_for_a_few_answers_and_no_group_is_smaller_than_ten() -> None:
    assert YEAR_BUDGET // PRICES["usual"] == 4
    assert all(benchmark.smallest_group(price) >= GROUP == 10 for price in PRICES.values())
    assert [name for name in PRICES if question(name).needs_approval] == ["fine"]


def test_the_same_question_is_the_same_whatever_it_costs() -> None:
    assert question("coarse").digest == question("fine").digest
    other = benchmark.ask("oee", "discrete", year=2027, precision="usual")
    assert other.digest != question().digest


@pytest.mark.parametrize(
    ("measure", "precision", "code"),
    [("secret", "usual", "measure_unknown"), ("oee", "exact", "precision_unknown")],
)
def test_nothing_else_can_be_asked(measure, precision, code) -> None:
    with pytest.raises(PrivacyError) as refusal:
        benchmark.ask(measure, "discrete", year=2026, precision=precision)
    assert refusal.value.code == code


@pytest.mark.parametrize("price", PRICES.values())
def test_the_noise_has_the_spread_that_its_price_says(price) -> None:
    drawn = [noise.noisy_sum([5_000] * 12, price=price) - 60_000 for _ in range(2_000)]
    spread = STEPS / math.sqrt(2 * price / MICRO)
    # a mean and a spread of 2,000 draws further off than this happen less than once in a hundred million runs
    assert abs(statistics.mean(drawn)) < 6 * spread / math.sqrt(2_000)
    assert statistics.pstdev(drawn) == pytest.approx(spread, rel=0.12)


def test_a_figure_outside_its_range_is_not_summed() -> None:
    for wrong in (-1, STEPS + 1):
        with pytest.raises(PrivacyError) as refusal:
            noise.noisy_sum([wrong], price=PRICES["usual"])
        assert refusal.value.code == "figure_unbounded"


def test_without_opendp_nothing_is_drawn(monkeypatch) -> None:
    monkeypatch.setattr(noise, "find_spec", lambda _: None)
    with pytest.raises(PrivacyError) as refusal:
        noise.noisy_sum([1], price=PRICES["usual"])
    assert refusal.value.code == "noise_missing"
