"""A provider ends sessions by a signed token; the gravest actions want a fresh proof of who is there."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import RSAKey

from portal import (
    actions_admin,
    actions_house,
    actions_links,
    actions_people,
    actions_release,
    actions_service,
    actions_share,
    sessions,
)
from portal.actions import ACTIONS, ActionError
from portal.identity import VENDOR, Role
from portal.oidc import LOGOUT_EVENT
from portal.wiring import utc_now
from privacy.verbs import STEP_UP

ROUTE = "/auth/backchannel-logout"


def session_of(house: Any, tenant: str) -> sessions.Session:
    with house.portal.store.reading() as tx:
        newest = sa.select(sessions.sessions.c.id).where(sessions.sessions.c.tenant == tenant)
        row = tx.all(newest.order_by(sessions.sessions.c.opened_at.desc()))[0]
        found = sessions.session_by_id(tx, row["id"], now=house.portal.now())
    assert found is not None
    return found


def logout_token(house: Any, *, subject: str, key: Any = None, alg: str = "RS256", **change: Any) -> str:
    provider = house.providers["huacheng"]
    claims: dict[str, Any] = {
        "iss": provider.issuer,
        "aud": provider.client_id,
        "iat": int(time.time()),
        "exp": int(time.time()) + 60,
        "jti": "1",
        "sub": subject,
        "events": {LOGOUT_EVENT: {}},
        **change,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    key = key or house.idp.key
    return jwt.encode({"alg": alg, "kid": house.idp.key.kid, "typ": "logout+jwt"}, claims, key, algorithms=[alg])


def told(house: Any, token: str, **more: Any) -> Any:
    with house.client() as provider:
        return provider.post(ROUTE, data={"logout_token": token}, **more)


def test_a_provider_ends_every_session_of_a_person_at_once(house) -> None:
    first, second, other = (house.sign_in("huacheng", who) for who in ("lina", "lina", "wangjun"))
    subject = session_of(house, "huacheng").member.subject
    with house.portal.store.reading() as tx:
        wanted = sessions.session_by_token(tx, first.cookies["mingsuan"], now=house.portal.now())
    assert wanted is not None
    subject = wanted.member.subject
    answer = told(house, logout_token(house, subject=subject))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert [client.get("/auth/alive").status_code for client in (first, second, other)] == [401, 401, 204]


def test_a_session_that_the_provider_names_ends_alone(house) -> None:
    member = _member(house)
    tokens = []
    with house.portal.store.writing() as tx:
        for sid in ("a", "b"):
            hour = timedelta(hours=1)
            now = house.portal.now()
            tokens.append(sessions.open_session(tx, member, idle=hour, absolute=hour, now=now, sid=sid)[0])
    assert told(house, logout_token(house, subject=member.subject, sid="a")).status_code == 200
    alive = []
    for token in tokens:
        with house.client(cookie=f"mingsuan={token}") as client:
            alive.append(client.get("/auth/alive").status_code)
    assert alive == [401, 204]


def _member(house: Any) -> Any:
    house.sign_in("huacheng", "lina")
    return session_of(house, "huacheng").member


FORGED = {
    "another key": {"key": RSAKey.generate_key(2048)},
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "somebody"},
    "too old": {"iat": int(time.time()) - 3600, "exp": int(time.time()) + 60},
    "from tomorrow": {"iat": int(time.time()) + 86_400},
    "over": {"exp": int(time.time()) - 3600},
    "with a nonce": {"nonce": "n"},
    "without the event": {"events": {}},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": {"events": {LOGOUT_EVENT: "yes"}},
    "nobody named": {"sub": None},
    "without a name": {"jti": None},
    "without a time": {"iat": None},
}


@pytest.mark.parametrize("change", sorted(FORGED))
def test_a_token_that_is_not_exactly_right_ends_nothing(house, change) -> None:
    client = house.sign_in("huacheng", "lina")
    subject = session_of(house, "huacheng").member.subject
    answer = told(house, logout_token(house, subject=subject, **FORGED[change]))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert client.get("/auth/alive").status_code == 204


def test_neither_an_identity_token_nor_a_weak_algorithm_will_do(house) -> None:
    client = house.sign_in("huacheng", "lina")
    found = session_of(house, "huacheng")
    from portal.strongbox import ID_TOKEN

    identity = house.portal.strongbox.open(found.id_token, kind=ID_TOKEN, row=found.member.id)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"logout+jwt"}').rstrip(b"=")
    body = logout_token(house, subject=found.member.subject).split(".")[1].encode()
    public = house.idp.key.as_pem(private=False)  # what everybody knows, taken for a shared secret
    mac = hmac.new(public, head + b"." + body, "sha256").digest()
    weak = b".".join([head, body, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()
    none = ".".join([*logout_token(house, subject=found.member.subject).split(".")[:2], ""])
    nested = base64.urlsafe_b64encode(b"[" * 40_000).decode()
    for token in (identity, weak, none, "", "a.b.c", "x" * 5000, f"a.{nested}.c"):
        assert told(house, token).status_code == 400
    assert client.get("/auth/alive").status_code == 204


def test_the_cookie_of_a_browser_means_nothing_there(house) -> None:
    client = house.sign_in("huacheng", "lina")
    assert client.post(ROUTE, headers={"origin": house.url}).status_code == 400
    assert client.get(ROUTE).status_code == 405
    assert client.get("/auth/alive").status_code == 204


def test_a_grave_action_wants_a_fresh_proof_and_gets_it_over_the_provider(house) -> None:
    member = _member(house)
    long_ago = house.portal.now() - timedelta(minutes=20)
    with house.portal.store.writing() as tx:
        now, hour = house.portal.now(), timedelta(hours=1)
        token, _ = sessions.open_session(tx, member, idle=hour, absolute=hour, now=now, proved_at=long_ago)
    client = house.client(accept="*/*", cookie=f"mingsuan={token}")
    refused = client.get("/files/workspace")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_needed")
    by_hand = client.get("/files/workspace", headers={"sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin"})
    assert by_hand.headers["location"] == "/auth/again?next=%2Ffiles%2Fworkspace"
    again = client.get("/auth/again?next=/house")
    assert again.headers["location"] == "/auth/start?fresh=1&provider=huacheng&next=%2Fhouse"
    to_provider = client.get(again.headers["location"]).headers["location"]
    assert "prompt=login" in to_provider
    assert "max_age=0" in to_provider
    fresh = house.client(accept="*/*")
    answer = house.walk(fresh, again.headers["location"], "lina")
    assert answer.headers["location"] == "/house"
    assert fresh.get("/files/workspace").status_code == 200


def test_opening_a_link_by_a_press_of_a_button_is_no_fresh_proof(house) -> None:
    rep = house.portal.workspace(replace(_member(house), tenant=VENDOR, role=Role.REP))
    link = actions_links.invite(rep, label="Nord", days=3, uses=1)
    member = _member(house)
    long_ago = house.portal.now() - timedelta(minutes=20)
    with house.portal.store.writing() as tx:
        now, hour = house.portal.now(), timedelta(hours=1)
        token, _ = sessions.open_session(tx, member, idle=hour, absolute=hour, now=now, proved_at=long_ago)
    client = house.client(accept="*/*", cookie=f"mingsuan={token}")
    answer = client.post(f"/s/{link.token}/open", headers={"origin": house.url})
    assert answer.status_code == 303
    with house.client(accept="*/*", cookie=f"mingsuan={answer.cookies['mingsuan']}") as after:
        refused = after.get("/files/workspace")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_needed")


@pytest.mark.parametrize(
    "way",
    [
        lambda owner: actions_people.invite_colleague(owner, email="me@evil.example", role=Role.OWNER),
        lambda owner: actions_people.change_role(owner, owner.member.id, role=Role.OWNER),
        lambda owner: actions_service.open_service_account(owner, label="x", scopes=("data:read",)),
        lambda owner: actions_share.share(owner, "none", email="me@evil.example"),
    ],
    ids=["another owner", "another role", "a program", "a result link"],
)
def test_a_stolen_tab_makes_no_other_way_in_that_outlives_it(installation, way) -> None:
    owner = installation.as_(Role.OWNER)
    owner.proved_at = utc_now() - timedelta(minutes=16)
    with pytest.raises(ActionError) as refusal:
        way(owner)
    assert refusal.value.code == "step_up_needed"


@pytest.mark.parametrize("next_page", ["//evil.example", "https://evil.example", "/\\evil.example", "/auth/sign-out"])
def test_the_way_back_stays_on_our_site(house, next_page) -> None:
    client = house.sign_in("huacheng", "lina")
    assert client.get("/auth/again", params={"next": next_page}).headers["location"].endswith("next=%2F")


def test_the_actions_that_want_it_refuse_alike_and_say_so_in_the_log(installation) -> None:
    installation.keys.create_key("north", at=installation.clock())
    keeper = installation.as_(Role.SECURITY_ADMIN)
    keeper.proved_at = utc_now() - timedelta(minutes=16)
    with pytest.raises(ActionError) as refusal:
        actions_admin.rotate_keys(keeper, "north")
    assert refusal.value.code == "step_up_needed"
    assert installation.keys.status("north").version == 1
    keeper.proved_at = utc_now() - timedelta(minutes=14)
    with pytest.raises(ActionError) as refusal:
        actions_admin.rotate_keys(keeper, "north")
    assert refusal.value.code == "no_such_value"  # the proof was good; there is no such tenant
    for module in (actions_admin, actions_house, actions_release):
        assert STEP_UP & {name for name in vars(module) if name in ACTIONS}
