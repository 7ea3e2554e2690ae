"""Who may do what, to which class of data, for which purpose: Cedar policies, decided in microseconds.

Default deny; a forbid beats every permit; every action is declared in `privacy.verbs` with what it touches, and the
schema is validated at import, so an undeclared action cannot be decided, only refused. The vendor's roles can never
read a tenant's values; support reads them only by break-glass, with a reason, and the policy that allowed it is named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

ROLES = (
    "owner",
    "analyst",
    "finance_reader",
    "guest",  # of a tenant
    "rep",
    "architect",
    "reviewer",
    "compliance_officer",  # of the vendor
    "system_admin",
    "security_admin",
    "audit_admin",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Allowed or not, and the ids of the policies that decided; none of them: nobody permits it."""

    allowed: bool
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to the policies."""

    role: str
    action: str  # a verb of `privacy.verbs.ACTIONS`
    same_tenant: bool  # does the member belong to the tenant whose data it is?
    grade: str = ""  # class of the field: general, important, core, personal; "" = the action's highest
    purpose: str = ""  # "" = the action's own
    reason: str = ""  # break-glass: why


def decide(
    role: str, action: str, *, same_tenant: bool, grade: str = "", purpose: str = "", reason: str = ""
) -> Decision:
    """Decide one request; an unknown role, action, class or purpose is denied (policies: `undeclared`)."""
    raise RuntimeError("being written")


def decide_all(requests: Collection[Request]) -> tuple[Decision, ...]:
    """Decide many at once."""
    raise RuntimeError("being written")


def require(
    role: str, action: str, *, same_tenant: bool, grade: str = "", purpose: str = "", reason: str = ""
) -> Decision:
    """`decide`, raising `PrivacyError` (not_permitted) where it is denied."""
    raise RuntimeError("being written")


def readable(
    role: str, action: str, fields: dict[str, str], *, same_tenant: bool, purpose: str = ""
) -> tuple[str, ...]:
    """The names of `fields` (name -> class) that may be read; the others are absent, not masked."""
    raise RuntimeError("being written")
