"""Actions on what one small change of the line would bring, and on its exact long-run answer where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from portal.actions import READERS, ActionError, action
from portal.materials import line_in_force
from portal.workspace import Workspace
from simulators.closed_forms import exact
from simulators.figures import Window
from simulators.levers import CHANGES, allows, levers
from simulators.line import WEEK, Line

REPLICATIONS = 10
MOST_MOVES = 60_000_000
"""Parts times stations in all runs together: some ten seconds."""
MOST_WEEKS = 8


@action(needs=READERS, purpose="simulation")
def line_gains(workspace: Workspace) -> Mapping[str, Any] | None:
    """Return what is known of the line in force, or None without a line.

    `exact`: `simulators.closed_forms.Exact` as a mapping, or None; `gains`: as in `find_gains`, or None where they have
    not been simulated.
    """
    current = line_in_force(workspace)
    if current is None:
        return None
    known = exact(current[2])
    kept = workspace.latest("gains", slot=current[0].id)
    return {
        "exact": None if known is None else asdict(known),
        "gains": None if kept is None else workspace.get("gains", kept.id)["gains"],
    }


@action(needs=READERS, purpose="simulation")
def find_gains(workspace: Workspace) -> list[Mapping[str, Any]]:
    """Simulate every small change of the line in force and keep the result.

    Each: `simulators.levers.Lever` as a mapping, with `certain`; largest gain first. Raises ActionError no_line,
    gains_too_large.
    """
    current = line_in_force(workspace)
    if current is None:
        raise ActionError("there is no line yet", code="no_line", remedy="Fit or choose a line first.")
    stored, _, line = current
    weeks = Window(warmup=WEEK, horizon=(1 + _weeks(line)) * WEEK)
    gains: list[Mapping[str, Any]] = [
        {**asdict(one), "certain": one.certain} for one in levers(line, replications=REPLICATIONS, window=weeks)
    ]
    workspace.put("gains", {"gains": gains}, slot=stored.id, inputs=(stored.id,), replace=True)
    return gains


def _weeks(line: Line) -> int:
    """How many weeks may be simulated after the first one, so that somebody can wait for it."""
    pace = line.stations[line.constraint]
    moves = len(line.stations) * WEEK * pace.servers / pace.ideal_of_one
    variants = 1 + sum(allows(line, number, change) for number in range(len(line.stations)) for change in CHANGES)
    weeks = int(MOST_MOVES / (moves * variants * REPLICATIONS)) - 1
    if weeks < 1:
        raise ActionError(
            "this line moves too many parts for a quick look",
            code="gains_too_large",
            remedy="Compare the changes you think of as scenarios.",
        )
    return min(weeks, MOST_WEEKS)
