"""Rows of benchmarks: figures that tenants let be counted, questions with their stored answers, yearly budgets.

A budget is spent in one statement for each tenant, before any noise is drawn: of twenty that try at once, no more
succeed than the year has room for, and what is reserved stays spent whatever happens next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.storage import Transaction, metadata

_ID = sa.String(40)

contributions = sa.Table(
    "contributions",  # figures that a tenant lets be counted in benchmarks, under its own key
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, nullable=False),
    sa.Column("room", _ID, nullable=False),
    sa.Column("consent", _ID, nullable=False),
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("data_key", _ID, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("tenant", "room"),
)

draws = sa.Table(
    "draws",  # benchmark questions and their stored answers; nothing in them belongs to one tenant
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("question", sa.String(64), nullable=False, unique=True),
    sa.Column("measure", sa.String(24), nullable=False),
    sa.Column("pack", sa.String(64), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),  # waiting, reserved, answered
    sa.Column("asked_by", _ID, nullable=False),
    sa.Column("approved_by", _ID, nullable=False),
    sa.Column("asked_at", sa.Float, nullable=False),
    sa.Column("answered_at", sa.Float),
    sa.Column("answer", sa.Text, nullable=False),  # JSON, or ""
)

budgets = sa.Table(
    "budgets",  # what a tenant has spent in a year, in millionths of rho
    metadata,
    sa.Column("tenant", _ID, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("spent", sa.BigInteger, nullable=False),
)

spendings = sa.Table(
    "spendings",
    metadata,
    sa.Column("draw", _ID, primary_key=True),
    sa.Column("tenant", _ID, primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("price", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("spendings_of_tenant", "tenant", "at"),
)


class BudgetSpentError(Exception):
    """A tenant has not enough left this year; the transaction must be rolled back."""

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self.tenant = tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionRow:
    """What a tenant lets be counted: `sealed` opens with the tenant's key; there is one at most for each room."""

    id: str
    tenant: str
    room: str
    consent: str
    made_at: float
    data_key: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRow:
    """A question and, once it was drawn, its answer. `state`: waiting (for approval), reserved, answered."""

    id: str
    question: str
    measure: str
    pack: str
    year: int
    price: int
    state: str
    asked_by: str
    approved_by: str
    asked_at: float
    answered_at: float | None
    answer: str

    @property
    def result(self) -> Mapping[str, Any] | None:
        """The stored answer, None while there is none."""
        return json.loads(self.answer) if self.answer else None


def put_contribution(tx: Transaction, row: ContributionRow) -> None:
    """Store what a tenant lets be counted, in the place of what it let be counted before."""
    tx.run(sa.delete(contributions).where(contributions.c.tenant == row.tenant, contributions.c.room == row.room))
    tx.run(sa.insert(contributions).values(**_values(row)))


def contribution_of(tx: Transaction, tenant: str, room: str) -> ContributionRow | None:
    """Return what a tenant lets be counted."""
    row = tx.one(sa.select(contributions).where(contributions.c.tenant == tenant, contributions.c.room == room))
    return None if row is None else ContributionRow(**row)


def all_contributions(tx: Transaction) -> list[ContributionRow]:
    """Return what is there to be counted, by tenant."""
    return [ContributionRow(**row) for row in tx.all(sa.select(contributions).order_by(contributions.c.tenant))]


def withdraw_contribution(tx: Transaction, tenant: str, consent: str) -> int:
    """Erase what a consent let be counted."""
    ours = (contributions.c.tenant == tenant) & (contributions.c.consent == consent)
    return tx.run(sa.delete(contributions).where(ours))


def erase_contributions(tx: Transaction, tenant: str) -> int:
    """Erase what a tenant lets be counted; what was spent for it stays spent."""
    return tx.run(sa.delete(contributions).where(contributions.c.tenant == tenant))


def add_draw(tx: Transaction, row: DrawRow) -> bool:
    """Store a question; False where the same one is there already."""
    made = _insert(tx, draws).values(**_values(row)).on_conflict_do_nothing().returning(draws.c.id)
    return tx.one(made) is not None


def draw_of(tx: Transaction, question: str) -> DrawRow | None:
    """Return the draw of a question's digest."""
    row = tx.one(sa.select(draws).where(draws.c.question == question))
    return None if row is None else DrawRow(**row)


def draw_by_id(tx: Transaction, draw: str) -> DrawRow | None:
    """Return one draw."""
    row = tx.one(sa.select(draws).where(draws.c.id == draw))
    return None if row is None else DrawRow(**row)


def all_draws(tx: Transaction) -> list[DrawRow]:
    """Return every question, newest first."""
    return [DrawRow(**row) for row in tx.all(sa.select(draws).order_by(draws.c.asked_at.desc(), draws.c.id))]


def reserve(
    tx: Transaction, draw: str, tenants: Sequence[str], *, year: int, price: int, most: int, approved_by: str, at: float
) -> bool:
    """Take the price from the year of every tenant, and mark the draw as reserved; False where it was not waiting.

    Raises BudgetSpentError where one of them has not enough left: nothing of the transaction may be kept then.
    """
    waiting = (draws.c.id == draw) & (draws.c.state == "waiting")
    if tx.run(sa.update(draws).where(waiting).values(state="reserved", approved_by=approved_by)) != 1:
        return False
    for tenant in sorted(tenants):  # always in one order, so that two reservations never wait for each other
        tx.run(_insert(tx, budgets).values(tenant=tenant, year=year, spent=0).on_conflict_do_nothing())
        enough = (budgets.c.tenant == tenant) & (budgets.c.year == year) & (budgets.c.spent + price <= most)
        if tx.run(sa.update(budgets).where(enough).values(spent=budgets.c.spent + price)) != 1:
            raise BudgetSpentError(tenant)
        tx.run(sa.insert(spendings).values(draw=draw, tenant=tenant, year=year, price=price, at=at))
    return True


def keep_answer(tx: Transaction, draw: str, answer: str, *, at: float) -> bool:
    """Store the answer of a reserved draw; False where another one was stored before: that one counts."""
    open_ = (draws.c.id == draw) & (draws.c.state == "reserved")
    return tx.run(sa.update(draws).where(open_).values(state="answered", answer=answer, answered_at=at)) == 1


def remove_waiting(tx: Transaction, draw: str) -> bool:
    """Forget a question that nobody approved; nothing was spent for it."""
    return tx.run(sa.delete(draws).where(draws.c.id == draw, draws.c.state == "waiting")) == 1


def counted_in(tx: Transaction, draw: str) -> list[str]:
    """Return the tenants that paid for a draw."""
    query = sa.select(spendings.c.tenant).where(spendings.c.draw == draw).order_by(spendings.c.tenant)
    return [str(row["tenant"]) for row in tx.all(query)]


def spent(tx: Transaction, year: int, tenants: Iterable[str] | None = None) -> dict[str, int]:
    """Return what each tenant (default: all that have spent) has spent in a year."""
    query = sa.select(budgets).where(budgets.c.year == year)
    found = {str(row["tenant"]): int(row["spent"]) for row in tx.all(query)}
    return found if tenants is None else {tenant: found.get(tenant, 0) for tenant in tenants}


def spendings_of(tx: Transaction, tenant: str) -> list[dict[str, Any]]:
    """Return for what a tenant has paid: draw, measure, pack, year, price, time; newest first."""
    query = (
        sa.select(spendings, draws.c.measure, draws.c.pack)
        .join(draws, draws.c.id == spendings.c.draw)
        .where(spendings.c.tenant == tenant)
        .order_by(spendings.c.at.desc())
    )
    return tx.all(query)


def spent_by_year(tx: Transaction) -> list[dict[str, Any]]:
    """Return every budget row: tenant, year, spent."""
    return tx.all(sa.select(budgets).order_by(budgets.c.tenant, budgets.c.year))


def _insert(tx: Transaction, table: sa.Table) -> Any:
    """An insert that can leave a row alone that is there already, in the words of this database."""
    return (sqlite if tx.connection.dialect.name == "sqlite" else postgresql).insert(table)


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
