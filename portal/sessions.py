"""Accounts and sign-in sessions in the database: tenants, providers, members, sessions, sign-in codes.

A session is known to the browser by an opaque random token of 256 bits; the database holds only its hash. A session
ends by sign-out, by revocation, by idleness or by age, whichever comes first. Times in the tables are seconds since
1970 in UTC; the functions take `now` as an aware datetime.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.identity import Member, Profile, Provider, Role, Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser. `id` is the handle that pages see (never the cookie's token)."""

    id: str
    member: Member
    tenant: Tenant
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    provider: str


class Sessions:
    """The accounts of an installation and who is signed in."""

    def __init__(self, engine: object, *, idle: timedelta, absolute: timedelta) -> None:
        self.engine = engine
        self.idle = idle
        self.absolute = absolute

    # tenants
    def add_tenant(self, tenant: Tenant, *, now: datetime) -> None: raise RuntimeError("being written")
    def tenant(self, tenant_id: str) -> Tenant | None: raise RuntimeError("being written")
    def tenants(self) -> list[Tenant]: raise RuntimeError("being written")
    def set_tenant_state(self, tenant_id: str, state: str, *, now: datetime) -> None: raise RuntimeError("being written")

    # providers
    def put_provider(self, provider: Provider, *, now: datetime) -> None: raise RuntimeError("being written")
    def provider(self, provider_id: str) -> Provider | None: raise RuntimeError("being written")
    def providers(self, tenant_id: str | None = None) -> list[Provider]: raise RuntimeError("being written")
    def remove_provider(self, provider_id: str, *, now: datetime) -> None: raise RuntimeError("being written")

    # members
    def admit(self, profile: Profile, *, now: datetime) -> Member: raise RuntimeError("being written")
    def member(self, member_id: str) -> Member | None: raise RuntimeError("being written")
    def members(self, tenant_id: str) -> list[Member]: raise RuntimeError("being written")
    def set_role(self, member_id: str, role: Role, *, now: datetime) -> None: raise RuntimeError("being written")
    def set_member_active(self, member_id: str, active: bool, *, now: datetime) -> None: raise RuntimeError("being written")
    def set_language(self, member_id: str, language: str) -> None: raise RuntimeError("being written")

    # sessions
    def open(self, member: Member, *, now: datetime, sealed_id_token: bytes = b"") -> tuple[str, Session]: raise RuntimeError("being written")
    def by_token(self, token: str, *, now: datetime) -> Session | None: raise RuntimeError("being written")
    def by_id(self, session_id: str, *, now: datetime) -> Session | None: raise RuntimeError("being written")
    def touch(self, session_id: str, *, now: datetime) -> None: raise RuntimeError("being written")
    def revoke(self, *, now: datetime, session_id: str | None = None, member_id: str | None = None, tenant_id: str | None = None) -> int: raise RuntimeError("being written")
    def ended(self, session_ids: Iterable[str], *, now: datetime) -> set[str]: raise RuntimeError("being written")
