"""Rows of what leaves a tenant: consents, disclosures, links and their openings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.storage import Transaction, consents, disclosures, link_openings, links
from portal.storage_benchmark import erase_contributions, spent_by_year, withdraw_contribution
from privacy.replay import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """A consent's state; the record itself is a sealed value of the tenant."""

    id: str
    tenant: str
    room: str
    purpose: str
    audience: str
    given_at: float
    until: float
    withdrawn_at: float | None
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureRow:
    """A disclosure; `sealed` opens with the audience's key and is gone once it was withdrawn."""

    id: str
    tenant: str
    room: str
    consent: str
    audience: str
    recipient: str
    handle: str
    released_at: float
    until: float
    withdrawn_at: float | None
    digest: str
    data_key: str
    sealed: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link; `terms` are sealed under the key of the tenant that made it."""

    id: str
    tenant: str
    author: str
    kind: str
    token_hash: str
    created_at: float
    expires_at: float
    max_uses: int
    uses: int
    revoked_at: float | None
    data_key: str
    terms: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow:
    """One tenant that was opened through a link, and whether it shows its progress to the link's author."""

    id: str
    link: str
    tenant: str
    at: float
    status_shared: bool


def add_consent(tx: Transaction, row: ConsentRow) -> None:
    """Store a new consent."""
    tx.run(sa.insert(consents).values(**_values(row)))


def consents_of(tx: Transaction, tenant: str | None = None) -> list[ConsentRow]:
    """Return a tenant's consents (all tenants' where none is named), newest first."""
    query = sa.select(consents).order_by(consents.c.given_at.desc(), consents.c.id)
    if tenant is not None:
        query = query.where(consents.c.tenant == tenant)
    return [ConsentRow(**row) for row in tx.all(query)]


def consent_by_id(tx: Transaction, tenant: str, consent: str) -> ConsentRow | None:
    """Return one consent of a tenant."""
    row = tx.one(sa.select(consents).where(consents.c.tenant == tenant, consents.c.id == consent))
    return None if row is None else ConsentRow(**row)


def disclosure_stands(tx: Transaction, disclosure: str, *, at: float) -> bool:
    """Say whether a disclosure of any tenant is still out."""
    row = tx.one(sa.select(disclosures.c.until, disclosures.c.withdrawn_at).where(disclosures.c.id == disclosure))
    return row is not None and row["withdrawn_at"] is None and row["until"] > at


def consent_stands(tx: Transaction, consent: str, *, at: float) -> bool | None:
    """Say whether a consent of any tenant is in force; None where there is no such consent."""
    row = tx.one(sa.select(consents.c.until, consents.c.withdrawn_at).where(consents.c.id == consent))
    return None if row is None else row["withdrawn_at"] is None and row["until"] > at


def hold_consent(tx: Transaction, tenant: str, consent: str, *, at: float) -> bool:
    """Say whether a consent is in force, and let nobody withdraw it before this transaction ends."""
    standing = (consents.c.tenant == tenant) & (consents.c.id == consent) & consents.c.withdrawn_at.is_(None)
    return tx.run(sa.update(consents).where(standing, consents.c.until > at).values(withdrawn_at=None)) == 1


def withdraw(tx: Transaction, tenant: str, consent: str, *, at: float, record: str) -> int:
    """Withdraw a consent and erase what stood under it in one step; returns how many disclosures went."""
    withdraw_contribution(tx, tenant, consent)
    ours = sa.and_(consents.c.tenant == tenant, consents.c.id == consent, consents.c.withdrawn_at.is_(None))
    tx.run(sa.update(consents).where(ours).values(withdrawn_at=at, record=record))
    theirs = sa.and_(
        disclosures.c.tenant == tenant, disclosures.c.consent == consent, disclosures.c.withdrawn_at.is_(None)
    )
    return tx.run(sa.update(disclosures).where(theirs).values(withdrawn_at=at, sealed=None))


def withdraw_tenant(tx: Transaction, tenant: str, *, at: float) -> int:
    """Withdraw every consent and disclosure of a tenant; nothing of it is counted any more."""
    erase_contributions(tx, tenant)
    open_consents = sa.and_(consents.c.tenant == tenant, consents.c.withdrawn_at.is_(None))
    tx.run(sa.update(consents).where(open_consents).values(withdrawn_at=at))
    still_out = sa.and_(disclosures.c.tenant == tenant, disclosures.c.withdrawn_at.is_(None))
    return tx.run(sa.update(disclosures).where(still_out).values(withdrawn_at=at, sealed=None))


def add_disclosure(tx: Transaction, row: DisclosureRow) -> None:
    """Store a disclosure."""
    tx.run(sa.insert(disclosures).values(**_values(row)))


def feed(tx: Transaction, audience: str, *, member: str, at: float) -> list[DisclosureRow]:
    """Return what a member of the audience may read now: released to him (or to all), not withdrawn, not ended."""
    query = (
        sa.select(disclosures)
        .where(
            disclosures.c.audience == audience,
            disclosures.c.recipient.in_(("", member)),
            disclosures.c.withdrawn_at.is_(None),
            disclosures.c.until > at,
            disclosures.c.sealed.is_not(None),
        )
        .order_by(disclosures.c.released_at.desc(), disclosures.c.id)
    )
    return [DisclosureRow(**row) for row in tx.all(query)]


def disclosures_of(tx: Transaction, tenant: str | None = None) -> list[DisclosureRow]:
    """Return a tenant's disclosures (all tenants' where none is named), newest first."""
    query = sa.select(disclosures).order_by(disclosures.c.released_at.desc(), disclosures.c.id)
    if tenant is not None:
        query = query.where(disclosures.c.tenant == tenant)
    return [DisclosureRow(**row) for row in tx.all(query)]


def disclosure_by_id(tx: Transaction, disclosure: str) -> DisclosureRow | None:
    """Return one disclosure of any tenant."""
    row = tx.one(sa.select(disclosures).where(disclosures.c.id == disclosure))
    return None if row is None else DisclosureRow(**row)


def links_of(tx: Transaction, tenant: str, *, kind: str) -> list[LinkRow]:
    """Return a tenant's links of one kind, newest first."""
    query = sa.select(links).where(links.c.tenant == tenant, links.c.kind == kind)
    return [LinkRow(**row) for row in tx.all(query.order_by(links.c.created_at.desc(), links.c.id))]


def link_digest(row: LinkRow) -> str:
    """Return the digest of what never changes on a link: the log keeps it, so that an edit of its limits shows."""
    fixed = [row.id, row.tenant, row.author, row.kind, row.token_hash, row.created_at, row.expires_at, row.max_uses]
    return hashlib.sha256(json.dumps(fixed).encode()).hexdigest()


def add_link(tx: Transaction, row: LinkRow) -> None:
    """Store a link."""
    tx.run(sa.insert(links).values(**_values(row)))


def links_by(tx: Transaction, tenant: str, author: str) -> list[LinkRow]:
    """Return the links that a member made, newest first."""
    query = sa.select(links).where(links.c.tenant == tenant, links.c.author == author)
    return [LinkRow(**row) for row in tx.all(query.order_by(links.c.created_at.desc(), links.c.id))]


def link_by_hash(tx: Transaction, token_hash: str) -> LinkRow | None:
    """Return the link of a token's hash."""
    row = tx.one(sa.select(links).where(links.c.token_hash == token_hash))
    return None if row is None else LinkRow(**row)


def link_by_id(tx: Transaction, link: str) -> LinkRow | None:
    """Return one link."""
    row = tx.one(sa.select(links).where(links.c.id == link))
    return None if row is None else LinkRow(**row)


def use_link(tx: Transaction, link: str, *, at: float) -> bool:
    """Count one use, in one statement: of fifty that try at once, as many succeed as uses are left."""
    usable = sa.and_(
        links.c.id == link, links.c.uses < links.c.max_uses, links.c.expires_at > at, links.c.revoked_at.is_(None)
    )
    return tx.run(sa.update(links).where(usable).values(uses=links.c.uses + 1)) == 1


def revoke_link(tx: Transaction, tenant: str, author: str, link: str, *, at: float) -> bool:
    """Revoke a member's own link; says whether there was one that was not revoked."""
    ours = sa.and_(links.c.tenant == tenant, links.c.author == author, links.c.id == link, links.c.revoked_at.is_(None))
    return tx.run(sa.update(links).where(ours).values(revoked_at=at)) == 1


def add_opening(tx: Transaction, row: OpeningRow) -> None:
    """Note which tenant a link opened."""
    tx.run(sa.insert(link_openings).values(**_values(row)))


def openings_of(tx: Transaction, link: str) -> list[OpeningRow]:
    """Return what a link opened, oldest first."""
    query = sa.select(link_openings).where(link_openings.c.link == link).order_by(link_openings.c.at)
    return [OpeningRow(**row) for row in tx.all(query)]


def openings_by_tenant(tx: Transaction, tenant: str) -> list[OpeningRow]:
    """Return the links through which a tenant was opened."""
    query = sa.select(link_openings).where(link_openings.c.tenant == tenant).order_by(link_openings.c.at)
    return [OpeningRow(**row) for row in tx.all(query)]


def facts(tx: Transaction) -> Iterator[Fact]:
    """Yield the state of every consent, disclosure, link and budget, to be compared with the log."""
    for consent in consents_of(tx):
        yield Fact(kind="consent", id=consent.record, tenant=consent.tenant, in_force=consent.withdrawn_at is None)
    for made in disclosures_of(tx):
        in_force = made.withdrawn_at is None
        yield Fact(kind="disclosure", id=made.id, tenant=made.tenant, in_force=in_force, digest=made.digest)
    for row in tx.all(sa.select(links).order_by(links.c.id)):
        link = LinkRow(**row)
        yield Fact(
            kind="link",
            id=link.id,
            tenant=link.tenant,
            in_force=link.revoked_at is None,
            digest=link_digest(link),
            uses=link.uses,
        )
    for row in spent_by_year(tx):
        if row["spent"]:
            name = f"{row['tenant']}/{row['year']}"
            yield Fact(kind="budget", id=name, tenant=row["tenant"], in_force=True, uses=int(row["spent"]))


def show_progress(tx: Transaction, tenant: str, *, show: bool) -> int:
    """Let the authors of the tenant's links see its progress, or stop that; returns how many links it concerns."""
    return tx.run(sa.update(link_openings).where(link_openings.c.tenant == tenant).values(status_shared=show))


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
