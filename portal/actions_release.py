"""Actions on what leaves a tenant: preview, consent, disclosure, withdrawal."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal import storage_accounts, storage_release
from portal.actions import OWNER, TENANT, ActionError, action
from portal.consenting import consent_document, own_pseudonym
from portal.identity import VENDOR, Role
from portal.notices import RELEASE
from portal.releasable import pack_policy, policy_for, releasable
from portal.rooms import account_secret
from portal.storage import Transaction, new_id
from portal.storage_release import ConsentRow, DisclosureRow
from portal.workspace import MissingError, Workspace
from privacy.consent import PURPOSES, Consent, give, withdraw
from privacy.disclosure import Disclosure, Item, lead_handle, may_refresh, preview, words
from privacy.disclosure import disclose as make

MOST_DAYS = 365
"""How long a consent may run where no pack says less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Exactly what would be sent: `items` in words, `payload` as it is sent, `digest` of it, and what is not sent.

    `recipients`: id and name of the vendor's people it can go to, the one who invited this tenant first. `purposes` and
    `days_at_most`: what the pack of the case allows.
    """

    scenario: str
    items: tuple[Item, ...]
    payload: Mapping[str, Any]
    digest: str
    not_sent: tuple[Mapping[str, str], ...]
    recipients: tuple[tuple[str, str], ...]
    sample: bool
    purposes: tuple[str, ...]
    days_at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """One consent and whether it still holds. `state`: given, withdrawn or ended; `receipt` the signed document."""

    id: str
    purpose: str
    recipient: str
    fields: tuple[str, ...]
    given_at: datetime
    until: datetime
    withdrawn_at: datetime | None
    state: str
    payload_digest: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """One disclosure as its tenant sees it. `state`: released, withdrawn or ended; `items` is what was sent."""

    id: str
    consent: str
    recipient: str
    purpose: str
    released_at: datetime
    until: datetime
    withdrawn_at: datetime | None
    state: str
    items: tuple[Item, ...]
    payload: Mapping[str, Any]
    digest: str


@action(needs=OWNER, purpose="release")
def preview_release(workspace: Workspace, *, scenario: str = "", fields: Sequence[str] = ()) -> Preview:
    """Show exactly what a release would send: fields of a fixed schema (default: all), in public bands."""
    found = releasable(workspace, scenario)
    payload = preview(found.case, found.findings, policy_for(fields, pack=found.case.pack))
    own = pack_policy(found.case.pack)
    newest = workspace.latest("summary", slot="result")
    sample = newest is not None and bool(workspace.get("summary", newest.id)["sample"])
    return Preview(
        scenario=found.scenario,
        items=payload.fields,
        payload=payload.to_json(),
        digest=payload.digest,
        not_sent=payload.not_sent,
        recipients=_recipients(workspace),
        sample=sample,
        purposes=tuple(PURPOSES) if own is None else own.purposes,
        days_at_most=MOST_DAYS if own is None else own.days_at_most,
    )


@action(needs=OWNER, purpose="release")
def give_consent(
    workspace: Workspace,
    *,
    purpose: str,
    until: datetime,
    digest: str,
    recipient: str = "",
    scenario: str = "",
    fields: Sequence[str] = (),
) -> ConsentView:
    """Consent that the previewed payload goes to a recipient, for one purpose and a term.

    `digest` is the preview's, `fields` and `scenario` as they were previewed, `recipient` one of the preview's
    (default: the first). Raises ActionError preview_changed, pack_forbids where the pack of the case does not allow
    this purpose or term, and the privacy error of a purpose or term that cannot be.
    """
    found = releasable(workspace, scenario)
    payload = preview(found.case, found.findings, policy_for(fields, pack=found.case.pack))
    _same(payload.digest, digest)
    offered = dict(_recipients(workspace))
    chosen = recipient or next(iter(offered))
    if chosen not in offered:
        raise MissingError(chosen)
    at, key = workspace.clock(), new_id()
    _within_pack(found.case.pack, purpose, (until - at).total_seconds() / 86_400)
    draft = Consent(
        id=key,
        tenant=workspace.tenant,
        workspace=workspace.room,
        notice=RELEASE,
        language=workspace.member.language,
        purposes=(purpose,),
        fields=tuple(item.field for item in payload.fields),
        recipient=chosen,
        begins=at,
        until=until,
        payload_digest=payload.digest,
    )
    given = give(draft, actor=own_pseudonym(workspace), at=at)
    document = consent_document(workspace, given, scenario=found.scenario, fields=fields)
    record = workspace.put("consent", document, slot=key)
    row = ConsentRow(
        id=key,
        tenant=workspace.tenant,
        room=workspace.room,
        purpose=purpose,
        audience=VENDOR,
        given_at=at.timestamp(),
        until=until.timestamp(),
        withdrawn_at=None,
        record=record,
    )
    workspace.then(lambda tx: storage_release.add_consent(tx, row))
    return _consent_view(row, document, at)


def _within_pack(pack: str | None, purpose: str, days: float) -> None:
    own = pack_policy(pack)
    if own is not None and (purpose not in own.purposes or days > own.days_at_most + 1):
        raise ActionError(
            f"the pack allows releases for {', '.join(own.purposes)}, for {own.days_at_most} days at most",
            code="pack_forbids",
            place="purpose",
            remedy="Choose one of these purposes and an earlier end.",
            purposes=", ".join(own.purposes),
            days=own.days_at_most,
        )


@action(needs=OWNER, purpose="release")
def disclose(workspace: Workspace, *, consent: str, digest: str) -> ReleaseView:
    """Release the payload that a consent approves.

    It is computed again and must be the previewed one to the last code. The same data released again is the same
    disclosure; a new one for the same recipient takes a day. Raises ActionError preview_changed, too_soon, and the
    privacy errors of a consent that does not cover it.
    """
    row = _consent_row(workspace, consent)
    document = workspace.get("consent", row.record)
    kept = Consent.from_json(document["consent"])
    found = releasable(workspace, document["scenario"])
    at, key = workspace.clock(), new_id()
    policy = policy_for(document["fields"], pack=found.case.pack)
    _same(preview(found.case, found.findings, policy).digest, digest)
    made = make(
        found.case,
        found.findings,
        kept,
        policy,
        purpose=row.purpose,
        disclosure_id=key,
        data_digest=found.data_digest,
        at=at,
    )
    earlier = [one for one in _views(workspace) if one.state == "released" and one.recipient == made.recipient]
    for one in earlier:
        if one.digest == made.payload_digest and one.purpose == made.purpose:
            return one
    last = max((one.released_at for one in earlier), default=None)
    if not may_refresh(last, at=at):
        raise ActionError(
            "a result was released to this person less than a day ago",
            code="too_soon",
            remedy="Release the new one tomorrow, or withdraw the one before.",
        )
    return _store(workspace, made, at)


@action(needs=OWNER, purpose="release", locks=True)
def withdraw_consent(workspace: Workspace, consent: str) -> None:
    """Withdraw a consent; all that stood under it leaves feed and benchmarks in the same transaction."""
    row = _consent_row(workspace, consent)
    if row.withdrawn_at is not None:
        return
    document = workspace.get("consent", row.record)
    at = workspace.clock()
    ended = withdraw(Consent.from_json(document["consent"]), actor=own_pseudonym(workspace), at=at)
    changed = consent_document(workspace, ended, scenario=document["scenario"], fields=document["fields"])
    record = workspace.put("consent", changed, slot=consent)
    storage_release.withdraw(workspace.opened(), workspace.tenant, consent, at=at.timestamp(), record=record)


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def consents(workspace: Workspace) -> Sequence[ConsentView]:
    """List the tenant's consents, newest first."""
    at = workspace.clock()
    with workspace.store.reading() as tx:
        rows = storage_release.consents_of(tx, workspace.tenant)
    there = {stored.id for stored in workspace.list("consent")}  # an erased workspace has rows without records
    return [_consent_view(row, workspace.get("consent", row.record), at) for row in rows if row.record in there]


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def releases(workspace: Workspace) -> Sequence[ReleaseView]:
    """List what was released, newest first, withdrawn ones included."""
    return _views(workspace)


def _same(digest: str, shown: str) -> None:
    if not hmac.compare_digest(digest, shown):
        raise ActionError(
            "the payload is not the one that was shown",
            code="preview_changed",
            remedy="Look at the preview again; something has changed since.",
        )


def _store(workspace: Workspace, made: Disclosure, at: datetime) -> ReleaseView:
    handle = lead_handle(
        account_secret(workspace.data_keys, "handle", at=at), tenant=workspace.tenant, purpose=made.purpose
    )

    def row(name: str, sealed: bytes) -> DisclosureRow:
        return DisclosureRow(
            id=made.id,
            tenant=workspace.tenant,
            room=workspace.room,
            consent=made.consent,
            audience=VENDOR,
            recipient="" if made.recipient == VENDOR else made.recipient,
            handle=handle,
            released_at=at.timestamp(),
            until=made.until.timestamp(),
            withdrawn_at=None,
            digest=made.payload_digest,
            data_key=name,
            sealed=sealed,
        )

    def hold(tx: Transaction) -> None:  # it may have been withdrawn while this was computed
        if not storage_release.hold_consent(tx, workspace.tenant, made.consent, at=at.timestamp()):
            raise MissingError(made.consent)

    workspace.then(hold)
    document = made.to_json()
    workspace.put("release", {"disclosure": document}, slot=made.id)
    workspace.release(row, json.dumps(document, ensure_ascii=False).encode(), audience=VENDOR, key=made.id)
    # the log must name both, however much the action read before: its replay proves this table
    for resource in [one for one in workspace.touched if one.startswith("consent/")]:
        workspace.touched[resource] = workspace.touched.pop(resource)
    workspace.touched[f"disclosure/{made.id}"] = made.payload_digest
    return _release_view(row("", b""), made, at.timestamp())


def _consent_row(workspace: Workspace, consent: str) -> ConsentRow:
    def find(tx: Transaction) -> ConsentRow | None:
        return storage_release.consent_by_id(tx, workspace.tenant, consent)

    if workspace.tx is not None:
        row = find(workspace.tx)
    else:
        with workspace.store.reading() as tx:
            row = find(tx)
    if row is None:
        raise MissingError(consent)
    return row


def _views(workspace: Workspace) -> list[ReleaseView]:
    now = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        rows = storage_release.disclosures_of(tx, workspace.tenant)
    kept = workspace.by_slot("release", [row.id for row in rows]) if rows else {}
    return [
        _release_view(row, Disclosure.from_json(workspace.get("release", kept[row.id])["disclosure"]), now)
        for row in rows
        if row.id in kept
    ]


def _recipients(workspace: Workspace) -> tuple[tuple[str, str], ...]:
    """Return the vendor's reps, who invited this tenant first; last of all the vendor's whole sales side."""
    with workspace.store.reading() as tx:
        invited = {
            link.author
            for opening in storage_release.openings_by_tenant(tx, workspace.tenant)
            if (link := storage_release.link_by_id(tx, opening.link)) is not None
        }
        reps = [
            (one.id, one.name) for one in storage_accounts.members_of(tx, VENDOR) if one.role is Role.REP and one.active
        ]
    return (*sorted(reps, key=lambda rep: (rep[0] not in invited, rep[1])), (VENDOR, ""))


def _consent_view(row: ConsentRow, document: Mapping[str, Any], now: datetime) -> ConsentView:
    consent = Consent.from_json(document["consent"])
    state = "withdrawn" if row.withdrawn_at is not None else "ended" if row.until <= now.timestamp() else "given"
    return ConsentView(
        id=row.id,
        purpose=row.purpose,
        recipient=consent.recipient,
        fields=consent.fields,
        given_at=datetime.fromtimestamp(row.given_at, UTC),
        until=datetime.fromtimestamp(row.until, UTC),
        withdrawn_at=None if row.withdrawn_at is None else datetime.fromtimestamp(row.withdrawn_at, UTC),
        state=state,
        payload_digest=consent.payload_digest,
        receipt=document["receipt"],
    )


def _release_view(row: DisclosureRow, made: Disclosure, now: float) -> ReleaseView:
    return ReleaseView(
        id=row.id,
        consent=row.consent,
        recipient=made.recipient,
        purpose=made.purpose,
        released_at=datetime.fromtimestamp(row.released_at, UTC),
        until=datetime.fromtimestamp(row.until, UTC),
        withdrawn_at=None if row.withdrawn_at is None else datetime.fromtimestamp(row.withdrawn_at, UTC),
        state="withdrawn" if row.withdrawn_at is not None else "ended" if row.until <= now else "released",
        items=words(made.payload),
        payload=made.payload,
        digest=made.payload_digest,
    )
