"""The working hours in force: what a person says, else what the records show, else all the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.materials import Logs, datasets_in_force, logs, sources
from portal.workspace import Workspace
from simulators.line import DAY, Calendar, Shift
from simulators.shifts import find_calendar

ALWAYS = Calendar(shifts=(Shift(days=tuple(range(7)), start_s=0.0, end_s=DAY),))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """The working hours in force. `source`: typed, records or always; `calendar` None means all the time."""

    id: str
    source: str
    calendar: Calendar | None

    @property
    def for_engines(self) -> Calendar | None:
        """The calendar as engines take it: where a person says "all the time", they must not look further."""
        return ALWAYS if self.source == "typed" and self.calendar is None else self.calendar


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
    shown = find_calendar(opened.stops, opened.counts, timezone=opened.timezone)
    found = None if shown is None else shown[0]
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
    return Calendar(shifts=tuple(shift_of(one) for one in shifts)) if shifts else None


def shift_of(given: Mapping[str, Any]) -> Shift:
    """Return a shift as the page and the store give it."""
    return Shift(
        days=tuple(int(day) for day in given["days"]),
        start_s=float(given["start_s"]),
        end_s=float(given["end_s"]),
        breaks=tuple((float(start), float(end)) for start, end in given.get("breaks", ())),
    )
