"""The past week by week, as the figures that alert rules look at, each known at the end of its week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from portal.materials import datasets_in_force, logs
from portal.workspace import Workspace
from simulators.records import StopLog

BEFORE = 4
"""A week is held against the mean of so many weeks before it."""

WEEK_H = 168.0
SHARES = {
    "breakdown_share": "breakdown",
    "setup_share": "setup",
    "minor_share": "minor",
    "idle_share": "idle",
    "speed_share": "speed",
    "scrap_share": "scrap",
}
DROPS = {"oee_drop": "oee", "availability_drop": "availability", "effectiveness_drop": "effectiveness",
         "quality_drop": "quality"}  # fmt: skip


def weekly_figures(workspace: Workspace) -> tuple[list[str], list[dict[str, float]], list[float]]:
    """Return labels of whole weeks, the figures known of each, and good pieces lost in each against the best quarter.

    Shares are of planned busy time, drops against the mean of the four weeks before (in points), rises as ratios to it.
    What the records do not say is not there. A week whose records cover less than nine tenths of it is left out.
    """
    kept = workspace.latest("baseline")
    if kept is None:
        return [], [], []
    done = workspace.latest("weekly", slot=kept.id)
    if done is not None:
        told = workspace.get("weekly", done.id)
        return told["labels"], told["history"], told["lost"]
    found = workspace.get("baseline", kept.id)
    records = logs(workspace, datasets_in_force(workspace))
    stops = _by_week(records.stops, ZoneInfo(records.timezone)) if records.stops is not None else {}
    whole = [week for week in found["weeks"] if week["calendar_s"] >= 0.9 * WEEK_H * 3600]
    history: list[dict[str, float]] = []
    for number, week in enumerate(whole):
        figures = {**_of_week(week), **stops.get(week["label"], {})}
        past = history[max(0, number - BEFORE) : number]
        if len(past) == BEFORE:
            figures |= _against(figures, past)
        history.append(figures)
    good = np.array([float(week["good"] or 0.0) for week in whole])
    best = float(np.quantile(good, 0.75)) if len(good) else 0.0
    labels, lost = [str(week["label"]) for week in whole], [max(best - one, 0.0) for one in good.tolist()]
    made = {"labels": labels, "history": history, "lost": lost}
    workspace.put("weekly", made, slot=kept.id, inputs=(kept.id,), replace=True)
    return labels, history, lost


def _of_week(week: Mapping[str, Any]) -> dict[str, float]:
    seconds = week["seconds"]
    planned = week["calendar_s"] - seconds["closed"] - seconds["planned"]
    figures: dict[str, float] = {}
    if planned > 0:
        figures |= {name: seconds[loss] / planned for name, loss in SHARES.items()}
    for name in ("oee", "availability", "effectiveness", "quality"):
        ratio = week[name]
        if ratio and ratio["denominator"] > 0:
            figures[name] = ratio["numerator"] / ratio["denominator"]
    if week["good"] is not None:
        figures["good"] = float(week["good"])
    return figures


def _against(figures: Mapping[str, float], past: Sequence[Mapping[str, float]]) -> dict[str, float]:
    def mean(name: str) -> float | None:
        known = [one[name] for one in past if name in one]
        return sum(known) / len(known) if len(known) == BEFORE else None

    found: dict[str, float] = {}
    for name, ratio in DROPS.items():
        before = mean(ratio)
        if before is not None and ratio in figures:
            found[name] = before - figures[ratio]
    before = mean("good")
    if before and "good" in figures:
        found["good_drop"] = 1 - figures["good"] / before
    for name, count in (("stops_rise", "stops"), ("repair_rise", "repair_min")):
        before = mean(count)
        if before and count in figures:
            found[name] = figures[count] / before
    return found


def _by_week(stops: StopLog, tz: ZoneInfo) -> dict[str, dict[str, float]]:
    """Return what the stops that began in each ISO week say."""
    rows: dict[str, list[int]] = {}
    for row, start in enumerate(stops.start.tolist()):
        rows.setdefault(week_of(datetime.fromtimestamp(start, tz).date()), []).append(row)
    found = {}
    for label, chosen in rows.items():
        unplanned = [row for row in chosen if str(stops.kind[row]) != "planned"]
        broken = [row for row in unplanned if str(stops.kind[row]) == "breakdown"]
        length = (stops.end - stops.start)[unplanned]
        causes: dict[tuple[str, str], float] = {}
        for row in unplanned:
            cause = (str(stops.station[row]), str(stops.reason[row]))
            causes[cause] = causes.get(cause, 0.0) + float(stops.end[row] - stops.start[row])
        again = Counter((str(stops.station[row]), str(stops.reason[row])) for row in broken)
        figures = {"stops": float(len(unplanned)), "repeat_breakdowns": float(max(again.values(), default=0))}
        if len(length):
            figures["longest_stop_h"] = float(length.max()) / 3600
            figures["top_cause_share"] = float(max(causes.values())) / float(length.sum()) if length.sum() > 0 else 0.0
        if broken:
            figures["repair_min"] = float((stops.end - stops.start)[broken].mean()) / 60
        found[label] = figures
    return found


def week_of(day: date) -> str:
    """Return the ISO week of a day.

    >>> week_of(date(2026, 1, 1))
    '2026-W01'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"
