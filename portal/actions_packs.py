"""Actions on industry packs: what is installed, what a pack holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.actions import EVERYBODY, action
from portal.workspace import Workspace


@action(needs=EVERYBODY, purpose="knowledge", highest_class="public")
def list_packs(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List the installed packs as in the JSON of `pack list`."""
    raise RuntimeError("being written")


@action(needs=EVERYBODY, purpose="knowledge", highest_class="public")
def open_pack(workspace: Workspace, pack: str) -> Mapping[str, Any]:
    """Return what a pack holds: lines, modules, calculators, check lists, obstacles; guides only for vendor's people."""
    raise RuntimeError("being written")
