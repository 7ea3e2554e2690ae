"""Backups: when the last one was made, what came since, and how one is made, checked and brought back."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from portal import actions_backup, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import t

OLD = timedelta(days=2)


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "backups")
    found = actions_backup.backup_status(visit.workspace)
    made, rotated = found["backup"], found["rotation"]
    if made is None:
        parts.answer(t("backups.none"), note=t("backups.none_why"))
    else:
        old = visit.workspace.clock() - made > OLD
        parts.answer(
            t("backups.old" if old else "backups.fresh", at=parts.moment(made)),
            note=t("backups.since", count=found["since"]),
        )
        if rotated is not None and rotated > made:
            st.html(f'<div class="ms-problem" role="status">{t("backups.rotated")}</div>')
    parts.table(
        [t("backups.what"), t("backups.when")],
        [(t(f"backups.{name}"), parts.moment(found[name]) or "–") for name in ("backup", "restore", "rotation")],
    )
    parts.section(t("backups.make"), note=t("backups.make_why"))
    st.code("mingsuan backup all.backup", language="bash")
    parts.section(t("backups.check"), note=t("backups.check_why"))
    st.code("mingsuan restore all.backup --check", language="bash")
    parts.section(t("backups.back"), note=t("backups.back_why"))
    st.code("mingsuan restore all.backup --older", language="bash")


if __name__ == "__main__":
    show()
