"""Access log: who did what, when, why, and how it was decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time

import streamlit as st

from portal import actions_audit, actions_review, parts
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.log_entries import Entry
from portal.text import has_text, t

PAGE = 100
FOLDERS = ("portal", "templates", "privacy", "simulators", "calculators", "industry_packs")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "log")
    top = st.container()  # the answer stands above what it was asked with
    first, second, third, fourth = st.columns(4)
    person = first.text_input(t("reports.person"), key="log-person", placeholder="m-…")
    field = second.text_input(t("reports.field"), key="log-field", placeholder="started_at, case")
    tenant = third.text_input(t("log.tenant"), key="log-tenant")
    purposes = sorted({row["purpose"] for row in actions_audit.actions_overview(visit.workspace)})
    purpose = fourth.selectbox(
        t("log.purpose"),
        ["", *purposes],
        format_func=lambda word: purpose_name(word) if word else t("reports.any"),
        key="log-purpose",
    )
    searched = any((person.strip(), field.strip(), tenant.strip(), purpose))
    before = st.session_state.get("log-before")
    found = (
        actions_review.search_log(
            visit.workspace, person=person, field=field.strip(), tenant=tenant, purpose=purpose or "", limit=PAGE
        )
        if searched
        else _listed(visit, before)
    )
    if searched:
        with top:
            parts.answer(t("reports.found", count=len(found)) if found else t("log.answer_none"), note=t("log.rule"))
        entries_table(found)
        return
    with top:
        parts.answer(t("log.answer", count=len(found)) if found else t("log.answer_none"), note=t("log.rule"))
    entries_table(found)
    with st.container(horizontal=True):
        if before is not None and st.button(t("log.newest"), key="log-first"):
            st.session_state.pop("log-before", None)
            st.rerun()
        if len(found) == PAGE and st.button(t("log.older"), key="log-older"):
            st.session_state["log-before"] = found[-1].seq
            st.rerun()


def _listed(visit: Visit, before: int | None) -> Sequence[Entry]:
    """Entries by action, outcome and day."""
    verbs = [row["action"] for row in actions_audit.actions_overview(visit.workspace)]
    first, second, third = st.columns(3)
    verb = first.selectbox(t("log.action"), ["", *verbs], format_func=verb_name, key="log-verb")
    decision = second.selectbox(
        t("log.decision"),
        ["", "allowed", "refused"],
        format_func=lambda word: t(f"trust.{word}") if word else t("log.any"),
        key="log-decision",
    )
    since = third.date_input(t("log.since"), value=None, format="YYYY-MM-DD", key="log-since")
    return actions_audit.read_log(
        visit.workspace,
        verb=verb or "",
        decision=decision or "",
        since=None if since is None else datetime.combine(since, time(), tzinfo=UTC),
        limit=PAGE,
        before=before,
    )


def purpose_name(purpose: str) -> str:
    """A purpose in words."""
    return t(f"log.purpose_{purpose}") if has_text(f"log.purpose_{purpose}") else purpose


def verb_name(verb: str) -> str:
    """An audit verb in words."""
    if not verb:
        return t("log.any")
    return t(f"actions.{verb}") if has_text(f"actions.{verb}") else verb


def reason_name(reason: str) -> str:
    """Why something was refused, in words where its code has some; the log holds no values to fill into them."""
    for folder in FOLDERS:
        key = f"errors_{folder}.{reason}.message"
        if has_text(key):
            return re.sub(r"\{\w+\}", "…", t(key))
    return reason


def field_name(name: str) -> str:
    """A field of the catalogue in words."""
    return t(f"fields.{name}") if has_text(f"fields.{name}") else name


def entries_table(entries: Sequence[Entry]) -> None:
    """Entries of the log as a table."""
    parts.table(
        [
            "#",
            *(
                t(f"log.{name}")
                for name in ("at", "actor", "role", "action", "tenant", "purpose", "fields", "decision", "reason")
            ),
        ],
        [
            (
                entry.seq,
                entry.at.strftime("%Y-%m-%d %H:%M:%S"),
                entry.actor,
                t(f"shell.roles.{entry.role}") if has_text(f"shell.roles.{entry.role}") else entry.role,
                verb_name(entry.action),
                entry.tenant,
                purpose_name(entry.purpose),
                t("data.comma").join(field_name(name) for name in entry.fields) or "–",
                t(f"trust.{entry.decision}"),
                reason_name(entry.reason),
            )
            for entry in entries
        ],
        numbers=[0],
    )


if __name__ == "__main__":
    show()
