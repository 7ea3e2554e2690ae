"""Gate and tests: a draft against every rule and every test, before anybody else sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_studio, parts
from portal.context import Visit, ui_context
from portal.frame import link, page_frame
from portal.identity import Role
from portal.studio_views import findings_table
from portal.text import pick, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "gate_tests")
    drafts = actions_studio.list_drafts(visit.workspace)
    if not drafts:
        parts.empty(t("studio.gate_empty"), t("studio.gate_empty_why"))
        link("studio", label=t("studio.to_studio"), icon=":material/edit_note:")
        return
    names = {row["id"]: f"{pick(row['title'])} {row['version']}" for row in drafts}
    opened = st.session_state.get("studio-draft")
    chosen = str(
        st.selectbox(
            t("studio.draft"),
            list(names),
            index=list(names).index(opened) if opened in names else 0,
            format_func=parts.named(names),
            key="gate-draft",
        )
    )
    draft = actions_studio.open_draft(visit.workspace, chosen)
    gate = draft["gate"]
    parts.answer(_answer(draft), note=t("studio.gate_rule"))
    if st.button(t("studio.run_gate"), type="secondary" if gate else "primary", key="run-gate"):
        try:
            with st.spinner(t("studio.gate_running")):
                actions_studio.test_pack(visit.workspace, chosen)
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()
    parts.section(t("studio.rules", count=len(draft["findings"])))
    findings_table(draft["findings"])
    if gate is not None:
        _tests(gate)
        if gate["report"]["passed"]:
            _hand_in(visit, draft)


def _answer(draft: Mapping[str, Any]) -> str:
    if draft["findings"]:
        return t("studio.gate_findings", count=len(draft["findings"]))
    gate = draft["gate"]
    if gate is None:
        return t("studio.gate_not_run")
    failed = sum(not test["passed"] for test in gate["report"]["tests"])
    return t("studio.gate_failed", count=failed) if failed else t("studio.gate_passed")


def _tests(gate: Mapping[str, Any]) -> None:
    tests = gate["report"]["tests"]
    parts.section(t("studio.tests", count=len(tests)), note=t("studio.tests_by", name=gate["by"]))
    parts.table(
        [t("studio.test"), t("studio.outcome"), t("studio.found"), t("studio.why_not")],
        [
            (
                test["name"],
                t("studio.test_passed") if test["passed"] else t("studio.test_failed"),
                " · ".join([*(f"{name} {parts.quantity(value)}" for name, value in _few(test)), *test["words"][:3]]),
                test["why"] or "–",
            )
            for test in tests
        ],
    )


def _few(test: Mapping[str, Any]) -> list[tuple[str, float]]:
    return list(test["figures"].items())[:3]


def _hand_in(visit: Visit, draft: Mapping[str, Any]) -> None:
    if visit.member.role is not Role.ARCHITECT or draft["state"] not in {"draft", "returned"}:
        parts.note(t(f"studio.now_{draft['state']}"))
        return
    if parts.next_action(t("studio.submit"), key="submit-draft", why=t("studio.submit_why")):
        try:
            actions_studio.submit_pack(visit.workspace, draft["id"])
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()


if __name__ == "__main__":
    show()
