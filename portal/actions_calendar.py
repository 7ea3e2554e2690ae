"""Actions on working hours: what the records show, and what a person says instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.actions import EDITORS, READERS, action
from portal.working_hours import CalendarView, calendar_in_force, shift_of, to_json
from portal.workspace import Workspace
from simulators.line import Calendar


@action(needs=READERS, purpose="baseline")
def working_calendar(workspace: Workspace) -> CalendarView:
    """Return the working hours in force: typed by a person, else as the records show them, else all the time."""
    return calendar_in_force(workspace)


@action(needs=EDITORS, purpose="baseline")
def set_calendar(
    workspace: Workspace, shifts: Sequence[Mapping[str, Any]] | None, *, as_recorded: bool = False
) -> None:
    """Keep the working hours as a person says them: shifts of `days` (0 is Monday), `start_s`, `end_s`, `breaks`.

    None means all the time; `as_recorded` goes back to what the records show. Raises the model error of a shift that
    makes no sense.
    """
    document: dict[str, Any] = {"as_recorded": as_recorded, "shifts": None}
    if shifts is not None:
        document["shifts"] = to_json(Calendar(shifts=tuple(shift_of(one) for one in shifts)))
    workspace.put("calendar", document, slot="calendar", replace=True)
