"""Rows of what the operator states to everybody, version by version: where data are, who else touches them."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, metadata

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("name", sa.String(24), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("author", sa.String(40), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)


def add_statement(tx: Transaction, name: str, document: dict[str, Any], *, author: str, at: float) -> int:
    """Keep a new version, which counts from now on; returns its number."""
    newest = statement(tx, name)
    version = 1 if newest is None else newest["version"] + 1
    text = json.dumps(document, ensure_ascii=False)
    tx.run(sa.insert(statements).values(name=name, version=version, at=at, author=author, document=text))
    return int(version)


def statement(tx: Transaction, name: str) -> dict[str, Any] | None:
    """Return the newest version: name, version, at, author, document."""
    query = sa.select(statements).where(statements.c.name == name).order_by(statements.c.version.desc()).limit(1)
    row = tx.one(query)
    return None if row is None else {**row, "document": json.loads(row["document"])}
