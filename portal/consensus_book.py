"""Who is asked what, what people answered, and where a team agrees; and what the next step is worth in certainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.objections import DEPARTMENTS, objections_kept, subjects
from portal.workspace import Workspace

ASKED: Mapping[str, tuple[str, ...]] = {
    "finance": ("contribution_margin", "price_once", "price_monthly", "hourly_cost", "discount_rate", "tax_rate"),
    "it": ("data", "internal_hours", "running_hours"),
    "plant": ("extra_good", "effects", "line", "sellable_extra"),
    "works_council": ("people", "reuse_share"),
    "management": ("extra_good", "contribution_margin", "people"),
}
"""Which assumptions each department is asked about: those that it knows best, or has to live with."""

STANCES = ("agree", "disagree", "unsure")


def departments(workspace: Workspace) -> dict[str, str]:
    """Return for whom each member speaks; members of whom nobody said it are left out."""
    found: dict[str, str] = {}
    for one in workspace.list("department"):
        kept = workspace.get("department", one.id)
        if kept["department"]:
            found.setdefault(kept["member"], kept["department"])
    return found


def positions(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the newest position of each member on each subject."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in workspace.list("position"):
        kept = workspace.get("position", one.id)
        found.setdefault((kept["member"], kept["on"]), kept)
    return list(found.values())


def respondents_open(workspace: Workspace) -> bool:
    """Say whether outside respondents (guests) may answer."""
    kept = workspace.latest("respondents", slot="respondents")
    return kept is not None and bool(workspace.get("respondents", kept.id)["open"])


def standing_of(workspace: Workspace) -> dict[str, Any]:
    """Return where the departments stand on each subject; see `actions_consensus.consensus`."""
    speak, kept, titles = departments(workspace), positions(workspace), subjects()
    present = set(speak.values())
    doubts: dict[str, int] = {}
    for objection in objections_kept(workspace):
        if objection["state"] == "open":
            doubts[objection["on"]] = doubts.get(objection["on"], 0) + 1
    asked = [on for on in titles if on in doubts or any(on in ASKED[one] for one in present)]
    rows = []
    for on in asked:
        by: dict[str, dict[str, int]] = {}
        for position in kept:
            if position["on"] == on and speak.get(position["member"]):
                counts = by.setdefault(speak[position["member"]], dict.fromkeys(STANCES, 0))
                counts[position["stance"]] += 1
        wanted = [one for one in present if on in ASKED[one]]
        against = any(counts["disagree"] for counts in by.values()) or on in doubts
        heard = bool(wanted) and all(by.get(one, {}).get("agree") for one in wanted)
        rows.append(
            {
                "on": on,
                "title": dict(titles[on]),
                "asked": wanted,
                "by_department": by,
                "open_objections": doubts.get(on, 0),
                "state": "disputed" if against else "agreed" if heard else "open",
            }
        )
    order = ("disputed", "open", "agreed")
    answered = {(speak.get(one["member"], ""), one["on"]) for one in kept}
    return {
        "subjects": sorted(rows, key=lambda row: order.index(row["state"])),
        "departments": [
            {
                "id": one,
                "people": sum(found == one for found in speak.values()),
                "asked": len(ASKED[one]),
                "answered": sum((one, on) in answered for on in ASKED[one]),
            }
            for one in DEPARTMENTS
        ],
        "agreed": sum(row["state"] == "agreed" for row in rows),
        "disputed": sum(row["state"] == "disputed" for row in rows),
        "open": sum(row["state"] == "open" for row in rows),
        "respondents_open": respondents_open(workspace),
    }
