"""Levers: gains are where the line is held up, and nowhere else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from simulators.figures import Window
from simulators.levers import levers, ranking, turning_point
from simulators.line import Distribution, Failure, Line, Station
from simulators.scenario import Adoption, Effect, Module, Scenario
from simulators.study import Study, run
from simulators.twin import run_twin

HOURS = Window(warmup=20_000, horizon=500_000)


def line() -> Line:
    def station(name: str, cycle: float, buffer: int) -> Station:
        jam = Failure(
            name="jam", clock="operating", uptime=Distribution.exponential(3000), repair=Distribution.exponential(300)
        )
        return Station(name=name, cycle=Distribution.constant(cycle), failures=(jam,), buffer=buffer)

    return Line(name="l", stations=(station("a", 40, 5), station("slow", 60, 5), station("c", 40, 0)))


@pytest.fixture(scope="module")
def found():
    return levers(line(), window=HOURS, replications=8)


def test_the_slow_machine_s_cycle_is_the_first_lever(found):
    assert (found[0].station, found[0].change) == ("slow", "cycle")
    assert found[0].low > 0
    assert found[0].certain


def test_a_quicker_machine_that_waits_anyway_brings_little(found):
    gains = {(lever.station, lever.change): lever.gain_per_h for lever in found}
    assert gains["c", "cycle"] < 0.1 * gains["slow", "cycle"]
    assert gains["a", "cycle"] < 0.1 * gains["slow", "cycle"]
    assert ("c", "buffer") not in gains, "there is nothing behind the last station"


def test_gains_of_repairs_and_uptimes_agree_with_each_other(found):
    gains = {(lever.station, lever.change): lever for lever in found}
    assert gains["slow", "repair"].gain_per_h > 0
    assert gains["slow", "uptime"].gain_per_h == pytest.approx(gains["slow", "repair"].gain_per_h, rel=0.5)


def test_any_executor_finds_the_same(found):
    with ThreadPoolExecutor(2) as pool:
        assert levers(line(), window=HOURS, replications=8, executor=pool.map) == found


def test_the_turning_point_is_the_slow_machine():
    assert turning_point(line(), run_twin(line(), HOURS, 1, 0)) == "slow"


def test_scenarios_are_ranked_by_gain_and_by_how_often_they_win():
    def scenario(name: str, share: float) -> Scenario:
        effect = Effect(
            parameter="repair", low=share, likely=share, high=share, change="reduction", tier="C", source={"en": "x"}
        )
        return Scenario(
            id=name, title={}, modules=(Module(id=name, title={}, effects=(effect,), adoption=Adoption(shape="step")),)
        )

    study = Study(
        line=line(), scenarios=(scenario("little", 0.1), scenario("much", 0.5)), months=6, draws=10, operations=2e5
    )
    ranked = ranking(run(study))
    assert [one.id for one in ranked] == ["much", "little", "baseline"]
    assert ranked[0].probability_best == 1.0
