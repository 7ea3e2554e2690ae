"""Share links and codes by mail: a secret shown once, its hash stored, limits checked against a time handed in.

Two kinds: a *sandbox* link (a rep invites a prospect; opens, and may create, a workspace) and a *result* link (one
recipient reads one disclosure). Reading a link changes nothing; counting a use is the caller's atomic update
(`UPDATE ... SET uses = uses + 1 WHERE id = ? AND uses < max_uses`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from privacy.vault import PrivacyError, canonical

CODE_TERM: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
LONGEST: Final = timedelta(days=366)
_DIGITS: Final = 8
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLink:
    """A link as it is stored: everything but the token."""

    id: str
    kind: Literal["sandbox", "result"]
    token_hash: str = field(repr=False)  # hex SHA-256 of the token
    tenant: str  # result: the disclosing tenant; sandbox: the vendor, or the tenant invited to
    made_by: str  # member id
    made_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int = 0
    domains: tuple[str, ...] = ()  # e-mail domains that may enter; empty: any
    recipient: str = ""  # the one address that may enter; always set on a result link
    disclosure: str = ""  # result link: what it shows
    pack: str = ""  # sandbox link: id@version it starts with
    may_create_tenant: bool = False
    max_runs: int | None = None
    terms: str = ""  # id and version of terms to accept first
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.made_at < self.expires_at <= self.made_at + LONGEST:
            raise PrivacyError(
                "a link ends after it is made, and after a year at the latest",
                code="link_term",
                place=self.id,
                remedy="Choose an end within the next year.",
            )
        if self.max_uses < 1:
            raise PrivacyError(
                "a link may be used at least once",
                code="link_uses",
                place=self.id,
                remedy="Give the number of times it may be used, such as 1.",
            )
        if self.kind == "result" and not (self.recipient and self.disclosure):
            raise PrivacyError(
                "a result link shows one disclosure to one address",
                code="link_recipient",
                place=self.id,
                remedy="Give the recipient's e-mail address and the disclosure.",
            )
        for domain in self.domains:
            if not _DOMAIN.fullmatch(domain):
                raise PrivacyError(
                    f"{domain!r} is not an e-mail domain",
                    code="link_domain",
                    place=self.id,
                    remedy="Write domains in small letters, such as example.com.",
                    domain=domain,
                )

    def to_json(self) -> dict[str, object]:
        held: dict[str, object] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        times = {name: at.astimezone(UTC).isoformat() for name, at in held.items() if isinstance(at, datetime)}
        return {**held, **times, "domains": list(self.domains)}

    @classmethod
    def from_json(cls, data: object) -> ShareLink:
        """Read back what `to_json` wrote; `PrivacyError` (link_unreadable) for anything else."""
        try:
            held = dict(cast("dict[str, Any]", data))
            for name in ("made_at", "expires_at", "revoked_at"):
                held[name] = None if held[name] is None else datetime.fromisoformat(held[name])
            held["domains"] = tuple(held["domains"])
            return cls(**held)
        except (KeyError, TypeError, ValueError) as error:
            raise PrivacyError(
                "this is not a stored link",
                code="link_unreadable",
                remedy="It was changed where it is stored: revoke it and make a new one.",
            ) from error


def new_token() -> str:
    """256 random bits as 43 URL-safe characters. Show it once; store `token_hash(token)`."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored and looked up for a token (hex SHA-256); any text has one, so a lookup never fails on its form."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).hexdigest()


def check_link(link: ShareLink | None, token: str, *, at: datetime, email: str | None = None) -> ShareLink:
    """The link, if it may be used now.

    `PrivacyError`: link_unknown (no link, or a wrong token), link_revoked, link_expired, link_used_up,
    link_wrong_address (domain list or recipient; only looked at where `email` is given). Only who holds the token
    learns more than link_unknown, and both cases hash and compare the same amount.
    """
    expected = link.token_hash if link is not None else "0" * 64
    if not hmac.compare_digest(token_hash(token), expected) or link is None:
        raise _refusal("link_unknown", "this link is unknown", "Ask the sender for a new one.")
    if link.revoked_at is not None:
        raise _refusal("link_revoked", "this link was revoked", "Ask the sender why, and for a new one.")
    if at >= link.expires_at:
        raise _refusal("link_expired", "this link has expired", "Ask the sender for a new one.")
    if link.uses >= link.max_uses:
        raise _refusal("link_used_up", "this link was used as often as it may be", "Ask the sender for a new one.")
    if email is not None and not _may_enter(link, normal_email(email)):
        raise _refusal(
            "link_wrong_address",
            "this link is for another address",
            "Sign in with the address that the link was sent to.",
        )
    return link


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCode:
    """A sign-in code as it is stored: keyed hash, end, tries left."""

    email: str
    purpose: str
    code_hash: str = field(repr=False)
    expires_at: datetime
    tries_left: int = CODE_TRIES


def new_code(key: bytes, *, email: str, purpose: str, at: datetime) -> tuple[MailCode, str]:
    """What to store and the eight digits to mail.

    `key` is a secret of the installation, so that a stolen row does not give the code away by trying all of them.
    """
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    address = normal_email(email)
    expires_at = at + CODE_TERM
    stored = MailCode(
        email=address,
        purpose=purpose,
        code_hash=_code_hash(key, address, purpose, expires_at, code),
        expires_at=expires_at,
    )
    return stored, code


def check_code(key: bytes, stored: MailCode, typed: str, *, at: datetime) -> tuple[bool, MailCode]:
    """Is it the code? And what to store now: a try less; no tries left after a success, since a code works once.

    Digits of any script and spaces between them are read as typed by a person.
    """
    if stored.tries_left < 1 or at >= stored.expires_at:
        return False, replace(stored, tries_left=0)
    code = "".join(unicodedata.normalize("NFKC", typed).split())
    given = _code_hash(key, stored.email, stored.purpose, stored.expires_at, code)
    right = hmac.compare_digest(given, stored.code_hash)
    return right, replace(stored, tries_left=0 if right else stored.tries_left - 1)


def normal_email(address: str) -> str:
    """The address in the one form that is compared and hashed; `PrivacyError` (email_unreadable) if it is none.

    Small letters, the domain in its ASCII form; quoted local parts and addresses with a name are refused.

    >>> normal_email(" Li.Na@Bücher.example ")
    'li.na@xn--bcher-kva.example'
    """
    local, at, domain = unicodedata.normalize("NFKC", address).strip().lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not at or len(local) > 64 or len(domain) > 253 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise PrivacyError(
            "this is not an e-mail address",
            code="email_unreadable",
            remedy="Write it like name@example.com, without a name or brackets around it.",
        )
    return f"{local}@{domain}"


def _may_enter(link: ShareLink, address: str) -> bool:
    if link.recipient and address != normal_email(link.recipient):
        return False
    return not link.domains or address.rpartition("@")[2] in link.domains


def _code_hash(key: bytes, email: str, purpose: str, expires_at: datetime, code: str) -> str:
    bound = canonical(["mingsuan/code/1", email, purpose, expires_at.astimezone(UTC).isoformat(), code])
    return hmac.new(key, bound, hashlib.sha256).hexdigest()


def _refusal(code: str, message: str, remedy: str) -> PrivacyError:
    return PrivacyError(message, code=code, remedy=remedy)
