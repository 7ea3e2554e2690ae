"""Options are held against each other on the same inputs and draws, and never across two definitions of OEE."""

from __future__ import annotations

from typing import Any

import pytest

from calculators.units import CalculationError
from portal import actions_options, actions_value
from portal.actions import ActionError
from portal.identity import Role

RIVAL: dict[str, Any] = {
    "name": "Other GmbH",
    "kind": "rival",
    "effect": [100, 100, 100],
    "values": {"price_once": "20000 CNY", "price_monthly": "100 CNY/month"},
    "source": "offer of 12 May",
}


def kept(found: Any, key: str) -> Any:
    return next(one for one in found["options"] if one["id"] == key)


@pytest.fixture
def rival(valued):
    made: list[str] = []

    def make(**changes: Any) -> str:
        made.append(actions_options.save_option(valued.owner, **{**RIVAL, **changes}))
        return made[-1]

    yield make
    for key in made:
        actions_options.remove_option(valued.owner, key)


def test_the_status_quo_is_the_zero_and_ours_is_the_case(valued) -> None:
    found = actions_options.options(valued.owner)
    quo = kept(found, "status_quo")["outputs"]["npv"]
    assert (quo["p10"], quo["p50"], quo["p90"]) == (0, 0, 0)
    case = actions_value.appraise(valued.owner)
    ours = kept(found, valued.scenario)["outputs"]["npv"]
    assert ours == {name: value for name, value in case["outputs"]["npv"].items() if name != "tornado"}
    assert sum(one["best"][0] for one in found["options"]) == pytest.approx(1)


def test_a_rival_with_our_effect_and_price_is_equal_draw_by_draw(valued, rival) -> None:
    key = rival()
    found = actions_options.options(valued.owner)
    ours, theirs = kept(found, valued.scenario), kept(found, key)
    for at in ("p10", "p50", "p90"):
        assert theirs["outputs"]["npv"][at] == pytest.approx(ours["outputs"]["npv"][at])
    best = max(ours["outputs"]["npv"]["p50"], 0)
    assert (theirs["ahead"][1] == pytest.approx(0, abs=1e-6)) == (best > 0)


def test_less_effect_a_later_start_and_a_higher_price_each_cost_value(valued, rival) -> None:
    same = rival()
    weaker = rival(effect=[50, 60, 70])
    later = rival(later=6)
    dearer = rival(values={"price_once": "60000 CNY"})
    found = actions_options.options(valued.owner)
    base = kept(found, same)["outputs"]["npv"]["p50"]
    assert all(kept(found, key)["outputs"]["npv"]["p50"] < base for key in (weaker, later, dearer))


def test_a_claimed_effect_counts_only_with_claims(valued, rival) -> None:
    key = rival(tier="D")
    off = kept(actions_options.options(valued.owner, claims=False), key)["outputs"]["npv"]["p90"]
    on = kept(actions_options.options(valued.owner, claims=True), key)["outputs"]["npv"]["p90"]
    assert off < 0 < on


def test_points_of_another_definition_are_refused(valued, rival) -> None:
    for definition in ("teep", "semi_e79", "tpm", "ooe", "nee"):
        with pytest.raises(CalculationError) as refusal:
            rival(effect=[1, 2, 3], stated_in=definition)
        assert refusal.value.code == "mixed_definitions"


def test_points_of_our_definition_are_held_against_our_gain(valued, rival) -> None:
    key = rival(effect=[1, 1, 1], stated_in="iso22400")
    assert kept(actions_options.options(valued.owner), key)["outputs"]["npv"]["p50"] is not None


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"kind": "ours"}, {"source": ""}, {"values": {}}, {"values": {"price_once": 1, "tax_rate": 9}},
     {"stated_in": "oee"}, {"later": 61}, {"effect": [1, 2]}],
)  # fmt: skip
def test_an_incomplete_option_is_refused(valued, rival, wrong) -> None:
    with pytest.raises(ActionError) as refusal:
        rival(**wrong)
    assert refusal.value.code in {"option_incomplete", "three_values"}


def test_a_reader_compares_and_changes_nothing(valued) -> None:
    reader = valued.installation.as_(Role.FINANCE_READER)
    assert actions_options.options(reader)["options"]
    with pytest.raises(ActionError) as refusal:
        actions_options.save_option(reader, **RIVAL)
    assert refusal.value.code == "action_refused"


def test_more_than_six_options_are_refused(valued, rival) -> None:
    for _ in range(6):
        rival()
    with pytest.raises(ActionError) as refusal:
        rival()
    assert refusal.value.code == "too_many_options"


def test_a_tried_value_is_the_case_with_that_value_and_changes_nothing(valued) -> None:
    before = actions_value.appraise(valued.owner)
    for price in (5000.0, 40_000.0, 5000.0):
        tried = actions_value.try_value(valued.owner, name="price_once", value=price)
        actions_value.set_inputs(valued.owner, {"price_once": price})
        kept = actions_value.appraise(valued.owner)["outputs"]
        actions_value.set_inputs(valued.owner, {"price_once": "20000 CNY"})
        for name, figure in tried.items():
            assert {key: figure[key] for key in ("p10", "p50", "p90")} == {
                key: kept[name][key] for key in ("p10", "p50", "p90")
            }
    assert actions_value.appraise(valued.owner)["outputs"]["npv"] == before["outputs"]["npv"]
    with pytest.raises(ActionError) as refusal:
        actions_value.try_value(valued.owner, name="extra_good", value=1.0)
    assert refusal.value.code == "input_is_simulated"
    with pytest.raises(CalculationError) as outside:
        actions_value.try_value(valued.owner, name="price_once", value=-1.0)
    assert outside.value.code == "out_of_range"


def test_the_grid_of_two_inputs_grows_with_the_margin_and_falls_with_the_price(valued) -> None:
    actions_value.set_inputs(valued.owner, {"price_once": "15000 / 20000 / 30000 CNY"})
    found = actions_value.two_way(valued.owner, first="contribution_margin", second="price_once")
    assert len(found["npv"]) == len(found["first"]) == len(found["second"]) == 5
    for row in found["npv"]:
        assert row == sorted(row, reverse=True)
    for column in zip(*found["npv"], strict=True):
        assert list(column) == sorted(column)
    for first, second, code in (("npv", "price_once", "unknown_number"), ("price_once", "price_once", "same_input")):
        with pytest.raises(ActionError) as refusal:
            actions_value.two_way(valued.owner, first=first, second=second)
        assert refusal.value.code == code
    actions_value.set_inputs(valued.owner, {"price_once": "20000 CNY"})
