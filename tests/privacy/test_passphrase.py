"""The customer's own lock."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from privacy.passphrase import lock, unlock
from privacy.vault import Place, PrivacyError, SealBroken

PLACE = Place(tenant="acme", workspace="plant-2", kind="data key", id="k1")
PHRASE = "correct horse battery 订书机"
FROZEN = Path(__file__).parents[1] / "data" / "sealed_v1.json"


def test_only_the_passphrase_opens_it_and_only_here() -> None:
    locked = lock(PHRASE, b"k" * 32, place=PLACE)
    assert unlock(PHRASE, locked, place=PLACE) == b"k" * 32
    for phrase, place in ((PHRASE + " ", PLACE), (PHRASE, replace(PLACE, tenant="other"))):
        with pytest.raises(SealBroken) as refused:
            unlock(phrase, locked, place=place)
        assert refused.value.code == "wrong_passphrase"


def test_the_same_characters_composed_otherwise_open_it() -> None:
    locked = lock("Schl\u00fcssel f\u00fcr alle", b"k" * 32, place=PLACE)
    assert unlock("Schlu\u0308ssel fu\u0308r alle", locked, place=PLACE) == b"k" * 32


def test_a_short_passphrase_and_bytes_that_are_none_are_refused() -> None:
    with pytest.raises(PrivacyError) as short:
        lock("elevenchars", b"k" * 32, place=PLACE)
    assert (short.value.code, short.value.params) == ("passphrase_short", {"least": 12})
    for bad in (b"", b"MSp1", b"XXXX" + bytes(100)):
        with pytest.raises(SealBroken):
            unlock(PHRASE, bad, place=PLACE)


def test_a_lock_of_the_first_release_still_opens() -> None:
    held = json.loads(FROZEN.read_text())
    locked = base64.b64decode(held["locked"]["locked"])
    opened = unlock(held["locked"]["passphrase"], locked, place=Place(**held["locked"]["place"]))
    assert opened.hex() == held["key"]
