"""What is drawn instead of a page while a tenant that holds its own key is locked, and the recovery code."""

from __future__ import annotations

import streamlit as st

from portal import actions_custody, parts
from portal.context import Visit
from portal.frame import page_frame
from portal.identity import Role
from portal.text import t
from portal.workspace import Workspace


def show(visit: Visit) -> None:
    """Ask for the passphrase."""
    page_frame(visit, "own_key")
    if visit.member.role is Role.GUEST:
        parts.answer(t("own_key.locked"), note=t("own_key.locked_guest"))
        return
    top, place = st.container(), st.empty()  # a new code takes the place of everything else
    with place.container():
        code = _ask(visit)
    if code:
        place.empty()
        with top:
            show_code(code)


def _ask(visit: Visit) -> str:
    """Ask for the passphrase, an owner for the recovery code too; returns a new code where he has used his."""
    parts.answer(t("own_key.locked"), note=t("own_key.locked_why"))
    with st.form("open-key", clear_on_submit=True, enter_to_submit=True, border=False):
        words = secret_input("own_key.passphrase", key="open-words")
        if st.form_submit_button(t("own_key.open_now"), type="primary"):
            try:
                actions_custody.open_key(visit.workspace, passphrase=words)
            except ValueError as error:
                parts.problem(error)
            else:
                st.toast(t("own_key.opened"))
                st.rerun()
    return _recover(visit.workspace) if visit.member.role is Role.OWNER else ""


def _recover(workspace: Workspace) -> str:
    with st.expander(t("own_key.forgotten")):
        st.caption(t("own_key.forgotten_why"))
        with st.form("recover-key", clear_on_submit=True, enter_to_submit=False, border=False):
            code = secret_input("own_key.code", key="recover-code")
            words, again = two_words("recover")
            pressed = st.form_submit_button(t("own_key.recover_now"))
        if pressed:
            try:
                return actions_custody.recover_key(workspace, code=code, passphrase=words, again=again)
            except ValueError as error:
                parts.problem(error)
    return ""


def two_words(key: str) -> tuple[str, str]:
    """A new passphrase, typed twice."""
    st.caption(t("own_key.words"))
    words = secret_input("own_key.passphrase_new", key=f"{key}-words", fresh=True)
    return words, secret_input("own_key.again", key=f"{key}-again", fresh=True)


def secret_input(label: str, *, key: str, fresh: bool = False) -> str:
    """A field whose letters do not show; its form forgets it when it is sent."""
    hint = "new-password" if fresh else "current-password"
    return st.text_input(t(label), type="password", key=key, max_chars=400, autocomplete=hint, width=480)


def show_code(code: str) -> None:
    """Show the recovery code: in this run of the script, and in no other."""
    parts.note(t("own_key.code_title"), kind="warning")
    st.code(code, language=None, wrap_lines=True)
    st.caption(t("own_key.code_why"))
    st.button(t("own_key.code_done"), key="code-done", type="primary")
