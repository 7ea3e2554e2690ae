from __future__ import annotations

import pytest

from portal import actions_checks, actions_packs, catalogue
from portal.actions import ActionError
from portal.identity import Role
from portal.risk_inputs import warnings


def test_a_rule_holds_when_its_comparison_does() -> None:
    found, unknown = warnings({"loss_probability": 0.4, "weeks_of_data": 26.0, "veto_gaps": 0.0})
    held = {one["id"] for one in found if not one["trap"]}
    assert "loses-money" in held
    assert not held & {"thin-data", "security-gaps"}
    assert "slow-payback" in unknown
    assert all(one["next_step"]["en"] and one["next_step"]["zh-CN"] for one in found)


def test_what_a_fit_and_a_study_know_raises_its_warnings() -> None:
    figures = {
        "baseline_oee": 0.9, "baseline_effectiveness": 1.02, "weak_causes": 2.0, "trends_found": 1.0,
        "constraint_share": 0.3,
    }  # fmt: skip
    wanted = {"baseline-too-good", "faster-than-ideal", "few-failures", "failures-with-a-trend",
              "slowest-is-not-the-bottleneck"}  # fmt: skip
    assert wanted <= {one["id"] for one in warnings(figures)[0]}
    quiet = {
        "baseline_oee": 0.7, "baseline_effectiveness": 0.95, "weak_causes": 0.0, "trends_found": 0.0,
        "constraint_share": 0.8,
    }  # fmt: skip
    assert not wanted & {one["id"] for one in warnings(quiet)[0]}


def test_traps_are_questions_that_stay_open() -> None:
    found, _ = warnings({})
    assert [one["trap"] for one in found] == [True] * len(found)
    assert all(one["question"] for one in found)


def test_worst_warnings_come_first() -> None:
    found, _ = warnings({"loss_probability": 1.0, "bottleneck_moves": 2.0, "not_assessed_share": 0.9})
    levels = [one["level"] for one in found if not one["trap"]]
    assert levels == sorted(levels, reverse=True)


def test_answers_change_the_score_and_evidence_is_kept_sealed(installation) -> None:
    owner = installation.as_(Role.OWNER)
    before = actions_checks.assess(owner)
    assert (before["score"], before["answered"]) == ([0.0, 1.0], 0)
    first, second = (control["id"] for control in before["controls"][:2])
    actions_checks.answer_control(owner, control=first, status="met")
    actions_checks.answer_control(owner, control=second, status="not_met", reason="not yet")
    file = actions_checks.attach_evidence(owner, control=first, data=b"minutes", name="minutes.txt")
    after = actions_checks.assess(owner)
    assert after["answered"] == 2
    assert after["score"][0] > 0
    assert after["score"][1] < 1
    answer = after["controls"][0]["answer"]
    assert [one["id"] for one in answer["evidence"]] == [file]
    assert owner.get("evidence", file) == b"minutes"
    assert second in {gap["control"] for gap in after["gaps"]}


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"control": "nothing", "status": "met"}, "unknown_control"),
        ({"status": "perhaps"}, "unknown_answer"),
        ({"status": "not_applicable"}, "reason_missing"),
        ({"status": "met", "checklist": "no/list"}, "unknown_checklist"),
    ],
)
def test_answers_that_make_no_sense_are_refused(installation, call, code) -> None:
    owner = installation.as_(Role.OWNER)
    control = actions_checks.assess(owner)["controls"][0]["id"]
    with pytest.raises(ValueError) as refusal:
        actions_checks.answer_control(owner, **{"control": control, **call})
    assert refusal.value.code == code
    assert actions_checks.assess(owner)["answered"] == 0


def test_a_prospect_never_reads_the_reps_guide(installation) -> None:
    seen = actions_packs.open_pack(installation.as_(Role.OWNER))
    assert "guide" not in seen
    assert all("guide" not in obstacle for obstacle in seen["obstacles"])
    assert actions_packs.open_pack(installation.as_(Role.REP))["guide"]
    with pytest.raises(ActionError):
        actions_packs.open_pack(installation.as_(Role.OWNER), "no-such-pack")


def test_a_module_takes_a_persons_own_figures_and_machines() -> None:
    offer = catalogue.modules_on_offer()
    name = next(iter(offer))
    changed = catalogue.with_overrides(
        offer, {"id": name, "effects": {"0": [0.1, 0.2, 0.3]}, "start": 5, "t90": 7, "reason": "trial of March"}
    )
    assert (changed.effects[0].likely, changed.effects[0].tier, changed.effects[0].source["en"]) == (
        0.2,
        "B",
        "trial of March",
    )
    assert (changed.adoption.start, changed.adoption.t90) == (5.0, 7.0)
    for wish, code in (
        ({"id": "no/module"}, "unknown_module"),
        ({"id": name, "effects": {9: 0.1}}, "unknown_effect"),
        ({"id": name, "effects": {0: [0.1, 0.2]}}, "three_values"),
    ):
        with pytest.raises(ActionError) as refusal:
            catalogue.with_overrides(offer, wish)
        assert refusal.value.code == code


def test_a_rule_that_several_packs_share_warns_once() -> None:
    found, open_rules = warnings({"loss_probability": 0.9})
    ids = [one["id"] for one in found]
    assert len(ids) == len(set(ids))
    assert sum(one["trap"] for one in found) == 3
    assert "loses-money" in ids
    assert len(open_rules) == len(set(open_rules))
