"""Releases: every disclosure with its consent and digest, never its content."""

from __future__ import annotations

from portal import actions_audit, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "budgets")
    found = actions_audit.release_overview(visit.workspace)
    live = sum(row["state"] == "released" for row in found)
    parts.answer(t("budgets.answer", live=live, all=len(found)), note=t("budgets.rule"))
    if not found:
        parts.empty(t("budgets.empty"), t("budgets.empty_why"))
        return
    parts.table(
        [
            t("log.tenant"),
            t("budgets.released"),
            t("release.until"),
            t("consents.withdrawn"),
            t("packs.state"),
            t("budgets.digest"),
        ],
        [
            (
                row["tenant"],
                parts.moment(row["released_at"]),
                parts.day(row["until"]),
                parts.moment(row["withdrawn_at"]),
                t(f"release.state_{row['state']}"),
                row["digest"][:16] + "…",
            )
            for row in found
        ],
    )


if __name__ == "__main__":
    show()
