"""A rep's link brings a prospect into a workspace of his own, with nothing but an e-mail address."""

from __future__ import annotations

import time

import pytest

from portal import actions_links, sessions, storage_accounts
from portal.identity import Role


def member_of(house, client):
    told = client.get("/media/x").json()
    with house.portal.store.reading() as tx:
        session = sessions.session_by_id(tx, told["x-portal-sid"], now=house.clock())
    return session.member


@pytest.fixture
def rep(house):
    return house.portal.workspace(member_of(house, house.sign_in("vendor", "chenwei")))


def enter(house, client, token, email, name="Kim"):
    """Follow a link, ask for a code, type it; the answer to the typed code."""
    own = {"origin": house.url}
    landing = client.get(f"/s/{token}")
    assert landing.status_code == 200
    before = len(house.portal.mailer.mails())
    form = {"email": email, "name": name, "next": f"/s/{token}"}
    assert client.post("/auth/code/send", data=form, headers=own).status_code == 200
    until = time.monotonic() + 1.5
    while len(house.portal.mailer.mails()) == before and time.monotonic() < until:
        time.sleep(0.02)
    mails = house.portal.mailer.mails()
    if len(mails) == before:
        return None
    code = "".join(c for c in mails[0][1].body.splitlines()[0] if c.isdigit())
    return client.post("/auth/code/verify", data={"code": code}, headers=own)


def test_a_prospect_without_a_provider_becomes_owner_of_his_own_workspace(house, rep):
    link = actions_links.invite(rep, label="Acme Films", days=3, uses=1)
    client = house.client()
    for _ in range(3):
        client.get(f"/s/{link.token}")  # reading uses nothing up
    answer = enter(house, client, link.token, "kim@acme.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    member = member_of(house, client)
    assert member.role is Role.OWNER
    assert member.email == "kim@acme.example"
    with house.portal.store.reading() as tx:
        assert storage_accounts.tenant(tx, member.tenant).active
    shown = next(one for one in actions_links.list_links(rep) if one.id == link.id)
    assert (shown.uses, shown.progress) == (1, "")  # no more than was consented


def test_a_used_link_lets_nobody_else_in_and_its_owner_back_in(house, rep):
    link = actions_links.invite(rep, label="Beta Films", days=3, uses=1)
    first, again, other = house.client(), house.client(), house.client()
    assert enter(house, first, link.token, "kim@beta.example").status_code == 303
    assert enter(house, again, link.token, "kim@beta.example").status_code == 303
    assert member_of(house, again).id == member_of(house, first).id
    refused = enter(house, other, link.token, "lee@gamma.example")
    assert refused is None or refused.status_code == 403
    assert other.get("/auth/alive").status_code == 401


def test_expired_revoked_and_unknown_links_send_no_mail(house, rep):
    expired = actions_links.invite(rep, label="x", days=1, uses=1)
    revoked = actions_links.invite(rep, label="y", days=3, uses=1)
    actions_links.revoke_link(rep, revoked.id)
    house.clock.ahead += sessions.CODE_LIFE * 200
    assert enter(house, house.client(), expired.token, "a@x.example") is None
    assert enter(house, house.client(), revoked.token, "b@x.example") is None
    assert enter(house, house.client(), "A" * 43, "c@x.example") is None


def test_somebody_who_is_signed_in_opens_a_link_by_pressing_the_button(house, rep):
    link = actions_links.invite(rep, label="Nord", days=3, uses=1)
    client = house.sign_in("nordfilm", "anna", next_page=f"/s/{link.token}")
    page = client.get(f"/s/{link.token}")
    assert f"/s/{link.token}/open" in page.text
    answer = client.post(f"/s/{link.token}/open", headers={"origin": house.url})
    assert answer.status_code == 303
    assert member_of(house, client).tenant == "nordfilm"  # his organisation has its workspace already


def test_the_token_of_a_link_is_in_no_referrer_and_in_no_file(house, rep):
    link = actions_links.invite(rep, label="Acme", days=3, uses=1)
    client = house.client()
    assert client.get(f"/s/{link.token}").headers["referrer-policy"] == "no-referrer"
    assert enter(house, client, link.token, "canary-kim@delta.example").status_code == 303
    stored = b"".join(path.read_bytes() for path in house.portal.settings.data.iterdir() if path.is_file())
    assert link.token.encode() not in stored


def test_the_database_does_not_tell_who_the_customers_and_their_people_are(house, rep):
    link = actions_links.invite(rep, label="Acme canary label", days=3, uses=1)
    assert enter(house, house.client(), link.token, "canary-lee@epsilon.example", name="Canary Lee").status_code == 303
    stored = b"".join(path.read_bytes() for path in house.portal.settings.data.iterdir() if path.is_file())
    for word in (b"canary-lee", b"Canary Lee", b"epsilon.example", b"canary label", b"Huacheng", b"huacheng.example"):
        assert word not in stored, word
