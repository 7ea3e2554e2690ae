"""Contact rules in force: no rep can override them, one click ends them, both sides see the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal import actions_contact, actions_links, storage_release
from portal.actions import ActionError
from portal.contacting import address_key, token_for
from portal.identity import VENDOR, Profile, Role, Tenant
from portal.mail import Outbox
from portal.outgoing import send_waiting
from portal.storage_accounts import add_tenant, admit
from portal.storage_release import DisclosureRow

LI = "li@north.example"
MAIL = {"subject": "Hello", "text": "May I show you something?"}


def refused(call: Any, code: str) -> None:
    with pytest.raises(ActionError) as refusal:
        call()
    assert refusal.value.code == code


def contact(installation: Any, **more: Any) -> None:
    rep = installation.as_(Role.REP, who=more.pop("who", ""))
    origin = "https://portal.example"
    actions_contact.contact_prospect(rep, **{"email": LI, "origin": origin, **MAIL, **more})


def customer(installation: Any) -> Any:
    """The owner of a tenant, with an account under his address."""
    profile = Profile(tenant="north", role=Role.OWNER, subject="li", name="Li", email=LI, provider="n")
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id="north", name="North"), now=installation.clock())
        found = admit(tx, profile, language="en", now=installation.clock())
    owner = installation.as_(Role.OWNER, who=found.id)
    return type(owner)(found, installation.store, installation.keys, installation.clock)


def released(installation: Any, *, at: float) -> None:
    row = DisclosureRow(
        id="d", tenant="north", room="main", consent="c", audience=VENDOR, recipient="", handle="h", released_at=at,
        until=at + 10**7, withdrawn_at=None, digest="", data_key="", sealed=b"",
    )  # fmt: skip
    with installation.store.writing() as tx:
        storage_release.add_disclosure(tx, row)


def sent(installation: Any) -> list[Any]:
    outbox = Outbox(clock=installation.clock)
    send_waiting(installation.store, installation.keys, outbox, installation.clock)
    return [mail for _, mail in outbox.mails()]


def test_a_mail_carries_one_click_unsubscribe_in_its_headers_and_its_text(installation) -> None:
    contact(installation)
    (mail,) = sent(installation)
    link = mail.headers["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://portal.example/u/")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.body
    assert LI not in link


def test_the_cap_counts_every_channel_and_every_rep_and_invitations(installation) -> None:
    contact(installation, channel="phone")
    actions_links.invite(installation.as_(Role.REP, who="another"), label="North", email=LI)
    for channel in ("mail", "phone", "visit"):
        refused(lambda channel=channel: contact(installation, channel=channel, who="third"), "too_often")
    refused(
        lambda: actions_links.invite(installation.as_(Role.REP), label="North", email="LI@north.example"), "too_often"
    )
    installation.clock.ahead = timedelta(days=31)
    contact(installation)


def test_invitations_sent_at_once_do_not_outrun_the_cap(installation, monkeypatch) -> None:
    judged = actions_links._allowed

    def overtaken(workspace: Any, address: str, at: Any) -> str:
        hashed = judged(workspace, address, at)
        contact(installation, channel="phone")
        contact(installation, channel="phone")
        return hashed

    monkeypatch.setattr(actions_links, "_allowed", overtaken)
    refused(lambda: actions_links.invite(installation.as_(Role.REP), label="North", email=LI), "too_often")
    assert sent(installation) == []


def test_after_a_result_or_its_withdrawal_nobody_writes_or_calls_for_three_days(installation) -> None:
    customer(installation)
    released(installation, at=installation.clock().timestamp())
    for channel in ("mail", "phone"):
        refused(lambda channel=channel: contact(installation, channel=channel), "cooling_off")
    installation.clock.ahead = timedelta(hours=71)
    with installation.store.writing() as tx:
        storage_release.withdraw_tenant(tx, "north", at=installation.clock().timestamp())
    installation.clock.ahead = timedelta(hours=73)
    refused(lambda: contact(installation), "cooling_off")
    installation.clock.ahead = timedelta(hours=71 + 73)
    contact(installation)


def test_both_sides_meet_the_same_verdict(installation) -> None:
    owner = customer(installation)
    rep = installation.as_(Role.REP)
    assert actions_contact.may_be_contacted(rep, LI) == actions_contact.contact_rules(owner).verdict
    contact(installation, channel="phone")
    contact(installation)
    mine = actions_contact.contact_rules(owner)
    assert mine.verdict == actions_contact.may_be_contacted(rep, LI)
    assert (mine.verdict.code, [one.channel for one in mine.made]) == ("too_often", ["mail", "phone"])
    assert [one.channel for one in actions_contact.contacts_made(rep)] == ["mail", "phone"]


def test_who_says_stop_is_never_contacted_and_a_waiting_mail_is_dropped(installation) -> None:
    owner = customer(installation)
    contact(installation)
    actions_contact.stop_contact(owner)
    assert sent(installation) == []
    assert sent(installation) == []  # it does not wait for a second try
    installation.clock.ahead = timedelta(days=400)
    refused(lambda: contact(installation, channel="visit"), "suppressed")
    actions_contact.allow_contact(owner)
    contact(installation)
    assert len(sent(installation)) == 1


def test_a_rep_can_neither_lift_nor_set_a_suppression_for_somebody(installation) -> None:
    for act in (actions_contact.allow_contact, actions_contact.stop_contact):
        refused(lambda act=act: act(installation.as_(Role.REP)), "action_refused")


def test_no_address_lies_in_the_database(installation) -> None:
    contact(installation)
    for file in (installation.root / "data").rglob("*"):
        if file.is_file():
            assert LI.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("more", "code"),
    [({"channel": "pigeon"}, "channel_unknown"), ({"text": " "}, "message_missing")],
)
def test_a_contact_that_makes_no_sense_is_refused(installation, more, code) -> None:
    refused(lambda: contact(installation, **more), code)


# --- the link -------------------------------------------------------------------------------------------------------


def link_of(house: Any, email: str) -> str:
    at = house.portal.now()
    data_keys = house.portal.workspace(house_member()).data_keys
    return f"/u/{token_for(data_keys, address_key(data_keys, email, at=at), at=at)}"


def house_member() -> Any:
    from portal.identity import Member

    return Member(id="rep", tenant=VENDOR, role=Role.REP, subject="s", name="Chen", email="chen@v.example")


def allowed(house: Any, email: str) -> bool:
    return actions_contact.may_be_contacted(house.portal.workspace(house_member()), email).allowed


def test_reading_the_link_changes_nothing_and_one_press_ends_it_without_sign_in(house) -> None:
    email = "one@north.example"
    link = link_of(house, email)
    page = house.client().get(link)
    assert (page.status_code, 'method="post"' in page.text) == (200, True)
    assert allowed(house, email)
    done = house.client().post(link, data={"List-Unsubscribe": "One-Click"})  # a mail service: no origin, no cookie
    assert done.status_code == 200
    assert not allowed(house, email)
    assert house.client().post(link, headers={"origin": "https://mail.example"}).status_code == 200


def test_a_forged_link_looks_the_same_until_it_is_pressed_and_does_nothing(house) -> None:
    genuine, forged = link_of(house, "two@north.example"), "/u/" + "A" * 64
    pages = [house.client().get(link).text.replace(link, "") for link in (genuine, forged)]
    assert pages[0] == pages[1]
    assert house.client().post(forged).status_code == 404
    assert allowed(house, "two@north.example")
