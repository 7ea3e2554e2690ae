"""Reports: what is open, who has access, the records the law asks for, breaches and their clock; all of it signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from portal import actions_oversight, actions_records, actions_review, parts
from portal.actions_review import SEVERITIES, Holder
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.oversight_report import sentence_of
from portal.records_views import attempt, breach, impact, location, record, take
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "reports")
    found = actions_review.findings(visit.workspace)
    holders = actions_review.access_review(visit.workspace)
    broken = actions_records.breaches(visit.workspace)
    parts.answer(
        t(
            "reports.answer",
            findings=sum(one["closed_at"] is None for one in found),
            breaches=sum(one["closed_at"] is None for one in broken),
            due=sum(one.state in {"due", "never"} for one in holders),
        ),
        note=t("reports.rule"),
    )
    names = ("report", "findings", "access", "record", "impact", "breach", "location")
    tabs = dict(zip(names, st.tabs([t(f"reports.tab_{name}") for name in names]), strict=True))
    with tabs["report"]:
        _report(visit)
    with tabs["findings"]:
        _findings(visit, found)
    with tabs["access"]:
        _access(visit, holders)
    with tabs["record"]:
        record(visit)
    with tabs["impact"]:
        impact(visit)
    with tabs["breach"]:
        breach(visit, broken)
    with tabs["location"]:
        location(visit)


def _report(visit: Visit) -> None:
    report = actions_oversight.officer_report(visit.workspace)
    proof = report["proof"]
    state = t("reports.proof_none") if proof is None else t(f"reports.proof_{'good' if proof['passed'] else 'bad'}")
    parts.note(state, kind="done" if proof is not None and proof["passed"] else "warning")
    rows = [(t(f"reports.{name}"), f"{report[name]:,}") for name in ("entries", "people", "released", "in_force")]
    rows += [(t("reports.refused"), f"{sum(report['refused'].values()):,}")]
    rows += [(t("reports.recalls_open"), f"{report['recalls_open']:,}")]
    parts.table([t("reports.figure"), t("reports.count")], rows, numbers=[1])
    parts.section(t("reports.unusual"), note=t("reports.unusual_why"))
    if report["unusual"]:
        parts.table(
            [t("log.actor"), t("log.role"), t("reports.what")],
            [(one["actor"], t(f"shell.roles.{one['role']}"), sentence_of(one)) for one in report["unusual"]],
        )
    else:
        parts.note(t("reports.no_unusual"), kind="done")
    take("oversight")


def _findings(visit: Visit, found: Sequence[Mapping[str, Any]]) -> None:
    workspace = visit.workspace
    with st.form("finding", enter_to_submit=False, border=True):
        parts.section(t("reports.new_finding"))
        first, second = st.columns([3, 1])
        title = first.text_input(t("reports.finding_title"), max_chars=200)
        words = {name: t(f"reports.severity_{name}") for name in SEVERITIES}
        severity = second.selectbox(t("reports.severity"), list(words), index=1, format_func=words.__getitem__)
        about = st.text_input(t("reports.finding_about"), max_chars=2000)
        if st.form_submit_button(t("reports.finding_open"), type="primary"):
            attempt(lambda: actions_review.open_finding(workspace, title=title, severity=severity or "", about=about))
    for one in found:
        with st.container(border=True, key=f"ms-card-finding-{one['id']}"):
            state = t("reports.open") if one["closed_at"] is None else one["outcome"]
            head = t(f"reports.severity_{one['severity']}") + f" · {one['title']}"
            parts.section(head, note=f"{one['opened_at'][:10]} · {one['opened_by']} · {state}")
            if one["about"]:
                st.caption(one["about"])
            if one["closed_at"] is None:
                with st.form(f"close-{one['id']}", enter_to_submit=False, border=False):
                    outcome = st.text_input(t("reports.outcome"), key=f"outcome-{one['id']}", max_chars=2000)
                    if st.form_submit_button(t("reports.close")):
                        attempt(partial(actions_review.close_finding, workspace, one["id"], outcome=outcome))


def _access(visit: Visit, holders: Sequence[Holder]) -> None:
    parts.section(t("reports.access"), note=t("reports.access_why"))
    for one in holders:
        with st.container(border=True, key=f"ms-card-access-{one.id}"):
            due = t("reports.due_at") + f": {parts.day(one.due)}" if one.due is not None else ""
            facts = [t(f"reports.access_{one.state}"), t("reports.used") + f": {one.actions:,}", due]
            parts.section(
                f"{one.name} · {t(f'shell.roles.{one.role}')}", note=" · ".join(fact for fact in facts if fact)
            )
            st.caption(one.pseudonym)
            if one.mine or not one.active:
                continue
            with st.container(horizontal=True):
                if st.button(t("reports.confirm"), key=f"confirm-{one.id}"):
                    attempt(partial(actions_review.confirm_access, visit.workspace, one.id))
                if st.button(t("reports.revoke"), key=f"revoke-{one.id}"):
                    attempt(partial(actions_review.revoke_access, visit.workspace, one.id))


if __name__ == "__main__":
    show()
