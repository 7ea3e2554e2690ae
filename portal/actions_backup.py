"""Actions of the operator who takes a backup; restoring happens while nobody works, see `portal/backups.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO

from portal import storage_ledger
from portal.actions import ADMINS, action
from portal.backups import back_up
from portal.shelf import pack_folder
from portal.storage_ledger import Filter
from portal.workspace import Workspace


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def back_up_installation(
    workspace: Workspace, file: BinaryIO, *, recipient: str, product: str, schema: int
) -> Mapping[str, Any]:
    """Write a sealed backup of the whole installation; returns what is in it, never a value."""
    made = back_up(
        workspace.store,
        workspace.data_keys,
        file,
        recipient=recipient,
        at=workspace.clock(),
        product=product,
        schema=schema,
        packs=pack_folder(workspace.store),
    )
    workspace.concern("", f"backup/{made['log']['entries']}")
    workspace.then(lambda _: None)  # each one is noted
    return made


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def backup_status(workspace: Workspace) -> Mapping[str, Any]:
    """Return when the installation was last backed up, restored, and a key rotated, and how many entries came since.

    Keys: backup, restore, rotation (times or None), since (entries of the log since the backup), entries.
    """
    with workspace.store.reading() as tx:
        last = {
            name: storage_ledger.entries(tx, Filter(action=verb, decision="allowed"), limit=1)
            for name, verb in (
                ("backup", "back_up_installation"),
                ("restore", "restore_installation"),
                ("rotation", "rotate_keys"),
            )
        }
        entries, _ = storage_ledger.read_head(tx)
    seq = last["backup"][0].seq if last["backup"] else -1
    times = {name: datetime.fromtimestamp(rows[0].at, UTC) if rows else None for name, rows in last.items()}
    return {**times, "since": entries - seq - 1, "entries": entries}
