"""Actions of an owner on the people of his tenant: who is there, whom to invite, who may do what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal import sessions, storage_accounts
from portal.actions import OWNER, TENANT, ActionError, action
from portal.identity import TENANT_ROLES, Member, Profile, Role
from portal.invitations import BY_CODE
from portal.objections import DEPARTMENTS, department_of
from portal.storage import Transaction
from portal.text import speaking, t
from portal.workspace import MissingError, Workspace
from privacy.links import normal_email


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """One person of the tenant. `by_code`: he signs in by a code sent to his address, not through a provider.

    `department`: for whom he speaks (finance, it, plant, works_council, management), "" where nobody said.
    """

    id: str
    name: str
    email: str
    role: Role
    active: bool
    by_code: bool
    self: bool
    department: str = ""


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def colleagues(workspace: Workspace) -> Sequence[Colleague]:
    """List the people who can enter this tenant, by name."""
    with workspace.store.reading() as tx:
        found = storage_accounts.members_of(tx, workspace.tenant)
    return [_view(member, workspace) for member in found]


@action(needs=OWNER, purpose="operation", highest_class="internal", locks=True)
def invite_colleague(
    workspace: Workspace,
    *,
    email: str,
    role: Role = Role.ANALYST,
    name: str = "",
    origin: str = "",
    department: str = "",
) -> Colleague:
    """Let a colleague in: he signs in by a code sent to his address. The invitation goes to the outbox.

    `department` says for whom he speaks; he then has his own questions on the consensus page.

    Raises ActionError role_not_here, already_here, and the privacy error of an address that is none.
    """
    address = normal_email(email)
    if role not in TENANT_ROLES:
        raise _not_here(role)
    tx = workspace.opened()
    if any(member.email == address for member in storage_accounts.members_of(tx, workspace.tenant)):
        raise ActionError(
            "this person is in the workspace already",
            code="already_here",
            place=address,
            remedy="Change the role in the list instead.",
        )
    profile = Profile(
        tenant=workspace.tenant,
        role=role,
        subject=address,
        name=name.strip()[:200] or address.partition("@")[0],
        email=address,
        provider=BY_CODE,
    )
    language = workspace.member.language
    member = storage_accounts.admit(tx, profile, language=language, now=workspace.clock())
    workspace.touched[f"member/{member.id}"] = ""
    with speaking(language):
        subject = t("mail.colleague_subject", name=workspace.member.name)
        text = t("mail.colleague_text", name=workspace.member.name, address=f"{origin}/auth/sign-in", email=address)
    workspace.mail(to=address, subject=subject, text=text)
    if department:
        _speaks_for(workspace, member.id, department)
    return _view(member, workspace)


@action(needs=OWNER, purpose="operation", highest_class="internal", locks=True)
def set_department(workspace: Workspace, member: str, *, department: str) -> None:
    """Say for whom a person of this tenant speaks, "" for nobody. Raises ActionError unknown_department."""
    _member(workspace.opened(), workspace, member)
    _speaks_for(workspace, member, department)


def _speaks_for(workspace: Workspace, member: str, department: str) -> None:
    if department not in {"", *DEPARTMENTS}:
        raise ActionError(
            f"there is no department {department!r}",
            code="unknown_department",
            place=department,
            remedy="Choose one of the list.",
        )
    workspace.put("department", {"department": department, "member": member}, slot=member, replace=True)


@action(needs=OWNER, purpose="operation", highest_class="internal", locks=True)
def change_role(workspace: Workspace, member: str, *, role: Role) -> None:
    """Give a person of this tenant another role; he is signed out. The last owner stays one.

    Raises ActionError role_not_here, last_owner.
    """
    if role not in TENANT_ROLES:
        raise _not_here(role)
    tx = workspace.opened()
    found = _member(tx, workspace, member)
    if found.role is Role.OWNER and role is not Role.OWNER:
        _keep_an_owner(tx, workspace, found)
    storage_accounts.set_role(tx, member, role)
    sessions.revoke(tx, member_id=member, now=workspace.clock())
    workspace.touched[f"member/{member}"] = ""


@action(needs=OWNER, purpose="operation", highest_class="internal", locks=True)
def remove_member(workspace: Workspace, member: str) -> None:
    """Shut a person of this tenant out, at once. The last owner stays. Raises ActionError last_owner."""
    tx = workspace.opened()
    found = _member(tx, workspace, member)
    if found.role is Role.OWNER:
        _keep_an_owner(tx, workspace, found)
    storage_accounts.set_member_active(tx, member, active=False)
    sessions.revoke(tx, member_id=member, now=workspace.clock())
    workspace.touched[f"member/{member}"] = ""


def _member(tx: Transaction, workspace: Workspace, member: str) -> Member:
    found = storage_accounts.member(tx, member)
    if found is None or found.tenant != workspace.tenant:
        raise MissingError(member)
    return found


def _keep_an_owner(tx: Transaction, workspace: Workspace, leaving: Member) -> None:
    others = storage_accounts.members_of(tx, workspace.tenant)
    if not any(one.role is Role.OWNER and one.active and one.id != leaving.id for one in others):
        raise ActionError("a workspace needs an owner", code="last_owner", remedy="Make somebody else an owner first.")


def _not_here(role: Role) -> ActionError:
    return ActionError(
        f"the role {role} does not exist here",
        code="role_not_here",
        remedy="Choose a role of the list.",
        role=str(role),
    )


def _view(member: Member, workspace: Workspace) -> Colleague:
    return Colleague(
        id=member.id,
        name=member.name,
        email=member.email,
        role=member.role,
        active=member.active,
        by_code=member.provider == BY_CODE,
        self=member.id == workspace.member.id,
        department=department_of(workspace, member.id),
    )
