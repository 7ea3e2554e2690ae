"""Actions that tell a member where he is: the journey, and who can see what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.actions import EVERYBODY, TENANT, action
from portal.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the way. `id` names page and locale keys; `state`: done, current, open or locked."""

    id: str
    state: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Where a member is. `next_step` is a locale key and a page; `waiting` what others wait for."""

    steps: tuple[Step, ...]
    next_step: str
    next_page: str
    steps_left: int
    waiting: tuple[tuple[str, int], ...]  # (locale key, how many)
    sample: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The trust strip of a workspace."""

    sample: bool
    members: int
    released: int
    last_release: datetime | None
    progress_shared: bool | None
    grade: str  # of the back-test: A, B, C, D, or "" where there is none yet
    vendor_access: int  # how often the vendor's staff opened metadata with a reason, in the last 90 days
    notices: tuple[tuple[datetime, str, str], ...]  # when, who, reason


@action(needs=EVERYBODY, purpose="account", highest_class="internal")
def journey(workspace: Workspace) -> Journey:
    """Say where this member is and what to do next; each role has its own way."""
    raise RuntimeError("being written")


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def who_can_see(workspace: Workspace) -> Trust:
    """Return whose data this is, who can see it, what was released, and the grade of the back-test."""
    raise RuntimeError("being written")


@action(needs=TENANT, purpose="transparency", highest_class="internal")
def access_log(workspace: Workspace) -> Sequence[tuple[datetime, str, str, str]]:
    """Return who touched this tenant's values: when, who (name where it is a member of this tenant), verb, decision."""
    raise RuntimeError("being written")
