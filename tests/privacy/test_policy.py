"""The policies as a table: who may, who never may, and why."""

from __future__ import annotations

import itertools

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.policy import ROLES, TENANT_ROLES, UNDECLARED, VENDOR_ROLES, Request, decide, decide_all, readable, require
from privacy.vault import PrivacyError
from privacy.verbs import ACTIONS, CLASSES, GROUPS

ROLE = st.sampled_from(ROLES)
ACTION = st.sampled_from(sorted(ACTIONS))

MAY = {
    "edit_values": {"owner", "analyst"},
    "read_values": {"owner", "analyst", "finance_reader"},
    "follow": set(TENANT_ROLES),
    "release": {"owner"},
    "govern": {"owner"},
    "sell": {"rep"},
    "write_packs": {"architect"},
    "read_drafts": {"architect", "reviewer"},
    "judge_packs": {"reviewer"},
    "audit": {"compliance_officer", "audit_admin"},
    "operate": {"system_admin"},
    "keep_keys": {"security_admin"},
    "connect": {"owner", "rep"},
    "support": set(),
    "everybody": set(ROLES),
}


def test_the_whole_table_without_a_reason() -> None:
    assert MAY.keys() == GROUPS.keys()
    for role, verb in itertools.product(ROLES, ACTIONS.values()):
        decision = decide(role, verb.name, same_tenant=True)
        assert decision.allowed == (role in MAY[verb.group]), (role, verb.name, decision)
        assert decision.policies or not decision.allowed


def test_every_group_is_used_and_every_action_is_declared_well() -> None:
    assert {verb.group for verb in ACTIONS.values()} == GROUPS.keys()
    assert all(verb.grade in CLASSES and verb.name == name and verb.purpose for name, verb in ACTIONS.items())
    assert not GROUPS.keys() & ACTIONS.keys()


@given(ROLE, ACTION, st.sampled_from(["", *CLASSES]), st.text(max_size=5))
def test_a_tenant_s_member_does_nothing_in_another_tenant(role: str, action: str, grade: str, reason: str) -> None:
    if role in TENANT_ROLES:
        assert not decide(role, action, same_tenant=False, grade=grade, reason=reason).allowed


@given(st.sampled_from(VENDOR_ROLES), ACTION, st.booleans(), st.sampled_from(["sensitive", "secret"]))
def test_the_vendor_never_reads_values_without_a_reason(role: str, action: str, same: bool, grade: str) -> None:
    assert not decide(role, action, same_tenant=same, grade=grade).allowed


def test_break_glass_needs_a_reason_the_right_role_and_the_right_action() -> None:
    opened = decide("system_admin", "support_read", same_tenant=False, reason="ticket 4711, agreed with Li Na")
    assert opened.allowed
    assert opened.policies == ("support-with-a-reason",)
    assert decide("system_admin", "support_read", same_tenant=False, reason="  ").policies == (
        "values-stay-with-their-tenant",
    )
    assert not decide("system_admin", "baseline", same_tenant=False, reason="ticket 4711").allowed
    for role in set(ROLES) - {"system_admin"}:
        assert not decide(role, "support_read", same_tenant=role in TENANT_ROLES, reason="ticket 4711").allowed


@given(ROLE, ACTION, st.booleans())
def test_nobody_reads_secrets_or_above_the_declared_class(role: str, action: str, same: bool) -> None:
    assert not decide(role, action, same_tenant=same, grade="secret", reason="x").allowed
    highest = CLASSES.index(ACTIONS[action].grade)
    for grade in CLASSES[highest + 1 :]:
        assert not decide(role, action, same_tenant=same, grade=grade, reason="x").allowed


@given(ROLE, ACTION, st.text(min_size=1, max_size=12))
def test_another_purpose_is_denied(role: str, action: str, purpose: str) -> None:
    if purpose != ACTIONS[action].purpose:
        assert not decide(role, action, same_tenant=True, purpose=purpose, reason="x").allowed


@given(ROLE, ACTION, st.booleans())
def test_a_less_protected_class_is_never_harder_to_read(role: str, action: str, same: bool) -> None:
    allowed = [decide(role, action, same_tenant=same, grade=grade).allowed for grade in CLASSES]
    assert allowed == sorted(allowed, reverse=True)


def test_what_is_undeclared_is_denied() -> None:
    for role, action, grade in (
        ("owner", "format_disk", ""),
        ("god", "baseline", ""),
        ("owner", "baseline", "cosmic"),
        ("", "", ""),
    ):
        decision = decide(role, action, same_tenant=True, grade=grade)
        assert (decision.allowed, decision.policies) == (False, (UNDECLARED,))


def test_a_forbid_names_itself() -> None:
    assert decide("owner", "disclose", same_tenant=False).policies == ("no-foreign-tenant",)
    assert decide("rep", "baseline", same_tenant=True).policies == ("values-stay-with-their-tenant",)
    assert decide("guest", "baseline", same_tenant=True).policies == ("guests-see-no-values",)
    assert decide("system_admin", "read_log", same_tenant=True).policies == ("three-way-split",)


def test_fields_that_may_not_be_read_are_absent() -> None:
    fields = {"started_at": "sensitive", "state": "internal", "token": "secret"}
    assert readable("analyst", "baseline", fields, same_tenant=True) == ("started_at", "state")
    assert readable("rep", "baseline", fields, same_tenant=False) == ()
    assert readable("analyst", "baseline", fields, same_tenant=False) == ()


def test_require_says_who_and_what() -> None:
    assert require("owner", "disclose", same_tenant=True).allowed
    with pytest.raises(PrivacyError) as refused:
        require("rep", "disclose", same_tenant=True)
    assert refused.value.code == "not_permitted"
    assert refused.value.params["action"] == "disclose"


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    asked = [Request(role=role, action=action, same_tenant=True) for role in ROLES for action in ACTIONS]
    assert decide_all(asked) == tuple(decide(each.role, each.action, same_tenant=True) for each in asked)


def test_the_policies_are_the_only_thing_that_permits() -> None:
    """Without them the engine denies: nothing in Python says yes by itself."""
    entities = cedarpy.Entities.from_json_str("[]")
    answer = cedarpy.is_authorized(
        {"principal": 'Member::"owner"', "action": 'Action::"baseline"', "resource": 'Data::"own"', "context": {}},
        "",
        entities,
    )
    assert not answer.allowed
