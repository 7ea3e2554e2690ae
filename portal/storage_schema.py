"""The version of the tables, and the steps from each to the next.

A data directory says which version made it. Opened by a later product it is copied first, then brought up in one
transaction; opened by an earlier one it is refused. Missing tables are simply created, so a step names only the columns
that it adds to tables of the version before.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from portal.storage import Store, Transaction, metadata, records

installation = sa.Table(
    "installation",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


class SchemaError(ValueError):
    """The tables belong to another version; `code` is stable, `remedy` says what to do."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one version added: columns (table, column) that may be empty or have a default, and what fills them."""

    version: int
    columns: tuple[tuple[str, str], ...] = ()
    fill: Callable[[Transaction], None] | None = None


STEPS: Final[tuple[Step, ...]] = (
    Step(version=2, columns=(("tenants", "mac"), ("providers", "mac"), ("members", "mac"), ("sessions", "mac"))),
    Step(version=3, columns=(("sessions", "sid"), ("sessions", "proved_at"))),
    Step(version=4, columns=(("api_tokens", "mac"),)),
)
"""Every step since version 1, the tables of 0.1.0. Never change one that was released."""

VERSION: Final = 1 + len(STEPS)
_KEY: Final = "schema"
TURN: Final = 0x6D696E67
"""Of the advisory lock under which PostgreSQL's tables are made."""


def prepare(store: Store) -> int:
    """Create what is missing and bring older tables up to `VERSION`; returns the version that was found.

    Before columns are added the database is copied: beside its file on SQLite (`*.before-<version>`), as tables
    `<name>_before_<version>` on PostgreSQL. Several processes may do this at once. Raises `SchemaError` data_newer.
    """
    with store.owning() as tx:
        if store.engine.dialect.name == "postgresql":
            tx.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        found = _found(tx)
        if found > VERSION:
            raise SchemaError(
                f"the data were written by a newer version of the product (tables {found}, here {VERSION})",
                code="data_newer",
                place="installation",
                remedy="Start that version, or a later one; nothing was changed.",
                found=found,
                known=VERSION,
            )
        adding = [column for step in STEPS if step.version > found for column in step.columns]
        if adding:
            _copy(store, tx, found, sorted({table for table, _ in adding}))
        metadata.create_all(tx.connection)
        for table, column in adding:
            _add(tx, table, column)
        fill(tx, found)
        tx.run(sa.delete(installation).where(installation.c.name == _KEY))
        tx.run(sa.insert(installation).values(name=_KEY, value=str(VERSION)))
    return found


def fill(tx: Transaction, found: int) -> None:
    """Fill what the steps after a version added: after an upgrade, and after the rows of an older backup came in."""
    for step in STEPS:
        if step.version > found and step.fill is not None:
            step.fill(tx)


def _found(tx: Transaction) -> int:
    """The version of the tables; 1 where they do not say, `VERSION` where there are none."""
    inspector = sa.inspect(tx.connection)
    if not inspector.has_table(records.name):
        return VERSION
    if not inspector.has_table(installation.name):
        return 1
    row = tx.one(sa.select(installation.c.value).where(installation.c.name == _KEY))
    return 1 if row is None else int(row["value"])


def _add(tx: Transaction, table: str, column: str) -> None:
    if any(known["name"] == column for known in sa.inspect(tx.connection).get_columns(table)):
        return
    added = metadata.tables[table].columns[column]
    assert added.nullable or added.server_default is not None, "rows of the version before have no value for it"
    clause = sa.schema.CreateColumn(added).compile(dialect=tx.connection.dialect)
    tx.connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {clause}")


def _copy(store: Store, tx: Transaction, found: int, tables: list[str]) -> None:
    """A copy of the state before. Values in it are as sealed as in the database itself."""
    if store.engine.dialect.name == "postgresql":
        for table in tables:
            if not sa.inspect(tx.connection).has_table(f"{table}_before_{found}"):
                tx.connection.exec_driver_sql(f"CREATE TABLE {table}_before_{found} AS TABLE {table}")
        return
    name = store.engine.url.database
    if not name or name == ":memory:":
        return
    target = Path(f"{name}.before-{found}")
    beside = target.with_name(target.name + ".part")
    with contextlib.closing(sqlite3.connect(f"file:{name}?mode=ro", uri=True)) as source:
        beside.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(beside)) as copy:
            source.backup(copy)
    beside.chmod(0o600)
    beside.replace(target)


def version_in(tx: Transaction) -> Any:
    """The version that the tables say."""
    return _found(tx)
