"""Guides and briefs: the five reasons a decision stalls, what removes each, and words for the rep only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_packs, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import pick, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "guides")
    packs = {row["id"]: pick(row["title"]) for row in actions_packs.list_packs(visit.workspace)}
    chosen = next(iter(packs))
    if len(packs) > 1:
        chosen = st.selectbox(t("packs.which"), list(packs), format_func=parts.named(packs), key="guide-pack")
    pack = actions_packs.open_pack(visit.workspace, chosen)
    parts.answer(t("guides.answer", count=len(pack["obstacles"]), pack=pick(pack["title"])), note=t("guides.rule"))
    _brief(pack["brief"])
    cards = {card["id"]: card for card in pack["guide"]}
    for obstacle in pack["obstacles"]:
        with st.container(border=True, key=f"ms-card-{obstacle['id']}"):
            parts.section(pick(obstacle["title"]), note=t("guides.whose", role=t(f"owners.{obstacle['owner_role']}")))
            st.markdown("\n".join(f"- {pick(item)}" for item in obstacle["evidence"]))
            for key in obstacle["guide"]:
                if key in cards:
                    _card(cards[key])


def _brief(brief: Mapping[str, Any]) -> None:
    """One page before a meeting: what to ask, how it is reckoned, what will be said against it."""
    with st.container(border=True, key="ms-card-brief"):
        parts.section(t("guides.brief"), note=t("guides.brief_why"))
        for place, name in zip(st.columns(3), ("questions", "formulas", "objections"), strict=True):
            items = "\n".join(f"{number}. {pick(text)}" for number, text in enumerate(brief[name], 1))
            place.markdown(f"**{t(f'guides.brief_{name}')}**\n\n{items}")


def _card(card: Mapping[str, Any]) -> None:
    with st.expander(t("guides.card", says=pick(card["says"]))):
        for part, key in (("answer", "answer_words"), ("ask", "ask"), ("never", "never")):
            st.markdown(f"**{t(f'guides.{key}')}** {pick(card[part])}")
        st.caption(
            t("guides.tags", role=t(f"owners.{card['role']}"), objection=t(f"guides.objection_{card['objection']}"))
        )


if __name__ == "__main__":
    show()
