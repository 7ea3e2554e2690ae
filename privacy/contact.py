"""Contact rules that no rep can override: cooling-off, frequency cap, suppression, one-click unsubscribe.

The unsubscribe link follows RFC 8058: a POST without sign-in does it; a GET only shows a button.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privacy.links import normal_email
from privacy.vault import PrivacyError

_MAC: Final = 16  # bytes of the token's keyed hash


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRules:
    """The rules both sides see."""

    cooling_off: timedelta = timedelta(hours=72)  # after a result or a refusal nobody writes or calls
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
    """Judge one contact at the moment of sending.

    `address_key` is `suppression_key(...)` of the address; `contacts` are all earlier ones over all channels, in any
    order. A suppressed address is never written to again, so there is no time from which it may.
    """
    if address_key in suppressed:
        return Verdict(allowed=False, code="suppressed")
    waits = []
    if last_result_at is not None and at < last_result_at + rules.cooling_off:
        waits.append((last_result_at + rules.cooling_off, "cooling_off"))
    recent = sorted(moment for moment in contacts if at - rules.window < moment <= at)
    if len(recent) >= rules.max_in_window:
        # one may be made when so many have left the window that fewer than the cap remain
        freeing = recent[len(recent) - rules.max_in_window] if rules.max_in_window else at
        waits.append((freeing + rules.window, "too_often"))
    if waits:
        next_at, code = max(waits)
        return Verdict(allowed=False, code=code, next_at=next_at)
    return Verdict(allowed=True, code="ok")


def suppression_key(key: bytes, address: str) -> str:
    """The keyed hash under which an address is suppressed; outlives the account without naming anybody."""
    return hmac.new(key, b"mingsuan/suppress/1\0" + normal_email(address).encode(), hashlib.sha256).hexdigest()


def unsubscribe_token(key: bytes, address_key: str) -> str:
    """The token of an unsubscribe link: no sign-in, no expiry, works for this address only and names nobody."""
    named = bytes.fromhex(address_key)
    return base64.urlsafe_b64encode(named + _mac(key, named)).decode().rstrip("=")


def read_unsubscribe(key: bytes, token: str) -> str:
    """The suppression key of a genuine token; `PrivacyError` (unsubscribe_unknown) otherwise."""
    try:
        blob = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        blob = b""
    named, mac = blob[:32], blob[32:]
    if len(named) != 32 or not hmac.compare_digest(mac, _mac(key, named)):
        raise PrivacyError(
            "this unsubscribe link is incomplete or not ours",
            code="unsubscribe_unknown",
            remedy="Open the link from the message again, or answer the message with the word unsubscribe.",
        )
    return named.hex()


def unsubscribe_headers(url: str) -> dict[str, str]:
    """`List-Unsubscribe` and `List-Unsubscribe-Post` of RFC 8058, for an https URL that takes a POST."""
    if not url.startswith("https://") or any(sign in url for sign in '<>"\r\n '):
        raise PrivacyError(
            "one-click unsubscribe needs an https address",
            code="unsubscribe_url",
            remedy="Set the portal's public address, with https.",
        )
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _mac(key: bytes, named: bytes) -> bytes:
    return hmac.new(key, b"mingsuan/unsubscribe/1\0" + named, hashlib.sha256).digest()[:_MAC]
