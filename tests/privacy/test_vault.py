"""Sealed values open for their key and place, and for nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.vault import (
    Place,
    PrivacyError,
    SealBroken,
    canonical,
    derive,
    digest_hmac,
    new_data_key,
    open_sealed,
    padded_size,
    seal,
)

PLACE = Place(tenant="acme", workspace="plant-2", kind="dataset", id="7f3a", version="3")
KEY = bytes(range(32))
FROZEN = Path(__file__).parents[1] / "data" / "sealed_v1.json"


@given(st.binary(max_size=70_000))
def test_what_was_sealed_opens_again(data: bytes) -> None:
    assert open_sealed(KEY, seal(KEY, data, place=PLACE), place=PLACE) == data


def test_a_large_value_opens_again() -> None:
    data = bytes(range(256)) * 20_000
    assert open_sealed(KEY, seal(KEY, data, place=PLACE), place=PLACE) == data


@pytest.mark.parametrize("part", [field.name for field in fields(Place)])
def test_no_other_place_opens_it(part: str) -> None:
    sealed = seal(KEY, b"12.4 s", place=PLACE)
    with pytest.raises(SealBroken) as refused:
        open_sealed(KEY, sealed, place=replace(PLACE, **{part: getattr(PLACE, part) + "x"}))
    assert refused.value.code == "seal_broken"


def test_parts_of_a_place_cannot_flow_into_each_other() -> None:
    one = replace(PLACE, tenant="acme", workspace="x")
    other = replace(PLACE, tenant="acmex", workspace="")
    assert one.context("f") != other.context("f")
    with pytest.raises(SealBroken):
        open_sealed(KEY, seal(KEY, b"value", place=one), place=other)


def test_no_other_key_opens_it() -> None:
    sealed = seal(KEY, b"12.4 s", place=PLACE)
    with pytest.raises(SealBroken):
        open_sealed(new_data_key(), sealed, place=PLACE)


@given(st.data())
def test_a_flipped_bit_anywhere_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, data.draw(st.binary(max_size=400)), place=PLACE))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken):
        open_sealed(KEY, bytes(sealed), place=PLACE)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=50))
def test_a_cut_or_lengthened_value_is_refused(cut: int, tail: bytes) -> None:
    sealed = seal(KEY, b"x" * 40_000, place=PLACE)
    with pytest.raises(SealBroken):
        open_sealed(KEY, sealed[: cut % len(sealed)], place=PLACE)
    with pytest.raises(SealBroken):
        open_sealed(KEY, sealed + tail, place=PLACE)


def test_swapped_chunks_are_refused() -> None:
    sealed = seal(KEY, b"x" * 200_000, place=PLACE)
    head, size = len(sealed) - 16_400 * 12, 16_400
    one, two, rest = sealed[head : head + size], sealed[head + size : head + 2 * size], sealed[head + 2 * size :]
    with pytest.raises(SealBroken):
        open_sealed(KEY, sealed[:head] + two + one + rest, place=PLACE)


def test_an_unknown_suite_is_refused() -> None:
    sealed = seal(KEY, b"value", place=PLACE)
    for suite in (0, 2, 255):
        with pytest.raises(SealBroken):
            open_sealed(KEY, sealed[:4] + bytes((suite,)) + sealed[5:], place=PLACE)


def test_two_sealings_of_one_value_differ() -> None:
    assert seal(KEY, b"value", place=PLACE) != seal(KEY, b"value", place=PLACE)


@given(st.integers(0, 2**40))
def test_padding_costs_at_most_an_eighth_and_hides_the_length(length: int) -> None:
    padded = padded_size(length)
    assert length <= padded <= max(256, length * 1.125)
    assert padded_size(padded) == padded


def test_small_values_all_have_one_size() -> None:
    sizes = {len(seal(KEY, b"x" * length, place=PLACE)) for length in range(0, 257, 16)}
    assert len(sizes) == 1


def test_a_key_of_another_length_is_refused() -> None:
    for key in (b"", KEY[:16], KEY + b"x"):
        with pytest.raises(PrivacyError, match="32 bytes"):
            seal(key, b"value", place=PLACE)


def test_derived_keys_and_digests_differ_by_purpose_and_tenant() -> None:
    other = new_data_key()
    assert len({derive(KEY, "digest"), derive(KEY, "manifest"), derive(other, "digest"), KEY}) == 4
    assert digest_hmac(KEY, b"v") == digest_hmac(KEY, b"v") != digest_hmac(other, b"v")


def test_no_canonical_json_for_what_json_cannot_hold() -> None:
    for value in (float("nan"), 2**53 + 1, "\ud800", {"a": float("inf")}):
        with pytest.raises(PrivacyError) as refused:
            canonical(value)
        assert refused.value.code == "not_canonical"


def test_values_sealed_by_the_first_release_still_open() -> None:
    """A frozen corpus: every later release must open these bytes."""
    held = json.loads(FROZEN.read_text())
    key = bytes.fromhex(held["key"])
    assert len(held["values"]) >= 5
    for value in held["values"]:
        place = Place(**value["place"])
        plain = bytes.fromhex(value["plain"]) * value["times"]
        assert open_sealed(key, base64.b64decode(value["sealed"]), place=place) == plain
    assert derive(key, "digest").hex() == held["derived"]["digest"]
    assert digest_hmac(key, b"value") == held["digest_hmac"]
