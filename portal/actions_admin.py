"""Actions of the system administrator: tenants, providers, jobs, help with a reason; and signing in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import sessions, storage_accounts, storage_recalls, storage_release, storage_runs, storage_values
from portal.actions import ADMINS, EVERYBODY, KEEPERS, ActionError, action
from portal.identity import VENDOR, Provider, Tenant
from portal.kept import forget
from portal.own_keys import destroy_own
from portal.rooms import DIGEST, OWN, SEAL
from portal.storage import Transaction, new_id
from portal.strongbox import PROVIDER, Strongbox
from portal.workspace import MissingError, Workspace

LONGEST_GRANT = timedelta(hours=8)


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def create_tenant(workspace: Workspace, *, name: str) -> Tenant:
    """Create a tenant and its key."""
    if not name.strip():
        raise ActionError("a tenant needs a name", code="name_missing", remedy="Type the organisation's name.")
    tenant = Tenant(id=new_id(), name=name.strip()[:200])
    at = workspace.clock()
    workspace.keys.create_key(tenant.id, at=at)
    for purpose in (SEAL, DIGEST):
        workspace.data_keys.in_use(tenant.id, purpose, at=at)
    workspace.concern(tenant.id)
    workspace.then(lambda tx: storage_accounts.add_tenant(tx, tenant, now=at))
    return tenant


@action(needs=ADMINS, purpose="operation", highest_class="internal", locks=True)
def suspend_tenant(workspace: Workspace, tenant: str) -> None:
    """Shut a tenant out: its people are signed out, its runs stop, nothing is erased."""
    _set_state(workspace, tenant, "suspended")


@action(needs=ADMINS, purpose="operation", highest_class="internal", locks=True)
def resume_tenant(workspace: Workspace, tenant: str) -> None:
    """Let a suspended tenant in again."""
    _set_state(workspace, tenant, "active")


@action(needs=ADMINS, purpose="operation", highest_class="internal", locks=True)
def close_tenant(workspace: Workspace, tenant: str, *, confirm: str) -> None:
    """Close a tenant for ever: destroy its key, erase its values, take its disclosures back. `confirm`: its name.

    The log keeps what was done, under pseudonyms. Raises ActionError not_confirmed.
    """
    found = _tenant(workspace, tenant)
    if confirm.strip() != found.name:
        raise ActionError(
            "the name does not match; nothing was closed",
            code="not_confirmed",
            remedy="Type the tenant's name exactly as it is shown.",
        )
    _set_state(workspace, tenant, "closed")
    tx, at = workspace.opened(), workspace.clock()
    storage_release.withdraw_tenant(tx, tenant, at=at.timestamp())
    storage_runs.cancel_tenant(tx, tenant, at=at.timestamp())
    workspace.erase_blobs(storage_values.remove_tenant_records(tx, tenant))
    own = [row for row in storage_values.keys_of(tx, tenant) if row.purpose == OWN]
    storage_values.remove_keys(tx, tenant)
    workspace.keys.destroy(tenant, at=at)
    destroy_own(workspace.keys, own, at=at)
    workspace.data_keys.forget(tenant)
    forget(tenant)


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def tenants(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List tenants: id, name, state, members, providers, values and their bytes, state of the key; never a value."""
    with workspace.store.reading() as tx:
        totals = storage_values.totals(tx)
        providers = storage_accounts.all_providers(tx)
        found = [
            (tenant, len(storage_accounts.members_of(tx, tenant.id))) for tenant in storage_accounts.all_tenants(tx)
        ]
    rows = []
    for tenant, members in found:
        status = workspace.keys.status(tenant.id)
        values, size = totals.get(tenant.id, (0, 0))
        rows.append(
            {
                "id": tenant.id,
                "name": tenant.name,
                "state": tenant.state,
                "members": members,
                "providers": [one.title for one in providers if one.tenant == tenant.id],
                "values": values,
                "bytes": size,
                "key": status.state,
                "key_version": status.version,
                "key_rotated_at": status.rotated_at,
            }
        )
    return rows


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def providers(workspace: Workspace, tenant: str = "") -> Sequence[Provider]:
    """List the identity providers of a tenant (default: of all); their secrets are left out."""
    with workspace.store.reading() as tx:
        found = storage_accounts.all_providers(tx, tenant_id=tenant or None)
    return [replace(one, sealed_secret=b"") for one in found]


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def register_provider(workspace: Workspace, provider: Provider, *, secret: str = "") -> None:
    """Register (or change) the OpenID Connect provider of a customer; without `secret` the one before stays.

    A secret stays with the issuer and client that it was given for. The vendor's own provider comes from the settings:
    whoever could register one here would give himself every role.
    """
    at = workspace.clock()
    with workspace.store.reading() as tx:
        if storage_accounts.tenant(tx, provider.tenant) is None or provider.tenant == VENDOR:
            raise MissingError(provider.tenant)
        before = storage_accounts.provider(tx, provider.id)
    if before is not None and before.tenant != provider.tenant:
        raise MissingError(provider.id)
    same = before is not None and (before.issuer, before.client_id) == (provider.issuer, provider.client_id)
    sealed = before.sealed_secret if before is not None and same else b""
    if secret:
        box = Strongbox(workspace.data_keys, workspace.clock)
        sealed = box.seal(secret, kind=PROVIDER, row=provider.id)
    kept = replace(provider, sealed_secret=sealed)
    workspace.concern(provider.tenant, f"provider/{provider.id}")
    workspace.then(lambda tx: storage_accounts.put_provider(tx, kept, now=at))


@action(needs=ADMINS, purpose="operation", highest_class="internal", locks=True)
def remove_provider(workspace: Workspace, provider: str) -> None:
    """Remove a provider; the people of its tenant are signed out."""
    tx = workspace.opened()
    found = storage_accounts.provider(tx, provider)
    if found is None:
        raise MissingError(provider)
    workspace.concern(found.tenant, f"provider/{provider}")
    storage_accounts.remove_provider(tx, provider)
    sessions.revoke(tx, tenant_id=found.tenant, now=workspace.clock())


@action(needs=ADMINS, purpose="operation", highest_class="internal")
def jobs(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List the newest runs of all tenants: tenant, kind, state, times, attempts, error code; no values."""
    with workspace.store.reading() as tx:
        return [_job(row) for row in storage_runs.newest_runs(tx)]


@action(needs=KEEPERS, purpose="operation", highest_class="internal")
def key_status(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List the tenants' keys: state, version, oldest version that still opens, times; never a key."""
    with workspace.store.reading() as tx:
        found = storage_accounts.all_tenants(tx)
    return [{"name": tenant.name, **asdict(workspace.keys.status(tenant.id))} for tenant in found]


@action(needs=KEEPERS, purpose="operation", highest_class="internal")
def rotate_keys(workspace: Workspace, tenant: str) -> Mapping[str, Any]:
    """Give a tenant's key a new version and wrap its data keys with it.

    The version before opens for a week more; those whose week is over are destroyed, so a wrapped key of an old backup
    is of no use.
    """
    with workspace.store.reading() as tx:
        if storage_accounts.tenant(tx, tenant) is None:
            raise MissingError(tenant)
    at = workspace.clock()
    status = workspace.keys.rotate(tenant, at=at)
    with workspace.store.reading() as tx:  # after the rotation: a key made before it is among them
        rows = storage_values.keys_of(tx, tenant)
    rewrapped = workspace.data_keys.rewrapped(rows)
    before = {row.id: row.wrapped for row in rows}

    def change(tx: Transaction) -> None:
        for key, wrapped in rewrapped.items():
            storage_values.set_wrapped(tx, tenant, key, wrapped, was=before[key])  # a new lock is newer than this
        workspace.keys.retire(tenant, at=at)

    workspace.concern(tenant)
    workspace.then(change)
    return {"version": status.version, "data_keys": len(rewrapped)}


@action(needs=ADMINS, purpose="support", highest_class="internal")
def break_glass(workspace: Workspace, tenant: str, *, reason: str, minutes: int = 60) -> str:
    """Open the metadata of a tenant for a limited time; the tenant sees who, when and the reason. Returns the grant.

    No values are opened, by nobody of the vendor. Raises ActionError reason_missing, grant_too_long.
    """
    if len(reason.strip()) < 10:
        raise ActionError(
            "say why you need to look", code="reason_missing", remedy="Write a sentence; the tenant will read it."
        )
    if not 1 <= minutes <= LONGEST_GRANT.total_seconds() / 60:
        raise ActionError("at most eight hours", code="grant_too_long", remedy="Ask for less time.")
    with workspace.store.reading() as tx:
        if storage_accounts.tenant(tx, tenant) is None or tenant == VENDOR:
            raise MissingError(tenant)
    until = workspace.clock() + timedelta(minutes=minutes)
    document = {"tenant": tenant, "reason": reason.strip()[:500], "until": until.isoformat()}
    key = workspace.put("grant", document)
    notice = {**document, "by": workspace.member.name, "role": str(workspace.member.role), "grant": key}
    workspace.deliver(tenant, "notice", notice)
    workspace.concern(tenant)
    workspace.reason = document["reason"]
    return key


@action(needs=ADMINS, purpose="support", highest_class="internal")
def support_view(workspace: Workspace, grant: str) -> Mapping[str, Any]:
    """Return what a grant opens: kinds, counts, sizes and times of the tenant's values, its runs; never a value."""
    document = workspace.get("grant", grant)
    with workspace.store.reading() as tx:
        ended = storage_recalls.grant_ended(tx, grant)
    if ended or datetime.fromisoformat(document["until"]) <= workspace.clock():
        raise ActionError("the grant has ended", code="grant_ended", remedy="Ask for a new one, with a reason.")
    workspace.concern(document["tenant"])
    with workspace.store.reading() as tx:
        kinds = storage_values.counts(tx, document["tenant"])
        runs = storage_runs.newest_runs(tx, limit=20, tenant=document["tenant"])
    return {**document, "kinds": kinds, "runs": [_job(row) for row in runs]}


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def sign_in(workspace: Workspace, *, session: str, provider: str) -> None:
    """Note that a member signed in (called by the gate)."""
    workspace.concern("", f"session/{session}", f"provider/{provider}")
    workspace.then(lambda _: None)


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def sign_out(workspace: Workspace, *, session: str) -> None:
    """Note that a member signed out (called by the gate)."""
    workspace.concern("", f"session/{session}")
    workspace.then(lambda _: None)


def _tenant(workspace: Workspace, tenant: str) -> Tenant:
    found = storage_accounts.tenant(workspace.opened(), tenant)
    if found is None or tenant == VENDOR:
        raise MissingError(tenant)
    return found


def _set_state(workspace: Workspace, tenant: str, state: str) -> None:
    found = _tenant(workspace, tenant)
    if found.state == "closed":
        raise ActionError(
            "a closed tenant stays closed", code="tenant_is_closed", remedy="Create a new tenant to begin again."
        )
    tx, at = workspace.opened(), workspace.clock()
    storage_accounts.set_tenant_state(tx, tenant, state, now=at)
    workspace.concern(tenant)
    if state != "active":
        sessions.revoke(tx, tenant_id=tenant, now=at)
        storage_runs.cancel_tenant(tx, tenant, at=at.timestamp())


def _job(row: storage_runs.RunRow) -> dict[str, Any]:
    def when(at: float | None) -> datetime | None:
        return None if at is None else datetime.fromtimestamp(at, UTC)

    return {
        "id": row.id,
        "tenant": row.tenant,
        "kind": row.kind,
        "state": row.state,
        "progress": row.progress,
        "attempts": row.attempts,
        "error": row.error,
        "created_at": when(row.created_at),
        "started_at": when(row.started_at),
        "finished_at": when(row.finished_at),
        "heartbeat": when(row.heartbeat),
    }
