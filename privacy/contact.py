"""Contact rules that a rep cannot override: cooling-off, frequency cap, suppression, one-click unsubscribe (RFC 8058)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRules:
    """The rules both sides see."""

    cooling_off: timedelta = timedelta(hours=72)  # after a result or a refusal nobody calls
    window: timedelta = timedelta(days=30)
    max_in_window: int = 2  # over all channels


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May the person be contacted, and if not, from when; `code`: ok, suppressed, cooling_off, too_often."""

    allowed: bool
    code: str
    next_at: datetime | None = None


def may_contact(
    rules: ContactRules,
    *,
    at: datetime,
    address_key: str,
    suppressed: Collection[str],
    last_result_at: datetime | None,
    contacts: Sequence[datetime],
) -> Verdict:
    """Judge one contact at the moment of sending. `address_key` is `suppression_key(...)` of the address."""
    raise RuntimeError("being written")


def suppression_key(key: bytes, address: str) -> str:
    """The keyed hash under which an address is suppressed; outlives the account without naming anybody."""
    raise RuntimeError("being written")


def unsubscribe_token(key: bytes, address_key: str) -> str:
    """The token of an unsubscribe link: no sign-in, no expiry, works for this address only."""
    raise RuntimeError("being written")


def read_unsubscribe(key: bytes, token: str) -> str:
    """The suppression key of a genuine token; `PrivacyError` (unsubscribe_unknown) otherwise."""
    raise RuntimeError("being written")


def unsubscribe_headers(url: str) -> dict[str, str]:
    """`List-Unsubscribe` and `List-Unsubscribe-Post` of RFC 8058."""
    raise RuntimeError("being written")
