"""The decision about a scenario of this workspace: everything that its documents say, from what is kept here."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from portal.actions import ActionError
from portal.assessments import assessment_of
from portal.cases import case_of, sheet_of, simulated_in
from portal.catalogue import packs
from portal.closings import closings_of
from portal.materials import line_in_force
from portal.pilots import pilot_in_force
from portal.risk_inputs import risk_figures, warnings
from portal.workspace import Workspace
from templates.deciding import Known, decide
from templates.decision import Decision
from templates.report import general_limits

__all__ = ["decision_of", "sheet_of"]


def decision_of(workspace: Workspace, record: str = "", *, claims: bool = False) -> Decision:
    """Return the decision about a scenario (default: the first of the newest result).

    Raises ActionError no_result, not_simulated. What is not known yet (value, check lists, back-test) is left out.
    """
    summary, simulated = simulated_in(workspace, record, claims=claims)
    cases: dict[str, Mapping[str, Any]] = {}
    for one in summary["scenarios"]:
        if one["record"] and one["claims"] == simulated["claims"]:
            with contextlib.suppress(ActionError):
                cases[one["id"]] = case_of(workspace, one["record"], claims=claims)
    shown = [one for one in summary["scenarios"] if not one["record"] or one["claims"] == simulated["claims"]]
    case = cases.get(simulated["id"])
    rests_on = {"result": summary["result"], "scenario": simulated["record"], "line_study": summary["study"]}
    if case is not None:
        rests_on = {"case": case["id"], **rests_on}
    line = line_in_force(workspace)
    return decide(
        {**summary, "scenarios": shown},
        simulated["id"],
        cases,
        name="" if line is None else line[2].name,
        made_at=workspace.clock().date(),
        currency="CNY" if case is None else case["currency"],
        known=_known(workspace, simulated["record"]),
        lineage=rests_on,
    )


def _known(workspace: Workspace, record: str) -> Known:
    baseline, test = workspace.latest("baseline"), workspace.latest("back_test")
    found, _ = warnings(risk_figures(workspace, record))
    modules = workspace.get("scenario", record)["modules"]
    named = {str(module["id"]).partition("/")[0] for module in modules}
    limits = [text for pack in packs() if pack.manifest.id in named for text in pack.limits.not_modelled]
    return Known(
        history=() if baseline is None else workspace.get("baseline", baseline.id)["waterfall"],
        risks=found,
        back_test=None if test is None else workspace.get("back_test", test.id),
        gaps=_gaps(workspace),
        pilot=_pilot(workspace),
        limits=limits or general_limits(),
    )


def _pilot(workspace: Workspace) -> Mapping[str, Any] | None:
    """The plan of the pilot, where a value was computed."""
    with contextlib.suppress(ActionError):
        return pilot_in_force(workspace)
    return None


def _gaps(workspace: Workspace) -> Mapping[str, Any] | None:
    """The gaps of the first check list, where an answer was given."""
    with contextlib.suppress(ActionError):
        name, checklist, answers, found = assessment_of(workspace)
        if answers:
            plans = closings_of(workspace, name, checklist)
            return {
                "title": dict(checklist.title),
                "answered": found.answered,
                "applicable": found.applicable,
                "score": [found.low, found.high],
                "gaps": [
                    {
                        "control": gap.control.id,
                        "title": dict(gap.control.title),
                        "why": gap.why,
                        "points_lost": gap.points_lost,
                        "remediation": dict(gap.control.remediation),
                        "owner": plans.get(gap.control.id, {}).get("owner", ""),
                        "due": plans.get(gap.control.id, {}).get("due", ""),
                    }
                    for gap in found.gaps
                ],
            }
    return None
