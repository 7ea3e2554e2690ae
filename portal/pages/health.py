"""Health and jobs: what is running, what failed; never whose figures they are."""

from __future__ import annotations

import streamlit as st

from portal import actions_admin, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "health")
    jobs = actions_admin.jobs(visit.workspace)
    open_ = sum(job["state"] in {"queued", "running"} for job in jobs)
    failed = sum(job["state"] == "failed" for job in jobs)
    parts.answer(t("health.answer", open=open_, failed=failed), note=t("health.rule"))
    if not jobs:
        parts.empty(t("health.empty"), t("health.empty_why"))
        return
    parts.table(
        [t(f"health.{name}") for name in ("created", "kind", "state", "progress", "attempts", "error", "tenant")],
        [
            (
                parts.moment(job["created_at"]),
                t(f"health.kind_{job['kind']}"),
                t(f"health.state_{job['state']}"),
                parts.percent(job["progress"]),
                job["attempts"],
                job["error"] or "–",
                job["tenant"],
            )
            for job in jobs
        ],
        numbers=[3, 4],
    )
    st.caption(t("health.routes"))


if __name__ == "__main__":
    show()
