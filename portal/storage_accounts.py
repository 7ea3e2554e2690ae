"""Accounts in the database: tenants, their identity providers, their members.

Every function takes an open transaction (`Store.reading()` or `Store.writing()`), so that an action can change an
account and write its audit entry together. Suspending a tenant or a member, or changing his role, ends his sessions
in the same transaction (see `sessions.revoke`).

What names a person or an organisation is sealed for its row; people are found again by a keyed mark of what they are
called by. Who steals the database learns neither who the customers are nor who works there.

What decides who gets in (role, tenant, state) is covered by a keyed mark over the row (`mac`). A row that somebody
edited in the database counts as switched off, and "verify now" names it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import weakref
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, Protocol

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
    sa.Column("mac", sa.String(64)),
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
    sa.Column("mac", sa.String(64)),
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
    sa.Column("mac", sa.String(64)),
    sa.UniqueConstraint("tenant", "provider", "subject"),
)

MARKED: Mapping[str, tuple[str, ...]] = {
    "tenants": ("id", "name", "state"),
    "providers": ("id", "tenant", "secret", "settings", "active"),
    "members": ("id", "tenant", "provider", "subject", "email", "person", "role", "active"),
}
"""The columns of a row that its mark covers."""


class RowEdited(ValueError):  # noqa: N818  # says what was found, not that it is an error
    """An account was edited in the database, past the portal; it can only be switched off."""

    def __init__(self, kind: str, row: str) -> None:
        super().__init__(f"the {kind} {row} was edited in the database")
        self.code = "row_edited"
        self.place = f"{kind}/{row}"
        self.remedy = "Switch the account off, let the person sign in again, and find out who could write there."
        self.params: dict[str, object] = {}


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


def mark_of(names: Names, table: str, row: Mapping[str, Any]) -> str:
    """The mark of a row of `MARKED`; a changed, moved or exchanged row has another one."""
    told = [table]
    for column in MARKED[table]:
        value = row[column]
        told.append(hashlib.sha256(value).hexdigest() if isinstance(value, bytes | memoryview) else repr(value))
    return names.mark("row\0" + json.dumps(told))


def is_intact(names: Names, table: str, row: Mapping[str, Any]) -> bool:
    """Whether a row is as the portal wrote it."""
    return hmac.compare_digest(row["mac"] or "", mark_of(names, table, row))


def mark_all(tx: Transaction) -> None:
    """Mark every row that has no mark: once, after the version that had none."""
    names = names_of(tx)
    for name in MARKED:
        table = metadata.tables[name]
        for row in tx.all(sa.select(table).where(table.c.mac.is_(None))):
            tx.run(sa.update(table).where(table.c.id == row["id"]).values(mac=mark_of(names, name, row)))


def edited_rows(tx: Transaction) -> list[tuple[Literal["tenant", "provider", "member"], str, str]]:
    """Kind (tenant, provider, member), id and tenant of every row that was edited past the portal."""
    names = names_of(tx)
    kinds: tuple[tuple[Literal["tenant", "provider", "member"], sa.Table], ...] = (
        ("tenant", tenants),
        ("provider", providers),
        ("member", members),
    )
    return [
        (kind, row["id"], row.get("tenant", row["id"]))
        for kind, table in kinds
        for row in tx.all(sa.select(table).order_by(table.c.id))
        if not is_intact(names, table.name, row)
    ]


def _write(tx: Transaction, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Write a whole row with its mark, new or over the one of the same id."""
    marked = {**row, "mac": mark_of(names_of(tx), table.name, row)}
    if not tx.run(sa.update(table).where(table.c.id == row["id"]).values(**marked)):
        tx.run(sa.insert(table).values(**marked))


def _intact(tx: Transaction, table: sa.Table, row_id: str) -> dict[str, Any] | None:
    """A row that is to be changed; `RowEdited` where somebody else changed it."""
    row = tx.one(sa.select(table).where(table.c.id == row_id))
    if row is not None and not is_intact(names_of(tx), table.name, row):
        raise RowEdited(table.name.removesuffix("s"), row_id)
    return row


# --- tenants ---------------------------------------------------------------------------------------------------------


def add_tenant(tx: Transaction, tenant: Tenant, *, now: datetime) -> None:
    """Create a tenant; an id that exists already is an error of the database."""
    at = now.timestamp()
    names = names_of(tx)
    row = {"id": tenant.id, "name": names.seal(tenant.name, row=tenant.id), "state": tenant.state}
    mac = mark_of(names, "tenants", row)
    tx.run(sa.insert(tenants).values(**row, created_at=at, changed_at=at, mac=mac))


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
    if state == "active":
        row = _intact(tx, tenants, tenant_id)
    else:
        row = tx.one(sa.select(tenants).where(tenants.c.id == tenant_id))
    if row is None:
        return False
    _write(tx, tenants, {**row, "state": state, "changed_at": now.timestamp()})
    return True


def _tenant(row: dict[str, Any], names: Names) -> Tenant:
    state = row["state"] if row["state"] != "active" or is_intact(names, "tenants", row) else "suspended"
    return Tenant(id=row["id"], name=names.open(row["name"], row=row["id"]), state=state)


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
    row = {"id": provider.id, "tenant": provider.tenant, **values}
    row["mac"] = mark_of(names_of(tx), "providers", row)
    ours = (providers.c.id == provider.id) & (providers.c.tenant == provider.tenant)
    if not tx.run(sa.update(providers).where(ours).values(**row)):
        tx.run(sa.insert(providers).values(**row, created_at=now.timestamp()))


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
        active=row["active"] and is_intact(names, "providers", row),
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
        if not is_intact(names, "members", known):
            raise RowEdited("member", member_id)
        row = {**known, **told}
        _write(tx, members, row)
        return member_from({**row, "mac": mark_of(names, "members", row)}, names)
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
    row["mac"] = mark_of(names, "members", row)
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


def tenants_of(tx: Transaction, email: str) -> set[str]:
    """The tenants in which somebody with this address is a member, whoever vouches for it."""
    whose = members.c.email == names_of(tx).mark(email.lower())
    return {str(row["tenant"]) for row in tx.all(sa.select(members.c.tenant).where(whose))}


def members_by_subject(tx: Transaction, provider_id: str, subject: str) -> list[str]:
    """The ids of the members that a provider calls by this subject."""
    mark = names_of(tx).mark(f"{provider_id}\0{subject}")
    query = sa.select(members.c.id).where(members.c.provider == provider_id, members.c.subject == mark)
    return [row["id"] for row in tx.all(query)]


def set_role(tx: Transaction, member_id: str, role: Role) -> Member | None:
    """Give a member another role of his tenant; raises `IdentityError` where the role is not one of it."""
    found = member(tx, member_id)
    if found is None:
        return None
    changed = replace(found, role=role)
    row = _intact(tx, members, member_id)
    assert row is not None
    _write(tx, members, {**row, "role": str(role)})
    return changed


def set_name(tx: Transaction, member_id: str, name: str) -> None:
    """Give a member another name."""
    row = _intact(tx, members, member_id)
    if row is not None:
        names = names_of(tx)
        subject, _, email = json.loads(names.open(row["person"], row=member_id))
        person = json.dumps([subject, name, email], ensure_ascii=False)
        _write(tx, members, {**row, "person": names.seal(person, row=member_id)})


def erase_person(tx: Transaction, member_id: str) -> None:
    """Forget what names a member and switch him off; his row stays for what it did, under an id that names nobody.

    Should he come again through his provider, he is somebody new.
    """
    row = tx.one(sa.select(members).where(members.c.id == member_id))
    if row is not None:
        names = names_of(tx)
        blank = names.seal(json.dumps(["", "", ""]), row=member_id)
        nobody = names.mark(f"erased\0{member_id}")
        _write(tx, members, {**row, "person": blank, "subject": nobody, "email": nobody, "active": False})


def set_member_active(tx: Transaction, member_id: str, active: bool) -> bool:
    """Switch a member on or off; an edited row can only be switched off, and is whole again then."""
    row = _intact(tx, members, member_id) if active else tx.one(sa.select(members).where(members.c.id == member_id))
    if row is None:
        return False
    _write(tx, members, {**row, "active": active})
    return True


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
        active=row["active"] and is_intact(names, "members", row),
    )
