"""Contact rules that hold for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.contact import (
    ContactRules,
    Verdict,
    may_contact,
    read_unsubscribe,
    suppression_key,
    unsubscribe_headers,
    unsubscribe_token,
)
from privacy.vault import PrivacyError

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
KEY = b"k" * 32
RULES = ContactRules()
WHO = suppression_key(KEY, "li.na@acme.example")


def judged(
    at: datetime = AT,
    *,
    result: datetime | None = None,
    contacts: list[datetime] | None = None,
    suppressed: tuple[str, ...] = (),
) -> Verdict:
    return may_contact(
        RULES, at=at, address_key=WHO, suppressed=suppressed, last_result_at=result, contacts=contacts or []
    )


def test_nothing_stands_against_a_first_contact() -> None:
    assert judged() == Verdict(allowed=True, code="ok")


def test_after_a_result_there_is_a_pause_to_the_minute() -> None:
    verdict = judged(result=AT - timedelta(hours=71))
    assert (verdict.allowed, verdict.code, verdict.next_at) == (False, "cooling_off", AT + timedelta(hours=1))
    assert judged(result=AT - timedelta(hours=72)).allowed


def test_two_contacts_in_thirty_days_are_enough() -> None:
    verdict = judged(contacts=[AT - timedelta(days=2), AT - timedelta(days=20)])
    assert (verdict.code, verdict.next_at) == ("too_often", AT + timedelta(days=10))
    assert judged(contacts=[AT - timedelta(days=2), AT - timedelta(days=30)]).allowed


def test_the_later_of_two_waits_counts() -> None:
    verdict = judged(result=AT, contacts=[AT - timedelta(days=29), AT - timedelta(days=28)])
    assert (verdict.code, verdict.next_at) == ("cooling_off", AT + timedelta(hours=72))


def test_who_unsubscribed_is_never_written_to_again() -> None:
    verdict = judged(at=AT + timedelta(days=10_000), suppressed=(WHO,))
    assert verdict == Verdict(allowed=False, code="suppressed")


@given(st.lists(st.floats(0, 90), max_size=8), st.floats(0, 90) | st.none())
def test_what_is_promised_for_later_holds_then(days: list[float], result: float | None) -> None:
    contacts = [AT - timedelta(days=each) for each in days]
    at_result = None if result is None else AT - timedelta(days=result)
    verdict = judged(result=at_result, contacts=contacts)
    if not verdict.allowed:
        assert verdict.next_at is not None
        assert verdict.next_at > AT
        assert judged(verdict.next_at, result=at_result, contacts=contacts).allowed


def test_one_address_has_one_key_however_it_is_written() -> None:
    assert suppression_key(KEY, " Li.Na@ACME.example ") == WHO != suppression_key(b"x" * 32, "li.na@acme.example")
    assert "acme" not in WHO


def test_the_token_unsubscribes_its_address_and_no_other() -> None:
    token = unsubscribe_token(KEY, WHO)
    assert read_unsubscribe(KEY, token) == WHO
    for bad in ("", "x", token[:-1], token + "A", "A" + token[1:], unsubscribe_token(b"x" * 32, WHO)):
        with pytest.raises(PrivacyError) as refused:
            read_unsubscribe(KEY, bad)
        assert refused.value.code == "unsubscribe_unknown"


def test_the_headers_of_one_click() -> None:
    assert unsubscribe_headers("https://portal.example/u/abc") == {
        "List-Unsubscribe": "<https://portal.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    for bad in ("http://portal.example/u/abc", "https://x.example/\r\nBcc: y", "https://x.example/>"):
        with pytest.raises(PrivacyError):
            unsubscribe_headers(bad)
