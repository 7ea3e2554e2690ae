"""Random numbers: published test vectors, exact tables, streams that do not know each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.figures import Window
from simulators.line import Distribution, Failure, Line, ModelError, Station
from simulators.streams import checked_seed, draws, fill, random_bits, recipe, stream_id
from simulators.twin import run_twin

SMOOTH = [
    Distribution.exponential(5),
    Distribution.lognormal(5, cv=0.5),
    Distribution.lognormal(5, cv=20),
    Distribution.weibull(shape=0.1, scale=3),
    Distribution.weibull(shape=100, scale=3),
    Distribution.weibull(shape=2, scale=3),
    Distribution.gamma(5, cv=0.05),
    Distribution.gamma(5, cv=3),
    Distribution.erlang(5, k=10_000),
    Distribution.erlang(5, k=3),
]
STEPS = [
    Distribution.uniform(1, 2),
    Distribution.triangular(1, 2, 5),
    Distribution.discrete([1, 6], [0.9, 0.1]),
    Distribution.empirical([3, 1, 2]),
    Distribution.constant(4),
]


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_the_generator_is_philox4x32_10(counter, key, words) -> None:
    """Known answers of the Random123 distribution."""
    out = np.zeros(2, np.uint64)
    seed, name = key[0] | key[1] << 32, counter[2] | counter[3] << 32
    random_bits(out, np.uint64(seed), np.uint64(counter[1]), np.uint64(name), np.uint64(2 * counter[0]))
    low, high, low2, high2 = (int(word, 16) for word in words.split())
    assert out.tolist() == [(low << 32 | high) >> 11, (low2 << 32 | high2) >> 11]


def uniforms(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The uniform numbers of stream 3, and one minus each, exactly."""
    bits = np.empty(count, np.uint64)
    random_bits(bits, np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(0))
    whole = bits.astype(np.int64)
    return (whole + 0.5) * 2.0**-53, (2**53 - 1 - whole + 0.5) * 2.0**-53


@pytest.mark.parametrize("distribution", SMOOTH + STEPS, ids=repr)
def test_times_are_the_quantiles_of_the_uniform_numbers(distribution: Distribution) -> None:
    u, rest = uniforms(20_000)
    drawn = np.array(list(islice(draws(distribution, 1, 2, 3), len(u))))
    np.testing.assert_allclose(drawn, distribution.quantile(u, rest), rtol=1e-6)


@pytest.mark.parametrize("distribution", SMOOTH, ids=repr)
def test_tables_hold_in_the_tails(distribution: Distribution) -> None:
    near = 2.0 ** -np.linspace(1.001, 53, 4_001)
    table = recipe(distribution)[1].reshape(2, 53, 64, 4)
    mantissa, exponent = np.frexp(near)
    place = (2 * mantissa - 1) * 64
    cell = place.astype(int)
    x = place - cell
    for side, exact in ((0, distribution.quantile(near, 1 - near)), (1, distribution.quantile(1 - near, near))):
        cubic = table[side, -1 - exponent, cell]
        read = sum(cubic[:, power] * x**power for power in range(4))
        np.testing.assert_allclose(read * distribution.scaled(1).mean / _unit_mean(distribution), exact, rtol=1e-6)


def _unit_mean(distribution: Distribution) -> float:
    if distribution.kind == "weibull":
        return Distribution.weibull(distribution.number("shape"), 1).mean
    return 1.0


@pytest.mark.parametrize("distribution", SMOOTH[:2] + SMOOTH[5:] + STEPS, ids=repr)
def test_the_mean_is_the_mean(distribution: Distribution) -> None:
    drawn = np.array(list(islice(draws(distribution, 5, 0, 9), 40_000)))
    assert drawn.mean() == pytest.approx(distribution.mean, abs=5 * drawn.std() / 200 + 1e-12)


@given(st.integers(0, 500), st.integers(1, 40))
def test_a_number_does_not_depend_on_the_numbers_drawn_before(first: int, count: int) -> None:
    exponential = Distribution.exponential(1)
    kind, table, steps, a, b, c = recipe(exponential)
    out = np.empty(2 * count)
    fill(out, np.array(table), kind, 0, steps, a, b, c, np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(2 * first))
    expected = list(islice(draws(exponential, 1, 2, 3, block=64), 2 * first, 2 * (first + count)))
    assert out.tolist() == expected


def test_streams_have_names_not_positions() -> None:
    names = {stream_id(station, purpose, cause, server) for station in "ab" for purpose in ("up", "down")
             for cause in ("", "jam") for server in (0, 1)}  # fmt: skip
    assert len(names) == 16
    assert stream_id("filler", "cycle") == 15_774_702_880_672_569_638  # stored studies depend on it


def line(*stations: Station) -> Line:
    return Line(name="line", stations=stations)


JAM = Failure(
    name="jam", clock="operating", uptime=Distribution.exponential(300), repair=Distribution.lognormal(40, cv=1)
)
FILLER = Station(name="filler", cycle=Distribution.lognormal(5, cv=0.3), failures=(JAM,), buffer=None)
CAPPER = Station(name="capper", cycle=Distribution.gamma(5, cv=0.3))


def test_a_change_downstream_of_unlimited_room_changes_no_bit_upstream() -> None:
    window = Window(warmup=100, horizon=20_000)
    base = run_twin(line(FILLER, CAPPER), window, 1, 0)
    quicker = run_twin(line(FILLER, replace(CAPPER, cycle=CAPPER.cycle.scaled(0.8))), window, 1, 0)
    longer = run_twin(line(FILLER, CAPPER, replace(CAPPER, name="packer")), window, 1, 0)
    assert (base.states[0] == quicker.states[0]).all()
    assert (base.states[0] == longer.states[0]).all()


def test_a_cause_that_never_strikes_changes_no_bit_anywhere() -> None:
    never = replace(JAM, name="flood", uptime=Distribution.constant(1e12))
    window = Window(warmup=100, horizon=20_000)
    base = run_twin(line(FILLER, CAPPER), window, 1, 0)
    same = run_twin(line(replace(FILLER, failures=(JAM, never)), CAPPER), window, 1, 0)
    assert (base.vector() == same.vector()).all()


def test_seeds_of_64_bits_are_welcome_and_others_refused() -> None:
    assert checked_seed(2**64 - 1) == 2**64 - 1
    with pytest.raises(ModelError) as refusal:
        checked_seed(-1)
    assert (refusal.value.code, refusal.value.place) == ("seed_range", "seed")
