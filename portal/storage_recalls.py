"""Rows of recalls: which recipient has confirmed that his copies of a withdrawn or ended release are gone."""

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
