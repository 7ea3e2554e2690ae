from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from portal import actions_audit, actions_journey, actions_links, storage_accounts
from portal.actions import ActionError
from portal.actions_links import NewLink
from portal.identity import Member, Role
from portal.invitations import Opened, open_link
from portal.workspace import Workspace


def opened(installation: Any, token: str, email: str, **more: Any) -> tuple[Member, Opened]:
    return open_link(
        installation.store, installation.keys, token=token, email=email, name="", at=installation.clock(), **more
    )


def invite(installation: Any, **terms: Any) -> NewLink:
    return actions_links.invite(installation.as_(Role.REP), **{"label": "Acme, plant 2", **terms})


def test_the_first_opening_creates_the_tenant_with_its_owner(installation) -> None:
    link = invite(installation)
    member, what = opened(installation, link.token, "li@acme.example")
    assert (member.role, member.email, what.created, what.tenant) == (
        Role.OWNER,
        "li@acme.example",
        True,
        member.tenant,
    )
    with installation.store.reading() as tx:
        tenant = storage_accounts.tenant(tx, member.tenant)
    assert tenant is not None
    assert tenant.name == "Acme, plant 2"
    assert installation.keys.status(member.tenant).state == "active"
    owner = Workspace(member, installation.store, installation.keys, installation.clock)
    assert actions_journey.journey(owner).next_step == "data"


def test_who_has_come_before_comes_back_to_his_workspace(installation) -> None:
    link = invite(installation)
    first, _ = opened(installation, link.token, "li@acme.example")
    again, what = opened(installation, link.token, "Li@Acme.example")
    assert (again.id, what.created) == (first.id, False)
    (view,) = actions_links.list_links(installation.as_(Role.REP))
    assert (view.uses, view.state) == (1, "used")


def test_of_fifty_that_open_a_one_use_link_at_once_one_succeeds(installation) -> None:
    link = invite(installation)
    outcomes: list[str] = []

    def attempt(number: int) -> None:
        try:
            member, _ = opened(installation, link.token, f"person{number}@acme.example")
            outcomes.append(member.tenant)
        except ActionError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("link_not_valid") == 49
    with installation.store.reading() as tx:
        assert len(storage_accounts.all_tenants(tx)) == 1


def test_every_link_that_does_not_open_gives_the_same_answer(installation) -> None:
    used, expired, revoked, foreign = (invite(installation, days=days) for days in (30, 1, 30, 30))
    bound = invite(installation, domain="acme.example")
    opened(installation, used.token, "first@acme.example")
    actions_links.revoke_link(installation.as_(Role.REP), revoked.id)
    installation.clock.ahead = timedelta(days=2)
    rep = installation.as_(Role.REP).member
    attempts = [
        (used.token, "second@acme.example", None),
        (expired.token, "li@acme.example", None),
        (revoked.token, "li@acme.example", None),
        (bound.token, "li@other.example", None),
        (bound.token, "not an address", None),
        ("unknown", "li@acme.example", None),
        ("", "li@acme.example", None),
        (foreign.token, "rep@vendor.example", rep),
    ]
    answers = set()
    for token, email, member in attempts:
        with pytest.raises(ActionError) as refusal:
            opened(installation, token, email, member=member)
        answers.add((refusal.value.code, str(refusal.value), refusal.value.place, refusal.value.remedy))
    assert len(answers) == 1


def test_on_a_link_bound_to_a_domain_colleagues_join_as_guests(installation) -> None:
    link = invite(installation, uses=3, domain="acme.example")
    owner, _ = opened(installation, link.token, "li@acme.example")
    guest, what = opened(installation, link.token, "wang@acme.example")
    assert (guest.tenant, guest.role, what.created) == (owner.tenant, Role.GUEST, False)


def test_on_an_open_link_everybody_gets_a_room_of_his_own(installation) -> None:
    link = invite(installation, uses=2)
    first, _ = opened(installation, link.token, "a@one.example")
    second, _ = opened(installation, link.token, "b@two.example")
    assert first.tenant != second.tenant


def test_who_is_signed_in_already_keeps_his_own_workspace(installation) -> None:
    link = invite(installation)
    member = installation.as_(Role.ANALYST).member
    back, what = opened(installation, link.token, member.email, member=member)
    assert (back, what.created, what.tenant) == (member, False, "north")


def test_progress_is_shown_only_where_the_tenant_agreed(installation) -> None:
    link = invite(installation)
    member, _ = opened(installation, link.token, "li@acme.example")
    rep, owner = (
        installation.as_(Role.REP),
        Workspace(member, installation.store, installation.keys, installation.clock),
    )
    assert actions_links.progress_shared(owner) is False
    assert actions_links.list_links(rep)[0].progress == ""
    actions_links.share_progress(owner, show=True)
    assert actions_links.progress_shared(owner) is True
    assert actions_links.list_links(rep)[0].progress == "opened"
    actions_links.share_progress(owner, show=False)
    assert actions_links.list_links(rep)[0].progress == ""
    with pytest.raises(ActionError) as refusal:
        actions_links.share_progress(installation.as_(Role.OWNER, "elsewhere"), show=True)
    assert refusal.value.code == "not_invited"


def test_a_rep_sees_and_revokes_his_own_links_only(installation) -> None:
    link = invite(installation)
    other = installation.as_(Role.REP, who="another-rep")
    assert list(actions_links.list_links(other)) == []
    codes = []
    for wanted in (link.id, "0" * 32):
        with pytest.raises(ActionError) as refusal:
            actions_links.revoke_link(other, wanted)
        codes.append((refusal.value.code, str(refusal.value)))
    assert codes[0] == codes[1]


def test_an_invitation_goes_to_the_outbox_with_the_address(installation) -> None:
    from portal.outgoing import send_waiting

    link = invite(installation, email="Li@Acme.example", origin="http://127.0.0.1:8501")
    portal = installation.portal()
    assert send_waiting(portal.store, portal.keys, portal.mailer, portal.now) == 1
    ((_, mail),) = portal.mailer.mails()
    assert mail.to == "li@acme.example"
    assert f"http://127.0.0.1:8501/s/{link.token}" in mail.body


@pytest.mark.parametrize(
    ("terms", "code"),
    [({"label": " "}, "label_missing"), ({"days": 0}, "link_term"), ({"uses": 0}, "link_uses"),
     ({"domain": "not a domain"}, "link_domain"), ({"email": "nobody"}, "email_unreadable")],
)  # fmt: skip
def test_terms_that_make_no_sense_are_refused(installation, terms, code) -> None:
    with pytest.raises(ValueError) as refusal:
        invite(installation, **terms)
    assert refusal.value.code == code
    assert list(actions_links.list_links(installation.as_(Role.REP))) == []


def test_openings_and_refusals_are_in_the_log(installation) -> None:
    link = invite(installation)
    member, _ = opened(installation, link.token, "li@acme.example")
    with pytest.raises(ActionError):
        opened(installation, link.token, "second@acme.example")
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    entries = actions_audit.read_log(officer, verb="open_link")
    assert [(one.decision, one.tenant == member.tenant) for one in entries] == [("refused", False), ("allowed", True)]
    assert actions_audit.verify_log(officer)["passed"]
