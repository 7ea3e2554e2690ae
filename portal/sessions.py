"""Who is signed in: sessions, sign-ins under way, and e-mailed codes.

The browser holds an opaque random token of 256 bits; the database holds only its hash. A session ends by sign-out,
by revocation, by idleness or by age, whichever comes first. Times in the tables are seconds since 1970 (UTC); the
functions take `now` as an aware datetime and an open transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.identity import Member
from portal.storage import Transaction, metadata, new_id
from portal.storage_accounts import Names, is_intact, member_from, members, names_of, tenants

_ID = sa.String(40)
CODE_ATTEMPTS = 5
CODE_LIFE = timedelta(minutes=10)
SIGN_IN_LIFE = timedelta(minutes=15)
TOUCH_SECONDS = 30.0  # how exactly we know when somebody was last active

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", _ID, primary_key=True),  # the handle that pages and logs may see
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("member", _ID, sa.ForeignKey("members.id"), nullable=False, index=True),
    sa.Column("tenant", _ID, nullable=False, index=True),
    sa.Column("provider", _ID, nullable=False),
    sa.Column("opened_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("idle_seconds", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
    sa.Column("why", sa.String(16), nullable=False),  # "", signed_out, revoked, replaced
    sa.Column("id_token", sa.LargeBinary, nullable=False),  # sealed; the provider wants it back at sign-out
    sa.Column("sid", sa.String(64)),  # keyed mark of the provider's own name for the session, or ""
    sa.Column("proved_at", sa.Float),  # when the person last proved to the provider who he is
    sa.Column("mac", sa.String(64)),  # over what never changes: a session that the portal did not open opens nothing
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("state_hash", sa.String(64), primary_key=True),
    sa.Column("browser_hash", sa.String(64), nullable=False),
    sa.Column("provider", _ID, nullable=False),
    sa.Column("nonce", sa.String(80), nullable=False),
    sa.Column("verifier", sa.String(128), nullable=False),  # PKCE; worthless after the one exchange
    sa.Column("next", sa.LargeBinary, nullable=False),  # sealed: may hold the token of a share link
    sa.Column("expires_at", sa.Float, nullable=False),
)

sign_in_codes = sa.Table(
    "sign_in_codes",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),  # hash of the browser's handle
    sa.Column("code_hash", sa.String(64), nullable=False),
    sa.Column("email", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("next", sa.LargeBinary, nullable=False),  # sealed: may hold the token of a share link
    sa.Column("attempts_left", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser. `id` is the handle that pages see; it opens nothing without the cookie's token."""

    id: str
    member: Member
    opened_at: datetime
    expires_at: datetime
    provider: str
    proved_at: datetime
    id_token: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in under way at a provider: what we must see again when its answer comes."""

    provider: str
    nonce: str
    verifier: str
    next: bytes  # sealed


def hashed(token: str) -> str:
    """What the database keeps of a random token of at least 128 bits (a plain hash is enough for those)."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- sessions --------------------------------------------------------------------------------------------------------


def open_session(
    tx: Transaction,
    member: Member,
    *,
    idle: timedelta,
    absolute: timedelta,
    now: datetime,
    id_token: bytes = b"",
    sid: str = "",
    proved_at: datetime | None = None,
) -> tuple[str, Session]:
    """Sign a member in; returns the token for the cookie (kept nowhere here) and the session.

    `sid` is the provider's own name for the session, by which it may end it; `proved_at` when the person last proved
    who he is (default: now).
    """
    token = secrets.token_urlsafe(32)
    at = now.timestamp()
    row = {
        "id": new_id(),
        "token_hash": hashed(token),
        "member": member.id,
        "tenant": member.tenant,
        "provider": member.provider,
        "opened_at": at,
        "seen_at": at,
        "idle_seconds": idle.total_seconds(),
        "expires_at": at + absolute.total_seconds(),
        "ended_at": None,
        "why": "",
        "id_token": id_token,
        "sid": sid_mark(tx, member.provider, sid),
        "proved_at": at if proved_at is None else min(at, proved_at.timestamp()),
    }
    tx.run(sa.insert(sessions).values(**row, mac=_mark(names_of(tx), row)))
    return token, _session(row, member)


def session_by_token(tx: Transaction, token: str, *, now: datetime) -> Session | None:
    """The living session of a cookie's token."""
    return _living(tx, _BY_TOKEN, hashed(token), now)


def session_by_id(tx: Transaction, session_id: str, *, now: datetime) -> Session | None:
    """The living session of a handle, its member read afresh (role and state as they are now)."""
    return _living(tx, _BY_ID, session_id, now)


def living_sessions(tx: Transaction, session_ids: Collection[str], *, now: datetime) -> set[str]:
    """Which of these sessions still live: not ended, not idle for too long, not too old, member and tenant active."""
    if not session_ids:
        return set()
    return {row["id"] for row in tx.all(_LIVING, {"ids": list(session_ids), "at": now.timestamp()})}


def last_seen(tx: Transaction, session_id: str) -> datetime | None:
    """When the person of a session last did something."""
    row = tx.one(sa.select(sessions.c.seen_at).where(sessions.c.id == session_id))
    return None if row is None else datetime.fromtimestamp(row["seen_at"], UTC)


def touch(tx: Transaction, session_id: str, *, now: datetime) -> None:
    """Note that a person did something: idleness counts from now."""
    tx.run(sa.update(sessions).where(sessions.c.id == session_id).values(seen_at=now.timestamp()))


def revoke(
    tx: Transaction,
    *,
    now: datetime,
    session_id: str | None = None,
    member_id: str | None = None,
    tenant_id: str | None = None,
    why: str = "revoked",
) -> int:
    """End sessions: one, all of a member, or all of a tenant; returns how many ended."""
    which = {"id": session_id, "member": member_id, "tenant": tenant_id}
    given = [sessions.c[name] == value for name, value in which.items() if value is not None]
    if len(given) != 1:
        raise ValueError("name exactly one of session_id, member_id, tenant_id")
    ended = sa.update(sessions).where(given[0], sessions.c.ended_at.is_(None))
    gone = sa.literal("ended:") + sessions.c.id  # who makes it live again in the database has no cookie for it
    return tx.run(ended.values(ended_at=now.timestamp(), why=why, id_token=b"", token_hash=gone))


def sid_mark(tx: Transaction, provider: str, sid: str) -> str:
    """How a provider's own name for a session is kept."""
    return names_of(tx).mark(f"sid\0{provider}\0{sid}") if sid else ""


def revoke_by_sid(tx: Transaction, provider: str, sid: str, *, now: datetime) -> int:
    """End the sessions that a provider knows by this name; returns how many."""
    named = (sessions.c.provider == provider) & (sessions.c.sid == sid_mark(tx, provider, sid))
    found = tx.all(sa.select(sessions.c.id).where(named, sessions.c.ended_at.is_(None))) if sid else []
    return sum(revoke(tx, session_id=row["id"], now=now, why="provider") for row in found)


def somebody_signed_in(tx: Transaction, tenant: str, *, now: datetime) -> bool:
    """Whether a tenant has a living session that the portal itself opened."""
    names = names_of(tx)
    return any(_whole(row, names) for row in tx.all(_OF_TENANT, {"key": tenant, "at": now.timestamp()}))


def sessions_of(tx: Transaction, member_id: str, *, now: datetime) -> list[Session]:
    """The living sessions of a member, newest first."""
    rows = tx.all(_OF_MEMBER, {"key": member_id, "at": now.timestamp()})
    names = names_of(tx)
    return [_session(row, _person(row, names)) for row in rows if _whole(row, names)]


_AT = sa.bindparam("at", type_=sa.Float)
_JOINED = sessions.join(members, members.c.id == sessions.c.member).join(tenants, tenants.c.id == sessions.c.tenant)
_ALIVE = sa.and_(
    sessions.c.ended_at.is_(None),
    sessions.c.expires_at > _AT,
    sessions.c.seen_at + sessions.c.idle_seconds > _AT,
    members.c.active,
    members.c.tenant == sessions.c.tenant,
    tenants.c.state == "active",
)
_QUERY = sa.select(
    *sessions.c,
    *(column.label(f"member_{column.name}") for column in members.c),
    *(column.label(f"tenant_{column.name}") for column in tenants.c),
).select_from(_JOINED)
# these are asked many times a second, so they are put together once
_BY_TOKEN = _QUERY.where(sessions.c.token_hash == sa.bindparam("key"), _ALIVE)
_BY_ID = _QUERY.where(sessions.c.id == sa.bindparam("key"), _ALIVE)
_OF_TENANT = _QUERY.where(sessions.c.tenant == sa.bindparam("key"), _ALIVE)
_OF_MEMBER = _QUERY.where(sessions.c.member == sa.bindparam("key"), _ALIVE).order_by(sessions.c.opened_at.desc())
_LIVING = (
    sa.select(sessions.c.id).select_from(_JOINED).where(sessions.c.id.in_(sa.bindparam("ids", expanding=True)), _ALIVE)
)


def _living(tx: Transaction, query: sa.Select[Any], key: str, now: datetime) -> Session | None:
    row = tx.one(query, {"key": key, "at": now.timestamp()})
    names = names_of(tx)
    return None if row is None or not _whole(row, names) else _session(row, _person(row, names))


_FIXED = ("id", "token_hash", "member", "tenant", "provider", "opened_at", "idle_seconds", "expires_at", "proved_at")


def _mark(names: Names, row: dict[str, Any]) -> str:
    return names.mark("session\0" + "\0".join(repr(row[column]) for column in _FIXED))


def _whole(row: dict[str, Any], names: Names) -> bool:
    """Whether session, member and tenant are as the portal wrote them."""
    if not hmac.compare_digest(row["mac"] or "", _mark(names, row)):
        return False
    return all(
        is_intact(names, table.name, {column.name: row[f"{kind}_{column.name}"] for column in table.c})
        for kind, table in (("member", members), ("tenant", tenants))
    )


def _person(row: dict[str, Any], names: Names) -> Member:
    return member_from({column.name: row[f"member_{column.name}"] for column in members.c}, names)


def _session(row: dict[str, Any], member: Member) -> Session:
    return Session(
        id=row["id"],
        member=member,
        opened_at=datetime.fromtimestamp(row["opened_at"], UTC),
        expires_at=datetime.fromtimestamp(row["expires_at"], UTC),
        provider=row["provider"],
        proved_at=datetime.fromtimestamp(row["proved_at"], UTC),
        id_token=row["id_token"],
    )


# --- sign-ins under way ----------------------------------------------------------------------------------------------


def begin_sign_in(tx: Transaction, sign_in: SignIn, *, now: datetime) -> tuple[str, str]:
    """Remember a sign-in; returns the state for the provider and the token that binds it to this browser."""
    state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    tx.run(
        sa.insert(sign_ins).values(
            state_hash=hashed(state),
            browser_hash=hashed(browser),
            provider=sign_in.provider,
            nonce=sign_in.nonce,
            verifier=sign_in.verifier,
            next=sign_in.next,
            expires_at=(now + SIGN_IN_LIFE).timestamp(),
        )
    )
    return state, browser


def finish_sign_in(tx: Transaction, state: str, browser: str, *, now: datetime) -> SignIn | None:
    """Take back what was remembered, once, and only for the browser that began it."""
    ours = (sign_ins.c.state_hash == hashed(state)) & (sign_ins.c.browser_hash == hashed(browser))
    row = tx.one(sa.select(sign_ins).where(ours, sign_ins.c.expires_at > now.timestamp()))
    if row is None or not tx.run(sa.delete(sign_ins).where(ours)):
        return None
    return SignIn(provider=row["provider"], nonce=row["nonce"], verifier=row["verifier"], next=row["next"])


# --- e-mailed codes --------------------------------------------------------------------------------------------------


def put_code(tx: Transaction, *, email: bytes, next_page: bytes, now: datetime) -> tuple[str, str]:
    """Make a code of eight digits; returns the browser's handle and the code (only a bound hash of it is kept)."""
    handle, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**8):08d}"
    row = {
        "id": hashed(handle),
        "code_hash": hashed(f"{handle}:{code}"),
        "email": email,
        "next": next_page,
        "attempts_left": CODE_ATTEMPTS,
        "expires_at": (now + CODE_LIFE).timestamp(),
    }
    tx.run(sa.insert(sign_in_codes).values(**row))
    return handle, code


def try_code(tx: Transaction, handle: str, code: str, *, now: datetime) -> tuple[bytes, bytes] | int:
    """Use a code: its sealed address and next page when it is right (once), else how many attempts are left.

    The attempt is counted before the code is looked at, in one statement, so that parallel guesses cannot outrun it.
    """
    ours = sign_in_codes.c.id == hashed(handle)
    usable = (sign_in_codes.c.attempts_left > 0) & (sign_in_codes.c.expires_at > now.timestamp())
    if not tx.run(sa.update(sign_in_codes).where(ours, usable).values(attempts_left=sign_in_codes.c.attempts_left - 1)):
        return 0
    row = tx.one(sa.select(sign_in_codes).where(ours))
    if row is None:
        return 0
    if not secrets.compare_digest(row["code_hash"], hashed(f"{handle}:{code}")):
        return int(row["attempts_left"])
    tx.run(sa.delete(sign_in_codes).where(ours))
    return row["email"], row["next"]


def sweep(tx: Transaction, *, now: datetime, keep_sessions: timedelta = timedelta(days=1)) -> None:
    """Remove what has run out."""
    at = now.timestamp()
    tx.run(sa.delete(sign_ins).where(sign_ins.c.expires_at < at))
    tx.run(sa.delete(sign_in_codes).where(sign_in_codes.c.expires_at < at))
    limit = at - keep_sessions.total_seconds()
    tx.run(sa.delete(sessions).where(sa.or_(sessions.c.expires_at < limit, sessions.c.ended_at < limit)))
