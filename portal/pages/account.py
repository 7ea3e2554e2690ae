"""Your account: what is kept of you, where you are signed in, how it is corrected and erased."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from portal import actions_self, parts
from portal.context import forget, ui_context
from portal.frame import page_frame
from portal.text import t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "account")
    found = actions_self.my_data(visit.workspace)
    parts.answer(t("account.answer", sessions=len(found["sessions"])), note=t("account.answer_why"))
    parts.table(
        [t("account.what"), t("account.value")],
        [
            (t("account.name"), found["name"]),
            (t("account.email"), found["email"] or "–"),
            (t("account.role"), t(f"shell.roles.{found['role']}")),
            (t("account.tenant"), found["tenant"] or "–"),
            (t("account.enters"), t("account.by_code" if found["by_code"] else "account.by_provider")),
            (t("account.pseudonym"), found["pseudonym"]),
        ],
    )
    _sessions(visit.workspace, found)
    _log(found)
    _correct(visit.workspace, found)
    _erase(visit.workspace)


def _sessions(workspace: Workspace, found: Mapping[str, Any]) -> None:
    parts.section(t("account.sessions"), note=t("account.sessions_why"))
    parts.table(
        [t("account.since"), t("account.proved")],
        [(_moment(one["opened_at"]), _moment(one["proved_at"])) for one in found["sessions"]],
    )
    if st.button(t("account.end_sessions"), key="end-sessions"):
        actions_self.end_my_sessions(workspace)
        st.rerun()


def _log(found: Mapping[str, Any]) -> None:
    parts.section(t("account.log"), note=t("account.log_why"))
    with st.expander(t("account.log_open", count=len(found["entries"]))):
        parts.table(
            [t("account.when"), t("account.did")],
            [(_moment(one["at"]), t(f"actions.{one['action']}")) for one in found["entries"][:50]],
        )
        st.caption(t("account.copy"))
        st.code(json.dumps(found, ensure_ascii=False, indent=1), language="json", height=240)


def _correct(workspace: Workspace, found: Mapping[str, Any]) -> None:
    parts.section(t("account.correct"), note=t("account.correct_why" if found["by_code"] else "account.correct_there"))
    if not found["by_code"]:
        return
    with st.form("correct", enter_to_submit=False, border=False):
        name = st.text_input(t("account.name"), value=found["name"], max_chars=200)
        if st.form_submit_button(t("account.save")):
            try:
                actions_self.correct_me(workspace, name=name)
            except ValueError as error:
                parts.problem(error)
            else:
                forget()
                st.rerun()


def _erase(workspace: Workspace) -> None:
    parts.section(t("account.erase"), note=t("account.erase_why"))
    with st.expander(t("account.erase_open")):
        confirm = st.text_input(t("account.erase_confirm"), key="confirm-me", max_chars=200)
        if st.button(t("account.erase_now"), key="erase-me", disabled=not confirm.strip()):
            try:
                actions_self.erase_me(workspace, confirm=confirm)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


def _moment(text: str) -> str:
    return parts.moment(datetime.fromisoformat(text))


if __name__ == "__main__":
    show()
