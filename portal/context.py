"""Who is looking, in which workspace and language: what every page asks first.

Everything is read afresh for each script run, from the session's handle that the gate has put in; Streamlit's session
state holds ids and widget values, never a person, a role or a value of a tenant.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from portal import sessions
from portal.actions_preview import VIEWABLE
from portal.identity import Member, Role
from portal.sessions import Session
from portal.shelf import put_up
from portal.text import set_language
from portal.wiring import Portal, portal
from portal.workspace import Workspace

VIEW_AS = "view-as"  # in the session state: a wish to see less, judged afresh at every run
FRESH_SECONDS = 0.25  # one script run asks several times
_recent: dict[str, tuple[float, Session]] = {}


class Visit(NamedTuple):
    """The parts of a page's world."""

    portal: Portal
    member: Member
    workspace: Workspace
    language: str
    viewing: bool = False  # an owner looks as somebody with fewer rights

    @property
    def locked(self) -> bool:
        """Whether the tenant holds its own key and nobody of its people has opened it."""
        return not self.member.vendor and self.workspace.data_keys.locked(self.member.tenant)


def ui_context() -> Visit:
    """The current member and his workspace; ends the script run where the session has ended."""
    here = portal()
    session = _session(here, session_handle())
    if session is None:
        st.stop()
    member, viewing = session.member, st.session_state.get(VIEW_AS, "")
    viewing = viewing if member.role is Role.OWNER and viewing in VIEWABLE else ""
    if viewing:
        member = replace(member, role=Role(viewing))
    set_language(member.language)
    workspace = here.workspace(member, proved_at=session.proved_at)
    workspace.previewing = bool(viewing)
    put_up(workspace)
    return Visit(portal=here, member=member, workspace=workspace, language=member.language, viewing=bool(viewing))


def session_handle() -> str:
    """The handle that the gate has put into the websocket's handshake (never the cookie's token)."""
    run = get_script_run_ctx()  # what st.user shows, without its look at the secrets of Streamlit's own sign-in
    handle = run.user_info.get("sid") if run is not None else None
    handle = handle or st.context.headers.get("x-portal-sid")
    return handle if isinstance(handle, str) else ""


def forget() -> None:
    """Read the member afresh at the next question: something about him was changed."""
    _recent.pop(session_handle(), None)


def _session(here: Portal, handle: str) -> Session | None:
    if not handle:
        return None
    at = time.monotonic()
    recent = _recent.get(handle)
    if recent is not None and at - recent[0] < FRESH_SECONDS:
        return recent[1]
    with here.store.reading() as tx:
        session = sessions.session_by_id(tx, handle, now=here.now())
    if session is None:
        _recent.pop(handle, None)
        return None
    if len(_recent) > 2000:
        _recent.clear()
    _recent[handle] = (at, session)
    return session
