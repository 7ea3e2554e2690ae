"""Links and codes: limits, equal answers, no secret in what is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.links import (
    CODE_TERM,
    CODE_TRIES,
    MailCode,
    ShareLink,
    check_code,
    check_link,
    new_code,
    new_token,
    normal_email,
    token_hash,
)
from privacy.vault import PrivacyError

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
TOKEN = new_token()
LINK = ShareLink(
    id="l-1",
    kind="sandbox",
    token_hash=token_hash(TOKEN),
    tenant="vendor",
    made_by="chen.wei",
    made_at=AT,
    expires_at=AT + timedelta(days=14),
    max_uses=2,
    domains=("acme.example",),
    may_create_tenant=True,
    pack="discrete_manufacturing@1.0.0",
)
RESULT = replace(LINK, kind="result", recipient="li.na@acme.example", disclosure="d-1", domains=())


def refusal(code: str) -> pytest.RaisesExc[PrivacyError]:
    return pytest.RaisesExc(PrivacyError, check=lambda error: error.code == code)


def test_a_token_has_256_bits_and_only_its_hash_is_stored() -> None:
    assert len(TOKEN) == 43
    assert len({new_token() for _ in range(100)}) == 100
    assert TOKEN not in json.dumps(LINK.to_json())
    assert LINK.token_hash not in repr(LINK)


def test_it_opens_while_it_may() -> None:
    assert check_link(LINK, TOKEN, at=AT) == LINK
    assert check_link(LINK, TOKEN, at=AT, email="Li.Na@ACME.example") == LINK


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"revoked_at": AT}, "link_revoked"),
        ({"uses": 2}, "link_used_up"),
        ({"made_at": AT - timedelta(days=20), "expires_at": AT}, "link_expired"),
    ],
)
def test_it_does_not_open_when_it_may_not(changes: dict[str, object], code: str) -> None:
    with refusal(code):
        check_link(replace(LINK, **changes), TOKEN, at=AT)


def test_an_unknown_link_and_a_wrong_token_get_one_answer() -> None:
    answers = []
    for link, token in (
        (None, TOKEN),
        (LINK, new_token()),
        (LINK, ""),
        (LINK, "\ud800"),
        (replace(LINK, revoked_at=AT), "x"),
    ):
        with refusal("link_unknown") as refused:
            check_link(link, token, at=AT)
        answers.append((str(refused.value), refused.value.remedy, refused.value.params))
    assert len(set(map(str, answers))) == 1


@pytest.mark.parametrize("email", ["li.na@other.example", "li.na@acme.example.evil.example", "li.na@sub.acme.example"])
def test_other_domains_do_not_enter(email: str) -> None:
    with refusal("link_wrong_address"):
        check_link(LINK, TOKEN, at=AT, email=email)


def test_a_result_link_is_for_one_address() -> None:
    assert check_link(RESULT, TOKEN, at=AT, email=" LI.NA@acme.example") == RESULT
    with refusal("link_wrong_address"):
        check_link(RESULT, TOKEN, at=AT, email="wang.li@acme.example")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_at": AT}, "link_term"),
        ({"expires_at": AT + timedelta(days=400)}, "link_term"),
        ({"max_uses": 0}, "link_uses"),
        ({"kind": "result"}, "link_recipient"),
        ({"domains": ("Acme.Example",)}, "link_domain"),
        ({"domains": ("*",)}, "link_domain"),
    ],
)
def test_a_link_without_limits_cannot_be_made(changes: dict[str, object], code: str) -> None:
    with refusal(code):
        replace(LINK, **changes)


def test_a_stored_link_comes_back() -> None:
    for link in (LINK, RESULT, replace(LINK, revoked_at=AT, max_runs=3)):
        assert ShareLink.from_json(json.loads(json.dumps(link.to_json()))) == link
    for nonsense in (None, {}, {**LINK.to_json(), "extra": 1}, {**LINK.to_json(), "max_uses": 0}):
        with pytest.raises(PrivacyError):
            ShareLink.from_json(nonsense)


KEY = b"k" * 32


def test_a_code_works_once_and_soon() -> None:
    stored, code = new_code(KEY, email="Li.Na@acme.example", purpose="sign_in", at=AT)
    assert (len(code), code.isdigit(), stored.email) == (8, True, "li.na@acme.example")
    right, after = check_code(KEY, stored, code, at=AT)
    assert right
    assert check_code(KEY, after, code, at=AT) == (False, after)
    assert not check_code(KEY, stored, code, at=AT + CODE_TERM)[0]


def test_it_may_be_typed_as_people_type() -> None:
    stored, code = new_code(KEY, email="li.na@acme.example", purpose="sign_in", at=AT)
    wide = "".join(chr(ord(digit) - ord("0") + ord("\uff10")) for digit in code)
    assert check_code(KEY, stored, f" {code[:4]} {code[4:]}\n", at=AT)[0]
    assert check_code(KEY, stored, wide, at=AT)[0]


def test_wrong_tries_run_out() -> None:
    stored, code = new_code(KEY, email="li.na@acme.example", purpose="sign_in", at=AT)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for left in range(CODE_TRIES - 1, -1, -1):
        right, stored = check_code(KEY, stored, wrong, at=AT)
        assert (right, stored.tries_left) == (False, left)
    assert check_code(KEY, stored, code, at=AT)[0] is False


@pytest.mark.parametrize(
    "changes",
    [{"email": "other@acme.example"}, {"purpose": "release"}, {"expires_at": AT + timedelta(days=1)}],
)
def test_a_code_is_bound_to_address_purpose_and_end(changes: dict[str, object]) -> None:
    stored, code = new_code(KEY, email="li.na@acme.example", purpose="sign_in", at=AT)
    moved: MailCode = replace(stored, **changes)
    assert not check_code(KEY, moved, code, at=AT)[0]
    assert not check_code(b"x" * 32, stored, code, at=AT)[0]


@given(st.text(max_size=30))
def test_no_text_crashes_a_check(typed: str) -> None:
    stored, code = new_code(KEY, email="li.na@acme.example", purpose="sign_in", at=AT)
    assert check_code(KEY, stored, typed, at=AT)[0] == (typed.split() == [code])
    with refusal("link_unknown"):
        check_link(LINK, typed, at=AT)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "li.na",
        "@acme.example",
        "li na@acme.example",
        "Li Na <li.na@acme.example>",
        "li.na@acme",
        "a@b@c.example",
        '"x"@acme.example',
        "li.na@acme.example\r\nBcc: x@y.example",
        "x" * 65 + "@acme.example",
        ".x@acme.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with refusal("email_unreadable"):
        normal_email(address)


@given(st.emails())
def test_the_normal_form_is_stable(address: str) -> None:
    try:
        normal = normal_email(address)
    except PrivacyError:
        return
    assert normal_email(normal) == normal_email(normal.upper()) == normal
