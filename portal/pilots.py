"""The pilot that the largest bar of the tornado asks for, and the roll-out behind it: what, how long, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from math import isinf
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from calculators.figures import plain
from calculators.pilot import plan_pilot
from calculators.units import CalculationError
from portal.cases import FROM_RESULT, case_of, simulated_in
from portal.materials import datasets_in_force, line_in_force, logs
from portal.text import speaking, t
from portal.workspace import Workspace

LENGTH = 14
DAYS_A_MONTH = 730.5 / 24
PREPARE_DAYS = 28
REVIEW_MONTHS = 3
ALSO = 3


def daily_good(workspace: Workspace) -> tuple[str, list[float]]:
    """Return the last station of the flow that counts parts, and its good pieces of each day that has any."""
    records = logs(workspace, datasets_in_force(workspace))
    if records.counts is None:
        return "", []
    counts = records.counts
    names = list(dict.fromkeys(str(name) for name in counts.station))
    line = line_in_force(workspace)
    flow = [] if line is None else [station.name for station in line[2].stations if station.name in names]
    station = flow[-1] if flow else names[-1]
    tz = ZoneInfo(records.timezone)
    sums: dict[date, float] = {}
    good = np.where(np.isfinite(counts.good), counts.good, counts.made)
    for row in np.flatnonzero(counts.station == station).tolist():
        if np.isfinite(good[row]):
            day = datetime.fromtimestamp(float(counts.start[row]), tz).date()
            sums[day] = sums.get(day, 0.0) + float(good[row])
    return station, [sums[day] for day in sorted(sums) if sums[day] > 0]


def pilot_of(workspace: Workspace, *, start: date, length: int) -> dict[str, Any]:
    """Return the pilot and the roll-out for the first scenario of the newest result; see `actions_pilot.pilot`."""
    case = case_of(workspace, "", claims=False)
    summary, simulated = simulated_in(workspace, case["scenario"], claims=False)
    bars = case["outputs"]["npv"].get("tornado") or []
    station, days = daily_good(workspace)
    steady = float(simulated["extra_good"]["p50"][-1]) / DAYS_A_MONTH
    turning = [one for one in case["insights"]["break_even"] if one["input"] == FROM_RESULT and one["values"]]
    worth = max(min(turning[0]["values"]) / DAYS_A_MONTH, 0.0) if turning else 0.0
    plan: dict[str, Any] | None = None
    refused = ""
    try:
        made = plan_pilot(days, steady, length=length, worth=worth)
        plan = {**plain(asdict(made)), "never": isinf(made.days), "days": None if isinf(made.days) else made.days}
    except CalculationError as error:
        refused = error.code
    end = start + timedelta(days=length)
    return {
        "scenario": case["scenario"],
        "title": dict(simulated["title"]),
        "largest": _bar(bars[0]) if bars else None,
        "also": [_bar(bar) for bar in bars if bar["input"] != FROM_RESULT and bar["at_p10"] != bar["at_p90"]][:ALSO],
        "station": station,
        "promised": steady,
        "worth": worth,
        "plan": plan,
        "refused": refused,
        "start": start.isoformat(),
        "half": (start + timedelta(days=length // 2)).isoformat(),
        "end": end.isoformat(),
        "length": length,
        "phases": _phases(workspace, summary, simulated, end),
        "currency": case["currency"],
        "sample": case["sample"],
    }


def _bar(bar: Mapping[str, Any]) -> dict[str, Any]:
    swing = abs((bar["at_p90"] or 0.0) - (bar["at_p10"] or 0.0))
    return {"input": bar["input"], "title": dict(bar["title"]), "tier": bar["tier"], "swing": swing}


def _phases(
    workspace: Workspace, summary: Mapping[str, Any], simulated: Mapping[str, Any], after: date
) -> list[dict[str, Any]]:
    """Return one phase for each module, the one that raises OEE most on its own first, with its go or no-go date."""
    document = workspace.get("scenario", simulated["record"])["scenario"]
    alone: dict[str, float] = {}
    for one in summary["scenarios"]:
        if one["record"] and not one["claims"]:
            kept = workspace.get("scenario", one["record"])["scenario"]["modules"]
            if len(kept) == 1:
                alone[kept[0]["id"]] = float(one["differences"]["oee"]["mean"])
    low = simulated["bands"]["oee"]["p10"]
    phases, begin = [], after + timedelta(days=PREPARE_DAYS)
    for module in sorted(document["modules"], key=lambda one: -alone.get(one["id"], 0.0)):
        full = max(float(module["adoption"]["t90"]), 1.0)
        review = begin + timedelta(days=round((full + REVIEW_MONTHS) * DAYS_A_MONTH))
        month = min(max(round((review - after).days / DAYS_A_MONTH), 1), len(low))
        phases.append(
            {
                "module": module["id"],
                "title": dict(module["title"]),
                "begin": begin.isoformat(),
                "full": (begin + timedelta(days=round(full * DAYS_A_MONTH))).isoformat(),
                "review": review.isoformat(),
                "oee_at_least": float(low[month - 1]) if len(document["modules"]) == 1 else None,
                "gain_alone": alone.get(module["id"]),
            }
        )
        begin = review + timedelta(days=7)
    return phases


def pilot_lines(found: Mapping[str, Any]) -> list[dict[str, dict[str, str]]]:
    """Return the plan in words, as documents print it: title and text in both languages."""
    plan = found["plan"]
    said: list[tuple[str, dict[str, Any]]] = [("what", {"station": found["station"] or "–"})]
    if plan is None:
        said.append(("not_yet", {}))
    else:
        numbers = {name: _whole(plan[name]) for name in ("mean", "promised", "visible", "stop_below", "go_above")}
        key = "length_never" if plan["never"] else "length"
        said += [
            (key, {**numbers, "days": _whole(plan["days"]), "length": found["length"]}),
            ("power", {**numbers, "power": f"{100 * plan['power']:.0f}", "length": found["length"]}),
            ("stop", {**numbers, "day": found["half"]}),
            ("go", {**numbers, "day": found["end"]}),
        ]
    if found["owner"]:
        said.append(("owner", {"owner": found["owner"]}))
    return [
        {"title": _both(f"pilot.line_{name}"), "text": _both(f"pilot.text_{name}", **params)} for name, params in said
    ]


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _both(key: str, **params: Any) -> dict[str, str]:
    found = {}
    for language in ("zh-CN", "en"):
        with speaking(language):
            found[language] = t(key, **params)
    return found
