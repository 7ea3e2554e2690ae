"""Actions on what happens after a withdrawal, and on what the vendor's rep has looked at: both sides see the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal import storage_accounts, storage_ledger, storage_recalls, storage_release
from portal.actions import OWNER, READERS, REPS, TENANT, action
from portal.identity import Role
from portal.milestones import milestone
from portal.rooms import NAMES, installation_key
from portal.storage import Transaction
from portal.storage_ledger import Filter
from portal.storage_release import DisclosureRow
from portal.workspace import MissingError, Workspace
from privacy.audit import AuditEntry, pseudonym

KNOWN_DAYS = 365
"""For how long a recipient is reminded of what was taken back."""

RESULTS = frozenset({"baseline", "line", "summary", "back_test", "case", "answer", "release", "disclosure", "draw"})
"""Kinds of values that an entry of the log was about; all others were read for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A release that is over: no content, only what tells the recipient which copies to delete."""

    id: str
    account: str
    purpose: str
    released_at: datetime
    over_at: datetime
    withdrawn: bool
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing that somebody of the vendor's sales side did with what this tenant released."""

    at: datetime
    who: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the rep can see about this tenant now, and what he has done with it.

    `progress` is the step that he sees, "" where he sees none; `came` when the links were opened that he knows of.
    """

    live: int
    progress_shared: bool | None
    progress: str
    came: tuple[datetime, ...]
    looks: tuple[Look, ...]
    over: tuple[Recall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of this tenant's data: by whom, what for, what was read (`on`), and which result it served (`result`)."""

    at: datetime
    who: str
    role: str
    action: str
    purpose: str
    decision: str
    on: tuple[str, ...]
    result: tuple[str, ...]


@action(needs=REPS, purpose="offer", highest_class="internal")
def recalls(workspace: Workspace) -> Sequence[Recall]:
    """List what was released to this rep and is over, newest first: copies of it must be deleted."""
    at = workspace.clock()
    with workspace.store.reading() as tx:
        done = storage_recalls.confirmed_by(tx, workspace.member.id)
        rows = [row for row in _over(tx, at) if row.recipient in {"", workspace.member.id}]
        return [_recall(tx, row, done.get(row.id)) for row in rows]


@action(needs=REPS, purpose="offer", highest_class="internal", locks=True)
def confirm_recall(workspace: Workspace, disclosure: str) -> None:
    """Confirm that no copy of a withdrawn or ended release is left; its tenant sees who did and when."""
    at = workspace.clock()
    row = next((one for one in _over(workspace.opened(), at) if one.id == disclosure), None)
    if row is None or row.recipient not in {"", workspace.member.id}:
        raise MissingError(disclosure)
    workspace.concern(row.tenant, f"disclosure/{row.id}")
    storage_recalls.confirm(
        workspace.opened(), row.id, member=workspace.member.id, tenant=row.tenant, at=at.timestamp()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One look of the vendor's staff at details of this workspace; `open` while it still holds, up to `until`."""

    id: str
    at: datetime
    who: str
    role: str
    reason: str
    until: datetime
    open: bool


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def grants(workspace: Workspace) -> Sequence[Grant]:
    """List the looks of the vendor's staff at details of this workspace, newest first."""
    now = workspace.clock()
    found = []
    for stored in workspace.list("notice"):
        note = workspace.get("notice", stored.id)
        until = datetime.fromisoformat(note["until"])
        with workspace.store.reading() as tx:
            ended = storage_recalls.grant_ended(tx, note["grant"])
        found.append(
            Grant(
                id=note["grant"],
                at=stored.created_at,
                who=note["by"],
                role=note["role"],
                reason=note["reason"],
                until=until,
                open=until > now and not ended,
            )
        )
    return found


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def end_grant(workspace: Workspace, grant: str) -> None:
    """End a look of the vendor's staff at once, before its time."""
    known = {workspace.get("notice", stored.id)["grant"] for stored in workspace.list("notice")}
    if grant not in known:
        raise MissingError(grant)
    at = workspace.clock().timestamp()
    workspace.touched[f"grant/{grant}"] = ""

    def change(tx: Transaction) -> None:
        storage_recalls.end_grant(tx, grant, tenant=workspace.tenant, at=at)

    workspace.then(change)


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def seen_by_rep(workspace: Workspace) -> Seen:
    """Return what the rep can see of this tenant now, what he has looked at, and which recalls are open."""
    at = workspace.clock()
    since = (at - timedelta(days=KNOWN_DAYS)).timestamp()
    with workspace.store.reading() as tx:
        openings = storage_release.openings_by_tenant(tx, workspace.tenant)
        shared = any(one.status_shared for one in openings) if openings else None
        rows = storage_release.disclosures_of(tx, workspace.tenant)
        done: dict[str, float] = {}
        for one in storage_recalls.confirmations(tx, workspace.tenant):
            done.setdefault(one["disclosure"], one["confirmed_at"])
        over = [_recall(tx, row, done.get(row.id)) for row in _over(tx, at, workspace.tenant)]
        entries = storage_ledger.entries(tx, Filter(tenant=workspace.tenant, since=since), limit=2000)
        progress = milestone(tx, workspace.tenant) if shared else ""
    reps = f'"role":"{Role.REP}"'.encode()  # most entries are the tenant's own: only the others are taken apart
    looks = [AuditEntry.from_bytes(row.entry) for row in entries if reps in row.entry]
    return Seen(
        live=sum(row.withdrawn_at is None and row.until > at.timestamp() for row in rows),
        progress_shared=shared,
        progress=progress,
        came=tuple(_when(one.at) for one in openings),
        looks=tuple(
            Look(at=one.time, who=one.actor, action=one.action)
            for one in looks
            if one.role == Role.REP and one.decision == "allowed"
        ),
        over=tuple(over),
    )


@action(needs=READERS, purpose="transparency")
def data_use(workspace: Workspace, *, days: int = 90, limit: int = 500) -> Sequence[Use]:
    """Return the ledger of this tenant's data: who used what, when, for which purpose and result; newest first."""
    since = (workspace.clock() - timedelta(days=days)).timestamp()
    with workspace.store.reading() as tx:
        rows = storage_ledger.entries(tx, Filter(tenant=workspace.tenant, since=since), limit=limit)
        members = storage_accounts.members_of(tx, workspace.tenant)
    key = installation_key(workspace.data_keys, NAMES, at=workspace.clock())
    people = {pseudonym(key, member.id): member.name for member in members}
    names = {stored.id: str(workspace.get("dataset", stored.id)["name"]) for stored in workspace.list("dataset")}
    workspace.touched.clear()  # the names are read to be shown beside the ledger; they are no use of their own
    found = []
    for row in rows:
        entry = AuditEntry.from_bytes(row.entry)
        on, result = _met(entry, names)
        if not on and not result:
            continue
        found.append(
            Use(
                at=entry.time,
                who=people.get(entry.actor, entry.actor),
                role=entry.role,
                action=entry.action,
                purpose=entry.purpose,
                decision=entry.decision,
                on=on,
                result=result,
            )
        )
    return found


def _met(entry: AuditEntry, names: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an entry read and what it was about: the names of tables, else kinds; each of them once."""
    on: dict[str, None] = {}
    result: dict[str, None] = {}
    for resource in entry.resource.split():
        kind, _, name = resource.partition("/")
        if kind in RESULTS:
            result[kind] = None
        elif kind == "dataset":
            on[names.get(name, "dataset")] = None
        elif kind in {"file", "upload", "reading", "scenario", "inputs", "evidence", "calendar"}:
            on[kind] = None
    return tuple(on), tuple(result)


def _over(tx: Transaction, at: datetime, tenant: str | None = None) -> list[DisclosureRow]:
    """Return disclosures that are withdrawn or ended, not longer ago than they are remembered; newest first."""
    now, oldest = at.timestamp(), (at - timedelta(days=KNOWN_DAYS)).timestamp()
    rows = storage_release.disclosures_of(tx, tenant)
    return [row for row in rows if oldest < _end(row) <= now]


def _end(row: DisclosureRow) -> float:
    return row.until if row.withdrawn_at is None else min(row.withdrawn_at, row.until)


def _recall(tx: Transaction, row: DisclosureRow, confirmed: float | None) -> Recall:
    consent = storage_release.consent_by_id(tx, row.tenant, row.consent)
    return Recall(
        id=row.id,
        account=row.handle,
        purpose="" if consent is None else consent.purpose,
        released_at=_when(row.released_at),
        over_at=_when(_end(row)),
        withdrawn=row.withdrawn_at is not None and row.withdrawn_at <= row.until,
        confirmed_at=None if confirmed is None else _when(confirmed),
    )


def _when(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
