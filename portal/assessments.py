"""The tenant's answers to a check list, opened together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calculators.checklist import Answer, Assessment, CheckList, Status, assess
from portal.catalogue import checklist as find
from portal.workspace import Workspace


def answers_of(workspace: Workspace, name: str, checklist: CheckList) -> dict[str, Mapping[str, Any]]:
    """Return the kept answers by control."""
    kept = workspace.by_slot("answer", [f"{name}/{control.id}" for control in checklist.controls])
    return {slot.removeprefix(f"{name}/"): workspace.get("answer", key) for slot, key in kept.items()}


def as_answer(document: Mapping[str, Any], now: datetime) -> Answer:
    """Return a kept answer as the check list takes it."""
    evidence = document.get("evidence", [])
    ages = [(now - datetime.fromisoformat(one["at"])).total_seconds() / 86_400 for one in evidence]
    return Answer(
        status=None if document["status"] is None else Status(document["status"]),
        reason=document["reason"],
        level=str(document.get("level", "")),
        value=str(document.get("value", "")),
        evidence=tuple(one["id"] for one in evidence),
        evidence_age_days=min(ages) if ages else None,
    )


def assessment_of(
    workspace: Workspace, wanted: str = ""
) -> tuple[str, CheckList, dict[str, Mapping[str, Any]], Assessment]:
    """Return a check list (default: the first): its name, itself, the kept answers, and what follows from them."""
    name, checklist = find(wanted)
    answers = answers_of(workspace, name, checklist)
    now = workspace.clock()
    return name, checklist, answers, assess(checklist, {key: as_answer(one, now) for key, one in answers.items()})
