"""Rows of contact rules: addresses that are never written to again, and when each address was contacted.

An address appears under a keyed hash only. A suppression outlives the account and the tenant.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, metadata, new_id

_ID = sa.String(40)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("address", sa.String(64), primary_key=True),  # privacy.contact.suppression_key
    sa.Column("at", sa.Float, nullable=False),
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("author", _ID, nullable=False),
    sa.Column("channel", sa.String(12), nullable=False),  # mail, phone, visit, invitation
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("contacts_of_address", "address", "at"),
)


def suppress(tx: Transaction, address: str, *, at: float) -> bool:
    """Never write to an address again; False where that was so already."""
    if suppressed(tx, address):
        return False
    tx.run(sa.insert(suppressions).values(address=address, at=at))
    return True


def allow(tx: Transaction, address: str) -> bool:
    """Let an address be written to again: only its own owner may ask for that."""
    return tx.run(sa.delete(suppressions).where(suppressions.c.address == address)) == 1


def suppressed(tx: Transaction, address: str) -> bool:
    """Say whether an address must not be written to."""
    return tx.one(sa.select(suppressions.c.at).where(suppressions.c.address == address)) is not None


def add_contact(tx: Transaction, address: str, *, author: str, channel: str, at: float) -> None:
    """Note a contact, whichever way it was made."""
    row = {"id": new_id(), "address": address, "author": author, "channel": channel, "at": at}
    tx.run(sa.insert(contacts).values(**row))


def contacts_with(tx: Transaction, address: str) -> list[dict[str, Any]]:
    """Return the contacts with an address, newest first."""
    return tx.all(sa.select(contacts).where(contacts.c.address == address).order_by(contacts.c.at.desc()))


def contacts_by(tx: Transaction, author: str, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return the contacts that somebody of the vendor made, newest first."""
    return tx.all(sa.select(contacts).where(contacts.c.author == author).order_by(contacts.c.at.desc()).limit(limit))
