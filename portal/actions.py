"""Everything that a member can do is an action: one function, whose name is the verb in the audit log.

``@action`` does, once for all of them: the policy decision (nothing is allowed that no rule permits), one transaction
around everything the action keeps, and one audit entry in that same transaction, refusals and failures included.
The functions stand in ``actions_<noun>.py``; each takes a `Workspace` first. Pages and the API hold no rules: they open
values and call an action.

An action that keeps nothing is a reading; readings of the same values by the same member are noted once in
fifteen minutes, everything else every time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from portal.identity import Role
from portal.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")

OWNER = frozenset({Role.OWNER})
EDITORS = frozenset({Role.OWNER, Role.ANALYST})
READERS = frozenset({Role.OWNER, Role.ANALYST, Role.FINANCE_READER})
TENANT = frozenset({Role.OWNER, Role.ANALYST, Role.FINANCE_READER, Role.GUEST})
REPS = frozenset({Role.REP})
ARCHITECTS = frozenset({Role.ARCHITECT, Role.REVIEWER})
OFFICERS = frozenset({Role.COMPLIANCE_OFFICER, Role.AUDIT_ADMIN})
ADMINS = frozenset({Role.SYSTEM_ADMIN})
EVERYBODY = frozenset(Role)


class ActionError(ValueError):
    """An action was refused or cannot be done as asked. `code` finds the words in the reader's language."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is declared of an action, before anybody calls it."""

    name: str
    needs: frozenset[Role]
    purpose: str
    highest_class: str
    module: str
    summary: str


ACTIONS: dict[str, Action] = {}
"""Every action by its audit verb."""


def action(
    *, needs: Iterable[Role], purpose: str, highest_class: str = "sensitive", locks: bool = False
) -> Callable[[Callable[Concatenate[Workspace, P], R]], Callable[Concatenate[Workspace, P], R]]:
    """Declare a function as an action.

    `needs`: the roles that may ever call it. `purpose`: what it reads or writes values for. `highest_class`: the most
    protected class of values it may touch (public, internal, sensitive, secret). `locks`: open the transaction before
    the function runs, for the few that must read and change in one step; all others compute first and write at the end.
    """

    def declare(function: Callable[Concatenate[Workspace, P], R]) -> Callable[Concatenate[Workspace, P], R]:
        summary = (function.__doc__ or "").strip().split("\n")[0]
        declared = Action(
            name=function.__name__,
            needs=frozenset(needs),
            purpose=purpose,
            highest_class=highest_class,
            module=function.__module__,
            summary=summary,
        )
        if ACTIONS.setdefault(declared.name, declared) != declared:
            raise RuntimeError(f"two actions are called {declared.name!r}")

        @functools.wraps(function)
        def call(workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> R:
            return perform(workspace, declared, functools.partial(function, workspace, *args, **kwargs), locks=locks)

        return call

    return declare


def perform(workspace: Workspace, declared: Action, call: Callable[[], R], *, locks: bool) -> R:
    """Decide, run and note one action; the only caller is the wrapper that `action` makes."""
    raise RuntimeError("being written")


def refused(declared: Action) -> ActionError:
    """Return the one error that a member sees whom the policy does not permit an action."""
    return ActionError(
        f"your role does not permit {declared.name}",
        code="refused",
        remedy="Ask an owner of the workspace, or sign in with another account.",
        action=declared.name,
    )


def missing(what: str = "value") -> ActionError:
    """Return the one error for an id that does not exist, was erased, or belongs to somebody else."""
    return ActionError("there is no such value here", code="not_found", remedy="Go back and choose again.", what=what)


def as_json(value: Any) -> Any:
    """Return a value with tuples as lists and enums as text, as the API and the sealed store need it."""
    raise RuntimeError("being written")
