"""The receipt of an erasure: signed, so that whoever asked for it can show later that it was done, and what it took.

It names what was erased by id and digest, never by value, and says how: by destroying the key that sealed it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from privacy.signature import holds, public_bytes, sign
from privacy.vault import PrivacyError, canonical

FORMAT: Final = "mingsuan/erasure/1"
_LABEL: Final = "erasure receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased: `subject` by `kind/id`, its stored digest, and what was derived from it (`kind/id` each)."""

    tenant: str
    subject: str
    digest: str
    derived: tuple[str, ...]
    key: str  # name of the data key that was destroyed with it; "" where it had none of its own
    at: datetime


def receipt(seed: bytes, erased: Erasure) -> str:
    """One line of canonical JSON with the signature and the public key that checks it."""
    told = {"mingsuan": FORMAT, **asdict(erased), "at": erased.at.isoformat(), "derived": list(erased.derived)}
    signature = sign(seed, _LABEL, canonical(told))
    keys = {"public_key": _text(public_bytes(seed)), "signature": _text(signature)}
    return canonical({**told, **keys}).decode()


def read_receipt(text: str, *, public: bytes | None = None) -> Erasure:
    """What a receipt says; `PrivacyError` (receipt_forged) where it was changed or another key signed it.

    `public` is the key of the portal that is believed; without it the receipt's own key is used, which proves only that
    it is whole.
    """
    try:
        held: dict[str, Any] = json.loads(text)
        signature, claimed = (base64.b64decode(held.pop(name), validate=True) for name in ("signature", "public_key"))
        whole = held["mingsuan"] == FORMAT and holds(public or claimed, _LABEL, canonical(held), signature)
        found = Erasure(
            **{name: held[name] for name in ("tenant", "subject", "digest", "key")},
            derived=_names(held["derived"]),
            at=datetime.fromisoformat(held["at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise _forged() from None
    if not whole:
        raise _forged()
    return found


def lineage(subject: str, inputs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Everything that was made from an id, at any remove; `inputs` gives for each id the ids it was made from."""
    found: dict[str, None] = {}
    waiting = [subject]
    while waiting:
        parent = waiting.pop()
        for child, parents in inputs.items():
            if parent in parents and child not in found and child != subject:
                found[child] = None
                waiting.append(child)
    return tuple(found)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return tuple(value)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _forged() -> PrivacyError:
    return PrivacyError(
        "the receipt's signature is wrong",
        code="receipt_forged",
        remedy="It was changed, or another portal signed it: compare it with the one in the portal.",
    )
