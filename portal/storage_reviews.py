"""Rows of access reviews: who of the vendor's people was looked at when, by whom, and what was decided."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, metadata, new_id

_ID = sa.String(40)

reviews = sa.Table(
    "access_reviews",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("member", _ID, nullable=False),
    sa.Column("role", sa.String(24), nullable=False),  # that was confirmed or taken away
    sa.Column("reviewer", _ID, nullable=False),
    sa.Column("decision", sa.String(12), nullable=False),  # confirmed, revoked
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("reviews_of_member", "member", "at"),
)


def add_review(tx: Transaction, *, member: str, role: str, reviewer: str, decision: str, at: float) -> None:
    """Keep a decision."""
    row = {"id": new_id(), "member": member, "role": role, "reviewer": reviewer, "decision": decision, "at": at}
    tx.run(sa.insert(reviews).values(**row))


def last_reviews(tx: Transaction) -> dict[str, dict[str, Any]]:
    """Return the newest decision about each member, by his id."""
    return {str(row["member"]): row for row in tx.all(sa.select(reviews).order_by(reviews.c.at))}
