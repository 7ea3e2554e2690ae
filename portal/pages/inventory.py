"""Field inventory: everything that can be collected, everything that can be done, and everything that can leave."""

from __future__ import annotations

import streamlit as st

from portal import actions_audit, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.pages.log import verb_name
from portal.text import has_text, pick, t
from privacy.release import FIELDS, NOT_SENT
from templates import catalogue


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "inventory")
    fields, actions = catalogue.fields(), actions_audit.actions_overview(visit.workspace)
    parts.answer(
        t("inventory.answer", fields=len(fields), actions=len(actions), leave=len(FIELDS)), note=t("inventory.rule")
    )
    collected, done, leave = st.tabs([t("inventory.tab_fields"), t("inventory.tab_actions"), t("inventory.tab_leave")])
    with collected:
        parts.table(
            [t("inventory.field"), t("inventory.type"), t("inventory.why")],
            [
                (t(f"fields.{name}"), t(f"inventory.type_{field.type}"), pick(field.purpose))
                for name, field in fields.items()
            ],
        )
    with done:
        parts.table(
            [t("log.action"), t("inventory.who"), t("log.purpose"), t("inventory.class")],
            [
                (
                    verb_name(row["action"]),
                    t("data.comma").join(t(f"shell.roles.{role}") for role in row["roles"])
                    if len(row["roles"]) < 11
                    else t("inventory.everybody"),
                    t(f"log.purpose_{row['purpose']}") if has_text(f"log.purpose_{row['purpose']}") else row["purpose"],
                    t(f"inventory.class_{row['highest_class']}"),
                )
                for row in actions
            ],
        )
    with leave:
        parts.table(
            [t("release.field"), t("inventory.type")],
            [(pick(f.title), t(f"inventory.kind_{f.kind}")) for f in FIELDS.values()],
        )
        parts.section(t("release.not_sent"))
        st.markdown("\n".join(f"- {pick(item)}" for item in NOT_SENT))


if __name__ == "__main__":
    show()
