"""What calls for attention now: the library's rules on the newest week and on what is known, and whom it reaches."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from math import inf
from typing import Any

from calculators import risk
from calculators.risk import AlertRule
from portal.actions import ActionError
from portal.cases import case_of, sheet_of
from portal.catalogue import packs
from portal.forecast_book import forecasts_kept, standing
from portal.materials import datasets_in_force
from portal.objections import objections_kept
from portal.risk_inputs import risk_figures, warnings
from portal.weekly_figures import weekly_figures
from portal.workspace import Workspace
from templates.alert_document import shipped_alerts

DAY_S = 86_400.0
SHOWN_FIGURES = ("late_share", "top_driver_share", "several_irr_share", "never_pays_back")


def current_figures(workspace: Workspace) -> dict[str, float]:
    """Return what is known now beside the weekly figures; what is not known is not there."""
    figures: dict[str, float] = {}
    objections = objections_kept(workspace)
    if objections:
        figures["open_objections"] = float(sum(one["state"] == "open" for one in objections))
    with contextlib.suppress(ActionError):
        case = case_of(workspace, "", claims=False)
        numbers = case["numbers"].values()
        figures["stale_inputs"] = float(sum(one["kind"] == "input" and one["stale"] for one in numbers))
        figures["contradicted_inputs"] = float(len(case.get("contradictions", ())))
        figures |= _appraised(workspace, case)
    baseline = workspace.latest("baseline")
    if baseline is not None and any(not one.about["sample"] for one in datasets_in_force(workspace).values()):
        last = float(workspace.get("baseline", baseline.id)["last"])
        figures["data_age_days"] = (workspace.clock().timestamp() - last) / DAY_S
    hits = [hit for one in forecasts_kept(workspace) for hit in one["hits"]]
    if hits:
        found = standing(hits)
        figures["forecast_inside"] = float(found["inside"])
        if found["bias"] is not None:
            figures["forecast_bias"] = float(found["bias"])
    return figures


def _appraised(workspace: Workspace, case: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of the appraisal itself, kept with the case they belong to."""
    kept = workspace.latest("case_figures", slot=case["id"])
    if kept is not None:
        found: dict[str, float] = workspace.get("case_figures", kept.id)
        return found
    figures = risk.sheet_figures(sheet_of(workspace, case["scenario"], claims=False))
    shown = {name: figures[name] for name in SHOWN_FIGURES if name in figures}
    workspace.put("case_figures", shown, slot=case["id"], inputs=(case["id"],), replace=True)
    return shown


def alerts_now(workspace: Workspace) -> dict[str, Any]:
    """Return every alert that holds, the gravest first, the packs' warnings among them; see `actions_alerts.alerts`."""
    labels, history, _ = weekly_figures(workspace)
    newest = history[-1] if history else {}
    known = current_figures(workspace)
    rules = shipped_alerts()
    found: list[dict[str, Any]] = []
    unknown = 0
    for about, figures in (("history", newest), ("current", known)):
        for one in risk.warnings([rule for rule in rules if rule.about == about], figures):
            if one.open:
                unknown += 1
            else:
                found.append({**view(one.rule, one.figures), "week": labels[-1] if about == "history" else ""})
    figures = risk_figures(workspace)
    from_packs, open_rules = warnings(figures)
    titles = {repr(one["title"]) for one in found}
    for warning in from_packs:
        if not warning["trap"] and repr(warning["title"]) not in titles:
            titles.add(repr(warning["title"]))
            value = warning["value"]
            found.append(
                {
                    **{key: warning[key] for key in ("id", "title", "level", "owner_role", "next_step", "source")},
                    "when": warning["rule"],
                    "about": "current",
                    "page": "checks",
                    "figures": {warning["figure"]: value if value is not None else None},
                    "week": "",
                }
            )
    return {
        "alerts": sorted(found, key=lambda one: (-one["level"], one["id"])),
        "rules": len(rules) + len({rule.id for pack in packs() for rule in pack.risks if not rule.trap}),
        "unknown": unknown + len(set(open_rules)),
        "week": labels[-1] if labels else "",
    }


def view(rule: AlertRule, figures: Mapping[str, float]) -> dict[str, Any]:
    """Return a rule with the figures that raised it, JSON-ready."""
    return {
        "id": rule.id,
        "title": dict(rule.title),
        "level": rule.level,
        "when": rule.when,
        "about": rule.about,
        "owner_role": rule.owner_role,
        "page": rule.page,
        "next_step": dict(rule.next_step),
        "source": dict(rule.source),
        "figures": {name: "∞" if value == inf else value for name, value in figures.items()},
    }
