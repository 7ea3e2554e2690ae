"""Actions on working hours: what the records show, and what a person says instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.actions import EDITORS, READERS, action
from portal.materials import Logs, datasets_in_force, logs, sources
from portal.workspace import Workspace
from simulators.line import Calendar, Shift
from simulators.shifts import infer_calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """The working hours in force. `source`: typed, records or always; `calendar` None means all the time."""

    id: str
    source: str
    calendar: Calendar | None


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
        document["shifts"] = to_json(Calendar(shifts=tuple(_shift(one) for one in shifts)))
    workspace.put("calendar", document, slot="calendar", replace=True)


def calendar_in_force(workspace: Workspace, records: Logs | None = None) -> CalendarView:
    """The working hours in force; with `records` these are not opened again."""
    kept = workspace.latest("calendar", slot="calendar")
    if kept is not None:
        document = workspace.get("calendar", kept.id)
        if not document["as_recorded"]:
            return CalendarView(id=kept.id, source="typed", calendar=_calendar(document["shifts"]))
    in_force = datasets_in_force(workspace)
    wanted = sources(in_force)
    inferred = workspace.latest("hours", slot="hours")
    if inferred is not None and inferred.inputs == wanted:
        shifts = workspace.get("hours", inferred.id)["shifts"]
        return CalendarView(id=inferred.id, source="records" if shifts else "always", calendar=_calendar(shifts))
    if not wanted:
        return CalendarView(id="", source="always", calendar=None)
    opened = records or logs(workspace, in_force)
    found = infer_calendar(opened.counts, opened.stops, timezone=opened.timezone)
    key = workspace.put("hours", {"shifts": to_json(found)}, slot="hours", inputs=wanted, replace=True)
    return CalendarView(id=key, source="records" if found else "always", calendar=found)


def to_json(calendar: Calendar | None) -> list[dict[str, Any]] | None:
    """A calendar's shifts as JSON; None stays None."""
    if calendar is None:
        return None
    return [
        {"days": list(one.days), "start_s": one.start_s, "end_s": one.end_s, "breaks": [list(b) for b in one.breaks]}
        for one in calendar.shifts
    ]


def _calendar(shifts: Sequence[Mapping[str, Any]] | None) -> Calendar | None:
    return Calendar(shifts=tuple(_shift(one) for one in shifts)) if shifts else None


def _shift(given: Mapping[str, Any]) -> Shift:
    return Shift(
        days=tuple(int(day) for day in given["days"]),
        start_s=float(given["start_s"]),
        end_s=float(given["end_s"]),
        breaks=tuple((float(start), float(end)) for start, end in given.get("breaks", ())),
    )
