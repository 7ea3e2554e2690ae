"""Data keys of single datasets, so that one can be destroyed alone and stays destroyed in every backup.

Such a key is wrapped twice: by a key of its own in the key service, then by its tenant's. Destroying the first erases
the dataset, destroying the second the tenant; rotating the tenant's key wraps the outside anew. A key is retired in the
transaction that removes the dataset and destroyed after it; what a kill leaves in between, the workers finish.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime

from portal.rooms import OWN, DataKeys, key_place, own_ring
from portal.storage import Store, Transaction, new_id
from portal.storage_values import KeyRow, remove_key, retired_keys
from privacy.keys import KeyService, KeyUnavailable
from privacy.vault import new_data_key


def make_own(
    data_keys: DataKeys, tenant: str, *, at: datetime, tx: Transaction | None = None
) -> tuple[KeyRow, bytes, str]:
    """A fresh data key for one dataset: its row, yet to be stored (`DataKeys.add`), the key, the lock it is under."""
    name, key, keys = new_id(), new_data_key(), data_keys.keys
    ring, place = own_ring(tenant, name), key_place(tenant, name, OWN)
    inner, lock = data_keys.guarded(place, key, tx=tx)
    keys.create_key(ring, at=at)
    wrapped = keys.wrap(tenant, keys.wrap(ring, inner, place=place), place=place)
    return KeyRow(id=name, tenant=tenant, purpose=OWN, wrapped=wrapped, created_at=at.timestamp()), key, lock


def destroy_own(keys: KeyService, rows: Iterable[KeyRow], *, at: datetime) -> None:
    """Destroy datasets' own keys; one that is gone already is no error."""
    for row in rows:
        with contextlib.suppress(KeyUnavailable):
            keys.destroy(own_ring(row.tenant, row.id), at=at)


def finish_erasures(store: Store, keys: KeyService, *, at: datetime) -> int:
    """Destroy every dataset key that was retired, then forget it; returns how many."""
    with store.reading() as tx:
        rows = retired_keys(tx, OWN)
    if not rows:
        return 0
    destroy_own(keys, rows, at=at)
    with store.writing() as tx:
        for row in rows:
            remove_key(tx, row.tenant, row.id)
    return len(rows)
