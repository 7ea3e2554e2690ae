"""Opening a sandbox link: the one action of somebody who is not a member yet."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal import storage_accounts, storage_release
from portal.actions import ActionError
from portal.identity import VENDOR, Member, Profile, Role, Tenant
from portal.link_terms import agreement_digest, opened_terms
from portal.noting import write_entry
from portal.rooms import DIGEST, LOG, NAMES, SEAL, DataKeys, data_keys_of, installation_key
from portal.storage import Store, Transaction, new_id
from portal.storage_acceptances import add_acceptance
from portal.storage_release import LinkRow, OpeningRow
from privacy.audit import AuditEntry, pseudonym
from privacy.keys import KeyService
from privacy.links import ShareLink, check_link, normal_email, token_hash
from privacy.vault import PrivacyError

BY_CODE = "code"
"""The provider of those who sign in by a code sent to their address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a link opened: the tenant, and whether it was created by this opening; `pack` is what it starts with."""

    tenant: str
    created: bool
    pack: str


def open_link(
    store: Store,
    keys: KeyService,
    *,
    token: str,
    email: str,
    name: str,
    at: datetime,
    member: Member | None = None,
    language: str = "zh-CN",
    accepted: str = "",
) -> tuple[Member, Opened]:
    """Open a sandbox link for a proven e-mail address (`member`: who is signed in already).

    Uses are counted in one statement. The first opening creates a tenant with this person as its owner; somebody who
    has come through the link before comes back to his workspace; on a link that is bound to an e-mail domain, further
    people join the workspace as guests. Unknown, expired, revoked, used-up and foreign links raise the same ActionError
    link_not_valid. The opening, and a refusal of a link that exists, is an audit entry.
    """
    data_keys = data_keys_of(store, keys)
    for purpose in (LOG, NAMES):
        installation_key(data_keys, purpose, at=at)
    opening = _Opening(store, data_keys, at=at, member=member, email=email, name=name, language=language)
    opening.accepted = accepted
    return opening.open(token)


class AgreementNeededError(ActionError):
    """The link asks for an agreement first: `text` is shown, `digest` comes back with the acceptance."""

    def __init__(self, text: str, digest: str) -> None:
        super().__init__(
            "this link asks for an agreement first",
            code="agreement_needed",
            remedy="Read it; accept it or leave.",
        )
        self.text = text
        self.digest = digest


class _Opening:
    def __init__(
        self,
        store: Store,
        data_keys: DataKeys,
        *,
        at: datetime,
        member: Member | None,
        email: str,
        name: str,
        language: str,
    ) -> None:
        self.store = store
        self.data_keys = data_keys
        self.at = at
        self.member = member
        self.email = email
        self.name = name
        self.language = language
        self.accepted = ""  # the digest of the agreement that was shown and accepted

    def open(self, token: str) -> tuple[Member, Opened]:
        with self.store.reading() as tx:
            row = storage_release.link_by_hash(tx, token_hash(token))
            if row is None or row.kind != "sandbox" or (self.member is not None and self.member.vendor):
                raise not_valid()
            terms = self._terms(row, tx)
            back = self._returning(tx, row)
        if back is not None and row.revoked_at is None:
            return back, Opened(tenant=back.tenant, created=False, pack=terms["pack"])
        try:
            address = normal_email(self.email)
            check_link(_link(row, terms), token, at=self.at, email=address)
        except PrivacyError as error:
            self._refuse(row, error.code)
            raise not_valid() from None
        self._agreed(terms)
        return self._enter(row, terms, address)

    def _agreed(self, terms: dict[str, Any]) -> None:
        """Refuse until the link's agreement, and no other one, was accepted."""
        wanted = agreement_digest(terms["agreement"])
        if wanted and not hmac.compare_digest(wanted.encode(), self.accepted.encode()):
            raise AgreementNeededError(terms["agreement"], wanted)

    def _enter(self, row: LinkRow, terms: dict[str, Any], address: str) -> tuple[Member, Opened]:
        joins = self._joins(row, terms)
        fresh = ""
        if self.member is None and not joins:
            fresh = new_id()
            self.data_keys.keys.create_key(fresh, at=self.at)
            for purpose in (SEAL, DIGEST):
                self.data_keys.in_use(fresh, purpose, at=self.at)
        try:
            with self.store.writing() as tx:
                self._use(tx, row)
                member = self._member(tx, fresh or joins, terms, address, owner=bool(fresh))
                opened = OpeningRow(
                    id=new_id(), link=row.id, tenant=member.tenant, at=self.at.timestamp(), status_shared=False
                )
                storage_release.add_opening(tx, opened)
                self._accept(tx, row, terms, member)
                self._note(tx, row, member.tenant, actor=member.id, role=str(member.role))
        except BaseException as error:
            if fresh:
                self.data_keys.keys.destroy(fresh, at=self.at)
            if isinstance(error, ActionError):
                self._refuse(row, "link_used_up")
            raise
        return member, Opened(tenant=member.tenant, created=bool(fresh), pack=terms["pack"])

    def _accept(self, tx: Transaction, row: LinkRow, terms: dict[str, Any], member: Member) -> None:
        digest = agreement_digest(terms["agreement"])
        if digest:
            names = installation_key(self.data_keys, NAMES, at=self.at, tx=tx)
            add_acceptance(
                tx,
                link=row.id,
                tenant=member.tenant,
                person=pseudonym(names, member.id),
                digest=digest,
                at=self.at.timestamp(),
            )

    def _use(self, tx: Transaction, row: LinkRow) -> None:
        if not storage_release.use_link(tx, row.id, at=self.at.timestamp()):
            raise not_valid()

    def _member(self, tx: Transaction, tenant: str, terms: dict[str, Any], address: str, *, owner: bool) -> Member:
        if self.member is not None:
            return self.member
        if owner:
            title = str(terms["label"]) or address.rpartition("@")[2]
            storage_accounts.add_tenant(tx, Tenant(id=tenant, name=title), now=self.at)
        profile = Profile(
            tenant=tenant,
            role=Role.OWNER if owner else Role.GUEST,
            subject=address,
            name=self.name.strip()[:200] or address.partition("@")[0],
            email=address,
            provider=BY_CODE,
        )
        return storage_accounts.admit(tx, profile, language=self.language, now=self.at)

    def _returning(self, tx: Transaction, row: LinkRow) -> Member | None:
        """Return the member who has come through this link before."""
        tenants = {one.tenant for one in storage_release.openings_of(tx, row.id)}
        if self.member is not None:
            return self.member if self.member.tenant in tenants else None
        known = storage_accounts.members_by_email(tx, self.email.strip().lower(), provider_id=BY_CODE)
        return next((one for one in known if one.tenant in tenants and one.active), None)

    def _joins(self, row: LinkRow, terms: dict[str, Any]) -> str:
        """Return the tenant that colleagues join: the first that came through a link bound to an e-mail domain."""
        if not terms["domains"]:
            return ""
        with self.store.reading() as tx:
            openings = storage_release.openings_of(tx, row.id)
        return openings[0].tenant if openings else ""

    def _terms(self, row: LinkRow, tx: Transaction) -> dict[str, Any]:
        return opened_terms(self.data_keys, row, tx)

    def _refuse(self, row: LinkRow, code: str) -> None:
        with self.store.writing() as tx:
            self._note(tx, row, VENDOR, actor="", role="", reason=code)

    def _note(self, tx: Transaction, row: LinkRow, tenant: str, *, actor: str, role: str, reason: str = "") -> None:
        names = installation_key(self.data_keys, NAMES, at=self.at, tx=tx)
        entry = AuditEntry(
            time=self.at,
            actor=pseudonym(names, actor or f"link/{row.id}"),
            role=role,
            tenant=tenant,
            action="open_link",
            resource=f"link/{row.id}",
            purpose="account",
            decision="refused" if reason else "allowed",
            reason=reason,
        )
        write_entry(self.data_keys, tx, entry)


def not_valid() -> ActionError:
    """Return the one error for every link that does not open."""
    return ActionError(
        "this link is not valid, or not any more",
        code="link_not_valid",
        remedy="Ask the person who sent it for a new one.",
    )


def _link(row: LinkRow, terms: dict[str, Any]) -> ShareLink:
    return ShareLink(
        id=row.id,
        kind="sandbox",
        token_hash=row.token_hash,
        tenant=row.tenant,
        made_by=row.author,
        made_at=datetime.fromtimestamp(row.created_at, UTC),
        expires_at=datetime.fromtimestamp(row.expires_at, UTC),
        max_uses=row.max_uses,
        uses=row.uses,
        domains=tuple(terms["domains"]),
        pack=terms["pin"],
        max_runs=terms["runs"] or None,
        terms=agreement_digest(terms["agreement"]),
        may_create_tenant=True,
        revoked_at=None if row.revoked_at is None else datetime.fromtimestamp(row.revoked_at, UTC),
    )
