"""Actions after the decision: the forecast is locked, actual figures are entered, hit rates follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.actions import EDITORS, READERS, ActionError, action
from portal.cases import case_of, simulated_in
from portal.forecast_book import (
    BY_MONTH,
    actuals_of,
    by_module,
    forecast_of,
    forecasts_kept,
    hits_of,
    measured,
)
from portal.workspace import Workspace

DECISIONS = ("buy", "pilot", "wait", "do_not_buy")


@action(needs=EDITORS, purpose="appraisal")
def lock_forecast(
    workspace: Workspace, *, decision: str, reason: str, go_live: str, scenario: str = "", claims: bool = False
) -> str:
    """Lock the forecast of a scenario at a decision; returns its id. It is never edited, only scored.

    `decision`: buy, pilot, wait or do_not_buy; `reason` in words; `go_live`: the day from which months are counted
    (ISO). The digest covers every figure and, through `rests_on`, the simulation and the inputs. Raises ActionError
    unknown_decision, decision_reason_missing, bad_day, and what `appraise` raises.
    """
    if decision not in DECISIONS:
        raise ActionError(
            f"{decision!r} is no decision",
            code="unknown_decision",
            place=decision,
            remedy=f"Choose one of {', '.join(DECISIONS)}.",
        )
    if len(reason.strip()) < 5:
        raise ActionError(
            "a decision is kept with its reason", code="decision_reason_missing", remedy="Write a sentence on why."
        )
    _, simulated = simulated_in(workspace, scenario, claims=claims)
    case = case_of(workspace, simulated["record"], claims=claims)
    modules = [str(module["id"]) for module in workspace.get("scenario", simulated["record"])["modules"]]
    verdict = case["insights"]["verdict"]
    document = {
        "forecast": forecast_of(workspace, simulated["record"], claims=claims).to_json(),
        "scenario": simulated["record"],
        "title": dict(simulated["title"]),
        "modules": modules,
        "decision": decision,
        "reason": reason.strip()[:1000],
        "verdict": None if verdict is None else verdict["verdict"],
        "go_live": _day(go_live),
        "sample": bool(case["sample"]),
        "currency": case["currency"],
        "at": workspace.clock().isoformat(),
        "by": workspace.member.name,
    }
    return workspace.put("forecast", document, inputs=(case["rests_on"]["result"],))


@action(needs=EDITORS, purpose="appraisal")
def enter_actuals(
    workspace: Workspace,
    forecast: str,
    *,
    values: Mapping[str, Mapping[int, float | None]] | None = None,
    source: str = "",
    from_records: bool = False,
) -> int:
    """Keep actual figures of a locked forecast: figure -> month after go-live -> value (None takes one back).

    `from_records`: OEE by month is measured from the uploaded records instead. Returns how many figures are kept.
    Raises ActionError no_such_figure, no_weeks_after.
    """
    kept = workspace.get("forecast", forecast)
    figures = kept["forecast"]["figures"]
    actuals = {name: dict(by_month) for name, by_month in actuals_of(workspace, forecast).items()}
    given: dict[str, Mapping[int, float | None]] = dict(values or {})
    if from_records:
        months = len(figures["oee"]["p50"]) - 1
        given["oee"] = dict(measured(workspace, kept["go_live"], months))
    said = {
        "source": "records" if from_records else source.strip()[:200],
        "by": workspace.member.name,
        "at": workspace.clock().isoformat(),
    }
    for name, by_month in given.items():
        for month, value in by_month.items():
            if name not in BY_MONTH or name not in figures or not 1 <= month < len(figures[name]["p50"]):
                raise ActionError(
                    f"the forecast has no {name!r} for month {month}",
                    code="no_such_figure",
                    place=name,
                    remedy="Choose a figure and a month of the forecast.",
                    name=name,
                    month=month,
                )
            if value is None:
                actuals.get(name, {}).pop(str(month), None)
            else:
                actuals.setdefault(name, {})[str(month)] = {"value": float(value), **said}
    hits_of(kept, actuals)
    workspace.put("actuals", actuals, slot=forecast, inputs=(forecast,), replace=True)
    return sum(len(by_month) for by_month in actuals.values())


@action(needs=READERS, purpose="appraisal")
def forecasts(workspace: Workspace) -> Mapping[str, Any]:
    """Return the locked forecasts, the newest first, and how right they were by module.

    Keys: forecasts (id, forecast, scenario, title, modules, decision, reason, verdict, go_live, at, by, currency,
    sample, actuals, hits, figures, inside, inside_interval, bias), modules (id -> figures, inside, inside_interval,
    bias).
    Raises the calculation error forecast_changed where one is not what was locked.
    """
    kept = forecasts_kept(workspace)
    return {"forecasts": kept, "modules": by_module(kept)}


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ActionError(
            f"{text!r} is no day", code="bad_day", place=text, remedy="Write the day as 2026-03-01."
        ) from error
