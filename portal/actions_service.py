"""Actions on service accounts: what programs sign in with, made and revoked by the person they work for.

An owner makes accounts for his plant's programs; they work on the values of his tenant as an analyst would, or only
read. A rep makes accounts for his own customer system; they read what was released to him and nothing else, and only
for as long as he may. Nobody can make an account that can do more than himself.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portal import storage_service
from portal.actions import OWNER, REPS, ActionError, action
from portal.identity import Role
from portal.storage import new_id
from portal.storage_service import AccountRow
from portal.workspace import MissingError, Workspace

DATA_WRITE, DATA_READ = "data:write", "data:read"
STUDIES_WRITE, STUDIES_READ = "studies:write", "studies:read"
DISCLOSURES_READ = "disclosures:read"

TENANT_SCOPES = (DATA_WRITE, DATA_READ, STUDIES_WRITE, STUDIES_READ)
REP_SCOPES = (DISCLOSURES_READ,)
WRITES = frozenset({DATA_WRITE, STUDIES_WRITE})

MOST_ACCOUNTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """One service account as its owner sees it; `used_at` is when it last fetched a token."""

    id: str
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A new account; `secret` is shown once and never again."""

    id: str
    secret: str


@action(needs=OWNER | REPS, purpose="operation", highest_class="internal", locks=True)
def open_service_account(workspace: Workspace, *, label: str, scopes: Sequence[str]) -> NewAccount:
    """Make an account for a program; the answer holds its secret, once.

    Raises ActionError account_unnamed, no_scopes, too_many_accounts.
    """
    if not label.strip():
        raise ActionError(
            "an account needs a name", code="account_unnamed", remedy="Say which program it is for, such as MES."
        )
    chosen = tuple(scope for scope in scopes_on_offer(workspace.member.role) if scope in scopes)
    if not chosen or len(chosen) != len(set(scopes)):
        raise ActionError(
            "say what the program may do", code="no_scopes", remedy="Choose at least one of the rights that are listed."
        )
    tx = workspace.opened()
    there = storage_service.accounts_of(tx, workspace.tenant, author=_author(workspace))
    if sum(one.revoked_at is None for one in there) >= MOST_ACCOUNTS:
        raise ActionError(
            f"there are {MOST_ACCOUNTS} accounts already",
            code="too_many_accounts",
            remedy="Revoke one that is not used any more.",
            most=MOST_ACCOUNTS,
        )
    secret, key = secrets.token_urlsafe(32), new_id()
    row = AccountRow(
        id=key,
        tenant=workspace.tenant,
        member=workspace.member.id if workspace.member.role is Role.REP else "",
        author=workspace.member.id,
        label=label.strip()[:120],
        scopes=chosen,
        secret_hash=storage_service.hashed(secret),
        created_at=workspace.clock().timestamp(),
        used_at=None,
        revoked_at=None,
    )
    storage_service.add_account(tx, row)
    workspace.touched[f"service/{key}"] = ""
    return NewAccount(id=key, secret=secret)


@action(needs=OWNER | REPS, purpose="operation", highest_class="internal", locks=True)
def revoke_service_account(workspace: Workspace, account: str) -> None:
    """Make an account and every token of it worthless at once."""
    at = workspace.clock().timestamp()
    tx = workspace.opened()
    if not storage_service.revoke_account(tx, workspace.tenant, account, author=_author(workspace), at=at):
        raise MissingError(account)
    workspace.touched[f"service/{account}"] = ""


@action(needs=OWNER | REPS, purpose="operation", highest_class="internal")
def service_accounts(workspace: Workspace) -> Sequence[AccountView]:
    """List the accounts (a rep: his own), newest first, the revoked ones too; never a secret."""
    with workspace.store.reading() as tx:
        found = storage_service.accounts_of(tx, workspace.tenant, author=_author(workspace))
    return [_view(row) for row in found]


def scopes_on_offer(role: Role) -> tuple[str, ...]:
    """Return what the accounts of a member with this role may be allowed to do."""
    return {Role.OWNER: TENANT_SCOPES, Role.REP: REP_SCOPES}.get(role, ())


def _author(workspace: Workspace) -> str:
    """Owners of a tenant share its accounts; each rep has his own."""
    return workspace.member.id if workspace.member.role is Role.REP else ""


def _view(row: AccountRow) -> AccountView:
    def when(at: float | None) -> datetime | None:
        return None if at is None else datetime.fromtimestamp(at, UTC)

    return AccountView(
        id=row.id,
        label=row.label,
        scopes=row.scopes,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        used_at=when(row.used_at),
        revoked_at=when(row.revoked_at),
    )
