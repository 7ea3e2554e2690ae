"""The action of the operator who takes a backup; restoring happens while nobody works, see `portal/backups.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from portal.actions import ADMINS, action
from portal.backups import back_up
from portal.shelf import pack_folder
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
