"""Censored waiting times: the curve of Kaplan and Meier, against a textbook case and by its properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies

from calculators.waiting import waiting

TIMES = strategies.lists(strategies.integers(1, 500).map(float), max_size=30)


def test_the_curve_of_the_textbook():
    """Remission times of the 6-MP arm (Freireich 1963, as in Kalbfleisch and Prentice, table 1.2): S(6)=0.857, S(23)=0.448."""
    done = [6.0, 6, 6, 7, 10, 13, 16, 22, 23]
    open_ = [6.0, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    found = waiting(done, open_)
    shares = dict(found.curve)
    assert shares[6.0] == pytest.approx(0.857, abs=5e-4)
    assert shares[7.0] == pytest.approx(0.807, abs=5e-4)
    assert shares[23.0] == pytest.approx(0.448, abs=5e-4)
    assert (found.median, found.p90, found.seen, found.done) == (23.0, None, 21, 9)


def test_nobody_done_says_nothing_of_a_mean():
    assert (waiting([], [3.0]).median, waiting([], [3.0]).restricted_mean, waiting([]).seen) == (None, None, 0)


@given(TIMES.filter(len))
def test_without_censoring_it_is_what_it_always_was(times):
    found = waiting(times)
    assert found.restricted_mean == pytest.approx(np.mean(times))
    assert found.median == pytest.approx(np.quantile(times, 0.5, method="inverted_cdf"))
    assert found.p90 == pytest.approx(np.quantile(times, 0.9, method="inverted_cdf"))


@given(TIMES, TIMES)
def test_the_curve_only_falls_and_open_cases_never_shorten_the_wait(done, open_):
    found = waiting(done, open_)
    shares = [share for _, share in found.curve]
    assert shares[0] == 1
    assert shares == sorted(shares, reverse=True)
    if done and found.median is not None:
        plain = waiting(done).median
        assert plain is not None
        assert found.median >= plain
