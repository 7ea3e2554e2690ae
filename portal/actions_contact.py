"""Actions on contacts: a rep writes or calls only when the rules allow it, and both sides see the same rules.

Nobody of the vendor can override a refusal. A person takes himself off and on again; the vendor can do neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portal import storage_contacts
from portal.actions import REPS, TENANT, ActionError, action
from portal.contacting import CHANNELS, address_key, refusal, token_for, verdict_on
from portal.storage import Transaction
from portal.text import speaking, t
from portal.workspace import Workspace
from privacy.contact import Verdict
from privacy.links import normal_email

HERE = "/u"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One contact that was made: when and by which channel."""

    at: datetime
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds for the member who looks: may he be contacted now, if not from when, and when he was."""

    verdict: Verdict
    made: tuple[Made, ...]


@action(needs=REPS, purpose="outreach", highest_class="internal")
def may_be_contacted(workspace: Workspace, email: str) -> Verdict:
    """Say whether an address may be contacted now, and if not, from when."""
    at = workspace.clock()
    key = address_key(workspace.data_keys, email, at=at)
    with workspace.store.reading() as tx:
        return verdict_on(tx, normal_email(email), key, at=at)


@action(needs=REPS, purpose="outreach", highest_class="internal", locks=True)
def contact_prospect(
    workspace: Workspace, *, email: str, channel: str = "mail", subject: str = "", text: str = "", origin: str = ""
) -> None:
    """Write to somebody, or note a call or visit; refused when the rules do not allow it, whatever the channel.

    A mail goes to the outbox with a one-click unsubscribe link; it is judged again when it is sent. Raises ActionError
    suppressed, cooling_off, too_often, channel_unknown, message_missing.
    """
    if channel not in CHANNELS:
        raise ActionError(
            "there is no such channel",
            code="channel_unknown",
            place="channel",
            remedy=f"Choose one of {', '.join(CHANNELS)}.",
            known=", ".join(CHANNELS),
        )
    if channel == "mail" and not (subject.strip() and text.strip()):
        raise ActionError("a mail has a subject and a text", code="message_missing", remedy="Write both.")
    at, tx = workspace.clock(), workspace.opened()
    address = normal_email(email)
    key = address_key(workspace.data_keys, address, at=at)
    verdict = verdict_on(tx, address, key, at=at)
    if not verdict.allowed:
        raise refusal(verdict)
    storage_contacts.add_contact(tx, key, author=workspace.member.id, channel=channel, at=at.timestamp())
    if channel == "mail":
        link = f"{origin}{HERE}/{token_for(workspace.data_keys, key, at=at)}"
        with speaking(workspace.member.language):
            footer = t("contact.mail_footer", name=workspace.member.name, link=link)
        body = f"{text.strip()}\n\n--\n{footer}"
        workspace.mail(to=address, subject=subject.strip()[:200], text=body, outreach=key, unsubscribe=link)
    workspace.concern("", f"contact/{key[:16]}")


@action(needs=REPS, purpose="outreach", highest_class="internal")
def contacts_made(workspace: Workspace) -> Sequence[Made]:
    """List the contacts that this rep made, newest first; addresses are not kept, so none is shown."""
    with workspace.store.reading() as tx:
        return [_made(row["at"], row["channel"]) for row in storage_contacts.contacts_by(tx, workspace.member.id)]


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def contact_rules(workspace: Workspace) -> Standing:
    """Say what holds for oneself: the same judgement that a rep meets, and every contact that was made."""
    at, email = workspace.clock(), workspace.member.email
    if "@" not in email:  # his identity provider gave none: nobody can write to him from here
        return Standing(verdict=Verdict(allowed=True, code="ok"), made=())
    key = address_key(workspace.data_keys, email, at=at)
    with workspace.store.reading() as tx:
        verdict = verdict_on(tx, normal_email(email), key, at=at)
        rows = storage_contacts.contacts_with(tx, key)
    return Standing(verdict=verdict, made=tuple(_made(row["at"], row["channel"]) for row in rows))


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def stop_contact(workspace: Workspace) -> None:
    """Ask never to be written to or called again; it holds at once, for every channel, until one allows it again."""
    at = workspace.clock()
    key = address_key(workspace.data_keys, workspace.member.email, at=at)

    def change(tx: Transaction) -> None:
        storage_contacts.suppress(tx, key, at=at.timestamp())

    workspace.then(change)


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def allow_contact(workspace: Workspace) -> None:
    """Allow contacts again, within the rules."""
    key = address_key(workspace.data_keys, workspace.member.email, at=workspace.clock())

    def change(tx: Transaction) -> None:
        storage_contacts.allow(tx, key)

    workspace.then(change)


def _made(at: float, channel: str) -> Made:
    return Made(at=datetime.fromtimestamp(at, UTC), channel=channel)
