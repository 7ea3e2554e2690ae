"""The log played again, and what differs when a table was edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.audit import AuditEntry
from privacy.replay import Fact, differences, replay

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)


def entry(
    action: str, resource: str, *, tenant: str = "acme", digest: str = "", decision: str = "allowed"
) -> AuditEntry:
    return AuditEntry(
        time=AT,
        actor="m-1",
        role="owner",
        tenant=tenant,
        action=action,
        resource=resource,
        digests=(digest,) if digest else (),
        decision=decision,  # type: ignore[arg-type]
    )


STORY = (
    entry("upload_dataset", "dataset/d1"),
    entry("give_consent", "result/r1 consent/c1"),
    entry("disclose", "consent/c1 result/r1 release/x disclosure/s1", digest="aa"),
    entry("disclose", "consent/c1 result/r1 disclosure/s1", digest="aa"),
    entry("give_consent", "consent/c2"),
    entry("disclose", "consent/c2 disclosure/s2", digest="bb"),
    entry("withdraw_consent", "consent/c1 consent/c1b"),
    entry("withdraw_consent", "consent/c2 consent/c2b", decision="refused"),
    entry("invite", "link/l1", tenant="vendor", digest="ff"),
    entry("open_link", "link/l1"),
    entry("open_link", "link/l1", decision="refused"),
    entry("invite", "link/l2", tenant="vendor", digest="ee"),
    entry("revoke_link", "link/l2", tenant="vendor"),
)
TABLES = (
    Fact(kind="consent", id="c1b", tenant="acme", in_force=False),
    Fact(kind="consent", id="c2", tenant="acme", in_force=True),
    Fact(kind="disclosure", id="s1", tenant="acme", in_force=False, digest="aa"),
    Fact(kind="disclosure", id="s2", tenant="acme", in_force=True, digest="bb"),
    Fact(kind="link", id="l1", tenant="vendor", in_force=True, digest="ff", uses=1),
    Fact(kind="link", id="l2", tenant="vendor", in_force=False, digest="ee"),
)


def test_tables_that_nobody_edited_agree() -> None:
    assert set(replay(STORY).values()) == set(TABLES)
    assert differences(replay(STORY), TABLES) == ()


@pytest.mark.parametrize(
    ("row", "edit", "code"),
    [
        (0, {"in_force": True}, "row_revived"),
        (1, {"in_force": False}, "row_ended"),
        (2, {"in_force": True}, "row_revived"),
        (3, {"digest": "cc"}, "row_changed"),
        (4, {"digest": "00"}, "row_changed"),
        (4, {"uses": 0}, "row_uses"),
        (5, {"in_force": True}, "row_revived"),
    ],
)
def test_an_edited_row_is_named(row: int, edit: dict[str, object], code: str) -> None:
    tables = [replace(fact, **edit) if at == row else fact for at, fact in enumerate(TABLES)]
    (found,) = differences(replay(STORY), tables)
    assert (found.kind, found.id, found.code) == (TABLES[row].kind, TABLES[row].id, code)


def test_rows_added_and_removed_are_named() -> None:
    added = Fact(kind="disclosure", id="s9", tenant="acme", in_force=True, digest="aa")
    assert [(one.id, one.code) for one in differences(replay(STORY), (*TABLES, added))] == [("s9", "row_unknown")]
    assert [(one.id, one.code) for one in differences(replay(STORY), TABLES[1:])] == [("c1b", "row_missing")]


def test_the_old_record_of_a_consent_put_back_is_named_twice() -> None:
    put_back = (replace(TABLES[0], id="c1", in_force=True), *TABLES[1:])
    assert {(one.id, one.code) for one in differences(replay(STORY), put_back)} == {
        ("c1", "row_unknown"),
        ("c1b", "row_missing"),
    }


@pytest.mark.parametrize("action", ["close_tenant", "erase_workspace"])
def test_closing_a_tenant_ends_what_it_gave_and_nobody_else_s(action: str) -> None:
    other = (entry("give_consent", "consent/z1", tenant="other"), entry(action, "", tenant="acme"))
    state = replay((*STORY, *other))
    assert not any(fact.in_force for fact in state.values() if fact.tenant == "acme")
    assert state["consent", "z1"].in_force
    assert state["link", "l1"].in_force


@given(st.integers(0, len(STORY)), st.timedeltas())
def test_any_beginning_of_the_log_can_be_played(count: int, _shift: timedelta) -> None:
    state = replay(STORY[:count])
    assert differences(state, state.values()) == ()
