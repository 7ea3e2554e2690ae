"""Actions of the compliance officer: the log, its proof, and overviews. None of them shows a tenant's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.actions import OFFICERS, action
from portal.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log: when, who (a pseudonym), which action, on what, how it was decided."""

    seq: int
    at: datetime
    tenant: str
    actor: str
    role: str
    action: str
    decision: str  # allowed, refused, failed
    purpose: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def read_log(
    workspace: Workspace,
    *,
    tenant: str = "",
    actor: str = "",
    verb: str = "",
    decision: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 200,
    before: int | None = None,
) -> Sequence[Entry]:
    """Return entries of the log that match, newest first; `before` continues below a sequence number."""
    raise RuntimeError("being written")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def verify_log(workspace: Workspace) -> Mapping[str, Any]:
    """Compute the whole log again and compare it with checkpoints and witness: `ok`, `entries`, `first_bad`, `reason`."""
    raise RuntimeError("being written")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def export_log(workspace: Workspace) -> bytes:
    """Return the log as one file that `mingsuan audit verify` checks offline."""
    raise RuntimeError("being written")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def today(workspace: Workspace) -> Mapping[str, Any]:
    """Return the officer's overview: reads, readers, refusals, releases, unusual reading, state of the log's proof."""
    raise RuntimeError("being written")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def field_inventory(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return every field that can be collected: kind, class, purpose, why it is needed, whether it can be released."""
    raise RuntimeError("being written")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def consent_overview(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return all consents of all tenants: purpose, audience, term, state; no values."""
    raise RuntimeError("being written")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def release_overview(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return all disclosures of all tenants: consent, audience, time, state, digest; no values."""
    raise RuntimeError("being written")
