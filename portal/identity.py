"""Who somebody is: roles, members, and the way from an identity provider's claims to a member.

A provider row belongs to exactly one tenant and says how its claims are read. The tenant of a member is always the
tenant of that row, so a provider of one tenant can never bring forth a member of another; and the roles of the
vendor's staff can only come from a provider of the vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

VENDOR = "vendor"  # the tenant of the vendor's own staff
SERVICE = "service"  # the provider of a member that is a program (or of a rep for whom a program reads)


class Role(StrEnum):
    """What a member is there for; each member has exactly one."""

    OWNER = "owner"
    ANALYST = "analyst"
    FINANCE_READER = "finance_reader"
    GUEST = "guest"
    REP = "rep"
    ARCHITECT = "architect"
    REVIEWER = "reviewer"
    COMPLIANCE_OFFICER = "compliance_officer"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


TENANT_ROLES = frozenset({Role.OWNER, Role.ANALYST, Role.FINANCE_READER, Role.GUEST})
VENDOR_ROLES = frozenset(Role) - TENANT_ROLES


class IdentityError(ValueError):
    """A sign-in was refused: the claims do not make a member of the provider's tenant."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A customer organisation, or the vendor: the unit of isolation, keys and erasure."""

    id: str
    name: str
    state: str = "active"  # active, suspended or closed

    @property
    def active(self) -> bool:
        return self.state == "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of one tenant with one role. `subject` is the name the provider knows him by."""

    id: str
    tenant: str
    role: Role
    subject: str
    name: str
    email: str = ""
    provider: str = ""
    language: str = "zh-CN"
    active: bool = True

    def __post_init__(self) -> None:
        if not may_hold(self.tenant, self.role):
            raise IdentityError(
                f"the role {self.role} does not exist in the tenant {self.tenant!r}",
                code="role_not_of_tenant",
                remedy="Vendor roles belong to the vendor's tenant, all others to a customer's.",
                role=str(self.role),
            )

    @property
    def vendor(self) -> bool:
        return self.tenant == VENDOR


def may_hold(tenant: str, role: Role) -> bool:
    """Whether a member of `tenant` can have `role`: vendor roles exist at the vendor only, and only they do."""
    return role in (VENDOR_ROLES if tenant == VENDOR else TENANT_ROLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenID Connect provider of one tenant. `sealed_secret` is the client secret, sealed for this row.

    Claims are named as in the token; a dot goes into a nested object ("realm_access.roles").
    `roles` maps values of the claim `role_claim` to our roles, the strongest first; a person with none of them gets
    `default_role`, or is refused where that is None. Where `tenant_claim` is set, the token must carry `tenant_value`
    in it: a provider that serves several organisations then still admits only the people of this one.
    """

    id: str
    tenant: str
    title: str
    issuer: str
    client_id: str
    sealed_secret: bytes = b""
    role_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)
    default_role: Role | None = None
    tenant_claim: str = ""
    tenant_value: str = ""
    domains: tuple[str, ...] = ()  # e-mail domains whose people are sent here from the sign-in page
    listed: bool = False  # shown to everybody on the sign-in page
    active: bool = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not ((parts.scheme == "https" and parts.hostname) or here) or parts.query or parts.fragment:
            raise IdentityError(
                f"{self.issuer!r} is not the address of an identity provider",
                code="bad_issuer",
                place="issuer",
                remedy="Give the issuer as its discovery document names it, beginning with https://.",
                issuer=self.issuer,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a sign-in has proved: a subject of a provider, with tenant and role already decided."""

    tenant: str
    role: Role
    subject: str
    name: str
    email: str
    provider: str


def profile_from_claims(provider: Provider, claims: Mapping[str, Any]) -> Profile:
    """Read verified claims of `provider`; raises `IdentityError` where they make no member of its tenant."""
    if provider.tenant_claim and _claim(claims, provider.tenant_claim) != provider.tenant_value:
        raise IdentityError(
            "the account belongs to another organisation than this sign-in is for",
            code="foreign_organisation",
            place=provider.tenant_claim,
            remedy="Sign in with an account of the organisation that runs this workspace.",
        )
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise IdentityError("the provider named no subject", code="no_subject", remedy="Ask your administrator.")
    raw = _claim(claims, provider.role_claim)
    held = {raw} if isinstance(raw, str) else {v for v in raw if isinstance(v, str)} if isinstance(raw, list) else set()
    role = next((role for value, role in provider.roles.items() if value in held), provider.default_role)
    if role is None or not may_hold(provider.tenant, role):
        raise IdentityError(
            "the account has no role here",
            code="no_role",
            place=provider.role_claim,
            remedy="Ask your administrator to give the account a role of this portal.",
        )
    email = claims.get("email") if claims.get("email_verified", True) else ""
    name = claims.get("name") or claims.get("preferred_username") or email or subject
    return Profile(
        tenant=provider.tenant,
        role=role,
        subject=subject,
        name=str(name)[:200],
        email=str(email or "")[:320].lower(),
        provider=provider.id,
    )


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by its way through nested objects such as "realm_access.roles"."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
