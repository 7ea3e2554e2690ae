"""Rows of recalls: who has confirmed that his copies of a release that is over are gone; which looks a tenant ended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, metadata

_ID = sa.String(40)

recalls = sa.Table(
    "recalls",
    metadata,
    sa.Column("disclosure", _ID, primary_key=True),
    sa.Column("member", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),  # whose release it was
    sa.Column("confirmed_at", sa.Float, nullable=False),
    sa.Index("recalls_of_tenant", "tenant"),
)


def confirm(tx: Transaction, disclosure: str, *, member: str, tenant: str, at: float) -> bool:
    """Note that a recipient's copies are gone; False where he has said so before."""
    one = (recalls.c.disclosure == disclosure) & (recalls.c.member == member)
    if tx.one(sa.select(recalls.c.member).where(one)) is not None:
        return False
    tx.run(sa.insert(recalls).values(disclosure=disclosure, member=member, tenant=tenant, confirmed_at=at))
    return True


def confirmed_by(tx: Transaction, member: str) -> dict[str, float]:
    """Return what a recipient has confirmed: time by disclosure."""
    rows = tx.all(sa.select(recalls).where(recalls.c.member == member))
    return {str(row["disclosure"]): float(row["confirmed_at"]) for row in rows}


def confirmations(tx: Transaction, tenant: str | None = None) -> list[dict[str, Any]]:
    """Return what recipients have confirmed to a tenant (to all where none is named)."""
    query = sa.select(recalls).order_by(recalls.c.confirmed_at)
    return tx.all(query if tenant is None else query.where(recalls.c.tenant == tenant))


ended_grants = sa.Table(
    "ended_grants",  # looks with a reason that the tenant has ended before their time
    metadata,
    sa.Column("grant", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("ended_at", sa.Float, nullable=False),
)


def end_grant(tx: Transaction, grant: str, *, tenant: str, at: float) -> None:
    """Note that a tenant has ended a look with a reason."""
    if not grant_ended(tx, grant):
        tx.run(sa.insert(ended_grants).values(grant=grant, tenant=tenant, ended_at=at))


def grant_ended(tx: Transaction, grant: str) -> bool:
    """Say whether a look with a reason was ended by its tenant."""
    return tx.one(sa.select(ended_grants.c.ended_at).where(ended_grants.c.grant == grant)) is not None
