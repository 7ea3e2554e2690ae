"""Rows of work that waits: the runs that worker processes take, and the messages that are to be mailed.

A worker claims a run by a lease: while it works it renews the lease with its heartbeat; when it dies, the lease ends
and another worker takes the run up again. Progress and the wish to cancel meet in the same row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, opens_for, outbox, runs

MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One piece of work of a tenant; what it is about is a sealed value (`subject`)."""

    id: str
    tenant: str
    room: str
    author: str
    role: str
    kind: str
    subject: str
    state: str
    progress: float
    stage: str
    created_at: float
    started_at: float | None
    finished_at: float | None
    worker: str
    heartbeat: float
    lease_until: float
    attempts: int
    cancel: bool
    error: str
    rough: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRow:
    """One message that waits to be sent, sealed under the key of `tenant`."""

    id: str
    tenant: str
    created_at: float
    data_key: str
    sealed: bytes
    attempts: int
    sent_at: float | None


def add_run(tx: Transaction, row: RunRow) -> None:
    """Queue a run."""
    tx.run(sa.insert(runs).values(**_values(row)))


def run_by_id(tx: Transaction, tenant: str, room: str, run: str) -> RunRow | None:
    """Return one run of a tenant's room."""
    row = tx.one(sa.select(runs).where(runs.c.tenant == tenant, runs.c.room == room, runs.c.id == run))
    return None if row is None else RunRow(**row)


def runs_of(tx: Transaction, tenant: str, room: str, *, limit: int = 50) -> list[RunRow]:
    """Return the runs of a room, newest first."""
    query = sa.select(runs).where(runs.c.tenant == tenant, runs.c.room == room)
    return [RunRow(**row) for row in tx.all(query.order_by(runs.c.created_at.desc(), runs.c.id).limit(limit))]


def count_runs(tx: Transaction, tenant: str, *, kind: str) -> int:
    """Count the runs of one kind that a tenant ever queued."""
    found = tx.one(sa.select(sa.func.count().label("found")).where(runs.c.tenant == tenant, runs.c.kind == kind))
    return 0 if found is None else int(found["found"])


def newest_runs(tx: Transaction, *, limit: int = 100, tenant: str | None = None) -> list[RunRow]:
    """Return the newest runs of all tenants (or one), for the administrator."""
    query = sa.select(runs).order_by(runs.c.created_at.desc(), runs.c.id).limit(limit)
    if tenant is not None:
        query = query.where(runs.c.tenant == tenant)
    return [RunRow(**row) for row in tx.all(query)]


def waiting(tx: Transaction, *, at: float, opened: Collection[str] = ()) -> bool:
    """Say whether there is a run to take: queued, or left behind by a worker whose lease has ended.

    The runs of a tenant that holds its own key wait until it is among the `opened` ones.
    """
    return tx.one(sa.select(runs.c.id).where(_takeable(at, opened)).limit(1)) is not None


def claim(tx: Transaction, *, worker: str, at: float, lease: float, opened: Collection[str] = ()) -> RunRow | None:
    """Take the run that has waited longest; None where there is none."""
    query = sa.select(runs).where(_takeable(at, opened)).order_by(runs.c.created_at, runs.c.id).limit(1)
    row = tx.one(query.with_for_update(skip_locked=True))
    if row is None:
        return None
    taken = {
        "state": "running",
        "worker": worker,
        "heartbeat": at,
        "lease_until": at + lease,
        "attempts": row["attempts"] + 1,
        "started_at": at if row["started_at"] is None else row["started_at"],
    }
    tx.run(sa.update(runs).where(runs.c.id == row["id"]).values(**taken))
    return RunRow(**{**row, **taken})


def give_up(tx: Transaction, *, at: float) -> int:
    """Fail the runs that were taken too often and never finished; returns how many."""
    dead = sa.and_(runs.c.state == "running", runs.c.lease_until < at, runs.c.attempts >= MOST_ATTEMPTS)
    return tx.run(sa.update(runs).where(dead).values(state="failed", error="worker_died", finished_at=at))


def report(
    tx: Transaction, run: str, *, worker: str, at: float, lease: float, progress: float, stage: str
) -> tuple[bool, bool]:
    """Renew the lease and say how far the run is; returns whether it is still this worker's, and whether to stop."""
    ours = sa.and_(runs.c.id == run, runs.c.worker == worker, runs.c.state == "running")
    kept = tx.run(
        sa.update(runs).where(ours).values(heartbeat=at, lease_until=at + lease, progress=progress, stage=stage)
    )
    row = tx.one(sa.select(runs.c.cancel).where(runs.c.id == run))
    return kept == 1, row is None or bool(row["cancel"])


def set_rough(tx: Transaction, run: str, *, worker: str, record: str) -> None:
    """Name the record of a first, rough result."""
    tx.run(sa.update(runs).where(runs.c.id == run, runs.c.worker == worker).values(rough=record))


def finish(tx: Transaction, run: str, *, worker: str, at: float, state: str, result: str = "", error: str = "") -> bool:
    """End a run as done, failed or cancelled, if it is still this worker's."""
    ours = sa.and_(runs.c.id == run, runs.c.worker == worker, runs.c.state == "running")
    values: dict[str, Any] = {"state": state, "finished_at": at, "result": result, "error": error}
    if state == "done":
        values["progress"] = 1.0
    return tx.run(sa.update(runs).where(ours).values(**values)) == 1


def put_back(tx: Transaction, run: str, *, worker: str) -> None:
    """Queue a run again that its worker cannot finish because it is being stopped."""
    ours = sa.and_(runs.c.id == run, runs.c.worker == worker, runs.c.state == "running")
    tx.run(sa.update(runs).where(ours).values(state="queued", worker="", lease_until=0.0, attempts=runs.c.attempts - 1))


def cancel(tx: Transaction, tenant: str, room: str, run: str, *, at: float) -> bool:
    """Cancel a run of a room: at once where it is queued, by its worker where it runs; says whether there was one."""
    ours = sa.and_(runs.c.tenant == tenant, runs.c.room == room, runs.c.id == run)
    queued = sa.and_(ours, runs.c.state == "queued")
    if tx.run(sa.update(runs).where(queued).values(state="cancelled", cancel=True, finished_at=at)):
        return True
    return tx.run(sa.update(runs).where(ours).values(cancel=True)) == 1


def cancel_tenant(tx: Transaction, tenant: str, *, at: float) -> None:
    """Cancel every run of a tenant."""
    tx.run(
        sa.update(runs)
        .where(runs.c.tenant == tenant, runs.c.state == "queued")
        .values(state="cancelled", cancel=True, finished_at=at)
    )
    tx.run(sa.update(runs).where(runs.c.tenant == tenant, runs.c.state == "running").values(cancel=True))


def add_mail(tx: Transaction, row: MailRow) -> None:
    """Put a sealed message into the outbox."""
    tx.run(sa.insert(outbox).values(**_values(row)))


def mails_waiting(
    tx: Transaction, *, limit: int = 20, attempts: int = 5, opened: Collection[str] = ()
) -> list[MailRow]:
    """Return messages that are still to be sent, oldest first; those of locked tenants wait."""
    query = (
        sa.select(outbox)
        .where(outbox.c.sent_at.is_(None), outbox.c.attempts < attempts, opens_for(outbox.c.tenant, opened))
        .order_by(outbox.c.created_at)
        .limit(limit)
    )
    return [MailRow(**row) for row in tx.all(query)]


def mail_tried(tx: Transaction, mail: str, *, sent_at: float | None) -> None:
    """Count an attempt; a message that was sent is emptied."""
    values: dict[str, Any] = {"attempts": outbox.c.attempts + 1}
    if sent_at is not None:
        values |= {"sent_at": sent_at, "sealed": b""}
    tx.run(sa.update(outbox).where(outbox.c.id == mail).values(**values))


def _takeable(at: float, opened: Collection[str]) -> sa.ColumnElement[bool]:
    left_behind = sa.and_(runs.c.state == "running", runs.c.lease_until < at, runs.c.attempts < MOST_ATTEMPTS)
    return sa.and_(sa.or_(runs.c.state == "queued", left_behind), opens_for(runs.c.tenant, opened))


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
