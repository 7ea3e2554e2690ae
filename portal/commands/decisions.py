"""What a computed study speaks for, as the decision that its documents are written from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from math import inf
from typing import Any

from calculators.insight import insights
from portal.risk_inputs import NEVER, warnings
from portal.studies import summary
from templates.capsule import Computed
from templates.deciding import Known, decide
from templates.decision import Decision
from templates.report import general_limits


def decision_of(done: Computed, *, scenario: str, made_at: date, capsule: bytes) -> Decision:
    """The decision about one scenario of a study; `capsule` is the file that computes it again."""
    found = summary(done.result, records={}, sample=False, rough=False)
    cases = {name: {**sheet.to_json(), "insights": insights(sheet)} for name, sheet in done.sheets.items()}
    risks, _ = warnings(_figures(found["risks"], cases.get(scenario), scenario))
    return decide(
        found,
        scenario,
        cases,
        name=done.document.name,
        made_at=made_at,
        known=Known(risks=risks, limits=general_limits()),
        lineage={"study": sha256(done.text).hexdigest(), "capsule": sha256(capsule).hexdigest()},
    )


def best(done: Computed) -> str:
    """The scenario that is worth most in the middle of all cases; without a value the one with the highest OEE."""
    names = [one.id for one in done.result.scenarios[1:]]

    def worth(name: str) -> float:
        if name in done.sheets and "npv" in done.sheets[name].outputs:
            return float(done.sheets[name].outputs["npv"].p50)
        return done.result.band(name, "oee").mean[-1]

    return max(names, key=worth)


def _figures(risks: Mapping[str, float], case: Mapping[str, Any] | None, scenario: str) -> dict[str, float]:
    """What risk rules compare, as far as a study knows it."""
    names = ("probability_worse", "bottleneck_moves", "effects_without_target")
    figures = {name: risks[f"{name}:{scenario}"] for name in names if f"{name}:{scenario}" in risks}
    for name in ("baseline_oee", "baseline_effectiveness", "constraint_share"):
        if name in risks:
            figures[name] = risks[name]
    outputs = {} if case is None else case["outputs"]
    if "npv" in outputs and outputs["npv"]["chance"]:
        figures["loss_probability"] = outputs["npv"]["chance"][0]
    if "payback" in outputs:
        payback = outputs["payback"]
        if payback["undefined"] >= NEVER:
            figures["payback_p90_months"] = inf
        elif payback["p90"] is not None:
            figures["payback_p90_months"] = payback["p90"]
    return figures
