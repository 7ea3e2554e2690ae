"""People and data: who can enter, what can be taken along, how everything is erased."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from portal import actions_data, actions_people, parts
from portal.actions_house import erase_dataset, erase_workspace
from portal.actions_people import Colleague
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.identity import Role
from portal.objections import DEPARTMENTS
from portal.text import t
from portal.workspace import Workspace

ROLES = (Role.OWNER, Role.ANALYST, Role.FINANCE_READER, Role.GUEST)


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "house")
    people = actions_people.colleagues(visit.workspace)
    inside = [one for one in people if one.active]
    parts.answer(t("house.answer", count=len(inside)), note=t("house.answer_why"))
    parts.table(
        [t("house.person"), t("house.email"), t("house.role"), t("house.department"), t("house.enters")],
        [(_name(one), one.email, t(f"shell.roles.{one.role}"), _for(one.department), _way(one)) for one in people],
    )
    others = [one for one in inside if not one.self]
    if others:
        _change(visit.workspace, others)
    _invite(visit)
    parts.section(t("house.take"), note=t("house.take_why"))
    st.html(f'<a class="ms-button" href="/files/workspace" target="_self">{escape(t("house.take_now"))}</a>')
    _erase_one(visit.workspace)
    _erase(visit.workspace)


def _name(one: Colleague) -> str:
    return t("house.you", name=one.name) if one.self else one.name


def _for(department: str) -> str:
    return t(f"consensus.{department}") if department else "–"


def _way(one: Colleague) -> str:
    if not one.active:
        return t("house.shut_out")
    return t("house.by_code" if one.by_code else "house.by_provider")


def _change(workspace: Workspace, others: list[Colleague]) -> None:
    with st.expander(t("house.change")):
        left, right = st.columns(2)
        names = {one.id: one.name for one in others}
        chosen = left.selectbox(t("house.person"), list(names), format_func=parts.named(names), key="whom")
        held = next(one.role for one in others if one.id == chosen)
        role = right.selectbox(
            t("house.role"),
            ROLES,
            index=ROLES.index(held),
            format_func=lambda role: t(f"shell.roles.{role}"),
            key=f"role-{chosen}",
        )
        department = st.selectbox(
            t("house.department"),
            ("", *DEPARTMENTS),
            index=("", *DEPARTMENTS).index(next(one.department for one in others if one.id == chosen)),
            format_func=_for,
            key=f"department-{chosen}",
        )
        with st.container(horizontal=True):
            if st.button(t("house.change_department"), key="change-department"):
                _try(lambda: actions_people.set_department(workspace, chosen, department=department))
            if st.button(t("house.change_role"), key="change-role", disabled=role is held):
                _try(lambda: actions_people.change_role(workspace, chosen, role=role))
            if st.button(t("house.shut"), key="shut-out", help=t("house.shut_why")):
                _try(lambda: actions_people.remove_member(workspace, chosen))


def _invite(visit: Visit) -> None:
    with st.form("colleague", enter_to_submit=False, border=True, clear_on_submit=True):
        parts.section(t("house.invite"), note=t("house.invite_why"))
        left, middle, right, last = st.columns(4)
        email = left.text_input(t("house.email"), placeholder="name@company.com", max_chars=320)
        name = middle.text_input(t("house.name"), placeholder=t("house.optional"), max_chars=100)
        role = right.selectbox(t("house.role"), ROLES, index=1, format_func=lambda role: t(f"shell.roles.{role}"))
        department = last.selectbox(
            t("house.department"), ("", *DEPARTMENTS), format_func=_for, help=t("house.department_why")
        )
        if st.form_submit_button(t("house.invite_now"), type="primary"):
            origin = visit.portal.settings.origin
            _try(
                lambda: actions_people.invite_colleague(
                    visit.workspace, email=email, role=role, name=name, origin=origin, department=department
                )
            )


def _erase_one(workspace: Workspace) -> None:
    found = {view.id: view.name for view in actions_data.datasets(workspace)}
    done = st.session_state.pop("erasure-receipt", "")
    if not found and not done:
        return
    parts.section(t("house.erase_one"), note=t("house.erase_one_why"))
    if done:
        st.caption(t("house.erase_one_receipt"))
        st.code(done, language="json", wrap_lines=True)
    if found:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                t("house.erase_one_which"), list(found), format_func=parts.named(found), key="erase-one", width=360
            )
            with st.popover(t("house.erase_one_now")):
                st.write(t("house.erase_one_sure", name=found[chosen]))
                if st.button(t("house.erase_now"), key="erase-one-now"):
                    _try(lambda: st.session_state.update({"erasure-receipt": erase_dataset(workspace, chosen)}))


def _erase(workspace: Workspace) -> None:
    parts.section(t("house.erase"), note=t("house.erase_why"))
    with st.expander(t("house.erase_open")):
        confirm = st.text_input(t("house.erase_confirm"), key="confirm-erase", max_chars=200)
        if st.button(t("house.erase_now"), key="erase", disabled=not confirm.strip()):
            _try(lambda: erase_workspace(workspace, confirm=confirm))


def _try(call: Callable[[], object]) -> None:
    """Call an action and draw the page again; a refusal stays beside what is wrong."""
    try:
        call()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


if __name__ == "__main__":
    show()
