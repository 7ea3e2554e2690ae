"""The tag on what leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.signature import holds, new_seed, public_bytes, sign
from privacy.vault import PrivacyError
from privacy.watermark import Watermark, read_stamp, stamp

SEED = bytes(range(32))
PUBLIC = public_bytes(SEED)
MARK = Watermark(
    consent="c-1",
    purpose="offer_preparation",
    recipient="chen.wei",
    data_digest="ff" * 32,
    policy="standard@1",
    sha256="ab" * 32,
    at=datetime(2026, 11, 25, 22, 30, tzinfo=UTC),
)
TAG = stamp(MARK, seed=SEED)


def refusal(code: str) -> pytest.RaisesExc[PrivacyError]:
    return pytest.RaisesExc(PrivacyError, check=lambda error: error.code == code)


def test_a_genuine_tag_is_read() -> None:
    assert read_stamp(f" {TAG}\n", public_key=PUBLIC, sha256="AB" * 32) == MARK
    assert TAG.isascii()
    assert " " not in TAG


def test_a_forged_or_moved_tag_is_refused() -> None:
    with refusal("watermark_forged"):
        read_stamp(stamp(MARK, seed=new_seed()), public_key=PUBLIC)
    head, _, signature = TAG.split(".")
    other = stamp(replace(MARK, recipient="x"), seed=SEED).split(".")[1]
    with refusal("watermark_forged"):
        read_stamp(f"{head}.{other}.{signature}", public_key=PUBLIC)
    with refusal("watermark_moved"):
        read_stamp(TAG, public_key=PUBLIC, sha256="cd" * 32)


@given(st.data())
def test_no_changed_character_passes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TAG) - 1))
    changed = TAG[:at] + data.draw(st.sampled_from("Aa0-_.=")) + TAG[at + 1 :]
    if changed != TAG:
        with pytest.raises(PrivacyError):
            read_stamp(changed, public_key=PUBLIC)


@pytest.mark.parametrize("tag", ["", "mw1", "mw1..", "mw2." + TAG[4:], TAG + ".x", "mw1.e30.e30", "mw1.\u4e2d.x"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with refusal("watermark_unreadable"):
        read_stamp(tag, public_key=PUBLIC)


def test_a_signature_of_one_kind_is_none_of_another() -> None:
    signature = sign(SEED, "watermark", b"data")
    assert holds(PUBLIC, "watermark", b"data", signature)
    assert not holds(PUBLIC, "receipt", b"data", signature)
    assert not holds(b"short", "watermark", b"data", signature)
    assert not holds(PUBLIC, "watermark", b"data", b"short")
