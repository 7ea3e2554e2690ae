"""Whole tables, row by row, for backups: the same rows whichever database they come from and go to.

What must not come back is left out: who was signed in, sign-ins under way, codes, tokens, and messages that were about
to be sent. A restored installation begins with everybody signed out and sends nothing twice. What a database says about
its own tables stays where it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from portal.storage import Transaction, audit, log_head, metadata, records
from portal.storage_schema import installation

LEFT_OUT: Final = frozenset(
    {"sessions", "sign_ins", "sign_in_codes", "api_tokens", "api_answers", "outbox", installation.name}
)


def tables() -> dict[str, tuple[str, ...]]:
    """The names of the tables of a backup with their columns; a table follows those it refers to."""
    return {
        table.name: tuple(column.name for column in table.columns)
        for table in metadata.sorted_tables
        if table.name not in LEFT_OUT
    }


def rows_of(tx: Transaction, name: str, *, chunk: int = 1000) -> Iterator[list[list[Any]]]:
    """Yield every row of a table, some at a time, in the order of its primary key."""
    table = metadata.tables[name]
    query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=chunk)
    for part in tx.connection.execute(query).partitions(chunk):
        yield [list(row) for row in part]


def blobs_of(tx: Transaction) -> dict[str, list[str]]:
    """The names of the blobs of every record that has some, by the record's id."""
    found = tx.all(sa.select(records.c.id, records.c.blobs).where(records.c.blobs != "[]"))
    return {row["id"]: list(json.loads(row["blobs"])) for row in found}


def standing(tx: Transaction, keys: Iterable[str]) -> set[str]:
    """Which of these records are still there."""
    return {row["id"] for key in keys for row in tx.all(sa.select(records.c.id).where(records.c.id == key))}


def is_used(tx: Transaction) -> bool:
    """Whether anybody has worked with this installation: then a restore must not go over it unasked."""
    logged = tx.one(sa.select(log_head.c.size).where(log_head.c.size > 0)) is not None
    return logged or any(tx.one(sa.select(table).limit(1)) is not None for table in (records, audit))


def clear(tx: Transaction) -> None:
    """Remove every row of every table but what the database says about itself."""
    for table in reversed(metadata.sorted_tables):
        if table is not installation:
            tx.run(sa.delete(table))


def fill(tx: Transaction, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows of a table; columns that the backup does not know yet get their default."""
    values: list[Mapping[str, Any]] = [dict(zip(columns, row, strict=True)) for row in rows]
    if values:
        tx.connection.execute(sa.insert(metadata.tables[name]), values)
