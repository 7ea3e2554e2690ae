"""Consents and purposes: who agreed to what, for how long, and what was taken back."""

from __future__ import annotations

from portal import actions_audit, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import has_text, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "consents")
    found = actions_audit.consent_overview(visit.workspace)
    live = sum(row["state"] == "given" for row in found)
    parts.answer(t("consents.answer", live=live, all=len(found)), note=t("consents.rule"))
    if not found:
        parts.empty(t("consents.empty"), t("consents.empty_why"))
        return
    parts.table(
        [
            t("log.tenant"),
            t("release.purpose"),
            t("consents.given"),
            t("release.until"),
            t("consents.withdrawn"),
            t("packs.state"),
        ],
        [
            (
                row["tenant"],
                t(f"release.purpose_{row['purpose']}")
                if has_text(f"release.purpose_{row['purpose']}")
                else row["purpose"],
                parts.moment(row["given_at"]),
                parts.day(row["until"]),
                parts.moment(row["withdrawn_at"]),
                t(f"consents.state_{row['state']}"),
            )
            for row in found
        ],
    )


if __name__ == "__main__":
    show()
