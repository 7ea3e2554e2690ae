"""Alerts name what to do and who does it; one digest a day, and only what is new and grave interrupts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calculators.risk import check_rule
from calculators.units import CalculationError
from portal import actions_alerts, actions_assumptions, storage_accounts
from portal.actions import ActionError
from portal.alerting import current_figures
from portal.digests import send_digests
from portal.identity import Profile, Role, Tenant
from portal.mail import Outbox
from portal.outgoing import send_waiting
from portal.risk_inputs import risk_figures
from portal.text import has_text, speaking
from portal.weekly_figures import BEFORE, weekly_figures
from portal.workspace import Workspace
from templates.alert_document import read_alerts, shipped_alerts
from templates.node import DocumentError


def test_the_library_has_at_least_27_rules_in_three_levels_each_with_owner_and_next_step() -> None:
    rules = shipped_alerts()
    assert len(rules) >= 27
    assert {rule.level for rule in rules} == {1, 2, 3}
    for rule in rules:
        assert all(len(text) > 4 for words in (rule.title, rule.next_step) for text in words.values())
        assert rule.title["zh-CN"] != rule.title["en"]
        for figure in check_rule(rule):
            for language in ("zh-CN", "en"):
                with speaking(language):
                    assert has_text(f"figures.{figure}"), figure


def test_every_figure_of_a_rule_can_be_known(valued) -> None:
    _, history, _ = weekly_figures(valued.owner)
    known = {name for week in history for name in week}
    assert known >= {
        "oee",
        "good_drop",
        "stops_rise",
        "longest_stop_h",
        "repair_rise",
        "top_cause_share",
        "scrap_share",
    }
    assert {"late_share", "top_driver_share", "stale_inputs", "data_age_days"} <= current_figures(valued.owner).keys()
    assert risk_figures(valued.owner)


def test_a_rule_that_is_no_comparison_or_stands_twice_is_refused() -> None:
    rule = """
  - id: one
    title: {zh-CN: "题目一二三", en: Title}
    level: 1
    when: CONDITION
    about: history
    owner_role: production
    page: baseline
    next_step: {zh-CN: "下一步骤做什么", en: Something}
    source: {zh-CN: "来源", en: Somewhere}"""
    head = "mingsuan: alerts/1\nrules:"
    with pytest.raises(CalculationError):
        read_alerts(head + rule.replace("CONDITION", "oee > 0.5 or good"), "a.yaml")
    with pytest.raises(DocumentError) as refusal:
        read_alerts(head + 2 * rule.replace("CONDITION", "oee > 0.5"), "a.yaml")
    assert refusal.value.code == "same_id"


def test_alerts_come_gravest_first_with_the_figures_that_raised_them(valued) -> None:
    found = actions_alerts.alerts(valued.owner)
    levels = [one["level"] for one in found["alerts"]]
    assert levels == sorted(levels, reverse=True)
    assert levels
    assert all(one["figures"] and one["owner_role"] and one["next_step"]["en"] for one in found["alerts"])
    titles = [one["title"]["en"] for one in found["alerts"]]
    assert len(titles) == len(set(titles))


def test_a_rule_is_replayed_on_the_own_weeks_without_looking_ahead(valued) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_alerts.try_rule(valued.owner, rule="good-slip")
    assert refusal.value.code == "too_few_weeks"  # the small plant has six


def test_a_long_record_tells_how_often_a_rule_was_right(installation, plant) -> None:
    owner = installation.as_(Role.OWNER)
    plant.upload(owner, weeks=16)
    from portal import actions_study

    actions_study.baseline(owner)
    labels, history, lost = weekly_figures(owner)
    assert len(labels) == len(history) == len(lost) == 16
    assert all("good_drop" not in week for week in history[:BEFORE])
    assert all("good_drop" in week for week in history[BEFORE:])
    loose = actions_alerts.try_rule(owner, rule="good-slip", when="good_drop > 0")
    strict = actions_alerts.try_rule(owner, rule="good-slip", when="good_drop > 0.5")
    assert set(strict["raised"]) <= set(loose["raised"])
    assert loose["raised"]
    assert loose["at_stake_money"] is None
    assert loose["unknown"] == BEFORE
    with pytest.raises(CalculationError) as wrong:
        actions_alerts.try_rule(owner, rule="good-slip", when="good_drop + 1")
    assert wrong.value.code == "condition_expected"
    for rule, code in (("nothing", "unknown_rule"), ("stale-input", "not_replayable")):
        with pytest.raises(ActionError) as refusal:
            actions_alerts.try_rule(owner, rule=rule)
        assert refusal.value.code == code


def test_one_digest_a_day_and_only_what_is_new_and_grave_interrupts(valued) -> None:
    made = valued.installation
    owner = someone(made)
    outbox = Outbox(clock=made.clock)

    def chores() -> int:
        sent = send_digests(made.store, made.keys, made.clock)
        send_waiting(made.store, made.keys, outbox, made.clock)
        return sent

    assert chores() == 0
    actions_alerts.subscribe_digest(owner, on=True, origin="https://example")
    assert chores() == 1
    assert chores() == 0
    (_, mail), *_ = outbox.mails()
    assert mail.to == owner.member.email
    assert "https://example/alerts" in mail.body
    actions_assumptions.object_to(owner, on="line", text="Not our line.")  # level 1: waits for the digest
    assert chores() == 0
    forget_gravest(owner)
    before = len(outbox.mails())
    grave = [one for one in actions_alerts.alerts(owner)["alerts"] if one["level"] == 3]
    assert chores() == bool(grave)
    if grave:
        newest = outbox.mails()[0][1]
        assert newest.subject != mail.subject
        assert len(outbox.mails()) == before + 1
    made.clock.ahead += timedelta(days=1)
    assert chores() == 1
    actions_alerts.subscribe_digest(owner, on=False)
    made.clock.ahead += timedelta(days=1)
    assert chores() == 0
    made.clock.ahead -= timedelta(days=2)


def someone(made) -> Workspace:
    """An owner of the tenant who is known to the installation, with an address."""
    profile = Profile(
        tenant="north", role=Role.OWNER, subject="li", name="Li", email="li@north.example", provider="code"
    )
    with made.store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=made.clock())
        member = storage_accounts.admit(tx, profile, language="en", now=made.clock())
    return Workspace(member, made.store, made.keys, made.clock)


def forget_gravest(owner) -> None:
    """As if nothing grave had been there at the last look."""
    kept = owner.latest("digest", slot=owner.member.id)
    document = {**owner.get("digest", kept.id), "gravest": []}
    with owner.store.writing() as tx:
        owner.put("digest", document, slot=owner.member.id, replace=True)
        owner.flush(tx)
    owner.done()


def test_a_rep_has_no_alerts_of_a_customer(valued) -> None:
    for call in (actions_alerts.alerts, actions_alerts.send_digest):
        with pytest.raises(ActionError) as refusal:
            call(valued.installation.as_(Role.REP))
        assert refusal.value.code == "action_refused"
