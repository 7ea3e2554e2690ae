"""Actions on the pilot: what to measure, how long, when to stop, when to decide; and the roll-out behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.actions import EDITORS, READERS, ActionError, action
from portal.pilots import LENGTH, pilot_in_force
from portal.workspace import Workspace


@action(needs=READERS, purpose="appraisal")
def pilot(workspace: Workspace) -> Mapping[str, Any]:
    """Return the pilot plan for the first scenario of the newest result, with the kept start, length and owner.

    Keys: scenario, title, largest and also (bars of the tornado: input, title, tier, swing), measures (kind: good,
    setup, repair, failure_rate or scrap; station, unit, less: whether less is better, promised, worth, plan, refused),
    measure (the one that shows its promise best in the planned days) with its plan (of `calculators.pilot.PilotPlan`,
    `never` where no length would do, `stop_at`, `go_at`; None with the reason in `refused`), start, half,
    end, length, owner, kept, phases (module, title, begin, full, review, oee_at_least, gain_alone), lines (the plan in
    words, title and text in both languages), currency, sample.
    Raises what `appraise` raises.
    """
    return pilot_in_force(workspace)


@action(needs=EDITORS, purpose="appraisal")
def save_pilot(workspace: Workspace, *, start: str, length: int = LENGTH, owner: str = "") -> None:
    """Keep start (ISO day), length in days and who answers for the pilot. Raises ActionError bad_pilot."""
    try:
        day = date.fromisoformat(start)
    except ValueError as error:
        raise ActionError(
            f"{start!r} is no day", code="bad_day", place=start, remedy="Write the day as 2026-03-01."
        ) from error
    if not 4 <= length <= 120:
        raise ActionError(
            "a pilot takes 4 to 120 days",
            code="bad_pilot",
            remedy="Two weeks are usual; the plan says how many days the promised change needs.",
        )
    document = {"start": day.isoformat(), "length": int(length), "owner": owner.strip()[:100]}
    workspace.put("pilot", document, slot="pilot", replace=True)
