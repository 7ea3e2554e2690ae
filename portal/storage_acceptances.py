"""Rows of accepted agreements: who accepted which text, by its digest, when, through which link."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, metadata, new_id

_ID = sa.String(40)

acceptances = sa.Table(
    "acceptances",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("link", _ID, nullable=False),
    sa.Column("tenant", _ID, nullable=False),  # the tenant that was opened, or whose result was read
    sa.Column("person", sa.String(64), nullable=False),  # pseudonym
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("acceptances_of_link", "link"),
)


def add_acceptance(tx: Transaction, *, link: str, tenant: str, person: str, digest: str, at: float) -> None:
    """Record that somebody accepted an agreement."""
    row = {"id": new_id(), "link": link, "tenant": tenant, "person": person, "digest": digest, "at": at}
    tx.run(sa.insert(acceptances).values(**row))


def acceptances_of(tx: Transaction, link: str) -> list[dict[str, Any]]:
    """Return who accepted what through a link, oldest first."""
    return tx.all(sa.select(acceptances).where(acceptances.c.link == link).order_by(acceptances.c.at))
