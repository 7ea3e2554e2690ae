"""Access log: who did what, when, why, and how it was decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time

import streamlit as st

from portal import actions_audit, parts
from portal.actions_audit import Entry
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import has_text, t

PAGE = 100
FOLDERS = ("portal", "templates", "privacy", "simulators", "calculators", "industry_packs")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "log")
    verbs = [row["action"] for row in actions_audit.actions_overview(visit.workspace)]
    first, second, third, fourth = st.columns(4)
    verb = first.selectbox(t("log.action"), ["", *verbs], format_func=verb_name, key="log-verb")
    decision = second.selectbox(
        t("log.decision"),
        ["", "allowed", "refused"],
        format_func=lambda word: t(f"trust.{word}") if word else t("log.any"),
        key="log-decision",
    )
    actor = third.text_input(t("log.actor"), key="log-actor", placeholder="m-…")
    since = fourth.date_input(t("log.since"), value=None, format="YYYY-MM-DD", key="log-since")
    before = st.session_state.get("log-before")
    found = actions_audit.read_log(
        visit.workspace,
        verb=verb or "",
        decision=decision or "",
        actor=actor.strip(),
        since=None if since is None else datetime.combine(since, time(), tzinfo=UTC),
        limit=PAGE,
        before=before,
    )
    parts.answer(t("log.answer", count=len(found)) if found else t("log.answer_none"), note=t("log.rule"))
    entries_table(found)
    with st.container(horizontal=True):
        if before is not None and st.button(t("log.newest"), key="log-first"):
            st.session_state.pop("log-before", None)
            st.rerun()
        if len(found) == PAGE and st.button(t("log.older"), key="log-older"):
            st.session_state["log-before"] = found[-1].seq
            st.rerun()


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


def entries_table(entries: Sequence[Entry]) -> None:
    """Entries of the log as a table."""
    parts.table(
        [
            "#",
            *(
                t(f"log.{name}")
                for name in ("at", "actor", "role", "action", "tenant", "purpose", "decision", "reason")
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
                t(f"log.purpose_{entry.purpose}") if has_text(f"log.purpose_{entry.purpose}") else entry.purpose,
                t(f"trust.{entry.decision}"),
                reason_name(entry.reason),
            )
            for entry in entries
        ],
        numbers=[0],
    )


if __name__ == "__main__":
    show()
