"""Opening a result link: one address reads one disclosure, without an account, as long as it is not taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from portal import storage_release
from portal.identity import VENDOR
from portal.invitations import not_valid
from portal.link_terms import opened_terms
from portal.noting import write_entry
from portal.rooms import LOG, NAMES, DataKeys, Room, data_keys_of, installation_key
from portal.storage import Store, Transaction
from portal.storage_release import DisclosureRow, LinkRow
from privacy.audit import AuditEntry, pseudonym
from privacy.disclosure import Disclosure
from privacy.keys import KeyService
from privacy.links import ShareLink, check_link, token_hash
from privacy.vault import PrivacyError


def is_result_link(store: Store, token: str) -> bool:
    """Say whether a token names a result link; used only after an address was proved."""
    with store.reading() as tx:
        row = storage_release.link_by_hash(tx, token_hash(token))
    return row is not None and row.kind == "result"


def open_result(store: Store, keys: KeyService, *, token: str, email: str, at: datetime) -> Disclosure:
    """Return the disclosure of a result link for a proved address; counts one use, in one statement.

    Unknown, expired, revoked, used-up and foreign links, and withdrawn results, raise the same ActionError
    link_not_valid. The opening, and a refusal of a link that exists, is an entry in the tenant's own log.
    """
    data_keys = data_keys_of(store, keys)
    for purpose in (LOG, NAMES):
        installation_key(data_keys, purpose, at=at)
    with store.reading() as tx:
        row = storage_release.link_by_hash(tx, token_hash(token))
        if row is None or row.kind != "result":
            raise not_valid()
        terms = opened_terms(data_keys, row, tx)
        shown = storage_release.disclosure_by_id(tx, terms["disclosure"])
    try:
        check_link(_link(row, terms), token, at=at, email=email)
        made = _in_force(data_keys, shown, row.tenant, at=at)
    except PrivacyError as error:
        with store.writing() as tx:
            _note(data_keys, tx, row, email=email, at=at, reason=error.code)
        raise not_valid() from None
    with store.writing() as tx:
        if not storage_release.use_link(tx, row.id, at=at.timestamp()):
            raise not_valid()
        _note(data_keys, tx, row, email=email, at=at, disclosure=made.id)
    return made


def _in_force(data_keys: DataKeys, shown: DisclosureRow | None, tenant: str, *, at: datetime) -> Disclosure:
    """Return the disclosure behind a link, if it is this tenant's and was not taken back."""
    if shown is not None and shown.sealed is not None and shown.withdrawn_at is None and shown.until > at.timestamp():
        sealed = Room(data_keys, VENDOR).open("disclosure", shown.id, shown.sealed, key=shown.data_key)
        made = Disclosure.from_json(json.loads(sealed))
        if made.tenant == tenant:
            return made
    raise PrivacyError("the result was taken back", code="result_over", remedy="Ask whoever shared it.")


def _note(
    data_keys: DataKeys,
    tx: Transaction,
    row: LinkRow,
    *,
    email: str,
    at: datetime,
    reason: str = "",
    disclosure: str = "",
) -> None:
    names = installation_key(data_keys, NAMES, at=at, tx=tx)
    entry = AuditEntry(
        time=at,
        actor=pseudonym(names, f"address/{email.lower()}"),
        role="",
        tenant=row.tenant,
        action="open_link",
        resource=f"link/{row.id}" + (f" disclosure/{disclosure}" if disclosure else ""),
        purpose="release",
        decision="refused" if reason else "allowed",
        reason=reason,
    )
    write_entry(data_keys, tx, entry)


def _link(row: LinkRow, terms: dict[str, object]) -> ShareLink:
    return ShareLink(
        id=row.id,
        kind="result",
        token_hash=row.token_hash,
        tenant=row.tenant,
        made_by=row.author,
        made_at=datetime.fromtimestamp(row.created_at, UTC),
        expires_at=datetime.fromtimestamp(row.expires_at, UTC),
        max_uses=row.max_uses,
        uses=row.uses,
        recipient=str(terms["recipient"]),
        disclosure=str(terms["disclosure"]),
        revoked_at=None if row.revoked_at is None else datetime.fromtimestamp(row.revoked_at, UTC),
    )
