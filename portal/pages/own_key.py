"""Own key: who holds the key of the workspace, and how the organisation takes it into its own hands."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from portal import actions_custody, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import t
from portal.unlocking import secret_input, show_code, two_words
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "own_key")
    found = actions_custody.own_key(visit.workspace)
    top, place = st.container(), st.empty()  # a new code takes the place of everything else
    with place.container():
        if found.held:
            parts.answer(t("own_key.answer_held"), note=t("own_key.answer_held_why", since=parts.moment(found.since)))
        else:
            parts.answer(t("own_key.answer_not"), note=t("own_key.answer_not_why"))
        parts.section(t("own_key.what"))
        st.markdown("\n".join(f"- {t(f'own_key.what_{number}')}" for number in range(1, 6)))
        code = _held(visit.workspace) if found.held else _take(visit.workspace)
    if code:
        place.empty()
        with top:
            show_code(code)


def _take(workspace: Workspace) -> str:
    parts.section(t("own_key.take"))
    with st.form("take-key", clear_on_submit=True, enter_to_submit=False, border=False):
        words, again = two_words("take")
        sure = st.checkbox(t("own_key.understood"), key="take-sure")
        pressed = st.form_submit_button(t("own_key.take_now"), type="primary")
    if not pressed:
        return ""
    if not sure:
        parts.note(t("own_key.understood"), kind="warning")
        return ""
    return _tried(lambda: actions_custody.take_key(workspace, passphrase=words, again=again))


def _held(workspace: Workspace) -> str:
    parts.section(t("own_key.lock"), note=t("own_key.lock_why"))
    if st.button(t("own_key.lock_now"), key="lock-now"):
        actions_custody.close_key(workspace)
        st.rerun()
    code = ""
    with st.expander(t("own_key.change")):
        st.caption(t("own_key.change_why"))
        with st.form("change-key", clear_on_submit=True, enter_to_submit=False, border=False):
            now = secret_input("own_key.passphrase_now", key="change-now")
            words, again = two_words("change")
            pressed = st.form_submit_button(t("own_key.change_now"))
        if pressed:
            code = _tried(lambda: actions_custody.change_passphrase(workspace, now=now, passphrase=words, again=again))
    with st.expander(t("own_key.back")):
        st.caption(t("own_key.back_why"))
        with st.form("give-back", clear_on_submit=True, enter_to_submit=False, border=False):
            now = secret_input("own_key.passphrase_now", key="back-now")
            pressed = st.form_submit_button(t("own_key.back_now"))
        if pressed:
            _back(workspace, now)
    return code


def _back(workspace: Workspace, words: str) -> None:
    try:
        actions_custody.give_key_back(workspace, passphrase=words)
    except ValueError as error:
        parts.problem(error)
    else:
        st.toast(t("own_key.given"))
        st.rerun()


def _tried(change: Callable[[], str]) -> str:
    """The recovery code that a change of the lock gives; "" where it was refused, which is said."""
    try:
        return change()
    except ValueError as error:
        parts.problem(error)
        return ""


if __name__ == "__main__":
    show()
