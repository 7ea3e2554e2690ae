"""The terms of a link: for whom, which domains, what must be accepted, how many runs, which pack; sealed in its row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from portal import storage_release
from portal.rooms import DataKeys, Room
from portal.storage import Transaction
from portal.storage_release import LinkRow
from portal.workspace import Workspace

MOST_TERMS = 8000
"""Characters of the agreement that a guest accepts."""


def opened_terms(data_keys: DataKeys, row: LinkRow, tx: Transaction) -> dict[str, Any]:
    """Return the terms of a link; those of older links are completed."""
    held = json.loads(Room(data_keys, row.tenant).open("link", row.id, row.terms, key=row.data_key, tx=tx))
    domain = held.get("domain", "")
    return {"domains": [domain] if domain else [], "agreement": "", "runs": 0, "pin": "", **held}


def agreement_digest(text: str) -> str:
    """Return the hex SHA-256 of an agreement, "" where there is none: what an acceptance is recorded under."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def domain_list(text: str) -> tuple[str, ...]:
    """Return the e-mail domains that were typed, with commas, blanks or lines between them."""
    words = (word.strip().lower().lstrip("@") for word in re.split(r"[\s,;，；、]+", text))
    return tuple(dict.fromkeys(word for word in words if word))


def own_terms(workspace: Workspace, tx: Transaction) -> Mapping[str, Any]:
    """Return the terms of the link through which this tenant came first; nothing where it came through none."""
    for opening in storage_release.openings_by_tenant(tx, workspace.tenant):
        row = storage_release.link_by_id(tx, opening.link)
        if row is not None and row.kind == "sandbox":
            return opened_terms(workspace.data_keys, row, tx)
    return {}
