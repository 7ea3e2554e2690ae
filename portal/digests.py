"""The daily digest of alerts, sent for every member who asked for it, as that member."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from portal import storage_accounts
from portal.actions_alerts import send_digest
from portal.problems import where
from portal.rooms import data_keys_of
from portal.storage import Store
from portal.storage_values import list_records
from portal.workspace import Workspace
from privacy.keys import KeyService

log = logging.getLogger("mingsuan.digests")

ROOM = "main"


def send_digests(store: Store, keys: KeyService, clock: Callable[[], datetime]) -> int:
    """Look at every subscription; returns how many mails were put into the outbox."""
    with store.reading() as tx:
        tenants = [one.id for one in storage_accounts.all_tenants(tx) if one.active]
        authors = {row.author for tenant in tenants for row in list_records(tx, tenant, ROOM, "digest")}
        members = [storage_accounts.member(tx, author) for author in sorted(authors)]
    sent = 0
    for member in members:
        if member is None or not member.active or data_keys_of(store, keys).locked(member.tenant):
            continue
        try:
            sent += bool(send_digest(Workspace(member, store, keys, clock, room=ROOM)))
        except Exception as error:  # noqa: BLE001  # one tenant's trouble must not silence the others, nor its message leak
            log.error("no digest for a member of %s: %s at %s", member.tenant, type(error).__name__, where(error))  # noqa: TRY400
    return sent
