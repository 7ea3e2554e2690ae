"""The signed tag on everything that leaves: which consent, purpose, recipient, versions and content it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """What the tag says."""

    consent: str
    purpose: str
    recipient: str
    data_digest: str
    policy: str
    sha256: str  # of the artefact without its tag
    at: datetime


def stamp(mark: Watermark, *, seed: bytes) -> str:
    """The tag: `mw1.` base64url(JCS) `.` base64url(Ed25519 signature); fits a JSON field, a footer, XMP, a trailer row."""
    raise RuntimeError("being written")


def read_stamp(tag: str, *, public_key: bytes, sha256: str | None = None) -> Watermark:
    """The watermark of a genuine tag; `PrivacyError` (watermark_*) for a forged one or another content."""
    raise RuntimeError("being written")
