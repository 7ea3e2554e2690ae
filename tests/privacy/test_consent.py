"""Consent: what it covers, when it ends, and its receipt."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.consent import Consent, covers, give, read_receipt, receipt, withdraw
from privacy.signature import new_seed, public_bytes
from privacy.vault import PrivacyError

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
SEED = bytes(range(32))
DRAFT = Consent(
    id="c-1",
    tenant="acme",
    workspace="plant-2",
    notice="release-notice/1",
    language="zh-CN",
    purposes=("offer_preparation",),
    fields=("oee_baseline", "npv_likely"),
    recipient="chen.wei",
    begins=AT,
    until=AT + timedelta(days=30),
    payload_digest="ab" * 32,
)
GIVEN = give(DRAFT, actor="m-owner", at=AT)


def refusal(code: str) -> pytest.RaisesExc[PrivacyError]:
    return pytest.RaisesExc(PrivacyError, check=lambda error: error.code == code)


def holds(consent: Consent, **changes: object) -> bool:
    asked = {"purpose": "offer_preparation", "recipient": "chen.wei", "at": AT + timedelta(days=1), **changes}
    return covers(consent, **asked)  # type: ignore[arg-type]


def test_it_covers_its_purpose_recipient_and_term_only() -> None:
    assert holds(GIVEN)
    assert holds(GIVEN, at=AT)
    assert not holds(GIVEN, purpose="service_improvement")
    assert not holds(GIVEN, recipient="somebody.else")
    assert not holds(GIVEN, at=AT - timedelta(seconds=1))
    assert not holds(GIVEN, at=GIVEN.until)


def test_a_draft_covers_nothing() -> None:
    assert not holds(DRAFT)


@given(st.timedeltas(min_value=timedelta(days=-60), max_value=timedelta(days=60)))
def test_once_withdrawn_it_covers_no_moment(shift: timedelta) -> None:
    withdrawn = withdraw(GIVEN, actor="m-owner", at=AT + timedelta(days=3))
    assert not holds(withdrawn, at=AT + shift)


def test_withdrawing_twice_keeps_the_first_time() -> None:
    once = withdraw(GIVEN, actor="m-owner", at=AT + timedelta(days=3))
    assert withdraw(once, actor="m-other", at=AT + timedelta(days=4)) == once
    assert once.withdrawn_at == AT + timedelta(days=3)
    assert once.given_at == AT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"purposes": ()}, "consent_purpose"),
        ({"purposes": ("anything",)}, "consent_purpose"),
        ({"fields": ()}, "consent_fields"),
        ({"until": AT}, "consent_term"),
        ({"until": AT - timedelta(days=1)}, "consent_term"),
        ({"until": AT + timedelta(days=800)}, "consent_term"),
    ],
)
def test_what_is_no_clear_consent_is_refused(changes: dict[str, object], code: str) -> None:
    with refusal(code):
        give(replace(DRAFT, **changes), actor="m-owner", at=AT)


def test_it_is_given_once() -> None:
    with refusal("consent_given"):
        give(GIVEN, actor="m-owner", at=AT)


def test_the_record_comes_back_and_carries_the_names_of_the_standard() -> None:
    record = json.loads(json.dumps(GIVEN.to_json()))
    assert Consent.from_json(record) == GIVEN
    assert {"schema_version", "record_id", "pii_principal_id", "privacy_notice", "purposes", "events"} <= record.keys()


@pytest.mark.parametrize(
    "data", [None, [], {}, {**GIVEN.to_json(), "extra": 1}, {**GIVEN.to_json(), "purposes": "offer_preparation"}]
)
def test_what_is_no_record_is_refused(data: object) -> None:
    with refusal("consent_unreadable"):
        Consent.from_json(data)


def test_a_receipt_proves_the_record() -> None:
    document = receipt(GIVEN, seed=SEED, issuer="vendor.example")
    assert read_receipt(document, public_key=public_bytes(SEED)) == GIVEN
    with refusal("receipt_forged"):
        read_receipt(document, public_key=public_bytes(new_seed()))
    with refusal("receipt_forged"):
        read_receipt(document.replace("chen.wei", "chen.wai"), public_key=public_bytes(SEED))
    for nonsense in ("", "{}", "[]", "null"):
        with refusal("consent_unreadable"):
            read_receipt(nonsense, public_key=public_bytes(SEED))
