"""From what a workspace keeps to a study that can be computed, and from its result to the summary that pages draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from portal.materials import scenario
from portal.workspace import Workspace
from simulators.fit import Spread
from simulators.line import Line
from simulators.scenario import Scenario
from simulators.study import KPIS, Result, ScenarioResult, Study
from templates.line_document import read_line

CLAIMS = ".claims"
"""Ends the id of a scenario that was simulated with its vendor claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A study ready to be computed; `records` leads from a scenario's id to the record it came from."""

    study: Study
    records: Mapping[str, str]
    sample: bool


def prepare(workspace: Workspace, key: str) -> Prepared:
    """Open a kept study: its line, its scenarios (those with vendor claims twice), months, draws and seed."""
    kept = workspace.get("study", key)
    line = workspace.get("line", kept["line"])
    made = read_line(line["text"], name=line["name"])
    scenarios: list[Scenario] = []
    records: dict[str, str] = {}
    for record in kept["scenarios"]:
        plain = replace(scenario(workspace, record), claims=False)
        scenarios.append(plain)
        records[plain.id] = record
        if any(effect.tier == "D" for module in plain.modules for effect in module.effects):
            scenarios.append(replace(plain, id=plain.id + CLAIMS, claims=True))
            records[plain.id + CLAIMS] = record
    study = Study(
        line=made,
        scenarios=tuple(scenarios),
        months=kept["months"],
        draws=kept["draws"],
        seed=kept["seed"],
        spreads=_spreads(line.get("spreads", ()), made),
    )
    return Prepared(study=study, records=records, sample=kept["sample"])


def summary(result: Result, *, records: Mapping[str, str], sample: bool, rough: bool) -> dict[str, Any]:
    """Return what pages show of a result, without its arrays (see `actions_runs.result`)."""
    scenarios = []
    for one in result.scenarios:
        base = one.id == "baseline"
        entry: dict[str, Any] = {
            "id": one.id,
            "record": records.get(one.id, ""),
            "title": dict(one.title),
            "claims": one.id.endswith(CLAIMS),
            "bands": {kpi: asdict(result.band(one.id, kpi)) for kpi in KPIS},
            "bottlenecks": list(result.bottlenecks(one.id)),
            "states": _last_month(result, one),
            "differences": {} if base else {kpi: asdict(result.difference(one.id, kpi)) for kpi in KPIS},
        }
        if not base:
            extra = np.quantile(result.extra_good(one.id), (0.1, 0.5, 0.9), axis=0)
            entry["extra_good"] = dict(zip(("p10", "p50", "p90"), extra.tolist(), strict=True))
        scenarios.append(entry)
    return {
        "rough": rough,
        "sample": sample,
        "months": result.months,
        "draws": result.draws,
        "seed": result.seed,
        "stations": list(result.stations),
        "states": list(result.states),
        "method": result.method,
        "method_numbers": dict(result.method_numbers),
        "risks": dict(result.risks),
        "scenarios": scenarios,
        "pairs": [_pair(result, one.id, other.id) for one, other in combinations(result.scenarios, 2)],
    }


def _last_month(result: Result, one: ScenarioResult) -> dict[str, dict[str, float]]:
    """Share of time of each station in each state, in the last month."""
    shares = one.states[-1]
    return {
        station: dict(zip(result.states, (float(share) for share in row / max(row.sum(), 1e-300)), strict=True))
        for station, row in zip(result.stations, shares, strict=True)
    }


def _pair(result: Result, first: str, second: str) -> dict[str, Any]:
    """Good parts an hour of one future minus those of another, draw by draw: mean, how often above 0, clear at 95 %."""
    ours, theirs = (result.scenario(name).kpis["good_per_h"].mean(axis=1) for name in (first, second))
    gain = ours - theirs
    error = float(gain.std(ddof=1)) / len(gain) ** 0.5 if len(gain) > 1 else 0.0
    mean = float(gain.mean())
    return {
        "first": first,
        "second": second,
        "mean": mean,
        "probability": float((gain > 0).mean()),
        "clear": abs(mean) > 1.96 * error,
    }


def find_scenario(summary: Mapping[str, Any], record: str, *, claims: bool) -> Mapping[str, Any] | None:
    """Return a scenario of a summary by its record, with or without claims; the first one where no record is named."""
    wanted: list[Mapping[str, Any]] = [
        one for one in summary["scenarios"] if one["record"] and record in {"", one["record"]}
    ]
    if not wanted:
        return None
    of_record = [one for one in wanted if one["record"] == wanted[0]["record"]]
    return next((one for one in of_record if one["claims"] == claims), of_record[0])


def _spreads(kept: Sequence[Mapping[str, Any]], line: Line) -> tuple[Spread, ...]:
    """Return the spreads that still belong to a failure of the line."""
    causes = {(station.name, failure.name) for station in line.stations for failure in station.failures}
    return tuple(
        Spread(**{**one, "factors": tuple(one["factors"])}) for one in kept if (one["station"], one["cause"]) in causes
    )
