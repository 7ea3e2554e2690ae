"""Released results: the bands that a tenant approved, and nothing else."""

from __future__ import annotations

import streamlit as st

from portal import actions_links, actions_recall, parts
from portal.catalogue import in_words, titled
from portal.context import Visit, ui_context
from portal.frame import link, page_frame
from portal.text import t
from privacy.disclosure import words


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "released")
    feed = actions_links.sales_feed(visit.workspace)
    parts.answer(t("desk.answer", results=len(feed)) if feed else t("desk.answer_none"), note=t("desk.rule"))
    if not feed:
        parts.empty(t("desk.empty"), t("desk.empty_why"))
        link("links", label=t("desk.to_links"), icon=":material/arrow_forward:")
    for item in feed:
        with st.container(border=True, key=f"ms-card-{item.id}"):
            ends = t("release.until_day", day=parts.day(item.until))
            parts.section(
                f"{item.account} · {t(f'release.purpose_{item.purpose}')}",
                note=f"{parts.moment(item.released_at)} · {ends}",
            )
            parts.table(
                [t("release.field"), t("release.sent")],
                [(titled(one), in_words(one)) for one in words(item.payload)],
            )
            st.caption(t("desk.terms"))
            parts.downloads("/files/released", item.id)
    _recalls(visit)


def _recalls(visit: Visit) -> None:
    """Say which copies must go; a release that is over is listed without its content."""
    over = [one for one in actions_recall.recalls(visit.workspace) if one.confirmed_at is None]
    if not over:
        return
    parts.section(t("seen.recall"), note=t("seen.recall_why"))
    for one in over:
        state = t("release.state_withdrawn" if one.withdrawn else "release.state_ended")
        with st.container(border=True, key=f"ms-card-recall-{one.id}"):
            parts.section(
                f"{one.account} · {state}", note=f"{parts.moment(one.released_at)} – {parts.moment(one.over_at)}"
            )
            if st.button(t("seen.recall_confirm"), key=f"recall-{one.id}"):
                actions_recall.confirm_recall(visit.workspace, one.id)
                st.rerun()


if __name__ == "__main__":
    show()
