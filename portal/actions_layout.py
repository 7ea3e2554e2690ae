"""Actions on the drawing of a plant: what it proposes as stations, and the line that a person makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.actions import EDITORS, READERS, ActionError, action
from portal.actions_study import LineView, save_line
from portal.materials import datasets_in_force, logs
from portal.workspace import Workspace
from templates.layout import METRES, Plan, plan_of

_time = re.compile(r"\d{1,6}(?:\.\d{1,4})? ?(?:ms|s|min|h)")
MOST_STATIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutView:
    """What the drawing in force proposes. `unit`: its unit of length, "" where it names none and none was given;
    `cycles`: seconds a part by station, where the equipment list in force knows them."""

    dataset: str
    name: str
    unit: str
    plan: Plan | None
    cycles: Mapping[str, float]


@action(needs=READERS, purpose="simulation")
def layout_plan(workspace: Workspace, *, unit: str = "") -> LayoutView | None:
    """Propose stations from the drawing in force; None where there is none. `unit`: what a person said it is drawn in.

    Raises ActionError unknown_length.
    """
    in_force = datasets_in_force(workspace)
    drawing = in_force.get("layout")
    if drawing is None:
        return None
    named = next((column["unit"] for column in drawing.about["columns"] if column["field"] == "x"), "")
    used = unit or (named if named in METRES else "")
    if used and used not in METRES:
        raise ActionError(f"{used} is no length", code="unknown_length", place=used, remedy="Choose one of the list.")
    plan = plan_of(workspace.columns("dataset", drawing.stored.id), unit=used) if used else None
    equipment = logs(workspace, in_force).equipment if plan is not None and plan.stations else None
    known = {} if equipment is None else {one.station: one.cycle or one.ideal_cycle for one in equipment}
    return LayoutView(
        dataset=drawing.stored.id,
        name=drawing.about["name"],
        unit=used,
        plan=plan,
        cycles={name: cycle for name, cycle in known.items() if cycle},
    )


@action(needs=EDITORS, purpose="simulation")
def use_layout(workspace: Workspace, *, stations: Sequence[str], cycle: str, unit: str = "") -> LineView:
    """Make the confirmed stations, in this order, the line in force.

    Cycle times are those of the equipment list, else `cycle` (such as 45 s), to be corrected on the line's page.
    Raises ActionError no_stations, bad_cycle.
    """
    view = layout_plan(workspace, unit=unit)
    names = [name.strip() for name in stations if name.strip()][:MOST_STATIONS]
    if view is None or not names or len(set(names)) < len(names):
        raise ActionError(
            "a line needs stations, each with its own name", code="no_stations", remedy="Tick at least one station."
        )
    if not _time.fullmatch(cycle.strip()):
        raise ActionError(
            f"{cycle!r} is no cycle time", code="bad_cycle", place=cycle, remedy="Write it with its unit, such as 45 s."
        )
    lines = ["mingsuan: line/1", f"name: {json.dumps(view.name, ensure_ascii=False)}", "stations:"]
    for name in names:
        seconds = view.cycles.get(name)
        lines += [
            f"  - name: {json.dumps(name, ensure_ascii=False)}",
            f"    cycle: {cycle.strip() if seconds is None else f'{seconds:.6g} s'}",
        ]
    return save_line(workspace, "\n".join(lines) + "\n")
