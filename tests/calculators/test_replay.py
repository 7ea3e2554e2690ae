"""A rule replayed on the past: its calls, its precision, and what was at stake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.replay import replay
from calculators.units import CalculationError


@dataclass(frozen=True)
class Call:
    when: str
    id: str = "call"
    level: int = 2


def weeks(*values: float) -> list[dict[str, float]]:
    return [{"stops": value} for value in values]


def test_calls_are_right_when_a_bad_week_follows() -> None:
    found = replay(Call("stops > 5"), weeks(1, 9, 1, 9, 1, 9, 1, 1, 1, 1), [1, 1, 10, 1, 12, 1, 1, 1, 1, 1])
    assert (found.raised, found.bad, found.right) == ((1, 3, 5), (2, 4), (1, 3))
    assert found.precision[0] == pytest.approx(2 / 3)
    assert found.caught[0] == 1
    assert found.at_stake == 9 + 11


def test_the_last_week_has_no_future_and_counts_neither_way() -> None:
    found = replay(Call("stops > 5"), weeks(1, 1, 1, 1, 9), [1, 1, 1, 1, 5])
    assert found.raised == (4,)
    assert np.isnan(found.precision[0])
    assert found.caught[0] == 0


def test_figures_that_are_not_known_are_counted_not_guessed() -> None:
    found = replay(Call("other > 5 and stops > 0"), weeks(1, 2, 3), [1, 2, 3])
    assert (found.raised, found.unknown) == ((), 3)


def test_a_history_without_weeks_and_a_condition_that_is_none() -> None:
    assert replay(Call("stops > 5"), [], []).weeks == 0
    with pytest.raises(CalculationError):
        replay(Call("stops + 5"), weeks(1), [1])


@given(
    values=st.lists(st.floats(0, 100), min_size=1, max_size=60),
    losses=st.lists(st.floats(0, 1e6), min_size=60, max_size=60),
    ahead=st.integers(1, 4),
)
def test_shares_are_shares_and_a_stricter_rule_calls_less(values, losses, ahead) -> None:
    history = weeks(*values)
    loose, strict = (
        replay(Call(f"stops > {limit}"), history, losses[: len(values)], ahead=ahead) for limit in (20, 60)
    )
    assert set(strict.raised) <= set(loose.raised)
    assert strict.bad == loose.bad
    assert set(loose.right) <= set(loose.raised)
    assert loose.at_stake >= strict.at_stake >= 0
    for share in (loose.precision, loose.caught):
        assert np.isnan(share[0]) or 0 <= share[1] <= share[0] <= share[2] <= 1
