"""Start: where am I, what is missing, what to do next."""

from __future__ import annotations

from html import escape

import streamlit as st

from portal import actions_journey, parts
from portal.actions_journey import Journey
from portal.context import Visit, ui_context
from portal.demo_seed import seed_workspace
from portal.frame import link, page_frame
from portal.identity import Role
from portal.navigation import PAGES, pages_of
from portal.text import t
from portal.workspace import Workspace

EDITORS = frozenset({Role.OWNER, Role.ANALYST})


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "start")
    way = actions_journey.journey(visit.workspace)
    left = way.steps_left
    parts.answer(t("start.answer", left=left) if left else t("start.done"), note=t("start.note"))
    st.html(_steps(visit, way))
    first, second = st.columns([3, 2])
    with first:
        _next(visit, way)
    with second, st.container(border=True, key="ms-card-who"):
        parts.section(t("start.who"))
        st.markdown("\n".join(f"- {t(f'start.who_{number}')}" for number in range(1, 4)))
        link("trust", label=t("start.trust"))
    if way.waiting:
        parts.section(t("start.waiting"))
        for key, count in way.waiting:
            parts.note(t(f"start.{key}", count=count))


def _steps(visit: Visit, way: Journey) -> str:
    marks = {"done": "✓", "current": "●", "open": "○", "locked": "○"}
    mine = {entry.name for entry in pages_of(visit.member.role)}
    ways = {step.id: f' href="/{escape(step.id)}" target="_self"' if step.id in mine else "" for step in way.steps}
    items = "".join(
        f'<li class="ms-step ms-step-{escape(step.state)}"><a{ways[step.id]}>'
        f'<span aria-hidden="true">{marks[step.state]}</span> {escape(t(f"shell.pages.{step.id}"))}</a>'
        f'<span class="ms-sr">{escape(t(f"start.state_{step.state}"))}</span></li>'
        for step in way.steps
    )
    return f'<ol class="ms-steps">{items}</ol>'


def _next(visit: Visit, way: Journey) -> None:
    edits = visit.member.role in EDITORS
    with st.container(border=True, key="ms-card-next"):
        if visit.member.role is Role.GUEST:
            parts.section(t("start.guest"), note=t("start.guest_why"))
            return
        if not edits:
            parts.section(t("start.reader"), note=t("start.reader_why"))
            link("baseline", label=t("start.to_baseline"), icon=":material/arrow_forward:")
            return
        step = way.next_step or "release"
        parts.section(t(f"start.next_{step}"), note=t(f"start.why_{step}"))
        if step == "release" and visit.member.role is not Role.OWNER:
            parts.note(t("start.ask_owner"))
            return
        link(step, label=t(f"start.go_{step}"), icon=":material/arrow_forward:")
        if step == "data":
            parts.note(t("start.tour_why"))
            if st.button(t("start.tour"), key="start-tour"):
                _tour(visit.workspace)


def _tour(workspace: Workspace) -> None:
    """Do the whole way on sample data, up to a study that is running, and show how it runs."""
    try:
        with st.spinner(t("start.tour_running")):
            seed_workspace(workspace)
    except ValueError as error:
        parts.problem(error)
    else:
        st.switch_page(PAGES / "scenarios.py")


if __name__ == "__main__":
    show()
