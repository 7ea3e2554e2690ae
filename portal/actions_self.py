"""Actions of a person on his own account: see what is kept of him, correct it, end his sessions, be erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal import sessions, storage_accounts, storage_ledger
from portal.actions import EVERYBODY, ActionError, action
from portal.identity import Role
from portal.invitations import BY_CODE
from portal.rooms import NAMES, installation_key
from portal.storage_ledger import Filter
from portal.workspace import Workspace
from privacy.audit import pseudonym

MOST_ENTRIES = 500


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def my_data(workspace: Workspace) -> Mapping[str, Any]:
    """Return all that is kept of the member himself: account, sessions, and his entries of the log, newest first.

    Keys: name, email, role, language, provider, tenant, by_code, sessions (id, opened_at, proved_at), entries (at,
    action, decision, resource), pseudonym.
    """
    member, at = workspace.member, workspace.clock()
    actor = pseudonym(installation_key(workspace.data_keys, NAMES, at=at), member.id)
    with workspace.store.reading() as tx:
        tenant = storage_accounts.tenant(tx, member.tenant)
        living = sessions.sessions_of(tx, member.id, now=at)
        rows = storage_ledger.entries(tx, Filter(actor=actor), limit=MOST_ENTRIES)
    return {
        "name": member.name,
        "email": member.email,
        "role": str(member.role),
        "language": member.language,
        "provider": member.provider,
        "by_code": member.provider == BY_CODE,
        "tenant": "" if tenant is None else tenant.name,
        "pseudonym": actor,
        "sessions": [
            {"id": one.id, "opened_at": one.opened_at.isoformat(), "proved_at": one.proved_at.isoformat()}
            for one in living
        ],
        "entries": [
            {"at": datetime.fromtimestamp(row.at, UTC).isoformat(), "action": row.action, "decision": row.decision}
            for row in rows
        ],
    }


@action(needs=EVERYBODY, purpose="account", highest_class="internal", locks=True)
def correct_me(workspace: Workspace, *, name: str) -> None:
    """Correct the member's own name. Raises ActionError own_name_missing, name_from_provider."""
    if not name.strip():
        raise ActionError("a name is missing", code="own_name_missing", remedy="Type your name.")
    if workspace.member.provider != BY_CODE:
        raise ActionError(
            "your name comes from your organisation's sign-in",
            code="name_from_provider",
            remedy="Have it corrected there; it follows with your next sign-in.",
        )
    storage_accounts.set_name(workspace.opened(), workspace.member.id, name.strip()[:200])
    workspace.touched[f"member/{workspace.member.id}"] = ""


@action(needs=EVERYBODY, purpose="account", highest_class="internal", locks=True)
def end_my_sessions(workspace: Workspace) -> int:
    """Sign the member out in every browser, this one too; returns how many sessions ended."""
    workspace.touched[f"member/{workspace.member.id}"] = ""
    return sessions.revoke(workspace.opened(), member_id=workspace.member.id, now=workspace.clock())


@action(needs=EVERYBODY, purpose="account", highest_class="internal", locks=True)
def erase_me(workspace: Workspace, *, confirm: str) -> None:
    """Erase what names the member; the log keeps his pseudonym, which names nobody from then on. `confirm`: his name.

    Raises ActionError not_confirmed, last_owner (of his tenant).
    """
    member, tx = workspace.member, workspace.opened()
    if confirm.strip() != member.name:
        raise ActionError(
            "the name does not match; nothing was erased",
            code="not_confirmed",
            remedy="Type your name exactly as it is shown.",
        )
    if member.role is Role.OWNER:
        people = storage_accounts.members_of(tx, member.tenant)
        if sum(one.active and one.role is Role.OWNER for one in people) < 2:
            raise ActionError(
                "the last owner cannot leave the workspace alone",
                code="last_owner",
                remedy="Make a colleague an owner first, or erase the whole workspace.",
            )
    storage_accounts.erase_person(tx, member.id)
    sessions.revoke(tx, member_id=member.id, now=workspace.clock())
    workspace.touched[f"member/{member.id}"] = ""
