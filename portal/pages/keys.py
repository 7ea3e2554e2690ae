"""Keys: their state and versions; a rotation wraps every data key anew."""

from __future__ import annotations

import streamlit as st

from portal import actions_admin, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "keys")
    found = actions_admin.key_status(visit.workspace)
    usable = sum(row["state"] == "active" for row in found)
    parts.answer(t("keys.answer", usable=usable, all=len(found)), note=t("keys.rule"))
    parts.table(
        [t("tenants.name"), t("keys.state"), t("keys.version"), t("keys.rotated")],
        [
            (row["name"], t(f"keys.state_{row['state']}"), row["version"], parts.moment(row["rotated_at"]))
            for row in found
        ],
        numbers=[2],
    )
    usable_rows = {row["tenant"]: row["name"] for row in found if row["state"] == "active"}
    if usable_rows:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox(
                t("keys.of"),
                list(usable_rows),
                format_func=parts.named(usable_rows),
                key="key-of",
                width=320,
            )
            if st.button(t("keys.rotate"), type="primary", key="rotate"):
                done = actions_admin.rotate_keys(visit.workspace, chosen)
                st.toast(t("keys.done", version=done["version"], keys=done["data_keys"]))
    st.caption(t("keys.rotate_why"))


if __name__ == "__main__":
    show()
