"""Actions of the system administrator: tenants, providers, jobs, keys' state; and opening a link as a guest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portal.actions import ADMINS, EVERYBODY, action
from portal.identity import Provider, Tenant
from portal.workspace import Workspace


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def create_tenant(workspace: Workspace, *, name: str) -> Tenant:
    """Create a tenant and its key."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def suspend_tenant(workspace: Workspace, tenant: str) -> None:
    """Shut a tenant out: its people are signed out, nothing is erased."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def resume_tenant(workspace: Workspace, tenant: str) -> None:
    """Let a suspended tenant in again."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def close_tenant(workspace: Workspace, tenant: str, *, confirm: str) -> None:
    """Close a tenant for ever: destroy its key, revoke its links, take its disclosures back. `confirm`: its name."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def tenants(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List tenants: id, name, state, members, providers, sealed values and their size; never a value."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def register_provider(workspace: Workspace, provider: Provider, *, secret: str = "") -> None:
    """Register (or change) the OpenID Connect provider of a tenant."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def remove_provider(workspace: Workspace, provider: str) -> None:
    """Remove a provider; its people are signed out."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def jobs(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List the newest runs of all tenants: state, age, attempts, error code; no values."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="support", highest_class="internal")
def break_glass(workspace: Workspace, tenant: str, *, reason: str, minutes: int = 60) -> str:
    """Open the metadata of a tenant for a limited time; the tenant sees who, when and the reason. Returns the grant."""
    raise RuntimeError("being written")


@action(needs=ADMINS, purpose="support", highest_class="internal")
def support_view(workspace: Workspace, grant: str) -> Mapping[str, Any]:
    """Return what a grant opens: kinds, counts, sizes and times of the tenant's values, failed runs; never a value."""
    raise RuntimeError("being written")


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def sign_in(workspace: Workspace, *, session: str, provider: str) -> None:
    """Note that a member signed in (called by the gate)."""
    raise RuntimeError("being written")


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def sign_out(workspace: Workspace, *, session: str) -> None:
    """Note that a member signed out (called by the gate)."""
    raise RuntimeError("being written")


def open_link(store: Any, keys: Any, sessions: Any, *, token: str, email: str, name: str, at: datetime) -> Any:
    """Open a sandbox link for a proven e-mail address (called by the gate, before there is a member).

    Counts the use atomically; creates the tenant with this person as owner where the link was not opened by his
    organisation before. Returns (Member, Opened). Unknown, expired, revoked, used and foreign-domain links raise the
    same ActionError link_not_valid. The opening is an audit entry.
    """
    raise RuntimeError("being written")
