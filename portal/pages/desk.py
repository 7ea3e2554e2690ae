"""Desk: what was released to you, and what your links are doing."""

from __future__ import annotations

from portal import actions_journey, actions_links, parts
from portal.actions_links import FeedItem
from portal.catalogue import in_words
from portal.context import ui_context
from portal.frame import link, page_frame
from portal.text import t
from privacy.disclosure import words

CARD = ("npv_likely", "payback", "loss_probability", "oee_uplift")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "desk")
    feed = actions_links.sales_feed(workspace)
    links = actions_links.list_links(workspace)
    waiting = dict(actions_journey.journey(workspace).waiting)
    parts.answer(t("desk.answer", results=len(feed)) if feed else t("desk.answer_none"), note=t("desk.rule"))
    parts.headline(
        [
            parts.Number(label=t("desk.results"), value=f"{len(feed)}", note=t("desk.results_note"), key="results"),
            parts.Number(label=t("desk.links"), value=f"{len(links)}", note=t("desk.links_note"), key="links"),
            parts.Number(
                label=t("desk.opened"),
                value=f"{waiting.get('links_opened', 0)}",
                note=t("desk.opened_note"),
                key="opened",
            ),
        ]
    )
    if feed:
        parts.section(t("desk.newest"))
        parts.table(
            [
                t("desk.account"),
                t("desk.card"),
                t("desk.grade"),
                t("desk.purpose"),
                t("desk.released_at"),
                t("desk.until"),
            ],
            [
                (
                    item.account,
                    *_card(item),
                    t(f"release.purpose_{item.purpose}"),
                    parts.moment(item.released_at),
                    parts.day(item.until),
                )
                for item in feed[:10]
            ],
        )
        link("released", label=t("desk.to_released"), icon=":material/arrow_forward:")
    else:
        parts.empty(t("desk.empty"), t("desk.empty_why"))
        link("links", label=t("desk.to_links"), icon=":material/arrow_forward:")


def _card(item: FeedItem) -> tuple[str, str]:
    """A result in one line (value, payback, chance of a loss, as far as released), and how far it can be trusted."""
    told = {one.field: one for one in words(item.payload)}
    said = [f"{t(f'desk.card_{name}')} {in_words(told[name])}" for name in CARD if name in told]
    grade = told.get("backtest_grade")
    return " · ".join(said) or t("desk.no_card"), "–" if grade is None else in_words(grade)


if __name__ == "__main__":
    show()
