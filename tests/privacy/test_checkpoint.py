"""Checkpoints: those of a public log, our own, and forged ones."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.checkpoint import new_log_key, parse_checkpoint, read_checkpoint, sign_checkpoint, verifier_key
from privacy.merkle import EMPTY_ROOT, leaf_hash, root
from privacy.vault import PrivacyError

SEED = bytes(range(32))
NAME = "vendor.example/log"
KEY = verifier_key(SEED, name=NAME)
ROOT = leaf_hash(b"entry")
NOTE = sign_checkpoint(SEED, name=NAME, size=1, root=ROOT, at=datetime(2026, 11, 25, 22, 30, tzinfo=UTC))


def refusal(code: str) -> pytest.RaisesExc[PrivacyError]:
    return pytest.RaisesExc(PrivacyError, check=lambda error: error.code == code)


def test_it_reads_as_it_was_signed() -> None:
    head = read_checkpoint(NOTE, keys=(KEY,))
    assert (head.origin, head.size, head.root, head.verified) == (NAME, 1, ROOT, (NAME,))
    assert head.extensions == ("time 2026-11-25T22:30:00Z",)
    assert NOTE.splitlines()[:4] == [NAME, "1", base64.b64encode(ROOT).decode(), "time 2026-11-25T22:30:00Z"]


def test_another_key_or_name_does_not_verify_it() -> None:
    with refusal("checkpoint_unsigned"):
        read_checkpoint(NOTE, keys=(verifier_key(new_log_key(), name=NAME),))
    with refusal("checkpoint_unsigned"):
        read_checkpoint(NOTE, keys=(verifier_key(SEED, name="other.example/log"),))
    with refusal("checkpoint_unsigned"):
        read_checkpoint(NOTE, keys=())


def test_signatures_of_strangers_are_passed_over() -> None:
    other = sign_checkpoint(new_log_key(), name="witness.example", size=1, root=ROOT).splitlines()[-1]
    assert read_checkpoint(NOTE + other + "\n", keys=(KEY,)).verified == (NAME,)


@given(st.data())
def test_no_changed_character_passes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    to = data.draw(st.sampled_from("0aA+/=\n —") | st.characters(exclude_categories=["Cs"]))
    changed = NOTE[:at] + to + NOTE[at + 1 :]
    if changed != NOTE:
        with pytest.raises(PrivacyError):
            read_checkpoint(changed, keys=(KEY,))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        NOTE[:-1],
        NOTE.replace("\n1\n", "\n01\n"),
        NOTE.replace("\n1\n", "\n-1\n"),
        NOTE.replace("\n1\n", "\n1 \n"),
        NOTE * 2000,
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with refusal("checkpoint_unreadable"):
        parse_checkpoint(text)


def test_an_empty_log_has_the_empty_root() -> None:
    assert read_checkpoint(sign_checkpoint(SEED, name=NAME, size=0, root=EMPTY_ROOT), keys=(KEY,)).size == 0
    with refusal("checkpoint_unreadable"):
        parse_checkpoint(sign_checkpoint(SEED, name=NAME, size=0, root=ROOT))


@pytest.mark.parametrize("text", ["", "a+b+c", KEY[:-4], KEY.replace("+", " "), "x" + KEY])
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with refusal("key_unreadable"):
        read_checkpoint(NOTE, keys=(text,))


@pytest.mark.parametrize("name", ["", "two words", "plus+sign", "line\nbreak"])
def test_a_log_key_has_a_plain_name(name: str) -> None:
    with refusal("key_name"):
        verifier_key(SEED, name=name)


def test_checkpoints_of_a_public_log(reference_data: Path) -> None:
    held = json.loads((reference_data / "crypto" / "tlog" / "checkpoints.json").read_text())
    leaves = [leaf_hash(entry.encode()) for entry in held["leaves_utf8"]]
    for size, note in held["checkpoints"].items():
        head = read_checkpoint(note, keys=(held["verifier_key"],))
        assert (head.size, head.root) == (int(size), root(leaves[: int(size)]))
    assert len(held["checkpoints"]) == 8
