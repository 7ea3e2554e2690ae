"""The drawing of a plant on a page: proposed stations on the plan, distances, and the line that is made of them."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from portal import actions_layout, parts
from portal.actions import EDITORS
from portal.actions_layout import LayoutView
from portal.text import t
from portal.workspace import Workspace
from templates.layout import METRES, Plan

WIDTH, HEIGHT = 640.0, 320.0


def draw(workspace: Workspace) -> None:
    """Draw the part, where a drawing is in force."""
    unit = st.session_state.get("layout-unit") or ""
    view = actions_layout.layout_plan(workspace, unit=unit)
    if view is None:
        return
    parts.section(t("layout.title", name=view.name), note=t("layout.why"))
    if unit or not view.unit:
        st.radio(t("layout.unit"), list(METRES), index=None, key="layout-unit", horizontal=True)
    if view.plan is None:
        return
    if not view.plan.stations:
        parts.note(t("layout.none"), kind="warning")
        return
    st.image(_picture(view.plan), caption=t("layout.picture", count=len(view.plan.stations)))
    st.caption(t(f"layout.order_{view.plan.order}"))
    if workspace.member.role in EDITORS:
        _confirm(workspace, view, view.plan, unit=unit)


def _confirm(workspace: Workspace, view: LayoutView, plan: Plan, *, unit: str) -> None:
    cycles = [view.cycles.get(one.name) for one in plan.stations]
    frame = pd.DataFrame(
        {
            t("layout.take"): True,
            t("layout.place"): range(1, len(plan.stations) + 1),
            t("fields.station"): [one.name for one in plan.stations],
            t("layout.says"): [t(f"layout.by_{one.evidence}") for one in plan.stations],
            t("layout.to_next"): [*plan.distances, None],
            t("layout.cycle"): cycles,
        }
    )
    take, place, name = t("layout.take"), t("layout.place"), t("fields.station")
    fixed = [t("layout.says"), t("layout.to_next"), t("layout.cycle")]
    edited = st.data_editor(frame, hide_index=True, disabled=fixed, key=f"layout-{view.dataset}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cycle = st.text_input(t("layout.cycle_all"), value="45 s", max_chars=16, key="layout-cycle")
        if st.button(t("layout.use"), type="primary", key="use-layout"):
            chosen = edited[edited[take]].sort_values(place)[name]
            try:
                actions_layout.use_layout(
                    workspace, stations=[str(one) for one in chosen], cycle=cycle or "", unit=unit
                )
            except ValueError as error:
                parts.problem(error)
            else:
                parts.note(t("layout.done"), kind="done")


def _picture(plan: Plan) -> str:
    """The stations where they stand, and the way between them, as a small drawing with its words."""
    points = [*((one.x, one.y) for one in plan.stations), *plan.way]
    left, low = min(x for x, _ in points), min(y for _, y in points)
    wide = max(max(x for x, _ in points) - left, 1e-9)
    tall = max(max(y for _, y in points) - low, 1e-9)
    scale = min((WIDTH - 140) / wide, (HEIGHT - 70) / tall)

    def at(x: float, y: float) -> tuple[float, float]:
        return 40 + (x - left) * scale, HEIGHT - 35 - (y - low) * scale

    line = plan.way or tuple((one.x, one.y) for one in plan.stations)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line))
    marks = []
    for number, one in enumerate(plan.stations, start=1):
        x, y = at(one.x, one.y)
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#0b6e75"></circle>'
            f'<text x="{x + 8:.1f}" y="{y - 7:.1f}" font-size="12" fill="#74838a">'
            f"{number} {escape(one.name[:18])}</text>"
        )
    told = escape(t("layout.picture", count=len(plan.stations)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:.0f}" height="{HEIGHT:.0f}" '
        f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{told}" font-family="sans-serif">'
        f'<polyline points="{corners}" fill="none" stroke="#8a9499" stroke-width="1.5" '
        f'stroke-dasharray="5 4"></polyline>{"".join(marks)}</svg>'
    )
