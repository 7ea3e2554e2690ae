"""Actions of oversight: who has what access and whether it is still right, what was unusual, findings, the report.

Nothing here shows a tenant's values. Names are those of the vendor's own people; everybody else is a pseudonym.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import sessions, storage_accounts, storage_ledger, storage_reviews
from portal.actions import OFFICERS, ActionError, action
from portal.identity import VENDOR, VENDOR_ROLES, Member
from portal.log_entries import Entry, entry_of
from portal.rooms import NAMES, installation_key
from portal.storage import Store
from portal.storage_ledger import Filter
from portal.workspace import MissingError, Workspace
from privacy.audit import AuditEntry, pseudonym
from privacy.unusual import Seen, Unusual, unusual

REVIEW_TERM = timedelta(days=90)
"""For how long a confirmed access needs no other look."""

WINDOW = timedelta(days=30)
MOST_SCANNED = 50_000
COUNTED = "count_in_benchmark"
JUDGED_FOR = timedelta(minutes=1)
_judged: weakref.WeakKeyDictionary[Store, tuple[int, datetime, tuple[Unusual, ...]]] = weakref.WeakKeyDictionary()
"""What was unusual at a size of the log: several pages ask within one look."""
SEVERITIES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One person of the vendor and what he may do. `due` is when his access must be looked at next.

    `actions` counts what he did in thirty days; `state`: confirmed, due, never (looked at) or off.
    """

    id: str
    name: str
    pseudonym: str
    role: str
    active: bool
    actions: int
    confirmed_at: datetime | None
    due: datetime | None
    state: str
    mine: bool


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def search_log(
    workspace: Workspace,
    *,
    person: str = "",
    field: str = "",
    tenant: str = "",
    purpose: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 200,
) -> Sequence[Entry]:
    """Find entries by person (a pseudonym, or a name of the vendor's), field, tenant (id or name), purpose.

    `field` is a field of the catalogue, or a kind of value such as `case`. The newest `MOST_SCANNED` entries of the
    time are looked through.
    """
    actors = _actors(workspace, person)
    tenants = _tenants(workspace, tenant)
    if (actors is not None and not actors) or (tenants is not None and not tenants):
        return []
    wanted = Filter(
        tenant=next(iter(tenants)) if tenants and len(tenants) == 1 else "",
        actor=next(iter(actors)) if actors and len(actors) == 1 else "",
        since=None if since is None else since.timestamp(),
        until=None if until is None else until.timestamp(),
    )
    found: list[Entry] = []
    with workspace.store.reading() as tx:
        for row in storage_ledger.entries(tx, wanted, limit=MOST_SCANNED):
            if (actors is not None and row.actor not in actors) or (tenants is not None and row.tenant not in tenants):
                continue
            if field.encode() not in row.entry or purpose.encode() not in row.entry:
                continue  # cheaper than taking every entry apart
            entry = AuditEntry.from_bytes(row.entry)
            kinds = {resource.partition("/")[0] for resource in entry.resource.split()}
            if (field and field not in entry.fields and field not in kinds) or (purpose and purpose != entry.purpose):
                continue
            found.append(entry_of(row))
            if len(found) >= limit:
                break
    return found


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def access_review(workspace: Workspace) -> Sequence[Holder]:
    """List the vendor's people with their role, use and review; who is due stands first."""
    at = workspace.clock()
    key = installation_key(workspace.data_keys, NAMES, at=at)
    with workspace.store.reading() as tx:
        people = storage_accounts.members_of(tx, VENDOR)
        reviews = storage_reviews.last_reviews(tx)
        used: dict[str, int] = {}
        for row in storage_ledger.tally(tx, Filter(since=(at - WINDOW).timestamp())):
            used[row["actor"]] = used.get(row["actor"], 0) + row["entries"]
    holders = [_holder(one, reviews.get(one.id), used, key, workspace) for one in people]
    order = ("due", "never", "confirmed", "off")
    return sorted(holders, key=lambda one: (order.index(one.state), one.name))


@action(needs=OFFICERS, purpose="audit", highest_class="internal", locks=True)
def confirm_access(workspace: Workspace, member: str) -> None:
    """Confirm that somebody still needs his role, for ninety days. Raises ActionError own_access."""
    found = _person(workspace, member)
    _keep(workspace, found, "confirmed")


@action(needs=OFFICERS, purpose="audit", highest_class="internal", locks=True)
def revoke_access(workspace: Workspace, member: str) -> None:
    """Take somebody's access away: he is shut out and signed out at once. Raises ActionError own_access."""
    found, tx = _person(workspace, member), workspace.opened()
    storage_accounts.set_member_active(tx, member, False)
    sessions.revoke(tx, member_id=member, now=workspace.clock())
    _keep(workspace, found, "revoked")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def anomalies(workspace: Workspace) -> Sequence[Unusual]:
    """Return what was unusual in the last 24 hours against the last thirty days, each with the figures behind it."""
    at = workspace.clock()
    with workspace.store.reading() as tx:
        size, _ = storage_ledger.read_head(tx)
        kept = _judged.get(workspace.store)
        if kept is not None and kept[0] == size and at - kept[1] < JUDGED_FOR:
            return kept[2]
        rows = storage_ledger.entries(tx, Filter(since=(at - WINDOW).timestamp()), limit=MOST_SCANNED)
    vendor = {str(role) for role in VENDOR_ROLES}
    seen = []
    for row in rows:
        if row.action == COUNTED:
            continue  # one question notes every tenant of its group
        role = str(json.loads(row.entry)["role"])
        seen.append(
            Seen(
                at=datetime.fromtimestamp(row.at, UTC),
                actor=row.actor,
                role=role,
                tenant="" if row.tenant == VENDOR else row.tenant,
                refused=row.decision == "refused",
                vendor=role in vendor,
            )
        )
    found = unusual(seen, now=at)
    _judged[workspace.store] = (size, at, found)
    return found


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def open_finding(workspace: Workspace, *, title: str, severity: str, about: str = "") -> str:
    """Open a finding: what is wrong, how serious, what it rests on. Returns its id.

    Raises ActionError finding_title, finding_severity.
    """
    if len(title.strip()) < 5:
        raise ActionError("say what was found", code="finding_title", remedy="Write a sentence.")
    if severity not in SEVERITIES:
        raise ActionError(
            "a finding is low, medium or high",
            code="finding_severity",
            place="severity",
            remedy=f"Choose one of {', '.join(SEVERITIES)}.",
            known=", ".join(SEVERITIES),
        )
    document = {
        "title": title.strip()[:200],
        "severity": severity,
        "about": about.strip()[:2000],
        "opened_at": workspace.clock().isoformat(),
        "opened_by": workspace.member.name,
        "closed_at": None,
        "closed_by": "",
        "outcome": "",
    }
    key = workspace.put("finding", document)
    workspace.concern("", f"finding/{key}")
    return key


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def close_finding(workspace: Workspace, finding: str, *, outcome: str) -> None:
    """Close a finding with what was done about it. Raises ActionError outcome_missing."""
    if len(outcome.strip()) < 5:
        raise ActionError("say what was done", code="outcome_missing", remedy="Write a sentence.")
    document = workspace.get("finding", finding)
    closed = {
        **document,
        "closed_at": workspace.clock().isoformat(),
        "closed_by": workspace.member.name,
        "outcome": outcome.strip()[:2000],
    }
    workspace.put("finding", closed, inputs=(finding,))
    workspace.remove("finding", finding)


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def findings(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List findings, open ones first, the most serious before the others."""
    found = [{"id": stored.id, **workspace.get("finding", stored.id)} for stored in workspace.list("finding")]
    return sorted(
        found, key=lambda one: (one["closed_at"] is not None, -SEVERITIES.index(one["severity"]), one["opened_at"])
    )


def _holder(
    member: Member, review: Mapping[str, Any] | None, used: Mapping[str, int], key: bytes, workspace: Workspace
) -> Holder:
    name = pseudonym(key, member.id)
    confirmed = None
    if review is not None and review["decision"] == "confirmed" and review["role"] == str(member.role):
        confirmed = datetime.fromtimestamp(review["at"], UTC)  # of this very role; another one is looked at anew
    due = None if confirmed is None else confirmed + REVIEW_TERM
    if not member.active:
        state = "off"
    elif due is None:
        state = "never"
    else:
        state = "due" if due <= workspace.clock() else "confirmed"
    return Holder(
        id=member.id,
        name=member.name,
        pseudonym=name,
        role=str(member.role),
        active=member.active,
        actions=used.get(name, 0),
        confirmed_at=confirmed,
        due=due,
        state=state,
        mine=member.id == workspace.member.id,
    )


def _person(workspace: Workspace, member: str) -> Member:
    found = storage_accounts.member(workspace.opened(), member)
    if found is None or found.tenant != VENDOR:
        raise MissingError(member)
    if found.id == workspace.member.id:
        raise ActionError(
            "nobody judges his own access",
            code="own_access",
            remedy="Ask another compliance officer or audit administrator.",
        )
    return found


def _keep(workspace: Workspace, member: Member, decision: str) -> None:
    key = installation_key(workspace.data_keys, NAMES, at=workspace.clock(), tx=workspace.tx)
    workspace.concern("", f"member/{pseudonym(key, member.id)}")
    storage_reviews.add_review(
        workspace.opened(),
        member=member.id,
        role=str(member.role),
        reviewer=workspace.member.id,
        decision=decision,
        at=workspace.clock().timestamp(),
    )


def _actors(workspace: Workspace, person: str) -> set[str] | None:
    """Return the pseudonyms that a search for a person means; None where nobody is named."""
    if not person.strip():
        return None
    if person.strip().startswith("m-"):
        return {person.strip()}
    key = installation_key(workspace.data_keys, NAMES, at=workspace.clock())
    with workspace.store.reading() as tx:
        people = storage_accounts.members_of(tx, VENDOR)
    wanted = person.strip().casefold()
    return {pseudonym(key, one.id) for one in people if wanted in one.name.casefold()}


def _tenants(workspace: Workspace, tenant: str) -> set[str] | None:
    """Return the ids that a search for a tenant means; None where none is named."""
    wanted = tenant.strip()
    if not wanted:
        return None
    with workspace.store.reading() as tx:
        known = storage_accounts.all_tenants(tx)
    return {one.id for one in known if wanted == one.id or wanted.casefold() in one.name.casefold()} or {wanted}
