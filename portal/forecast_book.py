"""Forecasts locked at a decision, what came of them, and how often they were right, by module."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from math import isnan
from typing import Any

from calculators.forecast import Forecast, Hit, bias, hit_rate, lock, reopen, score
from portal.actions import ActionError
from portal.cases import sheet_of, simulated_in, typed_inputs
from portal.workspace import Workspace

BY_MONTH = ("oee", "extra_good", "net_flow", "cumulative_flow")
"""Figures that are followed month by month: OEE as a share, pieces, money."""

FEWEST = 3
"""With fewer actual figures, no hit rate leaves the workspace."""


def forecast_of(workspace: Workspace, record: str, *, claims: bool) -> Forecast:
    """Return the forecast of a scenario as it stands now; its digest names simulation and inputs it rests on."""
    sheet = sheet_of(workspace, record, claims=claims)
    summary, simulated = simulated_in(workspace, record, claims=claims)
    oee = simulated["bands"]["oee"]
    extra = simulated["extra_good"]
    more: dict[str, tuple[Any, Any, Any, str]] = {
        "oee": ([None, *oee["p10"]], [None, *oee["p50"]], [None, *oee["p90"]], "1"),
        "extra_good": ([None, *extra["p10"]], [None, *extra["p50"]], [None, *extra["p90"]], "piece"),
    }
    stored, typed = typed_inputs(workspace)
    capsule = {
        "result": workspace.get("result", summary["result"])["result"],
        "scenario": simulated["id"],
        "inputs": {} if stored is None else typed,
        "claims": claims,
    }
    return lock(sheet, more, rests_on=sha256(json.dumps(capsule, sort_keys=True).encode()).hexdigest())


def forecasts_kept(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the locked forecasts, the newest first, each with its actual figures and hits; see `actions_forecast`."""
    found = []
    for one in workspace.list("forecast"):
        kept = workspace.get("forecast", one.id)
        actuals = actuals_of(workspace, one.id)
        hits = hits_of(kept, actuals)
        found.append({**kept, "id": one.id, "actuals": actuals, "hits": hits, **standing(hits)})
    return found


def actuals_of(workspace: Workspace, forecast: str) -> dict[str, dict[str, Any]]:
    """Return what was entered: figure -> month -> {value, source, by, at}."""
    kept = workspace.latest("actuals", slot=forecast)
    found: dict[str, dict[str, Any]] = {} if kept is None else workspace.get("actuals", kept.id)
    return found


def hits_of(kept: Mapping[str, Any], actuals: Mapping[str, Mapping[str, Any]]) -> list[Hit]:
    """Hold what was entered against a kept forecast; raises the calculation error of one that was changed."""
    forecast = reopen(kept["forecast"])
    return list(
        score(
            forecast,
            {
                name: {int(month): float(one["value"]) for month, one in by_month.items()}
                for name, by_month in actuals.items()
            },
        )
    )


def standing(hits: Iterable[Hit]) -> dict[str, Any]:
    """Return the share inside the band with its 95 % interval, the bias and the number of figures."""
    found = list(hits)
    share, low, high = hit_rate(found)
    tendency = bias(found)
    return {
        "figures": len(found),
        "inside": None if isnan(share) else share,
        "inside_interval": [low, high],
        "bias": None if isnan(tendency) else tendency,
    }


def by_module(kept: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the standing of each module over all forecasts that it was part of."""
    hits: dict[str, list[Hit]] = {}
    for one in kept:
        for module in one["modules"]:
            hits.setdefault(module, []).extend(one["hits"])
    return {module: standing(found) for module, found in hits.items()}


def released_standing(workspace: Workspace) -> tuple[float | None, str | None]:
    """Return the share inside the band and the side of the bias (below, centred, above), for a release.

    Both are None until there are enough figures.
    """
    hits = [hit for one in forecasts_kept(workspace) for hit in one["hits"]]
    if len(hits) < FEWEST:
        return None, None
    found = standing(hits)
    tendency = found["bias"] or 0.0
    return found["inside"], "below" if tendency < -0.5 else "above" if tendency > 0.5 else "centred"


def month_of(week: str, go_live: str) -> int | None:
    """Return the number of the month after go-live (1 is the first) in which an ISO week has its Thursday.

    >>> month_of("2026-W07", "2026-02-01"), month_of("2026-W02", "2026-02-01")
    (1, None)
    """
    year, number = week.split("-W")
    thursday = date.fromisocalendar(int(year), int(number), 4)
    begun = date.fromisoformat(go_live)
    months = (thursday.year - begun.year) * 12 + thursday.month - begun.month + (thursday.day >= begun.day)
    return months if months >= 1 else None


def measured(workspace: Workspace, go_live: str, months: int) -> dict[int, float]:
    """Return OEE by month after go-live from the baseline of the uploaded records; whole weeks are added up."""
    kept = workspace.latest("baseline")
    found = None if kept is None else workspace.get("baseline", kept.id)
    sums: dict[int, list[float]] = {}
    for week in [] if found is None or found["sample"] else found["weeks"]:
        month = month_of(week["label"], go_live)
        if week["oee"] and month is not None and month <= months:
            total = sums.setdefault(month, [0.0, 0.0])
            total[0] += week["oee"]["numerator"]
            total[1] += week["oee"]["denominator"]
    oee = {month: above / below for month, (above, below) in sums.items() if below > 0}
    if not oee:
        raise ActionError(
            "the uploaded records hold no week after go-live",
            code="no_weeks_after",
            remedy="Upload stops and counts of the time since then, or type the figures.",
        )
    return oee


def first_of_month(at: datetime) -> str:
    """Return the first day of the next month: a go-live that can be meant at the earliest."""
    return (at.date().replace(day=1) + timedelta(days=32)).replace(day=1).isoformat()


def read_rows(text: str, *, percent: bool) -> dict[int, float | None]:
    """Return month and value of each line, as pasted from a spreadsheet; an empty value is None.

    Raises ActionError rows_unreadable.
    """
    found: dict[int, float | None] = {}
    for number, line in enumerate(text.replace("，", ",").splitlines(), 1):
        month, _, value = line.replace("\t", ",").replace(";", ",").partition(",")
        if not line.strip():
            continue
        said = value.strip().rstrip("%％ ").replace(",", "").replace(" ", "")
        try:
            found[int(month)] = None if not said else float(said) / (100 if percent else 1)
        except ValueError as error:
            raise ActionError(
                f"line {number} is not a month and a value",
                code="rows_unreadable",
                place=line.strip()[:40],
                remedy="Write lines such as 1, 71.5.",
                number=number,
            ) from error
    return found
