"""What is not kept for ever, by kind, purpose and term; the workers erase it, with an entry in the log for each tenant.

Staged files that nobody confirmed go after a week, results and what belongs to them three years after they were
computed. What a person typed or brought stays until he erases it; consents, releases and receipts stay for as long as
they must be shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.noting import write_entry
from portal.own_keys import finish_erasures
from portal.rooms import LOG, NAMES, data_keys_of, installation_key
from portal.storage import Store
from portal.storage_values import remove_older
from privacy.audit import AuditEntry, pseudonym
from privacy.keys import KeyService


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long values of some kinds are kept, counted from when they were made."""

    kinds: tuple[str, ...]
    purpose: str
    days: int


STAGED_TERM = timedelta(days=7)
TERMS = (
    Term(kinds=("upload", "file", "reading"), purpose="intake", days=STAGED_TERM.days),
    Term(kinds=("result", "summary", "back_test", "study"), purpose="simulation", days=3 * 365),
    Term(kinds=("case",), purpose="appraisal", days=3 * 365),
    Term(kinds=("log_proof",), purpose="audit", days=3 * 365),
)
SYSTEM = "system"


def erase_staged(store: Store, keys: KeyService, clock: Callable[[], datetime]) -> int:
    """Erase staged files past their term, with an entry in the log for each tenant; returns how many values went."""
    at, data_keys = clock(), data_keys_of(store, keys)
    finish_erasures(store, keys, at=at)
    for purpose in (LOG, NAMES):
        installation_key(data_keys, purpose, at=at)
    with store.writing() as tx:
        gone: list[tuple[str, tuple[str, ...]]] = []
        for term in TERMS:
            gone += remove_older(tx, term.kinds, before=(at - timedelta(days=term.days)).timestamp())
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
