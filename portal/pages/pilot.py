"""Pilot: what to measure first, how long it takes to see the promise, when to stop, when to decide, what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import streamlit as st

from portal import actions_pilot, parts
from portal.actions import EDITORS, ActionError
from portal.context import ui_context
from portal.frame import link, page_frame
from portal.text import pick, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "pilot")
    try:
        found = actions_pilot.pilot(workspace)
    except ActionError as error:
        if error.code not in {"no_result", "not_simulated", "inputs_missing"}:
            parts.problem(error)
            return
        parts.empty(t("pilot.empty"), t("pilot.empty_why"))
        link("value", label=t("options.to_value"), icon=":material/arrow_forward:")
        return
    _answer(found)
    parts.section(t("pilot.plan"), note=t("pilot.plan_why"))
    parts.table(
        [t("pilot.item"), t("pilot.content")],
        [(pick(line["title"]), pick(line["text"])) for line in found["lines"]],
    )
    _measures(found)
    _also(found)
    _phases(found)
    if visit.member.role in EDITORS:
        _keep(workspace, found)


def _answer(found: Mapping[str, Any]) -> None:
    measure, plan, largest = found["measure"], found["plan"], found["largest"]
    why = (
        t("pilot.why", name=pick(largest["title"]), swing=parts.money(largest["swing"], found["currency"]))
        if largest
        else ""
    )
    what = t(f"pilot.short_{measure['kind']}")
    if plan is None:
        parts.answer(t("pilot.answer_none"), note=why)
    elif plan["never"]:
        parts.answer(t("pilot.answer_never", what=what, length=found["length"]), note=why)
    elif plan["days"] <= found["length"]:
        parts.answer(t("pilot.answer", what=what, length=found["length"], power=parts.percent(plan["power"])), note=why)
    else:
        parts.answer(t("pilot.answer_longer", what=what, days=f"{plan['days']:.0f}", length=found["length"]), note=why)


def _measures(found: Mapping[str, Any]) -> None:
    if len(found["measures"]) < 2:
        return
    parts.section(t("pilot.measures"), note=t("pilot.measures_why"))
    parts.table(
        [t("pilot.measure"), t("pilot.mean"), t("pilot.promise"), t("pilot.days"), t("pilot.seen")],
        [
            (
                t(f"pilot.short_{one['kind']}") + (f" · {one['station']}" if one["station"] else ""),
                "–" if one["plan"] is None else _amount(one["plan"]["mean"], one["unit"]),
                ("−" if one["less"] else "+") + _amount(one["promised"], one["unit"]),
                "–" if one["plan"] is None or one["plan"]["days"] is None else f"{one['plan']['days']:.0f}",
                "–" if one["plan"] is None else parts.percent(one["plan"]["power"]),
            )
            for one in sorted(found["measures"], key=lambda one: one is not found["measure"])
        ],
        numbers=[1, 2, 3, 4],
    )


def _amount(value: float, unit: str) -> str:
    return f"{parts.quantity(value, digits=3)} {parts.unit(unit) if unit != '1' else ''}".strip()


def _also(found: Mapping[str, Any]) -> None:
    if not found["also"]:
        return
    parts.section(t("pilot.also"), note=t("pilot.also_why"))
    parts.table(
        [t("value.input"), t("scenarios.tier"), t("assumptions.swing"), t("pilot.how")],
        [
            (
                pick(one["title"]),
                parts.tier_mark(one["tier"]),
                parts.money(one["swing"], found["currency"]),
                t("pilot.how_ab" if one["tier"] in "AB" else "pilot.how_cd"),
            )
            for one in found["also"]
        ],
        numbers=[2],
        html=[1],
    )


def _phases(found: Mapping[str, Any]) -> None:
    parts.section(t("pilot.phases"), note=t("pilot.phases_why"))
    rows = [(t("pilot.phase_pilot"), found["start"], "–", found["end"], t("pilot.decide_pilot"))]
    for number, one in enumerate(found["phases"], 1):
        rows.append(
            (
                f"{number} · {pick(one['title'])}",
                one["begin"],
                one["full"],
                one["review"],
                t("pilot.decide_oee", oee=parts.percent(one["oee_at_least"], digits=1))
                if one["oee_at_least"] is not None
                else t("pilot.decide_band"),
            )
        )
    parts.table([t("pilot.phase"), t("pilot.begin"), t("pilot.full"), t("pilot.review"), t("pilot.criterion")], rows)


def _keep(workspace: Workspace, found: Mapping[str, Any]) -> None:
    with st.form("pilot", enter_to_submit=False, border=True):
        left, middle, right = st.columns(3)
        start = left.date_input(t("pilot.start"), value=date.fromisoformat(found["start"]), format="YYYY-MM-DD")
        length = middle.number_input(t("pilot.days"), 4, 120, found["length"])
        owner = right.text_input(t("pilot.owner"), value=found["owner"], max_chars=100)
        if not st.form_submit_button(t("pilot.keep"), type="primary"):
            return
    try:
        actions_pilot.save_pilot(workspace, start=str(start), length=int(length), owner=owner)
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


if __name__ == "__main__":
    show()
