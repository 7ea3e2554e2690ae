"""Row-level security on PostgreSQL: whatever a query forgets, a tenant's transaction meets its own rows only.

Every transaction runs as a role that owns nothing (`ROLE`) and names, for itself alone, the tenant it works for
(`storage.within`). Without a name it sees no row. The policies are forced, so the owner of the tables is bound by them
too. Nobody but the owner can change or remove an entry of the log or a checkpoint: the role has no such right.

On SQLite there are no roles; there the `where` of each query stands alone, and the same tests hold for both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from portal.identity import VENDOR
from portal.storage import EVERYBODY, Store, Transaction, metadata
from portal.storage_schema import TURN, installation

ROLE: Final = "mingsuan_app"
_KEY: Final = "isolation"
_NAME: Final = "nullif(current_setting('mingsuan.tenant', true), '')"  # no name equals nothing
_EVERYBODY: Final = f"{_NAME} = '{EVERYBODY}'"

WITH_VENDOR: Final = frozenset({"data_keys", "members", "tenants", "links"})
"""Tables whose rows of the vendor every tenant may meet: keys of the log, recipients, links that invited it."""

HOUSE_ONLY: Final = frozenset({"sign_ins", "sign_in_codes"})
"""Tables without a tenant that no tenant's transaction meets."""

APPEND_ONLY: Final = frozenset({"audit", "checkpoints"})
"""Tables of which the role may neither change nor remove a row."""


def isolated(store: Store) -> None:
    """Isolate the tenants' rows, and let every later transaction of this store run as the role (PostgreSQL)."""
    if store.engine.dialect.name != "postgresql":
        return
    with store.owning() as tx:
        tx.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        _isolate(tx)
    store.role = ROLE


def _isolate(tx: Transaction) -> None:
    """Make role, rights and policies what this version wants; nothing where they are so already."""
    statements = list(_statements())
    digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    row = tx.one(sa.select(installation.c.value).where(installation.c.name == _KEY))
    if row is not None and row["value"] == digest:
        return
    known = tx.one(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE})
    if known is None:
        tx.connection.exec_driver_sql(f"CREATE ROLE {ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
    tx.connection.exec_driver_sql(f"GRANT {ROLE} TO CURRENT_USER")
    for statement in statements:
        tx.connection.exec_driver_sql(statement)
    tx.run(sa.delete(installation).where(installation.c.name == _KEY))
    tx.run(sa.insert(installation).values(name=_KEY, value=digest))


def _statements() -> Iterator[str]:
    """What makes the tables of this version isolated, table by table."""
    for table in metadata.sorted_tables:
        name = table.name
        rights = "SELECT, INSERT" if name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        yield f"REVOKE ALL ON {name} FROM PUBLIC, {ROLE}"
        yield f"GRANT {rights} ON {name} TO {ROLE}"
        owner = "id" if name == "tenants" else "tenant"
        if owner not in table.columns and name not in HOUSE_ONLY:
            continue
        mine = _EVERYBODY if name in HOUSE_ONLY else f"{_EVERYBODY} OR {owner} = {_NAME}"
        if name in WITH_VENDOR:
            mine += f" OR ({_NAME} IS NOT NULL AND {owner} = '{VENDOR}')"
        checked = f"{_NAME} IS NOT NULL" if name == "audit" else mine  # an entry may concern somebody else
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS own ON {name}"
        yield f"CREATE POLICY own ON {name} USING ({mine}) WITH CHECK ({checked})"
