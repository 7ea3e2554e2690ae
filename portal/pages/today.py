"""Today: what was read, refused and released in the last day, and whether the log still holds."""

from __future__ import annotations

from portal import actions_audit, actions_review, parts
from portal.context import ui_context
from portal.frame import link, page_frame
from portal.oversight_report import sentence_of
from portal.pages.log import entries_table
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "today")
    day = actions_audit.today(visit.workspace)
    proof = day["proof"]
    state = t("today.proof_none") if proof is None else t("today.proof_good" if proof["passed"] else "today.proof_bad")
    parts.answer(
        t("today.answer", actions=f"{day['actions']:,}", people=day["people"], refused=day["refused"]), note=state
    )
    parts.headline(
        [
            parts.Number(label=t(f"today.{key}"), value=f"{day[key]:,}", note=t(f"today.{key}_note"), key=key)
            for key in ("refused", "releases", "withdrawals", "vendor_access", "entries")
        ]
    )
    odd = actions_review.anomalies(visit.workspace)
    if odd:
        parts.section(t("reports.unusual"), note=t("reports.unusual_why"))
        parts.table(
            [t("log.actor"), t("log.role"), t("reports.what")],
            [(one.actor, t(f"shell.roles.{one.role}"), sentence_of({"rule": one.rule, **one.figures})) for one in odd],
        )
    parts.section(t("today.refusals"), note=t("today.refusals_why"))
    if day["refusals"]:
        entries_table(day["refusals"])
    else:
        parts.note(t("today.no_refusals"), kind="done")
    link("proof", label=t("today.to_proof"), icon=":material/arrow_forward:")


if __name__ == "__main__":
    show()
