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
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Concatenate, ParamSpec, TypeVar

from portal.identity import Role
from portal.shelf import put_up
from portal.storage import Store, Transaction, within
from portal.workspace import MissingError, Workspace
from privacy.policy import decide
from privacy.verbs import ACTIONS as VERBS
from privacy.verbs import STEP_UP

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
KEEPERS = frozenset({Role.SECURITY_ADMIN})
EVERYBODY = frozenset(Role)

PROOF = timedelta(minutes=15)
"""How old the proof of a person may be for the actions of `privacy.verbs.STEP_UP`."""

READINGS = frozenset({"read_values", "follow", "everybody"})
"""Groups of actions that a preview may run."""

READING_SECONDS = 15 * 60.0
"""For how long a reading of the same values by the same member is not noted again."""


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

    `needs`: the roles that may ever call it; the policies decide on top of that. `purpose`: what it reads or writes
    values for. `highest_class`: the most protected class of values it may touch (public, internal, sensitive, secret).
    Both must be as `privacy.verbs` declares them, or the portal does not start. `locks`: open the transaction before
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
        verb = VERBS.get(declared.name)
        if verb is None or (verb.purpose, verb.grade) != (declared.purpose, declared.highest_class):
            raise RuntimeError(f"the action {declared.name!r} is not declared like this in privacy.verbs")
        if ACTIONS.setdefault(declared.name, declared) != declared:
            raise RuntimeError(f"two actions are called {declared.name!r}")

        @functools.wraps(function)
        def call(workspace: Workspace, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with within(workspace.scope):
                return perform(
                    workspace, declared, functools.partial(function, workspace, *args, **kwargs), locks=locks
                )

        return call

    return declare


def perform(workspace: Workspace, declared: Action, call: Callable[[], R], *, locks: bool) -> R:
    """Decide, run and note one action; the only caller is the wrapper that `action` makes."""
    role = workspace.member.role
    decision = decide(str(role), declared.name, same_tenant=True)
    if role not in declared.needs or not decision.allowed:
        if not workspace.acting and not workspace.previewing:
            _note_alone(workspace, declared, decision="refused", policies=decision.policies, reason="not_permitted")
        raise refused(declared)
    if workspace.acting:  # an action within an action is a part of it
        return call()
    if workspace.previewing:
        return _preview(workspace, declared, call, locks=locks)
    if declared.name in STEP_UP and workspace.proved_long_ago(PROOF):
        _note_alone(workspace, declared, decision="refused", policies=decision.policies, reason="step_up_needed")
        raise ActionError(
            "prove once more that it is you",
            code="step_up_needed",
            remedy="Sign in again; then do it within a quarter of an hour.",
        )
    workspace.acting = True
    put_up(workspace)
    try:
        if locks:
            workspace.warm()
            with workspace.store.writing() as tx:
                workspace.tx = tx
                result = call()
                if workspace.conclusion is not None:
                    workspace.conclusion(result)
                _note(workspace, tx, declared, policies=decision.policies)
        else:
            result = call()
            if workspace.conclusion is not None:
                workspace.conclusion(result)
            if workspace.changed:
                with workspace.store.writing() as tx:
                    workspace.flush(tx)
                    _note(workspace, tx, declared, policies=decision.policies)
            elif workspace.via or _noted(workspace).first(workspace, declared):  # of a program every call is noted
                _note_alone(workspace, declared, decision="allowed", policies=decision.policies, reason="")
        workspace.tx = None
        workspace.done()
    except BaseException as error:
        workspace.tx = None
        touched = dict(workspace.touched)
        workspace.abandon()
        workspace.touched = {} if isinstance(error, MissingError) else touched
        if isinstance(error, Exception):
            code = str(getattr(error, "code", "no_such_value" if isinstance(error, MissingError) else "fault"))
            _note_alone(workspace, declared, decision="refused", policies=decision.policies, reason=code)
        workspace.touched = {}
        if isinstance(error, MissingError):
            raise missing(declared.name) from None
        raise
    finally:
        workspace.acting = False
    return result


def _preview(workspace: Workspace, declared: Action, call: Callable[[], R], *, locks: bool) -> R:
    """Run a reading without keeping or noting anything; whatever changes something is refused."""
    if locks or VERBS[declared.name].group not in READINGS:
        raise ActionError(
            "this is a preview; nothing can be changed in it",
            code="only_preview",
            remedy="End the preview first.",
            action=declared.name,
        )
    workspace.acting = True
    try:
        return call()
    except MissingError:
        raise missing(declared.name) from None
    finally:
        workspace.abandon()  # a reading may keep what it computed; a preview leaves nothing behind
        workspace.acting = False


def _note(workspace: Workspace, tx: Transaction, declared: Action, *, policies: Sequence[str]) -> None:
    workspace.note(tx, declared.name, decision="allowed", purpose=declared.purpose, policies=policies, reason="")


def _note_alone(workspace: Workspace, declared: Action, *, decision: str, policies: Sequence[str], reason: str) -> None:
    workspace.warm_log()
    with workspace.store.writing() as tx:
        workspace.note(tx, declared.name, decision=decision, purpose=declared.purpose, policies=policies, reason=reason)


class Noted:
    """Which readings this process has noted lately: the same values, read by the same member, count once a while."""

    def __init__(self, *, seconds: float = READING_SECONDS, most: int = 4096) -> None:
        self._seconds = seconds
        self._most = most
        self._until: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()

    def first(self, workspace: Workspace, declared: Action) -> bool:
        """Say whether this reading is to be noted, and remember that it was."""
        now = time.monotonic()
        what = (workspace.member.id, declared.name, " ".join(workspace.touched))
        with self._lock:
            if self._until.get(what, 0.0) > now:
                return False
            if len(self._until) >= self._most:
                self._until = {key: until for key, until in self._until.items() if until > now}
                if len(self._until) >= self._most:
                    self._until.clear()
            self._until[what] = now + self._seconds
            return True


_all_noted: weakref.WeakKeyDictionary[Store, Noted] = weakref.WeakKeyDictionary()


def _noted(workspace: Workspace) -> Noted:
    noted = _all_noted.get(workspace.store)
    return noted if noted is not None else _all_noted.setdefault(workspace.store, Noted())


def refused(declared: Action) -> ActionError:
    """Return the one error that a member sees whom the policy does not permit an action."""
    return ActionError(
        f"your role does not permit {declared.name}",
        code="action_refused",
        remedy="Ask an owner of the workspace, or sign in with another account.",
        action=declared.name,
    )


def missing(what: str = "value") -> ActionError:
    """Return the one error for an id that does not exist, was erased, or belongs to somebody else."""
    return ActionError(
        "there is no such value here", code="no_such_value", remedy="Go back and choose again.", what=what
    )
