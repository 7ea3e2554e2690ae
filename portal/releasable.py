"""What a release would hold: the exact figures of a scenario, inside the tenant, and the policy that coarsens them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from industry_packs.content import ReleasePolicy as PackPolicy
from portal.actions import ActionError
from portal.assessments import assessment_of
from portal.cases import case_of
from portal.catalogue import checklists_on_offer, modules_on_offer, packs
from portal.forecast_book import released_standing
from portal.risk_inputs import WEEK_S, risk_figures, warnings
from portal.studies import find_scenario
from portal.workspace import Workspace
from privacy.disclosure import CaseFigures, FindingsFigures, ReleasePolicy, standard_policy
from privacy.release import FIELDS

LOSSES: Mapping[str, str] = {
    "breakdown": "breakdown",
    "setup": "changeover",
    "minor": "minor_stop",
    "speed": "speed",
    "scrap": "scrap",
    "idle": "waiting",
    "planned": "planned",
}
"""The release schema's word for each loss of the waterfall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Releasable:
    """Figures of one scenario and its check list, and a digest that changes when one of them does."""

    scenario: str
    case: CaseFigures
    findings: FindingsFigures
    data_digest: str


def releasable(workspace: Workspace, record: str = "") -> Releasable:
    """Return what is known of a scenario (default: the first of the newest result), vendor claims left out.

    Raises ActionError no_result where nothing was simulated.
    """
    newest = workspace.latest("summary", slot="result")
    if newest is None:
        raise ActionError(
            "there is no result to release", code="no_result", remedy="Choose modules and start the simulation."
        )
    summary = workspace.get("summary", newest.id)
    one = find_scenario(summary, record, claims=False)
    if one is None:
        raise ActionError(
            "this scenario is not in the newest result",
            code="not_simulated",
            place=record,
            remedy="Start the simulation again with it.",
        )
    case = _case(workspace, summary, one)
    findings = _findings(workspace, one["record"])
    exact = json.dumps([asdict(case), asdict(findings)], sort_keys=True)
    return Releasable(
        scenario=one["record"],
        case=case,
        findings=findings,
        data_digest=hashlib.sha256(exact.encode()).hexdigest(),
    )


def pack_policy(pack: str | None) -> PackPolicy | None:
    """What the pack of a case lets a release hold at most; None where the case has no pack."""
    return next((one.release_policy for one in packs() if one.manifest.id == pack), None)


def policy_for(fields: Sequence[str] = (), *, pack: str | None = None) -> ReleasePolicy:
    """Return the policy that allows the named fields of the schema (default: all) and the ids that packs publish.

    The pack of the case has the last word: what its own policy does not allow stays out, whoever asked for it. Raises
    `PrivacyError` release_field_unknown.
    """
    own = pack_policy(pack)
    if own is not None and not set(fields) - set(FIELDS):
        fields = [name for name in (fields or tuple(FIELDS)) if name in own.allowed]
    full = standard_policy(
        packs=tuple(pack.manifest.id for pack in packs()),
        modules=tuple(modules_on_offer()),
        checklists=tuple(checklists_on_offer()),
    )
    chosen = tuple(name for name in FIELDS if name in fields) if fields else full.fields
    if len(chosen) == len(full.fields):
        return full
    return ReleasePolicy(
        id="chosen",
        version=full.version,
        fields=tuple(fields) if set(fields) - set(FIELDS) else chosen,
        packs=full.packs,
        modules=full.modules,
        checklists=full.checklists,
    )


def _case(workspace: Workspace, summary: Mapping[str, Any], one: Mapping[str, Any]) -> CaseFigures:
    base = next(found for found in summary["scenarios"] if found["id"] == "baseline")
    modules = [str(module["id"]) for module in workspace.get("scenario", one["record"])["modules"]]
    money: dict[str, Any] = {}
    with contextlib.suppress(ActionError):
        outputs = case_of(workspace, one["record"], claims=False)["outputs"]
        never = outputs["payback"]["p50"] is None
        money = {
            "npv_p10": outputs["npv"]["p10"],
            "npv_p50": outputs["npv"]["p50"],
            "npv_p90": outputs["npv"]["p90"],
            "payback_months": math.inf if never else outputs["payback"]["p50"],
            "irr": None if outputs["irr"]["p50"] is None else outputs["irr"]["p50"] / 100,
            "loss_probability": outputs["npv"]["chance"][0],
            "currency": "CNY",
        }
    test = workspace.latest("back_test")
    inside, side = released_standing(workspace)
    return CaseFigures(
        forecast_inside=inside,
        forecast_bias=side,
        oee_baseline=base["bands"]["oee"]["mean"][-1],
        oee_scenario=one["bands"]["oee"]["mean"][-1],
        backtest_grade=None if test is None else workspace.get("back_test", test.id)["grade"],
        modules=tuple(modules),
        pack=modules[0].partition("/")[0] if modules else None,
        stations=len(summary["stations"]),
        **money,
        **_history(workspace),
    )


def _history(workspace: Workspace) -> dict[str, Any]:
    kept = workspace.latest("baseline")
    if kept is None:
        return {}
    found = workspace.get("baseline", kept.id)
    losses = {LOSSES[name]: seconds for name, seconds in found["waterfall"] if name in LOSSES}
    return {
        "weeks_of_data": (found["last"] - found["first"]) / WEEK_S,
        "main_loss": max(losses, key=losses.__getitem__) if any(losses.values()) else None,
    }


def _findings(workspace: Workspace, record: str) -> FindingsFigures:
    found, _ = warnings(risk_figures(workspace, record))
    highest = max((one["level"] for one in found if not one["trap"]), default=0)
    with contextlib.suppress(ActionError):
        name, _, answers, assessment = assessment_of(workspace)
        if answers:
            open_gaps = sum(gap.why in {"not_met", "partly"} for gap in assessment.gaps)
            return FindingsFigures(
                checklist=name,
                gap_share=open_gaps / assessment.answered if assessment.answered else None,
                not_assessed_share=assessment.open_share,
                highest_risk=highest,
            )
    return FindingsFigures(highest_risk=highest)
