"""The action with which an owner looks at his workspace as somebody else of it does."""

from __future__ import annotations

from portal.actions import OWNER, ActionError, action
from portal.identity import Role
from portal.workspace import Workspace

VIEWABLE = (Role.ANALYST, Role.FINANCE_READER, Role.GUEST)
"""Roles as which an owner can look; what the rep sees has a page of its own."""


@action(needs=OWNER, purpose="transparency", highest_class="internal")
def view_as(workspace: Workspace, role: Role) -> None:
    """Note that the owner begins to look as another role; what he then opens is neither kept nor counted.

    Raises ActionError role_not_viewable.
    """
    if role not in VIEWABLE:
        raise ActionError(
            "nobody can look as this role",
            code="role_not_viewable",
            place=str(role),
            remedy="Choose analyst, finance reader or guest; what the rep sees stands on its own page.",
        )
    workspace.touched[f"role/{role}"] = ""
    workspace.then(lambda _: None)  # every preview is noted
