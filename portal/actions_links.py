"""Actions between the vendor's rep and a prospect: links, the sales feed, progress as far as consented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.actions import OWNER, REPS, TENANT, action
from portal.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """One link as its author sees it. `progress` is "" unless the tenant agreed to show it."""

    id: str
    label: str
    domain: str
    pack: str
    created_at: datetime
    expires_at: datetime
    max_uses: int
    uses: int
    revoked_at: datetime | None
    state: str  # open, used, expired, revoked
    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A new link; `token` is shown once and never again."""

    id: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a link opened: the tenant and whether it was created by this opening."""

    tenant: str
    created: bool
    pack: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One released result as the rep sees it."""

    id: str
    account: str
    payload: Mapping[str, Any]
    purpose: str
    released_at: datetime
    until: datetime


@action(needs=REPS, purpose="outreach", highest_class="internal")
def invite(
    workspace: Workspace,
    *,
    label: str,
    days: int = 14,
    uses: int = 1,
    domain: str = "",
    pack: str = "",
    email: str = "",
) -> NewLink:
    """Create a sandbox link: for whom (the rep's own label), until when, how often, for which e-mail domain.

    With `email` the invitation is also put into the outbox.
    """
    raise RuntimeError("being written")


@action(needs=REPS, purpose="outreach", highest_class="internal", locks=True)
def revoke_link(workspace: Workspace, link: str) -> None:
    """Make a link worthless at once."""
    raise RuntimeError("being written")


@action(needs=REPS, purpose="outreach", highest_class="internal")
def list_links(workspace: Workspace) -> Sequence[LinkView]:
    """List the rep's own links, newest first; progress only where the tenant agreed to show it."""
    raise RuntimeError("being written")


@action(needs=REPS, purpose="offer", highest_class="internal")
def sales_feed(workspace: Workspace) -> Sequence[FeedItem]:
    """Return the results that were released to this rep and not withdrawn, newest first; nothing else."""
    raise RuntimeError("being written")


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def preview_as_rep(workspace: Workspace) -> Sequence[FeedItem]:
    """Show the owner what the rep sees of this tenant, byte for byte."""
    raise RuntimeError("being written")


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def share_progress(workspace: Workspace, *, show: bool) -> None:
    """Let the inviting rep see how far the tenant is (and nothing more), or stop that."""
    raise RuntimeError("being written")


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def progress_shared(workspace: Workspace) -> bool | None:
    """Say whether the inviting rep sees the progress; None where no rep invited this tenant."""
    raise RuntimeError("being written")
