"""The database: schema, engine, transactions; and the blob stores that go with it.

SQL lives in ``storage*.py`` and ``sessions.py`` and nowhere else. This file holds what the others build on; the
queries are split by noun: ``storage_values`` (records and data keys), ``storage_ledger`` (audit log and checkpoints),
``storage_release`` (consents, disclosures, links), ``storage_runs`` (runs and the outbox).

Whatever a tenant uploaded or derived is sealed before it comes here: a row holds random ids, times, states and
sealed bytes. SQLite (write-ahead log, full synchronisation) and PostgreSQL pass the same tests.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from portal.blobs import BlobStore, FolderBlobs, MemoryBlobs

__all__ = [
    "EVERYBODY",
    "BlobStore",
    "DatabaseError",
    "FolderBlobs",
    "MemoryBlobs",
    "Store",
    "Transaction",
    "create_engine",
    "metadata",
    "new_id",
    "within",
]

metadata = sa.MetaData()

BUSY_SECONDS = 20.0
"""How long a writer waits for another one on SQLite before it tries again."""

EVERYBODY = "*"
"""The scope of what the house itself does: signing in, the workers' queue, the officers' overviews."""

LOCKED = "passphrase"
"""The purpose of the data key row that says: this tenant holds its own key. See `portal.custody`."""

_scope: ContextVar[str] = ContextVar("scope", default=EVERYBODY)

DatabaseError = sa.exc.SQLAlchemyError
"""What every failing query raises, for those that go on without it."""

_ID = sa.String(40)

data_keys = sa.Table(
    "data_keys",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    # seal, digest, own, passphrase, recovery; of the vendor log, names, receipts
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("retired_at", sa.Float),
    sa.Index("data_keys_of_tenant", "tenant", "purpose", "created_at"),
)

records = sa.Table(
    "records",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("room", _ID, nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("slot", sa.String(64), nullable=False),  # keyed digest of a name within the kind, or ""
    sa.Column("digest", sa.String(64), nullable=False),  # HMAC of the plain value under the tenant's digest key
    sa.Column("inputs", sa.Text, nullable=False),  # JSON list of the ids it was made from
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("author", _ID, nullable=False),
    sa.Column("data_key", _ID, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("blobs", sa.Text, nullable=False),  # JSON list of blob names
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Index("records_of_room", "tenant", "room", "kind", "created_at"),
)

log_head = sa.Table(
    "log_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("peaks", sa.Text, nullable=False),  # hex of the tree's right edge (privacy.merkle.Frontier)
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("actor", _ID, nullable=False),
    sa.Column("action", sa.String(48), nullable=False),
    sa.Column("decision", sa.String(12), nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),  # the canonical JSON that is hashed
    sa.Column("leaf", sa.LargeBinary, nullable=False),  # its leaf hash, so that a changed entry is named
    sa.Index("audit_of_tenant", "tenant", "at"),
    sa.Index("audit_of_decision", "decision", "at"),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("room", _ID, nullable=False),
    sa.Column("purpose", sa.String(48), nullable=False),
    sa.Column("audience", _ID, nullable=False),
    sa.Column("given_at", sa.Float, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("withdrawn_at", sa.Float),
    sa.Column("record", _ID, nullable=False),
    sa.Index("consents_of_tenant", "tenant", "given_at"),
)

disclosures = sa.Table(
    "disclosures",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("room", _ID, nullable=False),
    sa.Column("consent", _ID, nullable=False),
    sa.Column("audience", _ID, nullable=False),  # the vendor that may read it
    sa.Column("recipient", _ID, nullable=False),  # one member of the audience, or "" for all its reps
    sa.Column("handle", _ID, nullable=False),  # a pseudonym of the account, one per purpose
    sa.Column("released_at", sa.Float, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
    sa.Column("withdrawn_at", sa.Float),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("data_key", _ID, nullable=False),
    sa.Column("sealed", sa.LargeBinary),  # under the audience's key; NULL once withdrawn
    sa.Index("disclosures_to_audience", "audience", "released_at"),
    sa.Index("disclosures_of_tenant", "tenant", "released_at"),
)

links = sa.Table(
    "links",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("author", _ID, nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),  # "sandbox" or "result"
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
    sa.Column("max_uses", sa.Integer, nullable=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("revoked_at", sa.Float),
    sa.Column("data_key", _ID, nullable=False),
    sa.Column("terms", sa.LargeBinary, nullable=False),  # sealed: label, domain, pack, language
    sa.Index("links_of_author", "tenant", "author", "created_at"),
)

link_openings = sa.Table(
    "link_openings",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("link", _ID, nullable=False),
    sa.Column("tenant", _ID, nullable=False),  # the tenant that the link opened
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("status_shared", sa.Boolean, nullable=False),  # did the owner agree to show his progress?
    sa.Index("openings_of_link", "link"),
    sa.Index("openings_of_tenant", "tenant"),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("room", _ID, nullable=False),
    sa.Column("author", _ID, nullable=False),
    sa.Column("role", sa.String(24), nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("subject", _ID, nullable=False),  # the record that describes the work
    sa.Column("state", sa.String(12), nullable=False),  # queued, running, done, failed, cancelled
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float),
    sa.Column("finished_at", sa.Float),
    sa.Column("worker", sa.String(64), nullable=False),
    sa.Column("heartbeat", sa.Float, nullable=False),
    sa.Column("lease_until", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("cancel", sa.Boolean, nullable=False),
    sa.Column("error", sa.String(48), nullable=False),  # a stable code, never a text
    sa.Column("rough", _ID, nullable=False),  # record of a first, rough result
    sa.Column("result", _ID, nullable=False),
    sa.Index("runs_waiting", "state", "lease_until", "created_at"),
    sa.Index("runs_of_room", "tenant", "room", "created_at"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),  # whose key seals the message
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("data_key", _ID, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # to, subject, text
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("sent_at", sa.Float),
    sa.Index("outbox_waiting", "sent_at", "created_at"),
)

api_answers = sa.Table(
    "api_answers",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),  # digest of account and Idempotency-Key
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("data_key", _ID, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # status, headers, body; digest of the call's body
    sa.Index("api_answers_of_tenant", "tenant", "at"),
)


def opens_for(tenant: sa.ColumnElement[str], opened: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether rows of a tenant can be opened: it holds no key of its own, or it is among the opened ones."""
    lock = sa.select(data_keys.c.id).where(data_keys.c.tenant == tenant, data_keys.c.purpose == LOCKED)
    return sa.or_(~sa.exists(lock.correlate_except(data_keys)), tenant.in_(sorted(opened)))


def new_id() -> str:
    """Return a random id of 128 bits; it says nothing about its time, tenant or neighbours."""
    return secrets.token_hex(16)


@contextlib.contextmanager
def within(tenant: str) -> Iterator[None]:
    """Let the transactions that begin in this block meet the rows of one tenant only (PostgreSQL enforces it)."""
    before = _scope.set(tenant)
    try:
        yield
    finally:
        _scope.reset(before)


class Transaction:
    """One open transaction. Hand it to the functions of ``storage_*``; it ends with its ``with`` block."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def all(self, statement: sa.Executable, values: Any = None) -> list[dict[str, Any]]:
        """Return every row as a mapping."""
        return [dict(row) for row in self.connection.execute(statement, values).mappings()]

    def one(self, statement: sa.Executable, values: Any = None) -> dict[str, Any] | None:
        """Return the first row as a mapping, or None."""
        row = self.connection.execute(statement, values).mappings().first()
        return None if row is None else dict(row)

    def run(self, statement: sa.Executable, values: Any = None) -> int:
        """Execute a change and return how many rows it touched."""
        return int(self.connection.execute(statement, values).rowcount)


def create_engine(url: str) -> sa.Engine:
    """Return the engine for a database address: ``sqlite:///path``, ``sqlite://`` (memory) or ``postgresql://…``.

    On SQLite every connection uses the write-ahead log with full synchronisation, overwrites what it deletes and
    keeps temporary tables in memory; a transaction that writes takes the write lock at its beginning, so that it
    cannot fail half-way.
    """
    if not url.startswith("sqlite"):
        address = url.replace("postgres://", "postgresql://", 1)
        address = address.replace("postgresql://", "postgresql+psycopg://", 1)
        return sa.create_engine(address, pool_size=8, max_overflow=24, pool_pre_ping=True)
    arguments = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    if url in {"sqlite://", "sqlite:///:memory:"}:
        engine = sa.create_engine("sqlite://", connect_args=arguments, poolclass=StaticPool)
    else:
        engine = sa.create_engine(url, connect_args=arguments, pool_size=8, max_overflow=24)

    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={int(BUSY_SECONDS * 1000)}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("mingsuan_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    sa.event.listen(engine, "connect", configure)
    sa.event.listen(engine, "begin", begin)
    return engine


class Store:
    """The database and the blobs of one installation.

    ``writing()`` opens a transaction that may change things, ``reading()`` one that sees a consistent state.
    Keep both short: on SQLite there is one writer at a time.
    """

    def __init__(self, engine: sa.Engine, blobs: BlobStore, *, witness: Path | None = None) -> None:
        self.engine = engine
        self.blobs = blobs
        self._turn = threading.Lock()
        self.role = ""  # of the database that owns nothing, see `storage_isolation`
        self.witness = witness  # the file to which the log's heads are copied, away from the data

    @classmethod
    def at(cls, url: str, blobs: BlobStore | None = None, *, witness: Path | None = None) -> Store:
        """Open (and where needed create) the tables at an address; without blobs they live in memory."""
        store = cls(create_engine(url), blobs or MemoryBlobs(), witness=witness)
        store.create()
        return store

    def create(self) -> None:
        """Create the tables that are missing; safe when several processes start at once."""
        for attempt in range(5):
            try:
                metadata.create_all(self.engine)
            except (sa.exc.OperationalError, sa.exc.ProgrammingError, sa.exc.IntegrityError):
                if attempt == 4:
                    raise
                time.sleep(0.2 * (attempt + 1))
            else:
                break
        with contextlib.suppress(sa.exc.IntegrityError), self.owning() as tx:
            if tx.one(sa.select(log_head.c.size)) is None:
                tx.run(sa.insert(log_head).values(id=1, size=0, peaks=""))

    @contextlib.contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction that writes; it commits at the end of the block and rolls back on any error."""
        with self._one_by_one(), self.engine.connect() as connection:
            connection.execution_options(mingsuan_writes=True)
            with self._begun(connection):
                self._scoped(connection)
                yield Transaction(connection)

    @contextlib.contextmanager
    def owning(self) -> Iterator[Transaction]:
        """Open a transaction as the owner of the tables: for making, upgrading and restoring them, nothing else."""
        with self._one_by_one(), self.engine.connect() as connection:
            connection.execution_options(mingsuan_writes=True)
            with self._begun(connection):
                self._scoped(connection, role="")
                yield Transaction(connection)

    def _scoped(self, connection: sa.Connection, *, role: str | None = None) -> None:
        """Say for this transaction, and for it alone, who works and for which tenant (PostgreSQL)."""
        if connection.dialect.name != "postgresql":
            return
        chosen = self.role if role is None else role
        setting = "set_config('mingsuan.tenant', %s, true)" + (", set_config('role', %s, true)" if chosen else "")
        scope = (EVERYBODY if role == "" else _scope.get(), *([chosen] if chosen else []))
        connection.exec_driver_sql(f"SELECT {setting}", scope)

    @contextlib.contextmanager
    def _one_by_one(self) -> Iterator[None]:
        """On SQLite, let the writers of this process queue here, where waiting costs nothing and nobody starves."""
        waits = self.engine.dialect.name == "sqlite" and self._turn.acquire(timeout=BUSY_SECONDS)
        try:
            yield
        finally:
            if waits:
                self._turn.release()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that only reads."""
        with self.engine.connect() as connection, connection.begin():
            self._scoped(connection)
            yield Transaction(connection)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Open a transaction that sees one moment of the whole database, however long it reads."""
        engine = self.engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with engine.connect() as connection, connection.begin():
            self._scoped(connection)
            yield Transaction(connection)

    def _begun(self, connection: sa.Connection) -> sa.RootTransaction:
        """Begin, and on a busy SQLite try a few times more; nothing was done yet, so trying again is safe."""
        for wait in (0.05, 0.1, 0.2, 0.4, 0.8):
            try:
                return connection.begin()
            except sa.exc.OperationalError as error:
                if "locked" not in str(error):
                    raise
                time.sleep(wait)
        return connection.begin()

    def ready(self) -> bool:
        """Say whether the database answers."""
        try:
            with self.reading() as tx:
                return tx.one(sa.select(log_head.c.size)) is not None
        except sa.exc.SQLAlchemyError:
            return False

    def purge(self) -> None:
        """Give freed pages and the write-ahead log back, so that no erased row is left in a file (SQLite)."""
        if self.engine.dialect.name != "sqlite":
            return
        connection = self.engine.raw_connection()  # outside any transaction
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connections of this process."""
        self.engine.dispose()
