"""What pages get of a result: every pair of futures told apart, and where the time goes at the end."""

from __future__ import annotations

import pytest

from portal.studies import summary
from simulators.line import Distribution, Failure, Line, Station
from simulators.scenario import Adoption, Effect, Module, Scenario
from simulators.study import Study, run


def scenario(name: str, share: float, parameter: str = "repair") -> Scenario:
    effect = Effect(
        parameter=parameter, low=share, likely=share, high=share, change="reduction", tier="C", source={"en": "case"},
        reading="bounds",
    )  # fmt: skip
    module = Module(id=name, title={"en": name}, effects=(effect,), adoption=Adoption(shape="step"))
    return Scenario(id=name, title={"en": name}, modules=(module,))


@pytest.fixture(scope="module")
def shown() -> dict:
    jam = Failure(
        name="jam", clock="operating", uptime=Distribution.exponential(1800), repair=Distribution.exponential(600)
    )
    cycle = Distribution.constant(30)
    line = Line(name="line", stations=tuple(Station(name=n, cycle=cycle, failures=(jam,)) for n in ("saw", "drill")))
    scenarios = (scenario("half", 0.5), scenario("tenth", 0.1), scenario("none", 0.0))
    result = run(Study(line=line, scenarios=scenarios, months=6, draws=20, operations=2e7))
    assert result is not None
    return summary(result, records={"half": "r1", "tenth": "r2", "none": "r3"}, sample=False, rough=False)


def test_every_pair_of_futures_is_told_apart_draw_by_draw(shown: dict) -> None:
    pairs = {(one["first"], one["second"]): one for one in shown["pairs"]}
    assert set(pairs) == {
        ("baseline", "half"), ("baseline", "tenth"), ("baseline", "none"), ("half", "tenth"), ("half", "none"),
        ("tenth", "none"),
    }  # fmt: skip
    best = pairs["half", "tenth"]
    assert best["mean"] > 0
    assert (best["probability"], best["clear"]) == (1.0, True)
    assert pairs["baseline", "half"]["mean"] < pairs["baseline", "tenth"]["mean"] < 0
    nothing = pairs["baseline", "none"]
    assert (nothing["mean"], nothing["probability"], nothing["clear"]) == (0.0, 0.0, False)


def test_shares_of_the_last_month_add_up_and_show_what_changed(shown: dict) -> None:
    states = {one["id"]: one["states"] for one in shown["scenarios"]}
    for one in states.values():
        assert list(one) == ["saw", "drill"]
        assert all(sum(shares.values()) == pytest.approx(1) for shares in one.values())
    assert states["half"]["saw"]["down"] < 0.7 * states["baseline"]["saw"]["down"]
    assert states["half"]["saw"]["working"] > states["baseline"]["saw"]["working"]
