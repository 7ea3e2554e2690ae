"""Actions on check lists and warnings: answers, evidence, gaps, risks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calculators.checklist import Control, Status
from calculators.checklist import assess as assess_answers
from portal.actions import EDITORS, READERS, ActionError, action
from portal.assessments import as_answer, assessment_of
from portal.catalogue import checklist as find
from portal.risk_inputs import risk_figures, warnings
from portal.workspace import Workspace

MOST_EVIDENCE = 20 * 2**20
_SAID: Mapping[str, str | None] = {"status": None, "reason": "", "level": "", "value": ""}


@action(needs=EDITORS, purpose="self_check")
def answer_control(
    workspace: Workspace,
    *,
    control: str,
    status: str | None,
    reason: str = "",
    level: str = "",
    value: str = "",
    checklist: str = "",
) -> None:
    """Answer one control: `status` met, partly, not_met or not_applicable (which needs a reason); None: not decided.

    `level` answers a choice, `value` a field to fill in or who did something when.
    Raises ActionError unknown_control, and the calculation error of a missing reason.
    """
    name, control_list = find(checklist)
    known = _control(control_list.controls, control)
    before = _answer(workspace, name, control)
    document = {
        "status": None if status is None else Status(status).value if status in set(Status) else _refuse(status),
        "reason": reason.strip()[:2000],
        "level": level,
        "value": value.strip()[:2000],
        "evidence": list(before.get("evidence", [])),
        "by": workspace.member.id,
        "at": workspace.clock().isoformat(),
        "before": {part: before.get(part, empty) for part, empty in _SAID.items()},
    }
    assess_answers(control_list, {known.id: as_answer(document, workspace.clock())})
    workspace.put("answer", document, slot=f"{name}/{control}", replace=True)


@action(needs=EDITORS, purpose="self_check")
def attach_evidence(workspace: Workspace, *, control: str, data: bytes, name: str, checklist: str = "") -> str:
    """Keep a file as evidence of an answer, sealed; returns its id. Raises ActionError unknown_control, file_too_large.

    The file stays with the tenant: no release can hold it.
    """
    found, control_list = find(checklist)
    _control(control_list.controls, control)
    if not data:
        raise ActionError("the file is empty", code="file_empty", place=name, remedy="Choose a file with content.")
    if len(data) > MOST_EVIDENCE:
        raise ActionError(
            "the file is too large to be kept as evidence",
            code="file_too_large",
            place=name,
            remedy="Attach the page that matters.",
            size=round(len(data) / 2**20),
            most=round(MOST_EVIDENCE / 2**20),
        )
    file = workspace.put_bytes("evidence", data)
    before = _answer(workspace, found, control)
    one = {"id": file, "name": name[-200:], "bytes": len(data), "at": workspace.clock().isoformat()}
    document = {
        "status": before.get("status"),
        "reason": before.get("reason", ""),
        "level": before.get("level", ""),
        "value": before.get("value", ""),
        "evidence": [*before.get("evidence", []), one],
        "by": workspace.member.id,
        "at": workspace.clock().isoformat(),
        "before": before.get("before"),
    }
    workspace.put("answer", document, slot=f"{found}/{control}", inputs=(file,), replace=True)
    return file


@action(needs=READERS, purpose="self_check")
def assess(workspace: Workspace, *, checklist: str = "") -> Mapping[str, Any]:
    """Return the check list with its answers and what follows.

    Keys: checklist, version, title, notice, source, as_of, score (low, high: shares of the reachable points),
    grade_low, grade_high, open_share, answered, applicable, vetoes, counts by status, sections (id, title, low, high,
    answered, applicable), controls (id, section, reference, title, question, evidence_wanted, method, veto, kind,
    levels (id, title), asked: False where another answer makes it superfluous, answer),
    gaps (control, title, status, why, points_lost, remediation, owner_role).
    """
    name, control_list, answers, found = assessment_of(workspace, checklist)
    return {
        "checklist": name,
        "version": control_list.version,
        "title": dict(control_list.title),
        "notice": dict(control_list.notice),
        "source": dict(control_list.source),
        "as_of": control_list.as_of,
        "score": [found.low, found.high],
        "grade_low": found.grade_low,
        "grade_high": found.grade_high,
        "open_share": found.open_share,
        "answered": found.answered,
        "applicable": found.applicable,
        "vetoes": list(found.vetoes),
        "counts": {str(status): count for status, count in found.counts.items()},
        "sections": [
            {
                "id": one.section.id,
                "title": dict(one.section.title),
                "low": one.low,
                "high": one.high,
                "answered": one.answered,
                "applicable": one.applicable,
            }
            for one in found.sections
        ],
        "controls": [
            _control_view(control, answers.get(control.id), asked=control.id not in found.not_asked)
            for control in control_list.controls
        ],
        "gaps": [
            {
                "control": gap.control.id,
                "title": dict(gap.control.title),
                "status": str(gap.status),
                "why": gap.why,
                "points_lost": gap.points_lost,
                "remediation": dict(gap.control.remediation),
                "owner_role": gap.control.owner_role,
            }
            for gap in found.gaps
        ],
    }


@action(needs=READERS, purpose="self_check")
def risks(workspace: Workspace, *, scenario: str = "") -> Mapping[str, Any]:
    """Return the warnings of the packs' risk rules on what is known here.

    Keys: figures (name -> number), warnings (id, title, level, value in words of the rule, owner_role, next_step, trap,
    question, source), open (rules whose figures are not known yet), highest (0 to 3).
    """
    figures = risk_figures(workspace, scenario)
    found, open_rules = warnings(figures)
    return {
        "figures": figures,
        "warnings": found,
        "open": open_rules,
        "highest": max((one["level"] for one in found if not one["trap"]), default=0),
    }


def _refuse(status: str) -> str:
    raise ActionError(
        f"{status!r} is no answer",
        code="unknown_answer",
        place=status,
        remedy=f"Answer with one of {', '.join(Status)}.",
    )


def _control(controls: Sequence[Control], wanted: str) -> Control:
    for control in controls:
        if control.id == wanted:
            return control
    raise ActionError(
        f"the check list has no control {wanted!r}",
        code="unknown_control",
        place=wanted,
        remedy="Choose a control of the list.",
    )


def _answer(workspace: Workspace, checklist: str, control: str) -> Mapping[str, Any]:
    kept = workspace.latest("answer", slot=f"{checklist}/{control}")
    found: Mapping[str, Any] = {} if kept is None else workspace.get("answer", kept.id)
    return found


def _control_view(control: Control, answer: Mapping[str, Any] | None, *, asked: bool) -> dict[str, Any]:
    return {
        "id": control.id,
        "section": control.section,
        "reference": control.reference,
        "title": dict(control.title),
        "question": dict(control.question),
        "evidence_wanted": [dict(one) for one in control.evidence],
        "method": control.method,
        "owner_role": control.owner_role,
        "veto": control.veto,
        "kind": str(control.kind),
        "levels": [{"id": level.id, "title": dict(level.title)} for level in control.levels],
        "asked": asked,
        "answer": answer,
    }
