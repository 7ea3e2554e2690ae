"""Actions on what the law asks to be written down: processing record, impact assessments, breaches, where data are.

The processing record is made of what the code declares (actions with purpose and class, fields, release schema), so it
cannot say something else than what happens. Assessments and breaches are kept for three years.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from portal import storage_accounts, storage_release, storage_statements
from portal.actions import ACTIONS, OFFICERS, TENANT, ActionError, action
from portal.identity import VENDOR
from portal.notices import NOTICES, notice_digest
from portal.retention import TERMS
from portal.storage import Transaction, new_id
from portal.workspace import MissingError, Workspace
from privacy.consent import LONGEST
from privacy.release import FIELDS
from templates import catalogue

LOCATION = "location"
KEPT_YEARS = 3
BREACH_TERM = timedelta(hours=72)
BASES: Mapping[str, str] = {
    "release": "consent",
    "benchmark": "consent",
    "offer": "consent",
    "outreach": "legitimate_interest",
    "audit": "legal_duty",
    "erasure": "legal_duty",
    "transparency": "legal_duty",
}
"""The lawful basis of each purpose; `contract` for all others."""

MEASURES = ("sealing", "keys", "policy", "isolation", "log", "bands", "sandbox", "sessions", "backup", "noise")
ASSESSMENT_PARTS = ("subject", "necessity", "risks", "measures", "opinion")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def processing_record(workspace: Workspace) -> Mapping[str, Any]:
    """Return the record of processing activities (GDPR article 30, PIPL article 55): made of what the code declares."""
    at = workspace.clock()
    by_purpose: dict[str, dict[str, Any]] = defaultdict(lambda: {"actions": [], "roles": set(), "classes": set()})
    for one in ACTIONS.values():
        found = by_purpose[one.purpose]
        found["actions"].append(one.name)
        found["roles"] |= {str(role) for role in one.needs}
        found["classes"].add(one.highest_class)
    with workspace.store.reading() as tx:
        consents = storage_release.consents_of(tx)
        place = storage_statements.statement(tx, LOCATION)
        vendor = storage_accounts.tenant(tx, VENDOR)
    given: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in consents:
        given[row.purpose][0] += 1
        given[row.purpose][1] += row.withdrawn_at is None and row.until > at.timestamp()
    return {
        "mingsuan": "processing-record/1",
        "as_of": at.isoformat(),
        "controller": "" if vendor is None else vendor.name,
        "location": None if place is None else {"version": place["version"], **place["document"]},
        "purposes": [
            {
                "purpose": purpose,
                "basis": BASES.get(purpose, "contract"),
                "actions": sorted(found["actions"]),
                "roles": sorted(found["roles"]),
                "classes": sorted(found["classes"]),
            }
            for purpose, found in sorted(by_purpose.items())
        ],
        "data": [
            {"field": name, "type": field.type, "why": dict(field.purpose)}
            for name, field in catalogue.fields().items()
        ],
        "released": [{"field": name, "title": dict(field.title)} for name, field in FIELDS.items()],
        "consents": [
            {"purpose": purpose, "given": counts[0], "in_force": counts[1]} for purpose, counts in sorted(given.items())
        ],
        "notices": [{"id": name, "sha256": notice_digest(name)} for name in NOTICES],
        "retention": [
            *({"what": term.purpose, "days": term.days} for term in TERMS),
            {"what": "consent_term", "days": LONGEST.days},
            {"what": "assessments_and_breaches", "days": 365 * KEPT_YEARS + 1},
            {"what": "values", "days": None},
        ],
        "measures": list(MEASURES),
    }


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def state_location(
    workspace: Workspace, *, country: str, place: str, contact: str, others: str = "", transfers: str = ""
) -> int:
    """State where data are kept, who answers for it, who else touches them, what crosses a border and on what basis.

    Every tenant reads it on its trust page. Returns the version. Raises ActionError location_missing.
    """
    if not country.strip() or not place.strip() or not contact.strip():
        raise ActionError(
            "country, place and contact are needed",
            code="location_missing",
            remedy="Say in which country and data centre the data are, and whom to ask.",
        )
    document = {
        "country": country.strip()[:80],
        "place": place.strip()[:200],
        "contact": contact.strip()[:200],
        "others": others.strip()[:1000],
        "transfers": transfers.strip()[:1000],
    }
    at = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        before = storage_statements.statement(tx, LOCATION)
    workspace.concern("", "statement/location")

    def change(tx: Transaction) -> None:
        storage_statements.add_statement(tx, LOCATION, document, author=workspace.member.id, at=at)

    workspace.then(change)
    return 1 if before is None else int(before["version"]) + 1


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def trust_statements(workspace: Workspace) -> Mapping[str, Any]:
    """Return what is stated to this tenant: `location` (or None), its `version` and `at`, and `breaches` that concern
    it, newest first."""
    with workspace.store.reading() as tx:
        place = storage_statements.statement(tx, LOCATION)
    breaches = [workspace.get("breach_notice", stored.id) for stored in workspace.list("breach_notice")]
    newest: dict[str, Mapping[str, Any]] = {}
    for told in breaches:
        newest.setdefault(told["breach"], told)
    return {
        "location": None if place is None else place["document"],
        "version": None if place is None else place["version"],
        "at": None if place is None else place["at"],
        "breaches": list(newest.values()),
    }


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def assess_impact(
    workspace: Workspace, *, subject: str, necessity: str, risks: str, measures: str, opinion: str
) -> str:
    """Keep a protection impact assessment (PIPL article 55, GDPR article 35) with the processing record of the moment.

    It is kept for three years and cannot be changed; a new look is a new one. Raises ActionError assessment_incomplete.
    """
    written = {"subject": subject, "necessity": necessity, "risks": risks, "measures": measures, "opinion": opinion}
    lacking = [name for name in ASSESSMENT_PARTS if len(written[name].strip()) < 10]
    if lacking:
        raise ActionError(
            f"the assessment lacks {lacking[0]}",
            code="assessment_incomplete",
            place=lacking[0],
            remedy="Write a sentence for each part.",
        )
    at = workspace.clock()
    document = {
        "mingsuan": "impact-assessment/1",
        "made_at": at.isoformat(),
        "made_by": workspace.member.name,
        "keep_until": at.replace(year=at.year + KEPT_YEARS, day=min(at.day, 28)).isoformat(),
        **{name: text.strip()[:5000] for name, text in written.items()},
        "record": processing_record(workspace),
    }
    return workspace.put("impact", document)


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def impacts(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List impact assessments, newest first."""
    return [{"id": stored.id, **workspace.get("impact", stored.id)} for stored in workspace.list("impact")]


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def report_breach(
    workspace: Workspace, *, title: str, known_at: datetime, about: str, measures: str, tenants: Sequence[str] = ()
) -> str:
    """Open a breach: its clock runs from the moment at which it became known. The tenants named are told at once.

    Raises ActionError breach_incomplete, breach_in_future.
    """
    if min(len(title.strip()), len(about.strip()), len(measures.strip())) < 5:
        raise ActionError(
            "say what happened, to which data, and what was done",
            code="breach_incomplete",
            remedy="Write a sentence for each.",
        )
    at = workspace.clock()
    if known_at > at:
        raise ActionError(
            "it cannot become known in the future", code="breach_in_future", place="known_at", remedy="Check the time."
        )
    with workspace.store.reading() as tx:
        known = {one.id for one in storage_accounts.all_tenants(tx)} - {VENDOR}
    if not set(tenants) <= known:
        raise MissingError("tenant")
    document = {
        "mingsuan": "breach/1",
        "first": new_id(),  # what its notices are known by, however often it is updated
        "title": title.strip()[:200],
        "known_at": known_at.isoformat(),
        "due": (known_at + BREACH_TERM).isoformat(),
        "opened_at": at.isoformat(),
        "opened_by": workspace.member.name,
        "about": about.strip()[:5000],
        "measures": measures.strip()[:5000],
        "tenants": list(tenants),
        "authority_told_at": None,
        "closed_at": None,
        "outcome": "",
    }
    key = workspace.put("breach", document)
    _tell(workspace, document)
    return key


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def tenants_by_name(workspace: Workspace) -> Mapping[str, str]:
    """Return the tenants that can be told of a breach: names by id."""
    with workspace.store.reading() as tx:
        return {one.id: one.name for one in storage_accounts.all_tenants(tx) if one.id != VENDOR}


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def update_breach(workspace: Workspace, breach: str, *, told_authority: bool = False, outcome: str = "") -> str:
    """Note that the authority was told, or close a breach with its outcome; the tenants concerned read it too."""
    document = workspace.get("breach", breach)
    at = workspace.clock().isoformat()
    changed = dict(document)
    if told_authority and changed["authority_told_at"] is None:
        changed["authority_told_at"] = at
    if outcome.strip():
        changed |= {"closed_at": at, "outcome": outcome.strip()[:5000]}
    key = workspace.put("breach", changed, inputs=(breach,))
    workspace.remove("breach", breach)
    _tell(workspace, changed)
    return key


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def breaches(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List breaches, open ones first; `hours_left` until the authority must be told (negative when late)."""
    now = workspace.clock()
    found = []
    for stored in workspace.list("breach"):
        document = workspace.get("breach", stored.id)
        left = (datetime.fromisoformat(document["due"]) - now).total_seconds() / 3600
        running = document["authority_told_at"] is None and document["closed_at"] is None
        found.append({"id": stored.id, **document, "hours_left": left if running else None})
    return sorted(found, key=lambda one: (one["closed_at"] is not None, one["due"]))


def _tell(workspace: Workspace, document: Mapping[str, Any]) -> None:
    told = {name: document[name] for name in ("title", "known_at", "about", "measures", "closed_at", "outcome")}
    for tenant in document["tenants"]:
        workspace.deliver(tenant, "breach_notice", {"breach": document["first"], **told})
        workspace.tell(tenant, f"breach/{document['first']}")
