"""Actions that tell a member where he is: the journey, and who can see what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import storage_accounts, storage_ledger, storage_release, storage_runs, storage_service
from portal.actions import EVERYBODY, TENANT, action
from portal.identity import Role
from portal.materials import datasets_in_force
from portal.noting import LOG_NAME
from portal.rooms import LOG, NAMES, installation_key
from portal.storage_ledger import Filter
from portal.workspace import Workspace
from privacy.audit import AuditEntry, pseudonym
from privacy.checkpoint import verifier_key
from privacy.tenant_copy import write_copy

STEPS = (
    ("data", "dataset"),
    ("baseline", "baseline"),
    ("line", "line"),
    ("scenarios", "summary"),
    ("value", "case"),
    ("checks", "answer"),
    ("release", "release"),
)
"""The prospect's way: each step and the kind of value that shows that it was taken; a step is also its page's name."""

MOST_COPIED = 2000
"""Entries in a tenant's copy of the log, the newest."""

HOMES: Mapping[Role, tuple[str, ...]] = {
    Role.REP: ("desk", "links", "feed"),
    Role.ARCHITECT: ("packs",),
    Role.REVIEWER: ("packs",),
    Role.COMPLIANCE_OFFICER: ("today", "log", "releases"),
    Role.AUDIT_ADMIN: ("today", "log"),
    Role.SYSTEM_ADMIN: ("tenants", "health"),
    Role.SECURITY_ADMIN: ("keys",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the way. `id` names page and locale keys; `state`: done, current, open or locked."""

    id: str
    state: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Where a member is. `next_step` names the step (and page) that comes next, "" when all is done.

    `waiting`: (locale key, how many) of what waits for this member.
    """

    steps: tuple[Step, ...]
    next_step: str
    steps_left: int
    waiting: tuple[tuple[str, int], ...]
    sample: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The trust strip of a workspace.

    `grade` is that of the back-test, "" where there is none yet; `vendor_access` says how often the vendor's staff
    opened metadata with a reason; `notices`: when, who, reason.
    """

    tenant: str
    sample: bool
    members: int
    released: int
    last_release: datetime | None
    progress_shared: bool | None
    grade: str
    vendor_access: int
    notices: tuple[tuple[datetime, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line of the tenant's own log. `who` is a name where it is a member of this tenant, else a pseudonym."""

    at: datetime
    who: str
    role: str
    action: str
    decision: str
    reason: str


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def journey(workspace: Workspace) -> Journey:
    """Say where this member is and what to do next; each role has its own way."""
    if workspace.member.vendor:
        return _vendor_journey(workspace)
    found = workspace.heads("upload", *(kind for _, kind in STEPS))
    counts = {step: found.get(kind, (0, ""))[0] for step, kind in STEPS}
    current = next((step for step, _ in STEPS if not counts[step] and step != "checks"), "")
    reached = True
    steps = []
    for step, _ in STEPS:
        if counts[step]:
            state = "done"
        elif step == current:
            state = "current"
        else:
            state = "open" if reached or step == "checks" else "locked"
        reached = reached and bool(counts[step])
        steps.append(Step(id=step, state=state, count=counts[step]))
    waiting = []
    if found.get("upload"):
        waiting.append(("uploads_to_confirm", found["upload"][0]))
    if _running(workspace):
        waiting.append(("runs_open", 1))
    return Journey(
        steps=tuple(steps),
        next_step=current,
        steps_left=sum(not counts[step] for step, _ in STEPS if step != "checks"),
        waiting=tuple(waiting),
        sample=_sample(workspace),
    )


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def who_can_see(workspace: Workspace) -> Trust:
    """Return whose data this is, who can see it, what was released, and the grade of the back-test."""
    at = workspace.clock()
    with workspace.store.reading() as tx:
        tenant = storage_accounts.tenant(tx, workspace.tenant)
        members = storage_accounts.members_of(tx, workspace.tenant)
        out = [
            row
            for row in storage_release.disclosures_of(tx, workspace.tenant)
            if row.withdrawn_at is None and row.until > at.timestamp()
        ]
        openings = storage_release.openings_by_tenant(tx, workspace.tenant)
    test = workspace.latest("back_test")
    notices = []
    for stored in workspace.list("notice"):
        note = workspace.get("notice", stored.id)
        notices.append((stored.created_at, f"{note['by']} ({note['role']})", note["reason"]))
    return Trust(
        tenant=workspace.tenant if tenant is None else tenant.name,
        sample=_sample(workspace),
        members=sum(member.active for member in members),
        released=len(out),
        last_release=datetime.fromtimestamp(out[0].released_at, UTC) if out else None,
        progress_shared=any(one.status_shared for one in openings) if openings else None,
        grade="" if test is None else workspace.get("back_test", test.id)["grade"],
        vendor_access=len(notices),
        notices=tuple(notices),
    )


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def access_log(workspace: Workspace, *, days: int = 30, limit: int = 200) -> Sequence[Access]:
    """Return who did what with this tenant's values, newest first; the vendor's people appear with their role."""
    at = workspace.clock()
    since = (at - timedelta(days=days)).timestamp()
    key = installation_key(workspace.data_keys, NAMES, at=at)
    with workspace.store.reading() as tx:
        members = storage_accounts.members_of(tx, workspace.tenant)
        accounts = storage_service.accounts_of(tx, workspace.tenant)
        rows = storage_ledger.entries(tx, Filter(tenant=workspace.tenant, since=since), limit=limit)
    names = {pseudonym(key, member.id): member.name for member in [*members, workspace.member]}
    names |= {pseudonym(key, account.id): account.label for account in accounts}
    found = []
    for row in rows:
        entry = AuditEntry.from_bytes(row.entry)
        found.append(
            Access(
                at=entry.time,
                who=names.get(entry.actor, entry.actor),
                role=entry.role,
                action=entry.action,
                decision=entry.decision,
                reason=entry.reason,
            )
        )
    return found


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def take_log(workspace: Workspace) -> bytes:
    """Return this tenant's newest entries of the log, each with the proof that it is in the signed tree.

    The file verifies offline, and its checkpoint is a witness in the tenant's own hands.
    """
    at = workspace.clock()
    key = verifier_key(installation_key(workspace.data_keys, LOG, at=at), name=LOG_NAME)
    with workspace.store.reading() as tx:
        newest = storage_ledger.newest_checkpoint(tx)
        size = 0 if newest is None else newest[0]
        leaves = storage_ledger.leaves(tx, size)
        rows = storage_ledger.entries(tx, Filter(tenant=workspace.tenant, before=size), limit=MOST_COPIED)
    workspace.then(lambda _: None)  # every copy is noted
    return write_copy(
        [(row.seq, row.entry) for row in reversed(rows)],
        leaves=leaves,
        checkpoint="" if newest is None else newest[2],
        key=key,
        tenant=workspace.tenant,
        at=at,
    )


def _vendor_journey(workspace: Workspace) -> Journey:
    role, at = workspace.member.role, workspace.clock().timestamp()
    waiting: list[tuple[str, int]] = []
    with workspace.store.reading() as tx:
        if role is Role.REP:
            feed = storage_release.feed(tx, workspace.tenant, member=workspace.member.id, at=at)
            links = storage_release.links_by(tx, workspace.tenant, workspace.member.id)
            used = sum(link.uses > 0 for link in links)
            waiting = [("results_released", len(feed)), ("links_sent", len(links)), ("links_opened", used)]
        elif role in {Role.COMPLIANCE_OFFICER, Role.AUDIT_ADMIN}:
            day = Filter(decision="refused", since=at - 86_400)
            refused = sum(row["entries"] for row in storage_ledger.tally(tx, day))
            size, _ = storage_ledger.read_head(tx)
            waiting = [("refusals_today", refused), ("log_entries", size)]
        elif role is Role.SYSTEM_ADMIN:
            tenants = storage_accounts.all_tenants(tx)
            failed = sum(run.state == "failed" for run in storage_runs.newest_runs(tx))
            waiting = [("tenants_active", sum(one.active for one in tenants)), ("runs_failed", failed)]
    pages = HOMES.get(role, ())
    return Journey(
        steps=tuple(Step(id=page, state="open") for page in pages),
        next_step=pages[0] if pages else "",
        steps_left=0,
        waiting=tuple(waiting),
        sample=False,
    )


def _running(workspace: Workspace) -> bool:
    with workspace.store.reading() as tx:
        found: list[Any] = storage_runs.runs_of(tx, workspace.tenant, workspace.room, limit=5)
    return any(row.kind == "study" and row.state in {"queued", "running"} for row in found)


def _sample(workspace: Workspace) -> bool:
    in_force = datasets_in_force(workspace)
    return bool(in_force) and all(one.about["sample"] for one in in_force.values())
