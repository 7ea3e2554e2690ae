"""What is not kept for ever: staged files that nobody confirmed are erased after a week, by the workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from portal.noting import write_entry
from portal.own_keys import finish_erasures
from portal.rooms import LOG, NAMES, data_keys_of, installation_key
from portal.storage import Store
from portal.storage_values import remove_older
from privacy.audit import AuditEntry, pseudonym
from privacy.keys import KeyService

STAGED = ("upload", "file", "reading")
STAGED_TERM = timedelta(days=7)
SYSTEM = "system"


def erase_staged(store: Store, keys: KeyService, clock: Callable[[], datetime]) -> int:
    """Erase staged files past their term, with an entry in the log for each tenant; returns how many values went."""
    at, data_keys = clock(), data_keys_of(store, keys)
    finish_erasures(store, keys, at=at)
    before = (at - STAGED_TERM).timestamp()
    for purpose in (LOG, NAMES):
        installation_key(data_keys, purpose, at=at)
    with store.writing() as tx:
        gone = remove_older(tx, STAGED, before=before)
        counted = Counter(tenant for tenant, _ in gone)
        actor = pseudonym(installation_key(data_keys, NAMES, at=at, tx=tx), SYSTEM)
        for tenant, count in sorted(counted.items()):
            entry = AuditEntry(
                time=at,
                actor=actor,
                role=SYSTEM,
                tenant=tenant,
                action="erase_staged",
                resource=f"staged/{count}",
                purpose="retention",
            )
            write_entry(data_keys, tx, entry)
    for _, blobs in gone:
        for name in blobs:
            store.blobs.delete(name)
    return len(gone)
