"""Rows of what programs call with: service accounts, their tokens, and answers kept for calls that are sent again.

A secret or token is 256 random bits; the database holds only a hash of it. An account belongs to one tenant for ever, a
token to its account. Answers are sealed under the tenant's key and kept for a day.

What is kept of a secret is keyed and covers the account it belongs to; a token carries a mark over itself and its
account. So neither an account nor a token that somebody wrote or edited in the database opens anything.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, api_answers, metadata
from portal.storage_accounts import Names, names_of, tenants

ANSWER_SECONDS = 86_400.0
"""For how long a call that is sent again with the same key gets the answer of the first one."""

_ID = sa.String(40)

service_accounts = sa.Table(
    "service_accounts",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("member", _ID, nullable=False),  # for whom it reads, where that is one person (a rep), or ""
    sa.Column("author", _ID, nullable=False),
    sa.Column("label", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("scopes", sa.String(200), nullable=False),  # separated by blanks
    sa.Column("secret_hash", sa.String(64), nullable=False),  # keyed, over secret and account; "ended:id" once revoked
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("used_at", sa.Float),
    sa.Column("revoked_at", sa.Float),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("account", _ID, sa.ForeignKey("service_accounts.id"), nullable=False, index=True),
    sa.Column("scopes", sa.String(200), nullable=False),
    sa.Column("issued_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
    sa.Column("revoked_at", sa.Float),
    sa.Column("mac", sa.String(64)),  # over what never changes, and over the account as it was; "" once revoked
)


class AnswerKept(Exception):  # noqa: N818  # it says what happened; nothing is wrong
    """Another call with the same key was quicker: its answer stands, this one's work is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One service account. `label` is what its owner calls it; `used_at` the time of its newest token."""

    id: str
    tenant: str
    member: str
    author: str
    label: str
    scopes: tuple[str, ...]
    secret_hash: str
    created_at: float
    used_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One access token with the account it was given to."""

    account: AccountRow
    scopes: tuple[str, ...]
    issued_at: float
    expires_at: float
    revoked_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One kept answer, sealed under its tenant's key."""

    id: str
    tenant: str
    at: float
    data_key: str
    sealed: bytes


def hashed(secret: str) -> str:
    """What is stored of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add_account(tx: Transaction, row: AccountRow) -> None:
    """Store a new account; `secret_hash` is what `hashed` makes of its secret."""
    names = names_of(tx)
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    values |= {"label": names.seal(row.label, row=row.id), "scopes": " ".join(row.scopes)}
    values["secret_hash"] = _secret_mark(names, row, row.secret_hash)
    tx.run(sa.insert(service_accounts).values(**values))


def accounts_of(tx: Transaction, tenant: str, *, author: str = "") -> list[AccountRow]:
    """Return the accounts of a tenant (those that one member made, where he is named), newest first."""
    query = sa.select(service_accounts).where(service_accounts.c.tenant == tenant)
    if author:
        query = query.where(service_accounts.c.author == author)
    return [_account(tx, row) for row in tx.all(query.order_by(service_accounts.c.created_at.desc()))]


def living_account(tx: Transaction, account: str) -> AccountRow | None:
    """Return an account that may call: not revoked, its tenant active."""
    query = (
        sa.select(service_accounts)
        .join(tenants, tenants.c.id == service_accounts.c.tenant)
        .where(service_accounts.c.id == account, service_accounts.c.revoked_at.is_(None), tenants.c.state == "active")
    )
    row = tx.one(query)
    return None if row is None else _account(tx, row)


def secret_fits(names: Names, row: AccountRow, secret: str) -> bool:
    """Whether this is the secret of an account, and the account as it was made."""
    return hmac.compare_digest(row.secret_hash.encode(), _secret_mark(names, row, hashed(secret)).encode())


def _secret_mark(names: Names, row: AccountRow, secret_hash: str) -> str:
    told = (row.id, row.tenant, row.member, row.author, " ".join(row.scopes), repr(row.created_at), secret_hash)
    return names.mark("service\0" + "\0".join(told))


def _token_mark(names: Names, row: Mapping[str, Any], account: AccountRow) -> str:
    told = [str(row[name]) for name in ("token_hash", "account", "scopes")]
    told += [repr(float(row[name])) for name in ("issued_at", "expires_at")]
    told += [account.tenant, account.member, " ".join(account.scopes), account.secret_hash]
    return names.mark("token\0" + "\0".join(told))


def revoke_account(tx: Transaction, tenant: str, account: str, *, author: str = "", at: float) -> bool:
    """Make an account and all its tokens worthless; says whether this tenant (and member) had such a living one."""
    ours = sa.and_(
        service_accounts.c.id == account,
        service_accounts.c.tenant == tenant,
        service_accounts.c.revoked_at.is_(None),
        *([service_accounts.c.author == author] if author else []),
    )
    ended = sa.literal("ended:") + service_accounts.c.id  # who makes it live again in the database has no secret for it
    if not tx.run(sa.update(service_accounts).where(ours).values(revoked_at=at, secret_hash=ended)):
        return False
    living = sa.and_(api_tokens.c.account == account, api_tokens.c.revoked_at.is_(None))
    tx.run(sa.update(api_tokens).where(living).values(revoked_at=at, mac=""))
    return True


def add_token(tx: Transaction, token: str, *, account: str, scopes: tuple[str, ...], at: float, seconds: float) -> None:
    """Store the hash of a new token; those that have ended are swept away."""
    tx.run(sa.delete(api_tokens).where(api_tokens.c.expires_at < at - 3600.0))
    whose = living_account(tx, account)
    if whose is None:
        return
    row = {
        "token_hash": hashed(token),
        "account": account,
        "scopes": " ".join(scopes),
        "issued_at": at,
        "expires_at": at + seconds,
        "revoked_at": None,
    }
    tx.run(sa.insert(api_tokens).values(**row, mac=_token_mark(names_of(tx), row, whose)))
    tx.run(sa.update(service_accounts).where(service_accounts.c.id == account).values(used_at=at))


def token_of(tx: Transaction, token: str) -> TokenRow | None:
    """Return a token that was given out here and whose account may call; whether it has ended stands in the row."""
    row = tx.one(sa.select(api_tokens).where(api_tokens.c.token_hash == hashed(token)))
    account = None if row is None else living_account(tx, row["account"])
    if row is None or account is None:
        return None
    if not hmac.compare_digest((row["mac"] or "").encode(), _token_mark(names_of(tx), row, account).encode()):
        return None
    return TokenRow(
        account=account,
        scopes=tuple(row["scopes"].split()),
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def revoke_token(tx: Transaction, token: str, *, at: float) -> None:
    """Make one token worthless."""
    tx.run(sa.update(api_tokens).where(api_tokens.c.token_hash == hashed(token)).values(revoked_at=at, mac=""))


def add_answer(tx: Transaction, row: AnswerRow) -> None:
    """Keep an answer beside what its call changed; raises `AnswerKept` where there is one already."""
    tx.run(sa.delete(api_answers).where(api_answers.c.at < row.at - ANSWER_SECONDS))
    try:
        tx.run(
            sa.insert(api_answers).values(
                id=row.id, tenant=row.tenant, at=row.at, data_key=row.data_key, sealed=row.sealed
            )
        )
    except sa.exc.IntegrityError as error:
        raise AnswerKept from error


def answer(tx: Transaction, tenant: str, key: str, *, at: float) -> AnswerRow | None:
    """Return the answer that was kept for a call of this tenant, unless its day is over."""
    ours = sa.and_(api_answers.c.id == key, api_answers.c.tenant == tenant, api_answers.c.at >= at - ANSWER_SECONDS)
    row = tx.one(sa.select(api_answers).where(ours))
    if row is None:
        return None
    return AnswerRow(
        id=row["id"], tenant=row["tenant"], at=row["at"], data_key=row["data_key"], sealed=bytes(row["sealed"])
    )


def _account(tx: Transaction, row: dict[str, Any]) -> AccountRow:
    return AccountRow(
        **{
            **row,
            "label": names_of(tx).open(row["label"], row=row["id"]),
            "scopes": tuple(row["scopes"].split()),
        }
    )
