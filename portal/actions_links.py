"""Actions between the vendor's rep and a prospect: links, the sales feed, progress as far as consented."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import storage_release
from portal.actions import OWNER, REPS, TENANT, ActionError, action
from portal.catalogue import packs
from portal.contacting import address_key, refusal, token_for, verdict_on
from portal.identity import VENDOR
from portal.link_terms import MOST_TERMS, agreement_digest, domain_list, opened_terms
from portal.milestones import MILESTONES, milestone
from portal.storage import Transaction, new_id
from portal.storage_acceptances import acceptances_of
from portal.storage_contacts import add_contact
from portal.storage_release import LinkRow
from portal.text import speaking, t
from portal.workspace import MissingError, Workspace
from privacy.disclosure import Disclosure, release_filter
from privacy.links import ShareLink, new_token, normal_email, token_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """One link as its author sees it. `state`: open, used, expired or revoked.

    `progress` is "" unless the tenant agreed to show it: opened, uploaded, measured, modelled, planned, simulated,
    appraised or released. `runs` is the number of studies it may start (0: any), `accepted` counts acceptances.
    """

    id: str
    label: str
    domain: str
    pack: str
    runs: int
    agreement: str
    accepted: int
    created_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int
    revoked_at: datetime | None
    state: str
    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A new link; `token` is shown once and never again."""

    id: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One released result as the rep sees it; `privacy.disclosure.words(payload)` gives the words.

    `account` is the label that the rep gave his own link, or the account's pseudonym.
    """

    id: str
    account: str
    payload: Mapping[str, Any]
    purpose: str
    released_at: datetime
    until: datetime


@action(needs=REPS, purpose="outreach", highest_class="internal")
def invite(
    workspace: Workspace,
    *,
    label: str,
    days: int = 14,
    uses: int = 1,
    domain: str = "",
    pack: str = "",
    agreement: str = "",
    runs: int = 0,
    email: str = "",
    origin: str = "",
) -> NewLink:
    """Create a sandbox link: for whom (the rep's own label), until when, how often, for which e-mail domains.

    `agreement` is a text that a guest must accept first (its digest is recorded with his acceptance), `runs` how many
    studies the workspace may start (0: any), `pack` the pack it starts with, pinned to its version of today.

    With `email` the invitation is put into the outbox as well; `origin` is the portal's address for it.
    Raises ActionError label_missing, suppressed, cooling_off, too_often, and the privacy error of a term, number of
    uses or domain that makes no sense.
    """
    if not label.strip():
        raise ActionError("a link needs a label", code="label_missing", remedy="Type whom the link is for.")
    at = workspace.clock()
    token, key = new_token(), new_id()
    address = normal_email(email) if email.strip() else ""
    wanted = domain_list(domain)
    link = ShareLink(
        id=key,
        kind="sandbox",
        token_hash=token_hash(token),
        tenant=workspace.tenant,
        made_by=workspace.member.id,
        made_at=at,
        expires_at=at + timedelta(days=days),
        max_uses=uses,
        domains=wanted,
        pack=pinned(pack),
        max_runs=runs or None,
        terms=agreement_digest(agreement.strip()[:MOST_TERMS]),
        may_create_tenant=True,
    )
    terms = {
        "label": label.strip()[:120],
        "domains": list(wanted),
        "pack": pack,
        "pin": link.pack,
        "agreement": agreement.strip()[:MOST_TERMS],
        "runs": max(runs, 0),
        "by": workspace.member.name,
    }
    name, sealed = workspace.seal("link", key, json.dumps(terms, ensure_ascii=False).encode())
    row = LinkRow(
        id=key,
        tenant=workspace.tenant,
        author=workspace.member.id,
        kind="sandbox",
        token_hash=link.token_hash,
        created_at=at.timestamp(),
        expires_at=link.expires_at.timestamp(),
        max_uses=uses,
        uses=0,
        revoked_at=None,
        data_key=name,
        terms=sealed,
    )
    outreach = _allowed(workspace, address, at) if address else ""
    workspace.concern("", f"link/{key}")
    workspace.touched[f"link/{key}"] = storage_release.link_digest(row)
    workspace.then(lambda tx: storage_release.add_link(tx, row))
    if address:
        with speaking(workspace.member.language):
            subject = t("mail.invite_subject", name=workspace.member.name)
            text = t(
                "mail.invite_text",
                name=workspace.member.name,
                address=f"{origin}/s/{token}",
                until=link.expires_at.date().isoformat(),
            )
        stop = f"{origin}/u/{token_for(workspace.data_keys, outreach, at=at)}"
        with speaking(workspace.member.language):
            footer = t("contact.mail_footer", name=workspace.member.name, link=stop)
        workspace.mail(
            to=address, subject=subject, text=f"{text.strip()}\n\n--\n{footer}", outreach=outreach, unsubscribe=stop
        )
        workspace.then(lambda tx: _contacted(workspace, tx, address, outreach))
    return NewLink(id=key, token=token)


@action(needs=REPS, purpose="outreach", highest_class="internal")
def preview_link(workspace: Workspace, link: str) -> Mapping[str, Any]:
    """Return what a guest of the rep's own link meets: `agreement`, `domains`, `pack`, `runs`; nothing is counted."""
    with workspace.store.reading() as tx:
        row = storage_release.link_by_id(tx, link)
        if row is None or row.author != workspace.member.id or row.tenant != workspace.tenant:
            raise MissingError(link)
        terms = opened_terms(workspace.data_keys, row, tx)
    workspace.concern("", f"link/{link}")
    return {"agreement": terms["agreement"], "domains": terms["domains"], "pack": terms["pin"], "runs": terms["runs"]}


@action(needs=REPS, purpose="outreach", highest_class="internal", locks=True)
def revoke_link(workspace: Workspace, link: str) -> None:
    """Make a link worthless at once; who has entered through it keeps his workspace."""
    at = workspace.clock().timestamp()
    workspace.concern("", f"link/{link}")
    if not storage_release.revoke_link(workspace.opened(), workspace.tenant, workspace.member.id, link, at=at):
        raise MissingError(link)


@action(needs=REPS, purpose="outreach", highest_class="internal")
def list_links(workspace: Workspace) -> Sequence[LinkView]:
    """List the rep's own links, newest first; progress only where the tenant agreed to show it."""
    now = workspace.clock().timestamp()
    views = []
    with workspace.store.reading() as tx:
        for row in storage_release.links_by(tx, workspace.tenant, workspace.member.id):
            terms = opened_terms(workspace.data_keys, row, tx)
            views.append(
                LinkView(
                    id=row.id,
                    label=terms["label"],
                    domain=", ".join(terms["domains"]),
                    pack=terms["pin"] or terms["pack"],
                    runs=terms["runs"],
                    agreement=terms["agreement"],
                    accepted=len(acceptances_of(tx, row.id)),
                    created_at=datetime.fromtimestamp(row.created_at, UTC),
                    expires_at=datetime.fromtimestamp(row.expires_at, UTC),
                    max_uses=row.max_uses,
                    uses=row.uses,
                    revoked_at=None if row.revoked_at is None else datetime.fromtimestamp(row.revoked_at, UTC),
                    state=_state(row, now),
                    progress=_progress(tx, row.id),
                )
            )
    return views


@action(needs=REPS, purpose="offer", highest_class="internal")
def sales_feed(workspace: Workspace) -> Sequence[FeedItem]:
    """Return the results that were released to this rep and not withdrawn, newest first; nothing else."""
    at = workspace.clock().timestamp()
    items = []
    with workspace.store.reading() as tx:
        for row in storage_release.feed(tx, workspace.tenant, member=workspace.member.id, at=at):
            if row.sealed is None:
                continue
            opened = workspace.unseal("disclosure", row.id, row.sealed, key=row.data_key)
            made = Disclosure.from_json(json.loads(opened))
            if made.recipient not in {VENDOR, workspace.member.id} or made.until.timestamp() <= at:
                continue  # the row says otherwise, but what was sealed under the consent counts
            items.append(feed_item(made, account=_label(workspace, tx, row.tenant) or row.handle))
            workspace.concern("", f"disclosure/{row.id}")
            workspace.tell(row.tenant, f"disclosure/{row.id}")
    return items


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def preview_as_rep(workspace: Workspace) -> Sequence[FeedItem]:
    """Show the owner what the rep sees of this tenant now; the digests of both are compared."""
    at = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        rows = storage_release.disclosures_of(tx, workspace.tenant)
    items = []
    for row in rows:
        if row.withdrawn_at is None and row.until > at:
            kept = workspace.latest("release", slot=row.id)
            if kept is None:
                continue
            made = Disclosure.from_json(workspace.get("release", kept.id)["disclosure"])
            if made.payload_digest != row.digest:
                raise ActionError(
                    "what is released is not what you released",
                    code="release_differs",
                    place=row.id,
                    remedy="Withdraw the consent and tell the compliance officer.",
                )
            items.append(feed_item(made, account=row.handle))
    return items


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def share_progress(workspace: Workspace, *, show: bool) -> None:
    """Let the inviting rep see how far the tenant is (and nothing more), or stop that."""
    with workspace.store.reading() as tx:
        if not storage_release.openings_by_tenant(tx, workspace.tenant):
            raise ActionError(
                "nobody invited this workspace", code="not_invited", remedy="There is no rep to show anything to."
            )

    def change(tx: Transaction) -> None:
        storage_release.show_progress(tx, workspace.tenant, show=show)

    workspace.then(change)


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def progress_shared(workspace: Workspace) -> bool | None:
    """Say whether the inviting rep sees the progress; None where no rep invited this tenant."""
    with workspace.store.reading() as tx:
        found = storage_release.openings_by_tenant(tx, workspace.tenant)
    return any(one.status_shared for one in found) if found else None


def feed_item(made: Disclosure, *, account: str) -> FeedItem:
    """Return a disclosure as it is shown, after the last gate of the release schema."""
    return FeedItem(
        id=made.id,
        account=account,
        payload=release_filter(made.payload),
        purpose=made.purpose,
        released_at=made.made_at,
        until=made.until,
    )


def pinned(pack: str) -> str:
    """Return a pack's id with its version of today, "" where there is no such pack."""
    found = next((one for one in packs() if one.manifest.id == pack), None)
    return "" if found is None else f"{pack}@{found.manifest.version}"


def _allowed(workspace: Workspace, address: str, at: datetime) -> str:
    """Return the hash of an address that may be written to now; an invitation is a contact like any other."""
    hashed = address_key(workspace.data_keys, address, at=at)
    with workspace.store.reading() as tx:
        _judge(tx, address, hashed, at)
    return hashed


def _judge(tx: Transaction, address: str, hashed: str, at: datetime) -> None:
    verdict = verdict_on(tx, address, hashed, at=at)
    if not verdict.allowed:
        raise refusal(verdict)


def _contacted(workspace: Workspace, tx: Transaction, address: str, hashed: str) -> None:
    """Count an invitation; it is judged once more, for another one may have been sent since."""
    at = workspace.clock()
    _judge(tx, address, hashed, at)
    add_contact(tx, hashed, author=workspace.member.id, channel="invitation", at=at.timestamp())


def _state(row: LinkRow, now: float) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.uses >= row.max_uses:
        return "used"
    return "expired" if row.expires_at <= now else "open"


def _progress(tx: Transaction, link: str) -> str:
    """Return the furthest milestone of the tenants that show it."""
    shown = [one for one in storage_release.openings_of(tx, link) if one.status_shared]
    reached = ["", *(milestone(tx, opening.tenant) for opening in shown)]
    order = ["", "opened", *(name for name, _ in reversed(MILESTONES))]
    return max(reached, key=order.index)


def _label(workspace: Workspace, tx: Transaction, tenant: str) -> str:
    """Return the label that this rep gave the link through which a tenant came, or ""."""
    own = {row.id: row for row in storage_release.links_by(tx, workspace.tenant, workspace.member.id)}
    for opening in storage_release.openings_by_tenant(tx, tenant):
        row = own.get(opening.link)
        if row is not None:
            return str(json.loads(workspace.unseal("link", row.id, row.terms, key=row.data_key))["label"])
    return ""
