"""Signing in over a real provider, by a code, and out again; and everything somebody could try in between."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from portal import actions_audit, sessions, storage_accounts
from portal.demo_idp import challenge_of
from portal.identity import VENDOR, IdentityError, Profile, Provider, Role, profile_from_claims
from portal.oidc import Relations
from portal.signin import CALLBACK, same_site


def me(house, client):
    told = client.get("/media/x").json()
    with house.portal.store.reading() as tx:
        session = sessions.session_by_id(tx, told["x-portal-sid"], now=house.clock())
    assert session is not None
    return session.member


@pytest.mark.parametrize(
    ("realm", "person", "role"),
    [
        ("huacheng", "lina", Role.OWNER),
        ("nordfilm", "maja", Role.FINANCE_READER),
        ("vendor", "zhoulan", Role.COMPLIANCE_OFFICER),
    ],
)
def test_a_sign_in_over_the_provider_gives_tenant_and_role(house, realm, person, role):
    member = me(house, house.sign_in(realm, person))
    assert (member.tenant, member.role, member.subject, member.provider) == (realm, role, person, realm)


def test_the_cookie_is_opaque_protected_and_new_at_each_sign_in(house):
    client = house.client()
    answer = house.walk(client, "/auth/start?provider=huacheng", "lina")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("mingsuan="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    first = client.cookies["mingsuan"]
    assert len(first) >= 43
    house.walk(client, "/auth/start?provider=nordfilm", "anna")
    second = client.cookies["mingsuan"]
    assert first != second
    old = house.client()
    old.cookies.set("mingsuan", first)
    assert old.get("/auth/alive").status_code == 401  # the old one is dead
    assert me(house, client).tenant == "nordfilm"


def test_a_planted_second_cookie_opens_nothing(house):
    client = house.sign_in("huacheng", "lina")
    good = client.cookies["mingsuan"]
    stranger = house.client(cookie=f"mingsuan={good}; mingsuan=other")
    assert stranger.get("/auth/alive").status_code == 401


def test_a_deep_link_survives_and_a_foreign_one_does_not(house):
    client = house.client()
    wanted = client.get("/data?tab=2").headers["location"]
    assert parse_qs(urlsplit(wanted).query)["next"] == ["/data?tab=2"]
    assert (
        house.walk(client, "/auth/start?provider=huacheng&next=%2Fdata%3Ftab%3D2", "lina").headers["location"]
        == "/data?tab=2"
    )
    bad = house.walk(house.client(), "/auth/start?provider=huacheng&next=https%3A%2F%2Fevil.example%2F", "lina")
    assert bad.headers["location"] == "/"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/%2F/evil",
        "/%5cevil",
        "/a\nb",
        "/auth/sign-out",
        "",
    ],
)
def test_only_our_own_addresses_are_gone_to(wanted):
    assert same_site(wanted) == "/"


@given(st.text(max_size=60))
def test_whatever_is_wanted_the_target_stays_on_our_site(wanted):
    target = same_site(wanted)
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    assert urlsplit(target).netloc == ""


def test_the_answer_of_the_provider_is_good_once_and_in_one_browser(house):
    client = house.client()
    to_provider = client.get("/auth/start?provider=huacheng").headers["location"]
    back = client.get(f"{to_provider}&person=lina").headers["location"]
    stranger = house.client()
    assert stranger.get(back).status_code == 400  # another browser: login forgery
    client2 = house.client()
    client2.cookies = client.cookies
    assert client2.get(back).status_code == 303
    assert client2.get(back).status_code == 400  # a second time


def test_state_of_one_provider_cannot_be_used_with_another(house):
    client = house.client()
    query = parse_qs(urlsplit(client.get("/auth/start?provider=huacheng").headers["location"]).query)
    other = client.get("/auth/start?provider=vendor").headers["location"]
    code = parse_qs(urlsplit(client.get(f"{other}&person=admin").headers["location"]).query)["code"][0]
    forged = client.get(f"/auth/callback?code={code}&state={query['state'][0]}")
    assert forged.status_code in {400, 403}


def test_without_the_verifier_a_code_is_worthless(house):
    client = house.client()
    to_provider = client.get("/auth/start?provider=huacheng").headers["location"]
    back = client.get(f"{to_provider}&person=lina").headers["location"]
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(back).query)["code"][0],
        "redirect_uri": f"{house.url}{CALLBACK}",
        "code_verifier": "x" * 64,
    }
    answer = client.post("/idp/huacheng/token", data=form, auth=("mingsuan", house.idp.client_secret))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize("change", ["aud", "iss", "nonce", "exp", "sub", "HS256", "key"])
def test_an_identity_token_that_is_not_exactly_right_is_refused(house, change):
    provider = house.providers["huacheng"]
    now = int(time.time())
    claims = _right(provider, now)
    key, head = house.idp.key, {"alg": "RS256", "kid": house.idp.key.kid}
    wrong = {"aud": "x", "iss": "https://evil.example", "nonce": "m", "exp": now - 3600}
    if change in wrong:
        claims[change] = wrong[change]
    elif change == "sub":
        del claims["sub"]
    elif change == "HS256":  # a shared secret where only key pairs are accepted
        key, head = OctKey.import_key("s" * 43), {"alg": "HS256", "kid": house.idp.key.kid}
    else:
        key = RSAKey.generate_key(2048, {"kid": house.idp.key.kid})
    token = jwt.encode(head, claims, key)
    relations = Relations(redirect_uri=f"{house.url}{CALLBACK}")
    with pytest.raises(IdentityError):
        asyncio.run(relations._checked(provider, token, nonce="n", access_token=None))
    good = jwt.encode({"alg": "RS256", "kid": house.idp.key.kid}, _right(provider, now), house.idp.key)
    assert asyncio.run(relations._checked(provider, good, nonce="n", access_token=None))["sub"] == "lina"


def _right(provider, now):
    return {"iss": provider.issuer, "aud": provider.client_id, "sub": "lina", "iat": now, "exp": now + 60, "nonce": "n"}


# --- whose member somebody becomes -----------------------------------------------------------------------------------

PROVIDER = Provider(
    id="p",
    tenant="acme",
    title="Acme",
    issuer="https://id.acme.example",
    client_id="c",
    roles={"boss": Role.OWNER, "staff": Role.ANALYST, "spy": Role.REP},
    tenant_claim="org",
    tenant_value="acme",
)


@given(
    st.dictionaries(
        st.sampled_from(["sub", "org", "roles", "tenant", "email", "name"]),
        st.one_of(
            st.sampled_from(["acme", VENDOR, "boss", "spy", "system_admin"]),
            st.lists(st.sampled_from(["boss", "spy", "staff"])),
        ),
    )
)
def test_a_provider_never_brings_forth_a_member_of_another_tenant_or_a_vendor_role(claims):
    try:
        profile = profile_from_claims(PROVIDER, claims)
    except IdentityError:
        return
    assert profile.tenant == "acme"
    assert profile.role in {Role.OWNER, Role.ANALYST}


def test_claims_of_another_organisation_and_people_without_a_role_are_refused():
    with pytest.raises(IdentityError) as error:
        profile_from_claims(PROVIDER, {"sub": "x", "org": "other", "roles": ["boss"]})
    assert error.value.code == "foreign_organisation"
    with pytest.raises(IdentityError) as error:
        profile_from_claims(PROVIDER, {"sub": "x", "org": "acme", "roles": ["nobody"]})
    assert error.value.code == "no_role"
    with pytest.raises(IdentityError):
        profile_from_claims(PROVIDER, {"sub": "x", "org": "acme", "roles": ["spy"]})
    assert (
        profile_from_claims(replace(PROVIDER, default_role=Role.GUEST), {"sub": "x", "org": "acme"}).role is Role.GUEST
    )


@pytest.mark.parametrize(
    "issuer", ["http://id.acme.example", "ftp://x", "", "https://", "https://x.example?a=1", "file:///etc"]
)
def test_a_provider_has_an_encrypted_address(issuer):
    with pytest.raises(IdentityError) as error:
        replace(PROVIDER, issuer=issuer)
    assert error.value.code == "bad_issuer"


def test_roles_may_stand_in_a_nested_claim():
    nested = replace(PROVIDER, role_claim="realm_access.roles")
    claims = {"sub": "x", "org": "acme", "realm_access": {"roles": ["other", "staff"]}}
    assert profile_from_claims(nested, claims).role is Role.ANALYST
    with pytest.raises(IdentityError):
        profile_from_claims(nested, {"sub": "x", "org": "acme", "realm_access": ["boss"]})


def test_an_unverified_address_is_not_taken_over():
    claims = {"sub": "x", "org": "acme", "roles": "boss", "email": "Boss@Acme.example"}
    assert profile_from_claims(PROVIDER, claims).email == "boss@acme.example"
    assert profile_from_claims(PROVIDER, {**claims, "email_verified": False}).email == ""


def test_a_closed_tenant_lets_nobody_in(house):
    with house.portal.store.writing() as tx:
        storage_accounts.set_tenant_state(tx, "huacheng", "suspended", now=house.clock())
    answer = house.walk(house.client(), "/auth/start?provider=huacheng", "lina")
    with house.portal.store.writing() as tx:
        storage_accounts.set_tenant_state(tx, "huacheng", "active", now=house.clock())
    assert answer.status_code == 403
    assert "mingsuan=" not in str(answer.headers.get_list("set-cookie"))
    officer = house.portal.workspace(me(house, house.sign_in("vendor", "zhoulan")))
    newest = next(entry for entry in actions_audit.read_log(officer) if entry.decision == "refused")
    assert (newest.action, newest.tenant, newest.reason) == ("sign_in", "huacheng", "tenant_closed")


def test_an_address_leads_to_its_own_provider(house):
    client = house.client()
    own = {"origin": house.url}
    found = client.post("/auth/find", data={"email": "x@nordfilm.example", "next": "/data"}, headers=own)
    assert 'content="0;url=/auth/start?provider=nordfilm&amp;next=%2Fdata"' in found.text
    unknown = client.post("/auth/find", data={"email": "x@elsewhere.example"}, headers=own)
    assert unknown.status_code == 200
    assert "/auth/start" not in unknown.text


def test_signing_out_ends_it_at_the_provider_too(house):
    client = house.sign_in("huacheng", "lina")
    answer = client.get("/auth/sign-out", headers={"sec-fetch-site": "same-origin"})
    target = urlsplit(answer.headers["location"])
    query = parse_qs(target.query)
    assert target.path == "/idp/huacheng/end_session"
    assert query["post_logout_redirect_uri"] == [f"{house.url}/auth/signed-out"]
    assert query["id_token_hint"][0].count(".") == 2
    assert client.get("/auth/alive").status_code == 401


def test_another_site_cannot_sign_somebody_out_by_a_link(house):
    client = house.sign_in("huacheng", "lina")
    answer = client.get("/auth/sign-out", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert answer.status_code == 200
    assert "<form" in answer.text
    assert client.get("/auth/alive").status_code == 204


def test_nothing_that_signs_in_is_stored_in_the_clear(house):
    client = house.client()
    secret_next = "/s/abcdefghijklmnopqrstuvwxyz0123456789"
    client.get(f"/auth/start?provider=huacheng&next={secret_next}")
    signed_in = house.sign_in("huacheng", "lina")
    folder = house.portal.settings.data
    stored = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert signed_in.cookies["mingsuan"].encode() not in stored
    assert secret_next.encode() not in stored
    assert house.idp.client_secret.encode() not in stored
    assert b"eyJ" not in stored  # the beginning of every token


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def code_member(house):
    profile = Profile(
        tenant="huacheng",
        role=Role.OWNER,
        subject="kai@client.example",
        name="Kai",
        email="kai@client.example",
        provider="code",
    )
    with house.portal.store.writing() as tx:
        return storage_accounts.admit(tx, profile, language="en", now=house.clock())


def ask_code(house, client, email, **form):
    before = len(house.portal.mailer.mails())
    answer = client.post("/auth/code/send", data={"email": email, **form}, headers={"origin": house.url})
    assert answer.status_code == 200
    until = time.monotonic() + 5
    while len(house.portal.mailer.mails()) == before and time.monotonic() < until and "nobody" not in email:
        time.sleep(0.02)
    mails = house.portal.mailer.mails()
    return "".join(c for c in mails[0][1].body.splitlines()[0] if c.isdigit()) if len(mails) > before else None


def verify(house, client, code):
    return client.post("/auth/code/verify", data={"code": code}, headers={"origin": house.url})


def test_a_code_signs_in_once_and_in_the_browser_that_asked(house, code_member):
    client, thief = house.client(), house.client()
    code = ask_code(house, client, "Kai@client.example ")
    assert verify(house, thief, code).status_code == 403
    assert verify(house, client, f"{code[:4]} {code[4:]}").status_code == 303
    assert me(house, client).id == code_member.id
    assert verify(house, client, code).status_code == 403


def test_a_code_is_over_after_five_wrong_attempts_or_ten_minutes(house, code_member):
    client = house.client()
    code = ask_code(house, client, "kai@client.example")
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    assert [verify(house, client, wrong).status_code for _ in range(5)] == [403] * 5
    assert verify(house, client, code).status_code == 403
    client = house.client()
    code = ask_code(house, client, "kai@client.example")
    house.clock.ahead += sessions.CODE_LIFE
    assert verify(house, client, code).status_code == 403


def test_known_and_unknown_addresses_get_the_same_answer(house, code_member):
    known, unknown = house.client(), house.client()
    first = known.post("/auth/code/send", data={"email": "kai@client.example"}, headers={"origin": house.url})
    second = unknown.post("/auth/code/send", data={"email": "nobody@client.example"}, headers={"origin": house.url})
    assert first.text == second.text
    assert sorted(known.cookies) == sorted(unknown.cookies)
    time.sleep(0.3)
    assert all(mail.to != "nobody@client.example" for _, mail in house.portal.mailer.mails())


def test_codes_are_not_sent_without_end(house):
    client = house.client()
    answers = [
        client.post("/auth/code/send", data={"email": "flood@client.example"}, headers={"origin": house.url})
        for _ in range(6)
    ]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_reading_a_landing_page_stores_nothing_and_looks_the_same_for_any_token(house):
    first, second = house.client().get("/s/one"), house.client().get("/s/two")
    assert first.status_code == second.status_code == 200
    assert first.text.replace("one", "two") == second.text.replace("one", "two")
    assert "set-cookie" not in first.headers


def test_the_challenge_is_the_one_of_the_standard():
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
