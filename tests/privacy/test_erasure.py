"""A receipt of an erasure says what went and how, and cannot be changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from privacy.erasure import Erasure, lineage, read_receipt, receipt
from privacy.signature import new_seed, public_bytes
from privacy.vault import PrivacyError

SEED = new_seed()
ERASED = Erasure(
    tenant="acme",
    subject="dataset/1",
    digest="d" * 64,
    derived=("line/2", "result/3"),
    key="k1",
    at=datetime(2026, 11, 26, 2, 40, tzinfo=UTC),
)


def test_it_reads_back_under_the_key_that_is_believed() -> None:
    text = receipt(SEED, ERASED)
    assert read_receipt(text) == ERASED
    assert read_receipt(text, public=public_bytes(SEED)) == ERASED


@pytest.mark.parametrize("field", ["tenant", "subject", "digest", "derived", "key", "at"])
def test_a_changed_receipt_is_refused(field) -> None:
    held = json.loads(receipt(SEED, ERASED))
    held[field] = [] if field == "derived" else "2026-11-27T00:00:00+00:00" if field == "at" else "other"
    with pytest.raises(PrivacyError) as refused:
        read_receipt(json.dumps(held))
    assert refused.value.code == "receipt_forged"


def test_another_portals_receipt_is_refused() -> None:
    with pytest.raises(PrivacyError):
        read_receipt(receipt(new_seed(), ERASED), public=public_bytes(SEED))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"signature": 1}', "nothing"])
def test_what_is_no_receipt_is_refused(text) -> None:
    with pytest.raises(PrivacyError):
        read_receipt(text)


def test_lineage_follows_every_step_and_stops_at_circles() -> None:
    made = {"b": ["a"], "c": ["b", "x"], "d": ["c"], "e": ["x"], "a": ["d"]}
    assert set(lineage("a", made)) == {"b", "c", "d"}
    assert lineage("e", made) == ()
