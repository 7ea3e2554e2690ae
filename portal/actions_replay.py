"""Actions on one shift of the line, watched: simulated once for a line, kept sealed, drawn from what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.actions import READERS, ActionError, action
from portal.materials import line_in_force
from portal.workspace import Workspace
from simulators.states import STATES
from simulators.trace import Trace, one_shift, trace

SLICES = 240
"""Two minutes each in a shift of eight hours: what a screen can show, and a phone can load."""
SEED = 1
MOST_MACHINES = 60


@action(needs=READERS, purpose="simulation")
def replay(workspace: Workspace) -> Mapping[str, Any] | None:
    """Return the watched shift of the line in force, or None where it has not been made; keys as in `replay_line`."""
    line = workspace.latest("line")
    kept = None if line is None else workspace.latest("replay", slot=line.id)
    if kept is None:
        return None
    found: Mapping[str, Any] = workspace.get("replay", kept.id)
    return found


@action(needs=READERS, purpose="simulation")
def replay_line(workspace: Workspace) -> Mapping[str, Any]:
    """Simulate one shift of the line in force and keep what was seen.

    Keys: `begin` and `end` (seconds after Monday 00:00), `runs_in` (whether the line was filled before); `stations`,
    `rooms` (buffer places behind each, None without limit), `machines` (number of the station of each); by slice
    `states` (for each machine a string of digits, numbers of `STATES`), `levels` (mean parts behind each station),
    `bottleneck` (number of the station, -1 where there is none); over the shift `seconds` (by station: {state: seconds
    of its machines}), `bottleneck_s` by station, and `pieces` (good parts out).

    Raises ActionError no_line, replay_too_wide, and ModelError trace_too_long.
    """
    current = line_in_force(workspace)
    if current is None:
        raise ActionError("there is no line yet", code="no_line", remedy="Fit or choose a line first.")
    stored, _, line = current
    machines = sum(station.servers for station in line.stations)
    if machines > MOST_MACHINES:
        raise ActionError(
            f"{machines} machines do not fit on a page",
            code="replay_too_wide",
            remedy="Look at a part of the line.",
            machines=machines,
            most=MOST_MACHINES,
        )
    window = one_shift(line)
    seen = trace(line, begin=window.warmup, end=window.horizon, seed=SEED)
    document = {
        **_document(seen),
        "runs_in": line.calendar is None,
        "rooms": [
            station.buffer if index < len(line.stations) - 1 or line.pallets is not None else 0
            for index, station in enumerate(line.stations)
        ],
    }
    workspace.put("replay", document, slot=stored.id, inputs=(stored.id,), replace=True)
    return document


def _document(seen: Trace) -> dict[str, Any]:
    slices = seen.slices(SLICES)
    return {
        "begin": seen.window.warmup,
        "end": seen.window.horizon,
        "stations": list(seen.stations),
        "machines": list(seen.machines),
        "states": ["".join(map(str, row)) for row in slices.states.tolist()],
        "levels": [[round(level, 1) for level in row] for row in slices.levels.tolist()],
        "bottleneck": slices.bottleneck.tolist(),
        "seconds": [dict(zip(STATES, row, strict=True)) for row in seen.state_seconds().tolist()],
        "bottleneck_s": seen.bottleneck_seconds().tolist(),
        "pieces": seen.figures.total("good_out"),
    }
