"""The pilot measures what moves the value most, says when to stop and when to decide, and the roll-out follows it."""

from __future__ import annotations

from datetime import date

import pytest

from calculators.pilot import plan_pilot
from portal import actions_pilot, pilots
from portal.actions import ActionError
from portal.identity import Role


def test_the_plan_rests_on_the_own_days_and_the_simulated_gain(valued) -> None:
    found = actions_pilot.pilot(valued.owner)
    station, days = pilots.daily_good(valued.owner)
    assert 40 <= len(days) <= 43
    good = next(one for one in found["measures"] if one["kind"] == "good")
    assert (good["station"], station) == ("packer", "packer")
    assert good["plan"]["promised"] == good["promised"] > 0
    assert good["plan"]["mean"] == pytest.approx(sum(days) / len(days))
    again = plan_pilot(days, good["promised"], length=14, worth=good["worth"])
    assert good["plan"]["go_at"] == pytest.approx(again.mean + again.go_above)
    assert again.go_above >= good["worth"]
    assert found["largest"]["swing"] >= max(one["swing"] for one in found["also"])


def test_it_measures_what_shows_its_promise_best_and_turns_the_limits_round_where_less_is_better(valued) -> None:
    found = actions_pilot.pilot(valued.owner)
    plans = [one["plan"] for one in found["measures"] if one["plan"] is not None]
    assert found["plan"]["power"] == max(plan["power"] for plan in plans)
    less = [one for one in found["measures"] if one["less"] and one["plan"] is not None]
    assert {one["kind"] for one in less} >= {"failure_rate"}
    for one in less:
        assert one["plan"]["go_at"] < one["plan"]["mean"] < one["plan"]["stop_at"]
        assert 0 < one["promised"] < one["plan"]["mean"]


def test_dates_follow_each_other(valued) -> None:
    found = actions_pilot.pilot(valued.owner)
    assert date.fromisoformat(found["start"]).weekday() == 0
    days = [found["start"], found["half"], found["end"]]
    for phase in found["phases"]:
        days += [phase["begin"], phase["full"], phase["review"]]
    assert days == sorted(days)
    assert len(found["phases"]) == 1


def test_what_is_kept_moves_every_date(valued) -> None:
    actions_pilot.save_pilot(valued.owner, start="2027-03-01", length=21, owner="Zhao")
    found = actions_pilot.pilot(valued.owner)
    assert (found["start"], found["half"], found["end"], found["owner"]) == (
        "2027-03-01",
        "2027-03-11",
        "2027-03-22",
        "Zhao",
    )
    assert found["plan"]["length"] == 21


def test_the_plan_in_words_is_there_in_both_languages(valued) -> None:
    lines = actions_pilot.pilot(valued.owner)["lines"]
    assert len(lines) >= 5
    for line in lines:
        for part in (line["title"], line["text"]):
            assert set(part) == {"zh-CN", "en"}
            assert all(text and not text.startswith("pilot.") and "{" not in text for text in part.values())


def test_a_pilot_of_no_days_is_refused_and_a_reader_plans_nothing(valued) -> None:
    for wrong, code in (({"length": 3}, "bad_pilot"), ({"start": "soon"}, "bad_day")):
        with pytest.raises(ActionError) as refusal:
            actions_pilot.save_pilot(valued.owner, **{"start": "2027-03-01", **wrong})
        assert refusal.value.code == code
    reader = valued.installation.as_(Role.FINANCE_READER)
    assert actions_pilot.pilot(reader)["lines"]
    with pytest.raises(ActionError) as refusal:
        actions_pilot.save_pilot(reader, start="2027-03-01")
    assert refusal.value.code == "action_refused"
