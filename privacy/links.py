"""Share links and codes by mail: a secret shown once, its hash stored, limits checked against a time handed in.

Two kinds: a *sandbox* link (a rep invites a prospect; opens, and may create, a workspace) and a *result* link (one
recipient reads one disclosure). Reading a link changes nothing; counting a use is the caller's atomic update
(`UPDATE ... SET uses = uses + 1 WHERE id = ? AND uses < max_uses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

CODE_TERM = timedelta(minutes=10)
CODE_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLink:
    """A link as it is stored: everything but the token."""

    id: str
    kind: Literal["sandbox", "result"]
    token_hash: str  # hex SHA-256 of the token
    tenant: str  # result: the disclosing tenant; sandbox: the vendor, or the tenant invited to
    made_by: str  # member id
    made_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int = 0
    domains: tuple[str, ...] = ()  # e-mail domains that may enter; empty: any
    recipient: str = ""  # result link: the one address
    disclosure: str = ""  # result link: what it shows
    pack: str = ""  # sandbox link: id@version it starts with
    may_create_tenant: bool = False
    max_runs: int | None = None
    terms: str = ""  # id and version of terms to accept first
    revoked_at: datetime | None = None

    def to_json(self) -> dict[str, object]:
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, data: object) -> ShareLink:
        raise RuntimeError("being written")


def new_token() -> str:
    """256 random bits as 43 URL-safe characters. Show it once; store `token_hash(token)`."""
    raise RuntimeError("being written")


def token_hash(token: str) -> str:
    """What is stored and looked up for a token; a fixed-length hash for any input."""
    raise RuntimeError("being written")


def check_link(link: ShareLink | None, token: str, *, at: datetime, email: str | None = None) -> ShareLink:
    """The link, if it may be used now.

    `PrivacyError`: link_unknown (also for a wrong token, and for a link of somebody else), link_expired, link_revoked,
    link_used_up, link_wrong_address (domain list or recipient; only looked at where `email` is given).
    """
    raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCode:
    """A sign-in code as it is stored: keyed hash, end, tries left."""

    email: str
    purpose: str
    code_hash: str
    expires_at: datetime
    tries_left: int = CODE_TRIES


def new_code(key: bytes, *, email: str, purpose: str, at: datetime) -> tuple[MailCode, str]:
    """What to store and the eight digits to mail. `key` is a secret of the installation, so a stolen row tells nothing."""
    raise RuntimeError("being written")


def check_code(key: bytes, stored: MailCode, typed: str, *, at: datetime) -> tuple[bool, MailCode]:
    """Is it the code? And what to store now: a try less; no tries left after a success (a code works once)."""
    raise RuntimeError("being written")


def normal_email(address: str) -> str:
    """The address in the one form that is compared and hashed; `PrivacyError` (email_unreadable) if it is none."""
    raise RuntimeError("being written")
