"""Accounts in the database: tenants, their identity providers, their members.

Every function takes an open transaction (`Store.reading()` or `Store.writing()`), so that an action can change an
account and write its audit entry together. Suspending a tenant or a member, or changing his role, ends his sessions
in the same transaction (see `sessions.revoke`).

What names a person or an organisation is sealed for its row; people are found again by a keyed mark of what they are
called by. Who steals the database learns neither who the customers are nor who works there.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from portal.identity import Member, Profile, Provider, Role, Tenant
from portal.storage import Store, Transaction, metadata, new_id

_ID = sa.String(40)

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name", sa.LargeBinary, nullable=False),  # sealed
    sa.Column("state", sa.String(12), nullable=False),  # active, suspended, closed
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
)

providers = sa.Table(
    "providers",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),  # sealed for this row
    sa.Column("settings", sa.LargeBinary, nullable=False),  # sealed JSON: title, issuer, claims, roles, domains, listed
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
)

members = sa.Table(
    "members",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("tenant", _ID, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("provider", _ID, nullable=False),  # id of a provider, or "code" for a sign-in by e-mailed code
    sa.Column("subject", sa.String(64), nullable=False),  # keyed mark of the provider's name for him
    sa.Column("email", sa.String(64), nullable=False),  # keyed mark of his address
    sa.Column("person", sa.LargeBinary, nullable=False),  # sealed: subject, name, address
    sa.Column("role", sa.String(24), nullable=False),
    sa.Column("language", sa.String(12), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.UniqueConstraint("tenant", "provider", "subject"),
)


class Names(Protocol):
    """Seals what names somebody, for one row; `mark` is what equal names have in common, and nothing else."""

    def seal(self, text: str, *, row: str) -> bytes: ...
    def open(self, sealed: bytes, *, row: str) -> str: ...
    def mark(self, text: str) -> str: ...


class PlainNames:
    """Names as they are: for tests of the tables, where there are no keys."""

    def seal(self, text: str, *, row: str) -> bytes:
        del row
        return text.encode()

    def open(self, sealed: bytes, *, row: str) -> str:
        del row
        return sealed.decode()

    def mark(self, text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()


_PLAIN = PlainNames()
_names: weakref.WeakKeyDictionary[sa.Engine, Names] = weakref.WeakKeyDictionary()


def seal_names(store: Store, names: Names) -> None:
    """From now on, names in this store are sealed by `names` (the portal's wiring calls this before anything else)."""
    _names[store.engine] = names


def names_of(tx: Transaction) -> Names:
    """How names are sealed in the store of this transaction."""
    return _names.get(tx.connection.engine, _PLAIN)


# --- tenants ---------------------------------------------------------------------------------------------------------


def add_tenant(tx: Transaction, tenant: Tenant, *, now: datetime) -> None:
    """Create a tenant; an id that exists already is an error of the database."""
    at = now.timestamp()
    name = names_of(tx).seal(tenant.name, row=tenant.id)
    tx.run(sa.insert(tenants).values(id=tenant.id, name=name, state=tenant.state, created_at=at, changed_at=at))


def tenant(tx: Transaction, tenant_id: str) -> Tenant | None:
    row = tx.one(sa.select(tenants).where(tenants.c.id == tenant_id))
    return None if row is None else _tenant(row, names_of(tx))


def all_tenants(tx: Transaction) -> list[Tenant]:
    """Every tenant, the vendor's included, by name."""
    return sorted(
        (_tenant(row, names_of(tx)) for row in tx.all(sa.select(tenants))), key=lambda one: (one.name, one.id)
    )


def set_tenant_state(tx: Transaction, tenant_id: str, state: str, *, now: datetime) -> bool:
    """Make a tenant active, suspended or closed; says whether there is such a tenant."""
    change = sa.update(tenants).where(tenants.c.id == tenant_id).values(state=state, changed_at=now.timestamp())
    return tx.run(change) == 1


def _tenant(row: dict[str, Any], names: Names) -> Tenant:
    return Tenant(id=row["id"], name=names.open(row["name"], row=row["id"]), state=row["state"])


# --- identity providers ----------------------------------------------------------------------------------------------


def put_provider(tx: Transaction, provider: Provider, *, now: datetime) -> None:
    """Register a provider, or replace the one of the same id; a provider never changes its tenant."""
    settings = {
        "title": provider.title,
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "role_claim": provider.role_claim,
        "roles": [[value, str(role)] for value, role in provider.roles.items()],
        "default_role": str(provider.default_role or ""),
        "tenant_claim": provider.tenant_claim,
        "tenant_value": provider.tenant_value,
        "domains": list(provider.domains),
        "listed": provider.listed,
    }
    values = {
        "secret": provider.sealed_secret,
        "settings": names_of(tx).seal(json.dumps(settings, ensure_ascii=False), row=provider.id),
        "active": provider.active,
    }
    ours = (providers.c.id == provider.id) & (providers.c.tenant == provider.tenant)
    if not tx.run(sa.update(providers).where(ours).values(**values)):
        row = {"id": provider.id, "tenant": provider.tenant, "created_at": now.timestamp(), **values}
        tx.run(sa.insert(providers).values(**row))


def provider(tx: Transaction, provider_id: str) -> Provider | None:
    row = tx.one(sa.select(providers).where(providers.c.id == provider_id))
    return None if row is None else _provider(row, names_of(tx))


def all_providers(tx: Transaction, *, tenant_id: str | None = None) -> list[Provider]:
    """The providers of one tenant, or of all."""
    query = sa.select(providers).order_by(providers.c.created_at, providers.c.id)
    if tenant_id is not None:
        query = query.where(providers.c.tenant == tenant_id)
    return [_provider(row, names_of(tx)) for row in tx.all(query)]


def remove_provider(tx: Transaction, provider_id: str) -> bool:
    """Forget a provider; its people cannot sign in any more (revoke their sessions as well)."""
    return tx.run(sa.delete(providers).where(providers.c.id == provider_id)) == 1


def _provider(row: dict[str, Any], names: Names) -> Provider:
    settings = json.loads(names.open(row["settings"], row=row["id"]))
    return Provider(
        id=row["id"],
        tenant=row["tenant"],
        title=settings["title"],
        issuer=settings["issuer"],
        client_id=settings["client_id"],
        sealed_secret=row["secret"],
        role_claim=settings["role_claim"],
        roles={value: Role(role) for value, role in settings["roles"]},
        default_role=Role(settings["default_role"]) if settings["default_role"] else None,
        tenant_claim=settings["tenant_claim"],
        tenant_value=settings["tenant_value"],
        domains=tuple(settings["domains"]),
        listed=settings["listed"],
        active=row["active"],
    )


# --- members ---------------------------------------------------------------------------------------------------------


def admit(tx: Transaction, profile: Profile, *, language: str, now: datetime) -> Member:
    """The member that a proven profile belongs to: found by tenant, provider and subject, or new.

    Role, name and address follow the profile at each sign-in; whether he is active, and his language, do not.
    """
    names = names_of(tx)
    subject = names.mark(f"{profile.provider}\0{profile.subject}")
    whose = sa.and_(
        members.c.tenant == profile.tenant, members.c.provider == profile.provider, members.c.subject == subject
    )
    known = tx.one(sa.select(members).where(whose))
    member_id = new_id() if known is None else known["id"]
    person = json.dumps([profile.subject, profile.name, profile.email], ensure_ascii=False)
    told = {
        "role": str(profile.role),
        "email": names.mark(profile.email.lower()),
        "person": names.seal(person, row=member_id),
        "seen_at": now.timestamp(),
    }
    if known is not None:
        tx.run(sa.update(members).where(whose).values(**told))
        return member_from({**known, **told}, names)
    row = {
        "id": member_id,
        "tenant": profile.tenant,
        "provider": profile.provider,
        "subject": subject,
        "language": language,
        "active": True,
        "created_at": now.timestamp(),
        **told,
    }
    tx.run(sa.insert(members).values(**row))
    return member_from(row, names)


def member(tx: Transaction, member_id: str) -> Member | None:
    row = tx.one(sa.select(members).where(members.c.id == member_id))
    return None if row is None else member_from(row, names_of(tx))


def members_of(tx: Transaction, tenant_id: str) -> list[Member]:
    """The members of a tenant, by name."""
    found = [member_from(row, names_of(tx)) for row in tx.all(sa.select(members).where(members.c.tenant == tenant_id))]
    return sorted(found, key=lambda one: (one.name, one.id))


def members_by_email(tx: Transaction, email: str, *, provider_id: str) -> list[Member]:
    """The members that a provider (or "code") vouches for under one address."""
    names = names_of(tx)
    whose = (members.c.email == names.mark(email.lower())) & (members.c.provider == provider_id)
    rows = tx.all(sa.select(members).where(whose).order_by(members.c.created_at))
    return [member_from(row, names) for row in rows]


def set_role(tx: Transaction, member_id: str, role: Role) -> Member | None:
    """Give a member another role of his tenant; raises `IdentityError` where the role is not one of it."""
    found = member(tx, member_id)
    if found is None:
        return None
    changed = replace(found, role=role)
    tx.run(sa.update(members).where(members.c.id == member_id).values(role=str(role)))
    return changed


def set_member_active(tx: Transaction, member_id: str, active: bool) -> bool:
    return tx.run(sa.update(members).where(members.c.id == member_id).values(active=active)) == 1


def set_member_language(tx: Transaction, member_id: str, language: str) -> bool:
    return tx.run(sa.update(members).where(members.c.id == member_id).values(language=language)) == 1


def member_from(row: dict[str, Any], names: Names) -> Member:
    """A member from a row of `members`."""
    subject, name, email = json.loads(names.open(row["person"], row=row["id"]))
    return Member(
        id=row["id"],
        tenant=row["tenant"],
        role=Role(row["role"]),
        subject=subject,
        name=name,
        email=email,
        provider=row["provider"],
        language=row["language"],
        active=row["active"],
    )
