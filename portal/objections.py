"""What people hold against an assumption, word for word, and what the vendor proposes; neither changes a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.cases import FROM_RESULT
from portal.catalogue import calculator
from portal.workspace import Workspace

DEPARTMENTS = ("finance", "it", "plant", "works_council", "management")
"""For whom a colleague speaks."""

OTHER = ("effects", "line", "data", "people")
"""What can be objected to besides inputs: effects of modules, the line model, the records, what people will face."""


def subjects() -> dict[str, Mapping[str, str]]:
    """Return what can be objected to: the inputs of the calculator by name with their titles, and "" for the others."""
    found: dict[str, Mapping[str, str]] = {item.name: item.title for item in calculator().inputs}
    return found | {name: {} for name in OTHER}


def department_of(workspace: Workspace, member: str) -> str:
    """Return for whom a member speaks, "" where nobody said."""
    kept = workspace.latest("department", slot=member)
    return "" if kept is None else str(workspace.get("department", kept.id)["department"])


def objections_kept(workspace: Workspace) -> list[dict[str, Any]]:
    """Return every objection, the newest first; those on which an answer stands are answered, the others open."""
    return [
        {"id": kept["id"], **kept, "state": "answered" if kept["answers"] else "open"}
        for kept in (workspace.get("objection", one.id) for one in workspace.list("objection"))
    ]


def proposals_kept(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what the vendor proposed, the newest first, with what was decided: open, accepted or rejected."""
    found = []
    for one in workspace.list("proposal"):
        kept = workspace.get("proposal", one.id)
        decided = workspace.latest("proposal_decision", slot=one.id)
        answer = {} if decided is None else workspace.get("proposal_decision", decided.id)
        found.append({**kept, "id": one.id, "state": answer.get("state", "open"), "answer": answer})
    return found


def effect_ranks(case: Mapping[str, Any] | None) -> dict[str, float]:
    """Return how far each input moves the net present value, in its currency."""
    bars = [] if case is None else case["outputs"]["npv"].get("tornado") or []
    return {bar["input"]: abs((bar["at_p90"] or 0.0) - (bar["at_p10"] or 0.0)) for bar in bars}


def weakest_assumption(items: list[dict[str, Any]]) -> str:
    """Return the name of the assumption that most needs proof: it moves the result much and is known badly.

    The swing counts by its tier: measured a quarter, typed a half, public three quarters, claimed in full; an open
    objection or a contradiction counts as claimed.
    """
    weight = {"A": 0.25, "B": 0.5, "C": 0.75, "D": 1.0}

    def need(one: Mapping[str, Any]) -> float:
        doubted = one["open"] or one.get("contradiction")
        return float(one["swing"]) * (1.0 if doubted else weight.get(one["tier"] or "C", 0.75))

    ranked = [one for one in items if one["swing"] > 0]
    return max(ranked, key=need)["name"] if ranked else ""


def is_simulated(name: str) -> bool:
    """Say whether a number comes from the simulation and can be doubted, but not typed."""
    return name == FROM_RESULT
