"""The Streamlit script: who is it, which pages are his, which one is open."""

from __future__ import annotations

import logging
from html import escape

import streamlit as st

from portal import parts, storage_accounts, unlocking
from portal.context import VIEW_AS, Visit, forget, ui_context
from portal.navigation import pages_of
from portal.problems import where
from portal.text import LANGUAGES, set_language, t

log = logging.getLogger("mingsuan.ui")


def main() -> None:
    """Draw the shell and run the page that is open."""
    visit = ui_context()
    groups: dict[str, list[st.Page]] = {}
    for place, entry in enumerate(pages_of(visit.member.role)):
        page = st.Page(
            entry.file,
            title=t(f"shell.pages.{entry.name}"),
            icon=entry.icon,
            url_path=entry.name,
            default=place == 0,
        )
        groups.setdefault(t(f"shell.groups.{entry.group}"), []).append(page)
    chosen = st.navigation(groups, position="sidebar", expanded=True)
    st.set_page_config(page_title=f"{chosen.title} · {t('shell.product')}", layout="wide")
    with st.sidebar:
        _sidebar(visit)
    if visit.locked and chosen.url_path != "account":
        st.session_state.pop(VIEW_AS, None)
        unlocking.show(visit)
        return
    if visit.viewing:
        _preview(visit)
    chosen.run()


def failed(error: Exception) -> bool:
    """Whatever a page or a part of it did wrong: the person gets words, the log the place (never the values)."""
    log.error("a page failed: %s at %s", type(error).__name__, where(error))
    parts.problem(error)
    return True


def _preview(visit: Visit) -> None:
    """Say above every page that this is a preview, and how it ends."""
    with st.container(horizontal=True, vertical_alignment="center", key="ms-preview"):
        parts.note(t("seen.viewing", role=t(f"shell.roles.{visit.member.role}")), kind="warning")
        if st.button(t("seen.end_viewing"), key="end-viewing"):
            st.session_state.pop(VIEW_AS, None)
            st.rerun()


def _sidebar(visit: Visit) -> None:
    st.html(
        f'<div class="ms-me ms-language" lang="{escape(visit.language)}"><b>{escape(visit.member.name)}</b>'
        f"<span>{escape(t(f'shell.roles.{visit.member.role}'))}</span></div>"
    )
    wanted = st.segmented_control(
        t("shell.language"),
        options=list(LANGUAGES),
        default=visit.language,
        format_func=LANGUAGES.__getitem__,
        key=f"language-{visit.language}",
        label_visibility="collapsed",
    )
    if wanted is not None and wanted != visit.language:
        with visit.portal.store.writing() as tx:
            storage_accounts.set_member_language(tx, visit.member.id, wanted)
        forget()
        set_language(wanted)
        st.rerun()
    st.html(f'<div class="ms-out"><a href="/auth/sign-out" target="_self">{escape(t("shell.sign_out"))}</a></div>')


if __name__ == "__main__":
    main()
