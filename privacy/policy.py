"""Who may do what, to which class of data, for which purpose: Cedar policies, decided in microseconds.

Default deny; a forbid beats every permit; every action is declared in `privacy.verbs` with what it touches, and the
policies (`policies.cedar`) are validated against the schema made of them when this module is first used. The vendor's
roles can never read a tenant's values; support reads them only by break-glass, with a reason, and the policy that
allowed it is named in the log.

A decision depends on nothing but its arguments, so it is kept: the first takes 50 microseconds, the next one less
than one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import cedarpy

from privacy.vault import PrivacyError
from privacy.verbs import ACTIONS, CLASSES, GROUPS

TENANT_ROLES: Final = ("owner", "analyst", "finance_reader", "guest")
VENDOR_ROLES: Final = (
    "rep",
    "architect",
    "reviewer",
    "compliance_officer",
    "system_admin",
    "security_admin",
    "audit_admin",
)
ROLES: Final = (*TENANT_ROLES, *VENDOR_ROLES)
UNDECLARED: Final = "undeclared"

_SCHEMA: Final = """
entity Role in [Role];
entity Member in [Role];
entity Data { own: Bool };
type Asked = { rank: Long, highest: Long, purpose: String, declared: String, reason: Bool };
"""


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
    grade: str = ""  # class of the field: public, internal, sensitive, secret; "" = the action's highest
    purpose: str = ""  # "" = the action's own
    reason: str = ""  # break-glass: why


def decide(
    role: str, action: str, *, same_tenant: bool, grade: str = "", purpose: str = "", reason: str = ""
) -> Decision:
    """Decide one request; an unknown role, action or class is denied (policies: `undeclared`)."""
    return _decide(str(role), action, same_tenant, grade, purpose, bool(reason.strip()))


def decide_all(requests: Iterable[Request]) -> tuple[Decision, ...]:
    """Decide many at once."""
    return tuple(
        decide(
            request.role,
            request.action,
            same_tenant=request.same_tenant,
            grade=request.grade,
            purpose=request.purpose,
            reason=request.reason,
        )
        for request in requests
    )


def require(
    role: str, action: str, *, same_tenant: bool, grade: str = "", purpose: str = "", reason: str = ""
) -> Decision:
    """`decide`, raising `PrivacyError` (not_permitted) where it is denied."""
    decision = decide(role, action, same_tenant=same_tenant, grade=grade, purpose=purpose, reason=reason)
    if not decision.allowed:
        raise PrivacyError(
            f"the role {role} may not {action}",
            code="not_permitted",
            place=action,
            remedy="Ask somebody whose role allows it, or have the role changed.",
            role=str(role),
            action=action,
            policies=", ".join(decision.policies),
        )
    return decision


def readable(
    role: str, action: str, fields: Mapping[str, str], *, same_tenant: bool, purpose: str = ""
) -> tuple[str, ...]:
    """The names of `fields` (name -> class) that may be read; the others are absent, not masked."""
    return tuple(
        name
        for name, grade in fields.items()
        if decide(role, action, same_tenant=same_tenant, grade=grade, purpose=purpose).allowed
    )


@lru_cache(maxsize=50_000)
def _decide(role: str, action: str, same_tenant: bool, grade: str, purpose: str, reason: bool) -> Decision:
    verb = ACTIONS.get(action)
    if role not in ROLES or verb is None or (grade or verb.grade) not in CLASSES:
        return Decision(allowed=False, policies=(UNDECLARED,))
    schema, policies, entities = _engine()
    answer = cedarpy.is_authorized(
        {
            "principal": {"type": "Member", "id": role},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Data", "id": "own" if same_tenant else "foreign"},
            "context": {
                "rank": CLASSES.index(grade or verb.grade),
                "highest": CLASSES.index(verb.grade),
                "purpose": purpose or verb.purpose,
                "declared": verb.purpose,
                "reason": reason,
            },
        },
        policies,
        entities,
        schema,
    )
    if answer.diagnostics.errors:
        return Decision(allowed=False, policies=("policy-error",))
    names = answer.diagnostics.id_annotations_by_reason
    return Decision(
        allowed=answer.allowed, policies=tuple(sorted(names.get(name, name) for name in answer.diagnostics.reasons))
    )


@cache
def _engine() -> tuple[cedarpy.Schema, cedarpy.PolicySet, cedarpy.Entities]:
    """The parsed schema, policies and entities; a fault in them is a fault of ours and stops the process."""
    groups = "\n".join(f'action "{group}";' for group in GROUPS)
    actions = "\n".join(
        f'action "{verb.name}" in ["{verb.group}"] '
        "appliesTo { principal: [Member], resource: [Data], context: Asked };"
        for verb in ACTIONS.values()
    )
    schema = cedarpy.Schema.from_str(f"{_SCHEMA}\n{groups}\n{actions}")
    text = Path(__file__).with_name("policies.cedar").read_text("utf-8")
    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        raise RuntimeError(f"policies.cedar does not fit its schema: {checked.errors}")
    entities = cedarpy.Entities.from_json_str(json.dumps(list(_entities())), schema=schema)
    return schema, cedarpy.PolicySet.from_str(text), entities


def _entities() -> Iterable[dict[str, object]]:
    sides = {**dict.fromkeys(TENANT_ROLES, "tenant"), **dict.fromkeys(VENDOR_ROLES, "vendor")}
    for side in ("tenant", "vendor"):
        yield {"uid": {"type": "Role", "id": side}, "attrs": {}, "parents": []}
    for role, side in sides.items():
        yield {"uid": {"type": "Role", "id": role}, "attrs": {}, "parents": [{"type": "Role", "id": side}]}
        yield {"uid": {"type": "Member", "id": role}, "attrs": {}, "parents": [{"type": "Role", "id": role}]}
    for name, own in (("own", True), ("foreign", False)):
        yield {"uid": {"type": "Data", "id": name}, "attrs": {"own": own}, "parents": []}
