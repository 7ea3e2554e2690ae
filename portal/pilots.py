"""The pilot that the largest bar of the tornado asks for, and the roll-out behind it: what, how long, until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from math import isinf
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from calculators.figures import plain
from calculators.pilot import plan_pilot
from calculators.units import CalculationError
from portal.cases import FROM_RESULT, case_of, simulated_in
from portal.materials import Logs, datasets_in_force, line_in_force, logs
from portal.text import speaking, t
from portal.workspace import Workspace

LENGTH = 14
DAYS_A_MONTH = 730.5 / 24
PREPARE_DAYS = 28
REVIEW_MONTHS = 3
ALSO = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Something a pilot can measure: its kind (a text key), where, the figure of each day, the change for the better
    that is promised (above 0), the change from which on it pays, and whether less is better."""

    kind: str
    station: str
    unit: str
    days: Sequence[float]
    promised: float
    worth: float
    less: bool


def daily_good(workspace: Workspace) -> tuple[str, list[float]]:
    """Return the last station of the flow that counts parts, and its good pieces of each day that has any."""
    records = logs(workspace, datasets_in_force(workspace))
    if records.counts is None:
        return "", []
    counts = records.counts
    station = _end_of_flow(workspace, list(dict.fromkeys(str(name) for name in counts.station)))
    good = np.where(np.isfinite(counts.good), counts.good, counts.made)
    chosen = np.flatnonzero((counts.station == station) & np.isfinite(good))
    sums = _by_day(counts.start[chosen], good[chosen], records.timezone)
    return station, [sum(values) for _, values in sorted(sums.items()) if sum(values) > 0]


def _end_of_flow(workspace: Workspace, names: Sequence[str]) -> str:
    line = line_in_force(workspace)
    flow = [] if line is None else [station.name for station in line[2].stations if station.name in names]
    return flow[-1] if flow else names[-1]


def _by_day(starts: Any, values: Any, timezone: str) -> dict[date, list[float]]:
    tz = ZoneInfo(timezone)
    found: dict[date, list[float]] = {}
    for start, value in zip(starts.tolist(), values.tolist(), strict=True):
        found.setdefault(datetime.fromtimestamp(start, tz).date(), []).append(float(value))
    return found


def measurable(workspace: Workspace, effects: Sequence[Mapping[str, Any]], *, turning: float) -> list[Measured]:
    """Return what the records can show of the effects of modules, besides pieces: minutes, counts, shares by day.

    `turning`: share of the promised effect from which on the scenario pays.
    """
    records = logs(workspace, datasets_in_force(workspace))
    found: list[Measured] = []
    for effect in effects:
        if effect["change"] != "reduction" or not 0 < effect["likely"] < 1:
            continue
        kind, station = str(effect["parameter"]), str(effect["station"])
        days, unit = _days_of(records, kind, station)
        if len(days) >= 2 and sum(days) > 0:
            promised = float(effect["likely"]) * sum(days) / len(days)
            shown = "" if station == "*" else station
            found.append(
                Measured(kind=kind, station=shown, unit=unit, days=days, promised=promised, worth=turning * promised,
                         less=True)
            )  # fmt: skip
    return found


def _days_of(records: Logs, kind: str, station: str) -> tuple[list[float], str]:
    """Return the figure of each day that an effect acts on, and its unit; nothing where the records do not show it."""
    stops, counts = records.stops, records.counts
    if kind in {"setup", "repair", "failure_rate"} and stops is not None:
        wanted = "setup" if kind == "setup" else "breakdown"
        chosen = np.flatnonzero((stops.kind == wanted) & ((stops.station == station) | (station == "*")))
        by_day = _by_day(stops.start[chosen], (stops.end - stops.start)[chosen] / 60, records.timezone)
        if kind == "failure_rate":
            first, last = min(by_day, default=date.min), max(by_day, default=date.min)
            every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            return [float(len(by_day.get(day, ()))) for day in every], "1"
        return [sum(values) / len(values) for _, values in sorted(by_day.items())], "min"
    if kind == "scrap" and counts is not None:
        chosen = np.flatnonzero(((counts.station == station) | (station == "*")) & (counts.made > 0))
        made = _by_day(counts.start[chosen], counts.made[chosen], records.timezone)
        good = _by_day(counts.start[chosen], counts.good[chosen], records.timezone)
        return [100 * (1 - sum(good[day]) / sum(made[day])) for day in sorted(made) if np.isfinite(sum(good[day]))], "%"
    return [], ""


def pilot_in_force(workspace: Workspace) -> dict[str, Any]:
    """Return the pilot with the kept start, length and owner; see `actions_pilot.pilot`."""
    kept = workspace.latest("pilot", slot="pilot")
    said: Mapping[str, Any] = {} if kept is None else workspace.get("pilot", kept.id)
    start = date.fromisoformat(said["start"]) if said else next_monday(workspace.clock().date())
    baseline, line = workspace.latest("baseline"), workspace.latest("line")
    rests_on = [one.id for one in (kept, baseline, line) if one is not None]
    slot = "/".join([case_of(workspace, "", claims=False)["id"], start.isoformat(), *rests_on])
    done = workspace.latest("pilot_plan", slot=slot)
    if done is not None:
        told: dict[str, Any] = workspace.get("pilot_plan", done.id)
        return told
    found = pilot_of(workspace, start=start, length=int(said.get("length", LENGTH)))
    whole = {**found, "owner": said.get("owner", ""), "kept": bool(said)}
    whole["lines"] = pilot_lines(whole)
    workspace.put("pilot_plan", whole, slot=slot, replace=True)
    return whole


def next_monday(day: date) -> date:
    """Return the Monday after a day, and after at least a week to prepare.

    >>> next_monday(date(2026, 3, 3))
    datetime.date(2026, 3, 16)
    """
    ready = day + timedelta(days=7)
    return ready + timedelta(days=(7 - ready.weekday()) % 7)


def pilot_of(workspace: Workspace, *, start: date, length: int) -> dict[str, Any]:
    """Return the pilot and the roll-out for the first scenario of the newest result; see `actions_pilot.pilot`."""
    case = case_of(workspace, "", claims=False)
    summary, simulated = simulated_in(workspace, case["scenario"], claims=False)
    bars = case["outputs"]["npv"].get("tornado") or []
    station, days = daily_good(workspace)
    steady = float(simulated["extra_good"]["p50"][-1]) / DAYS_A_MONTH
    turning = [one for one in case["insights"]["break_even"] if one["input"] == FROM_RESULT and one["values"]]
    worth = max(min(turning[0]["values"]) / DAYS_A_MONTH, 0.0) if turning else 0.0
    share = min(worth / steady, 1.0) if steady > 0 else 0.0
    document = workspace.get("scenario", simulated["record"])["scenario"]
    effects = [effect for module in document["modules"] for effect in module["effects"] if effect["tier"] != "D"]
    pieces = Measured(kind="good", station=station, unit="piece", days=days, promised=steady, worth=worth, less=False)
    measures = [_measure(one, length) for one in (pieces, *measurable(workspace, effects, turning=share))]
    able = [one for one in measures if one["plan"] is not None]
    best = max(able, key=lambda one: one["plan"]["power"]) if able else measures[0]
    end = start + timedelta(days=length)
    return {
        "scenario": case["scenario"],
        "title": dict(simulated["title"]),
        "largest": _bar(bars[0]) if bars else None,
        "also": [_bar(bar) for bar in bars if bar["input"] != FROM_RESULT and bar["at_p10"] != bar["at_p90"]][:ALSO],
        "measures": measures,
        "measure": best,
        "plan": best["plan"],
        "refused": best["refused"],
        "start": start.isoformat(),
        "half": (start + timedelta(days=length // 2)).isoformat(),
        "end": end.isoformat(),
        "length": length,
        "phases": _phases(workspace, summary, simulated, end),
        "currency": case["currency"],
        "sample": case["sample"],
    }


def _measure(one: Measured, length: int) -> dict[str, Any]:
    """Return what is measured with its plan, in its own direction: `stop_at`, `go_at` are limits of the mean itself."""
    found: dict[str, Any] = {
        "kind": one.kind,
        "station": one.station,
        "unit": one.unit,
        "less": one.less,
        "promised": one.promised,
        "worth": one.worth,
        "plan": None,
        "refused": "",
    }
    sign = -1.0 if one.less else 1.0
    try:
        made = plan_pilot([sign * day for day in one.days], one.promised, length=length, worth=one.worth)
    except CalculationError as error:
        return {**found, "refused": error.code}
    found["plan"] = {
        **plain(asdict(made)),
        "mean": sign * made.mean,
        "never": isinf(made.days),
        "stop_at": sign * (made.mean + made.stop_below),
        "go_at": sign * (made.mean + made.go_above),
    }
    return found


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
    measure = found["measure"]
    plan, side = measure["plan"], "less" if measure["less"] else "more"
    station = f" ({measure['station']})" if measure["station"] else ""
    lines = [(_both("pilot.line_what"), _both(f"pilot.what_{measure['kind']}", station=station))]
    if plan is None:
        lines.append((_both("pilot.line_length"), _both("pilot.text_not_yet")))
    else:
        numbers = {name: _number(plan[name]) for name in ("mean", "promised", "visible", "stop_at", "go_at")}
        shown: dict[str, Any] = {
            **numbers,
            "unit": measure["unit"].replace("piece", "").replace("1", ""),
            "days": _number(plan["days"]),
            "length": found["length"],
            "power": "> 99" if plan["power"] > 0.99 else f"{100 * plan['power']:.0f}",
        }
        key = "length_never" if plan["never"] else "length"
        lines += [
            (_both("pilot.line_length"), _both(f"pilot.text_{key}", **shown)),
            (_both("pilot.line_power"), _both("pilot.text_power", **shown)),
            (_both("pilot.line_stop"), _both(f"pilot.stop_{side}", day=found["half"], **shown)),
            (_both("pilot.line_go"), _both(f"pilot.go_{side}", day=found["end"], **shown)),
        ]
    if found["owner"]:
        lines.append((_both("pilot.line_owner"), {"zh-CN": found["owner"], "en": found["owner"]}))
    return [{"title": title, "text": text} for title, text in lines]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _both(key: str, **params: Any) -> dict[str, str]:
    found = {}
    for language in ("zh-CN", "en"):
        with speaking(language):
            found[language] = t(key, **params)
    return found
