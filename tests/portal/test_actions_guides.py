"""What reps made of guide cards, in counts, and which cards are proposed for retirement."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import actions_guides
from portal.actions import ActionError
from portal.identity import Role

PACK, CARD = "discrete-manufacturing", "standstill"


def judge(installation, verdict: str, reason: str = "", *, who: str = "rep-1", card: str = CARD) -> None:
    rep = installation.as_(Role.REP, who=who)
    actions_guides.judge_card(rep, pack=PACK, card=card, verdict=verdict, reason=reason)


def test_one_judgement_by_rep_card_and_month_counts(installation) -> None:
    judge(installation, "adopted")
    judge(installation, "partly", "too_long")
    judge(installation, "rejected", "other_doubt", who="rep-2")
    found = actions_guides.guide_cards(installation.as_(Role.REP, who="rep-1"), pack=PACK)
    card = found["cards"][CARD]
    assert (card["adopted"], card["partly"], card["rejected"]) == (0, 1, 1)
    assert (card["confidence"], card["mine"]["reason"]) == ("unproven", "too_long")
    assert card["code"] == f"{PACK}/{CARD}@{found['basis']['version']}"
    assert found["limits"]
    assert found["basis"]["reviewer"]
    installation.clock.ahead += timedelta(days=40)
    judge(installation, "adopted")
    card = actions_guides.guide_cards(installation.as_(Role.REP, who="rep-1"), pack=PACK)["cards"][CARD]
    assert (card["adopted"], card["partly"], card["rejected"]) == (1, 1, 1)


def test_a_card_that_many_reject_is_proposed_for_retirement_while_it_is_recent(installation) -> None:
    architect = installation.as_(Role.ARCHITECT)
    for number in range(9):
        judge(installation, "rejected", "not_believed", who=f"rep-{number}")
    assert actions_guides.card_usage(architect) == {"uses": 9, "weak": []}
    judge(installation, "partly", "other_words", who="rep-9")
    (weak,) = actions_guides.card_usage(architect)["weak"]
    assert (weak["card"], weak["rejected"], weak["reason"], weak["confidence"]) == (CARD, 9, "not_believed", "weak")
    assert 0 == weak["low"] < weak["high"] < 0.5
    assert weak["says"]["en"].startswith("Going live stops")
    installation.clock.ahead += timedelta(days=40)
    assert actions_guides.card_usage(architect) == {"uses": 0, "weak": []}


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"card": "no-such"}, "unknown_card"),
        ({"verdict": "liked"}, "unknown_card_verdict"),
        ({"verdict": "rejected"}, "card_reason"),
        ({"verdict": "partly", "reason": "fits"}, "card_reason"),
        ({"reason": "Acme's Mr Li did not like it"}, "card_reason"),
    ],
)
def test_a_judgement_that_says_nothing_or_too_much_is_refused(installation, call, code) -> None:
    said = {"pack": PACK, "card": CARD, "verdict": "adopted", "reason": "", **call}
    with pytest.raises(ActionError) as caught:
        actions_guides.judge_card(installation.as_(Role.REP), **said)
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.parametrize("role", [Role.OWNER, Role.GUEST, Role.ARCHITECT])
def test_only_reps_judge(installation, role) -> None:
    with pytest.raises(ActionError) as caught:
        actions_guides.judge_card(installation.as_(role), pack=PACK, card=CARD, verdict="adopted", reason="")
    assert caught.value.code == "action_refused"
