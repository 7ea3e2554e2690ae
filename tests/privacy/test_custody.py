"""A key in the customer's custody: the words around it, and data keys under its secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies

from privacy.custody import check_passphrase, guard, is_guarded, new_recovery_code, read_recovery_code, unguard
from privacy.keys import MemoryKeys, wrapped_version
from privacy.vault import Place, PrivacyError, SealBroken, new_data_key

AT = datetime(2026, 1, 5, tzinfo=UTC)
PLACE = Place(tenant="acme", workspace="", kind="data_key", id="k1", version="seal")


def test_only_the_secret_opens_a_guarded_key_and_only_at_its_place() -> None:
    secret, key = new_data_key(), new_data_key()
    guarded = guard(secret, key, place=PLACE)
    assert is_guarded(guarded)
    assert not is_guarded(key)
    assert unguard(secret, guarded, place=PLACE) == key
    changed = guarded[:-1] + bytes((guarded[-1] ^ 1,))
    for other, bytes_, place in (
        (new_data_key(), guarded, PLACE),
        (secret, guarded, replace(PLACE, tenant="beta")),
        (secret, guarded, replace(PLACE, id="k2")),
        (secret, changed, PLACE),
        (secret, key, PLACE),
    ):
        with pytest.raises(SealBroken):
            unguard(other, bytes_, place=place)


@given(strategies.binary(min_size=32, max_size=32))
def test_no_data_key_is_taken_for_a_guarded_one(key: bytes) -> None:
    assert not is_guarded(b"MSc1" + key[4:])


def test_a_key_service_wraps_a_guarded_key_as_any_other() -> None:
    keys, secret, key = MemoryKeys(), new_data_key(), new_data_key()
    keys.create_key("acme", at=AT)
    wrapped = keys.wrap("acme", guard(secret, key, place=PLACE), place=PLACE)
    keys.rotate("acme", at=AT)
    newer = keys.rewrap("acme", wrapped, place=PLACE)
    assert wrapped_version(newer) == 2
    assert unguard(secret, keys.unwrap("acme", newer, place=PLACE), place=PLACE) == key


def test_a_recovery_code_is_read_however_it_was_typed() -> None:
    code = new_recovery_code()
    assert len(code.replace("-", "")) == 32
    assert code != new_recovery_code()
    typed = code.lower().replace("-", " ").replace("o", "0").replace("i", "1").replace("b", "8")
    assert read_recovery_code(f"  {typed} ") == code


@pytest.mark.parametrize(
    ("words", "again", "code"),
    [
        ("correct horse battery", "correct horse batterz", "passphrase_differs"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "passphrase_simple"),
        ("abcdefgabcdefg", "abcdefgabcdefg", "passphrase_simple"),
    ],
)
def test_words_that_differ_or_are_guessed_at_once_are_refused(words: str, again: str, code: str) -> None:
    with pytest.raises(PrivacyError) as refused:
        check_passphrase(words, again)
    assert refused.value.code == code


def test_words_that_do_not_belong_together_are_taken() -> None:
    check_passphrase("订书机 马 电池 correct", "订书机 马 电池 correct")
