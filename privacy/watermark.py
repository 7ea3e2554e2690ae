"""The signed tag on everything that leaves: which consent, purpose, recipient, versions and content it was."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from privacy.signature import holds, sign
from privacy.vault import PrivacyError, canonical

_LABEL: Final = "mingsuan/watermark/1"
_PREFIX: Final = "mw1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What the tag says."""

    consent: str
    purpose: str
    recipient: str
    data_digest: str
    policy: str
    sha256: str  # hex, of the artefact without its tag
    at: datetime


def stamp(mark: Watermark, *, seed: bytes) -> str:
    """The tag: `mw1.` JCS `.` Ed25519 signature, both base64url; fits a JSON field, a footer, XMP, a trailer row."""
    said = canonical(
        {
            "consent": mark.consent,
            "purpose": mark.purpose,
            "recipient": mark.recipient,
            "data_digest": mark.data_digest,
            "policy": mark.policy,
            "sha256": mark.sha256,
            "at": mark.at.astimezone(UTC).isoformat(),
        }
    )
    return f"{_PREFIX}.{_encoded(said)}.{_encoded(sign(seed, _LABEL, said))}"


def read_stamp(tag: str, *, public_key: bytes, sha256: str | None = None) -> Watermark:
    """The watermark of a genuine tag (`public_key`: 32 bytes of `signature.public_bytes`).

    `PrivacyError`: watermark_unreadable, watermark_forged, and watermark_moved where `sha256` is given and the tag was
    made for another content.
    """
    try:
        prefix, said, signature = tag.strip().split(".")
        body = _decoded(said)
        signed = _decoded(signature)
        held = json.loads(body)
        mark = Watermark(**{**held, "at": datetime.fromisoformat(held["at"])})
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise _unreadable() from None
    if prefix != _PREFIX:
        raise _unreadable()
    if not holds(public_key, _LABEL, body, signed):
        raise PrivacyError(
            "the watermark was not signed by this portal",
            code="watermark_forged",
            remedy="Treat the document as not released; send it to the compliance officer.",
        )
    if sha256 is not None and not hmac.compare_digest(sha256.lower(), mark.sha256.lower()):
        raise PrivacyError(
            "the watermark belongs to another content",
            code="watermark_moved",
            remedy="The document was changed after its release, or the tag was copied from another one.",
        )
    return mark


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encoded(data) != text:
        raise ValueError(text)
    return data


def _unreadable() -> PrivacyError:
    return PrivacyError(
        "this is not a watermark",
        code="watermark_unreadable",
        remedy="Copy the whole tag, from `mw1.` to its end.",
    )
