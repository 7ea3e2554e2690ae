"""A forecast is locked at the decision, cannot be rewritten, and is scored by what came of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.units import CalculationError
from portal import actions_forecast, actions_study, actions_value, forecast_book
from portal.actions import ActionError
from portal.identity import Role
from portal.releasable import releasable


@pytest.fixture(scope="module")
def locked(valued) -> str:
    return actions_forecast.lock_forecast(
        valued.owner, decision="pilot", reason="Two shifts try it first.", go_live="2026-01-01"
    )


def view(valued, key):
    return next(one for one in actions_forecast.forecasts(valued.owner)["forecasts"] if one["id"] == key)


def test_what_is_locked_stays_when_the_inputs_move(valued, locked) -> None:
    before = view(valued, locked)["forecast"]
    assert before["figures"]["npv"]["p50"] == actions_value.appraise(valued.owner)["outputs"]["npv"]["p50"]
    assert len(before["digest"]) == len(before["rests_on"]) == 64
    actions_value.set_inputs(valued.owner, {"tax_rate": "15 %"})
    try:
        assert view(valued, locked)["forecast"] == before
        assert actions_value.appraise(valued.owner)["outputs"]["npv"]["p50"] != before["figures"]["npv"]["p50"]
        second = actions_forecast.lock_forecast(valued.owner, decision="buy", reason="Again.", go_live="2026-01-01")
        assert view(valued, second)["forecast"]["rests_on"] != before["rests_on"]
    finally:
        actions_value.set_inputs(valued.owner, {"tax_rate": None})


def test_actual_figures_are_scored_by_module_and_only_bands_can_leave(valued, locked) -> None:
    figures = view(valued, locked)["forecast"]["figures"]["extra_good"]
    months = range(4, 7)
    assert releasable(valued.owner).case.forecast_inside is None
    values = {"extra_good": {month: figures["p50"][month] for month in months}}
    assert actions_forecast.enter_actuals(valued.owner, locked, values=values, source="counts of the line") == 3
    found = view(valued, locked)
    assert (found["inside"], found["bias"]) == (1.0, 0.0)
    assert found["actuals"]["extra_good"]["4"]["source"] == "counts of the line"
    modules = actions_forecast.forecasts(valued.owner)["modules"]
    assert modules["discrete-manufacturing/predictive-maintenance"]["figures"] == 3
    case = releasable(valued.owner).case
    assert (case.forecast_inside, case.forecast_bias) == (1.0, "centred")
    low = {"extra_good": {month: figures["p10"][month] - 1 for month in months}}
    actions_forecast.enter_actuals(valued.owner, locked, values=low)
    assert (releasable(valued.owner).case.forecast_inside, releasable(valued.owner).case.forecast_bias) == (
        0.0,
        "below",
    )
    actions_forecast.enter_actuals(valued.owner, locked, values={"extra_good": dict.fromkeys(months)})
    assert view(valued, locked)["figures"] == 0


def test_oee_after_go_live_is_measured_from_the_records(valued, locked) -> None:
    actions_forecast.enter_actuals(valued.owner, locked, from_records=True)
    actual = view(valued, locked)["actuals"]["oee"]
    assert {entry["source"] for entry in actual.values()} == {"records"}
    line = actions_study.baseline(valued.owner)["line"]["oee"]
    assert actual["1"]["value"] == pytest.approx(line["numerator"] / line["denominator"], rel=0.03)
    late = actions_forecast.lock_forecast(valued.owner, decision="buy", reason="Later.", go_live="2030-01-01")
    with pytest.raises(ActionError) as refusal:
        actions_forecast.enter_actuals(valued.owner, late, from_records=True)
    assert refusal.value.code == "no_weeks_after"


def test_a_changed_forecast_is_refused(valued, locked) -> None:
    kept = dict(valued.owner.get("forecast", locked))
    spoiled = {**kept["forecast"], "figures": {**kept["forecast"]["figures"]}}
    spoiled["figures"]["npv"] = {**spoiled["figures"]["npv"], "p50": 1.0}
    with pytest.raises(CalculationError) as refusal:
        forecast_book.hits_of({**kept, "forecast": spoiled}, {})
    assert refusal.value.code == "forecast_changed"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"decision": "maybe"}, "unknown_decision"), ({"reason": " "}, "decision_reason_missing"), ({"go_live": "May"}, "bad_day")],
)  # fmt: skip
def test_a_decision_says_what_why_and_when(valued, wrong, code) -> None:
    said = {"decision": "wait", "reason": "Not this year.", "go_live": "2026-03-01", **wrong}
    with pytest.raises(ActionError) as refusal:
        actions_forecast.lock_forecast(valued.owner, **said)
    assert refusal.value.code == code


def test_pasted_rows_are_months_and_values() -> None:
    assert forecast_book.read_rows("1, 71.5\n2\t72 %\n\n3，\n", percent=True) == {1: 0.715, 2: 0.72, 3: None}
    assert forecast_book.read_rows("12; 1 200", percent=False) == {12: 1200.0}
    with pytest.raises(ActionError) as refusal:
        forecast_book.read_rows("1, 2\nMay, 3", percent=False)
    assert (refusal.value.code, refusal.value.params["number"]) == ("rows_unreadable", 2)


def test_a_figure_outside_the_forecast_is_refused(valued, locked) -> None:
    for values in ({"npv": {1: 1.0}}, {"oee": {99: 0.5}}, {"oee": {0: 0.5}}):
        with pytest.raises(ActionError) as refusal:
            actions_forecast.enter_actuals(valued.owner, locked, values=values)
        assert refusal.value.code == "no_such_figure"


def test_a_reader_sees_and_locks_nothing(valued, locked) -> None:
    reader = valued.installation.as_(Role.FINANCE_READER)
    assert actions_forecast.forecasts(reader)["forecasts"]
    with pytest.raises(ActionError) as refusal:
        actions_forecast.lock_forecast(reader, decision="buy", reason="I say so.", go_live="2026-01-01")
    assert refusal.value.code == "action_refused"


@given(days=st.integers(0, 700))
def test_weeks_go_to_months_in_order(days) -> None:
    from datetime import date, timedelta

    begun = date(2026, 3, 17)
    day = begun + timedelta(days=days)
    year, week, _ = day.isocalendar()
    month = forecast_book.month_of(f"{year}-W{week:02d}", begun.isoformat())
    thursday = date.fromisocalendar(year, week, 4)
    if month is None:
        assert thursday < begun
    else:
        assert 30 * (month - 1) <= (thursday - begun).days + 10 * month
        assert (thursday - begun).days <= 31 * month
