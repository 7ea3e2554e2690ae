"""Tenants: create, suspend, close; look at details only with a reason that the tenant sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from portal import actions_admin, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.identity import VENDOR
from portal.text import t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "tenants")
    found = [row for row in actions_admin.tenants(workspace) if row["id"] != VENDOR]
    active = sum(row["state"] == "active" for row in found)
    parts.answer(t("tenants.answer", active=active, all=len(found)), note=t("tenants.rule"))
    parts.table(
        [t(f"tenants.{name}") for name in ("name", "state", "members", "providers", "values", "size", "key")],
        [
            (
                row["name"],
                t(f"tenants.state_{row['state']}"),
                row["members"],
                t("data.comma").join(row["providers"]) or "–",
                f"{row['values']:,}",
                f"{row['bytes'] / 2**20:,.1f} MiB",
                f"{t('keys.state_' + row['key'])} v{row['key_version']}",
            )
            for row in found
        ],
        numbers=[2, 4, 5],
    )
    with st.form("new-tenant", enter_to_submit=False, border=True):
        parts.section(t("tenants.new"))
        name = st.text_input(t("tenants.new_name"), max_chars=200)
        if st.form_submit_button(t("tenants.create"), type="primary"):
            _try(lambda: actions_admin.create_tenant(workspace, name=name))
    _one(workspace, {row["id"]: row for row in found})


def _one(workspace: Workspace, rows: Mapping[str, Mapping[str, Any]]) -> None:
    if not rows:
        return
    parts.section(t("tenants.one"))
    chosen = st.selectbox(
        t("tenants.choose"),
        list(rows),
        format_func=parts.named({key: row["name"] for key, row in rows.items()}),
        key="tenant",
    )
    row = rows[chosen]
    with st.container(horizontal=True):
        if row["state"] == "active" and st.button(t("tenants.suspend"), key="suspend", help=t("tenants.suspend_why")):
            _try(lambda: actions_admin.suspend_tenant(workspace, chosen))
        if row["state"] == "suspended" and st.button(t("tenants.resume"), key="resume"):
            _try(lambda: actions_admin.resume_tenant(workspace, chosen))
    if row["state"] != "closed":
        _close(workspace, chosen, row["name"])
        _look(workspace, chosen)


def _close(workspace: Workspace, tenant: str, name: str) -> None:
    with st.expander(t("tenants.close")):
        parts.note(t("tenants.close_why"), kind="warning")
        typed = st.text_input(t("tenants.close_confirm", name=name), key=f"close-{tenant}")
        if st.button(t("tenants.close_button"), key=f"close-now-{tenant}", disabled=not typed):
            _try(lambda: actions_admin.close_tenant(workspace, tenant, confirm=typed))


def _look(workspace: Workspace, tenant: str) -> None:
    with st.expander(t("tenants.look")):
        st.write(t("tenants.look_why"))
        reason = st.text_input(t("tenants.look_reason"), key=f"reason-{tenant}", max_chars=500)
        minutes = st.number_input(t("tenants.look_minutes"), 5, 480, 60, key=f"minutes-{tenant}")
        if st.button(t("tenants.look_button"), key=f"look-{tenant}"):
            try:
                st.session_state[f"grant-{tenant}"] = actions_admin.break_glass(
                    workspace, tenant, reason=reason, minutes=int(minutes)
                )
            except ValueError as error:
                parts.problem(error)
        grant = st.session_state.get(f"grant-{tenant}")
        if grant:
            try:
                told = actions_admin.support_view(workspace, grant)
            except ValueError as error:
                parts.problem(error)
                return
            parts.table(
                [t("tenants.kind"), t("tenants.values"), t("tenants.size")],
                [(row["kind"], f"{row['values']:,}", f"{row['bytes'] / 2**20:,.2f} MiB") for row in told["kinds"]],
                numbers=[1, 2],
            )


def _try(action: Callable[[], object]) -> None:
    try:
        action()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


if __name__ == "__main__":
    show()
