"""What is known here, as plain figures, and the warnings that the packs' rules raise on them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from math import inf
from typing import Any

from calculators import risk
from portal.actions import ActionError
from portal.assessments import assessment_of
from portal.cases import case_of
from portal.catalogue import packs
from portal.materials import datasets_in_force
from portal.studies import find_scenario
from portal.workspace import Workspace

WEEK_S = 7 * 86_400.0
NEVER = 0.1
"""Where a tenth of the cases never pays back, the ninetieth percentile of the payback is beyond any limit."""


def risk_figures(workspace: Workspace, record: str = "") -> dict[str, float]:
    """Return what is known of the names that risk rules compare; what is not known yet is not there."""
    figures: dict[str, float] = {}
    _from_baseline(workspace, figures)
    _from_fit(workspace, figures)
    _from_result(workspace, record, figures)
    _from_case(workspace, record, figures)
    test = workspace.latest("back_test")
    if test is not None:
        measures = workspace.get("back_test", test.id).get("measures", [])
        if measures:  # an error that chance explains is none
            off = [abs(one["bias"]) for one in measures if one["verdict"] == "biased" and one["bias"] is not None]
            figures["backtest_error"] = max(off, default=0.0)
    with contextlib.suppress(ActionError):
        _, _, answers, found = assessment_of(workspace)
        if answers:
            figures["veto_gaps"] = float(len(found.vetoes))
            figures["not_assessed_share"] = found.open_share
    return figures


def warnings(figures: Mapping[str, float]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the warnings that hold, worst first, and the ids of rules whose figures are not known yet.

    Traps are questions: they are always there, to be answered by a person.
    """
    every = [rule for pack in packs() for rule in pack.risks]
    # the same rule in several packs warns once, in the words of the first
    rules = list({(rule.id, rule.title["en"], rule.when): rule for rule in reversed(every)}.values())[::-1]
    judged = {one.rule.id: one for one in risk.warnings(rules, figures)}
    found: list[dict[str, Any]] = []
    unknown: list[str] = []
    for rule in rules:
        one = judged.get(rule.id)
        if one is not None and one.open and not rule.trap:
            unknown.append(rule.id)
        if rule.trap or (one is not None and not one.open):
            name = next(iter(one.figures), "") if one is not None else ""
            value = figures.get(name)
            found.append(
                {
                    "id": rule.id,
                    "title": dict(rule.title),
                    "level": rule.level,
                    "rule": rule.when,
                    "figure": name,
                    "value": "∞" if value == inf else value,
                    "owner_role": rule.owner_role,
                    "next_step": dict(rule.next_step),
                    "trap": rule.trap,
                    "question": None if rule.question is None else dict(rule.question),
                    "source": dict(rule.source),
                }
            )
    return sorted(found, key=lambda one: (one["trap"], -one["level"], one["id"])), unknown


def _from_baseline(workspace: Workspace, figures: dict[str, float]) -> None:
    kept = workspace.latest("baseline")
    if kept is None:
        return
    found = workspace.get("baseline", kept.id)
    figures["weeks_of_data"] = (found["last"] - found["first"]) / WEEK_S
    rows = blank = twice = 0
    for one in datasets_in_force(workspace).values():
        rows += one.about["rows"]
        codes = [finding["code"] for finding in one.about["findings"]]
        blank += sum(code in {"log_station_missing", "log_end_missing", "log_date_unreadable"} for code in codes)
        twice += sum(code == "log_duplicate" for code in codes)
    if rows:
        figures["blank_share"], figures["duplicate_share"] = blank / rows, twice / rows


def _from_fit(workspace: Workspace, figures: dict[str, float]) -> None:
    newest = workspace.latest("line")
    if newest is None:
        return
    machines = workspace.get("line", newest.id)["fit"].get("machines", ())
    causes = [cause for machine in machines for cause in machine["causes"]]
    if causes:
        figures["weak_causes"] = float(sum(cause["uptime"]["weak"] for cause in causes))
        figures["trends_found"] = float(sum(cause["trend"] is not None and cause["trend"]["found"] for cause in causes))


def _from_result(workspace: Workspace, record: str, figures: dict[str, float]) -> None:
    newest = workspace.latest("summary", slot="result")
    if newest is None:
        return
    summary = workspace.get("summary", newest.id)
    one = find_scenario(summary, record, claims=False)
    if one is None:
        return
    for name in ("probability_worse", "bottleneck_moves", "effects_without_target"):
        value = summary["risks"].get(f"{name}:{one['id']}")
        if value is not None:
            figures[name] = float(value)
    for name in ("baseline_oee", "baseline_effectiveness", "constraint_share"):
        if name in summary["risks"]:
            figures[name] = float(summary["risks"][name])
    extra = one["extra_good"]["p50"][:3]
    figures["first_quarter_change"] = float(sum(extra)) / max(len(extra), 1)


def _from_case(workspace: Workspace, record: str, figures: dict[str, float]) -> None:
    with contextlib.suppress(ActionError):
        case = case_of(workspace, record, claims=False)
        outputs = case["outputs"]
        if outputs["npv"]["chance"]:
            figures["loss_probability"] = outputs["npv"]["chance"][0]
        payback = outputs["payback"]
        if payback["undefined"] >= NEVER:
            figures["payback_p90_months"] = inf
        elif payback["p90"] is not None:
            figures["payback_p90_months"] = payback["p90"]
        with_claims = case_of(workspace, record, claims=True)
        whole, without = with_claims["outputs"]["npv"]["p50"], outputs["npv"]["p50"]
        if whole and without is not None and whole > 0:
            figures["claims_share"] = min(max((whole - without) / whole, 0.0), 1.0)
