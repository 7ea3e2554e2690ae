"""Actions on result links: an owner lets one address read one released result, and takes that back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal import storage_release
from portal.actions import OWNER, ActionError, action
from portal.link_terms import opened_terms
from portal.storage import new_id
from portal.storage_release import LinkRow
from portal.text import speaking, t
from portal.workspace import MissingError, Workspace
from privacy.links import ShareLink, new_token, normal_email, token_hash

MOST_OPENINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One result link as its owner sees it. `state`: open, used, expired, revoked, or over (the result is)."""

    id: str
    recipient: str
    disclosure: str
    expires_at: datetime
    uses: int
    max_uses: int
    state: str


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def share(workspace: Workspace, release: str, *, email: str, days: int = 14, uses: int = 5, origin: str = "") -> str:
    """Mail a link to one address, under which it reads one released result; returns the link's id.

    The address is proved by a code that a person types. The link ends with the release, its consent, its term or its
    uses, whichever comes first. Raises ActionError release_over, and the privacy errors of an address or a term.
    """
    at = workspace.clock()
    with workspace.store.reading() as tx:
        row = next((one for one in storage_release.disclosures_of(tx, workspace.tenant) if one.id == release), None)
    if row is None:
        raise MissingError(release)
    if row.withdrawn_at is not None or row.until <= at.timestamp():
        raise ActionError(
            "this release is over", code="release_over", remedy="Release the result again, then share it."
        )
    token, key, address = new_token(), new_id(), normal_email(email)
    ends = min(at + timedelta(days=days), datetime.fromtimestamp(row.until, UTC))
    link = ShareLink(
        id=key,
        kind="result",
        token_hash=token_hash(token),
        tenant=workspace.tenant,
        made_by=workspace.member.id,
        made_at=at,
        expires_at=ends,
        max_uses=min(uses, MOST_OPENINGS),
        recipient=address,
        disclosure=release,
    )
    terms = {"label": "", "pack": "", "recipient": address, "disclosure": release}
    name, sealed = workspace.seal("link", key, json.dumps(terms, ensure_ascii=False).encode())
    made = LinkRow(
        id=key,
        tenant=workspace.tenant,
        author=workspace.member.id,
        kind="result",
        token_hash=link.token_hash,
        created_at=at.timestamp(),
        expires_at=ends.timestamp(),
        max_uses=link.max_uses,
        uses=0,
        revoked_at=None,
        data_key=name,
        terms=sealed,
    )
    workspace.touched[f"link/{key}"] = storage_release.link_digest(made)
    workspace.then(lambda tx: storage_release.add_link(tx, made))
    with speaking(workspace.member.language):
        subject = t("mail.result_subject", name=workspace.member.name)
        text = t(
            "mail.result_text", name=workspace.member.name, address=f"{origin}/s/{token}", until=ends.date().isoformat()
        )
    workspace.mail(to=address, subject=subject, text=text, disclosure=release)
    return key


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def shared_links(workspace: Workspace) -> Sequence[Shared]:
    """List the tenant's result links, newest first."""
    at = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        found = []
        for row in storage_release.links_of(tx, workspace.tenant, kind="result"):
            terms = opened_terms(workspace.data_keys, row, tx)
            found.append(
                Shared(
                    id=row.id,
                    recipient=terms["recipient"],
                    disclosure=terms["disclosure"],
                    expires_at=datetime.fromtimestamp(row.expires_at, UTC),
                    uses=row.uses,
                    max_uses=row.max_uses,
                    state=_state(row, at, stands=storage_release.disclosure_stands(tx, terms["disclosure"], at=at)),
                )
            )
    return found


@action(needs=OWNER, purpose="transparency", highest_class="internal", locks=True)
def revoke_share(workspace: Workspace, link: str) -> None:
    """Make a result link worthless at once, whoever of the owners made it."""
    tx, at = workspace.opened(), workspace.clock().timestamp()
    row = storage_release.link_by_id(tx, link)
    if row is None or row.kind != "result" or row.tenant != workspace.tenant:
        raise MissingError(link)
    workspace.touched[f"link/{link}"] = ""
    if not storage_release.revoke_link(tx, workspace.tenant, row.author, link, at=at):
        raise MissingError(link)


def _state(row: LinkRow, now: float, *, stands: bool) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if not stands:
        return "over"
    if row.uses >= row.max_uses:
        return "used"
    return "expired" if row.expires_at <= now else "open"
