"""Guides and briefs: the five reasons a decision stalls, what removes each, and words for the rep only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_guides, actions_packs, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.identity import Role
from portal.text import pick, t
from portal.workspace import Workspace


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
    used = actions_guides.guide_cards(visit.workspace, pack=chosen) if visit.member.role is Role.REP else None
    if used:
        _grounds(used)
    drawn: set[str] = set()  # a card may answer several doubts; it is judged once
    for obstacle in pack["obstacles"]:
        with st.container(border=True, key=f"ms-card-{obstacle['id']}"):
            parts.section(pick(obstacle["title"]), note=t("guides.whose", role=t(f"owners.{obstacle['owner_role']}")))
            st.markdown("\n".join(f"- {pick(item)}" for item in obstacle["evidence"]))
            for key in obstacle["guide"]:
                if key in cards:
                    with st.expander(t("guides.card", says=pick(cards[key]["says"]))):
                        _card(cards[key], packs)
                        if used and key not in drawn:
                            _judged(visit.workspace, chosen, key, used["cards"][key])
                    drawn.add(key)


def _brief(brief: Mapping[str, Any]) -> None:
    """One page before a meeting: what to ask, how it is reckoned, what will be said against it."""
    with st.container(border=True, key="ms-card-brief"):
        parts.section(t("guides.brief"), note=t("guides.brief_why"))
        for place, name in zip(st.columns(3), ("questions", "formulas", "objections"), strict=True):
            items = "\n".join(f"{number}. {pick(text)}" for number, text in enumerate(brief[name], 1))
            place.markdown(f"**{t(f'guides.brief_{name}')}**\n\n{items}")


def _grounds(used: Mapping[str, Any]) -> None:
    """What the cards rest on and where they end, once for all of them."""
    basis = used["basis"]
    with st.expander(t("guides.grounds")):
        st.markdown(t("guides.basis", **basis))
        st.markdown(f"**{t('guides.limits')}**\n\n" + "\n".join(f"- {pick(one)}" for one in used["limits"]))
        st.caption(t("guides.person"))


def _card(card: Mapping[str, Any], packs: Mapping[str, str]) -> None:
    for part, key in (("answer", "answer_words"), ("ask", "ask"), ("never", "never")):
        st.markdown(f"**{t(f'guides.{key}')}** {pick(card[part])}")
    tags = {"role": t(f"owners.{card['role']}"), "objection": t(f"guides.objection_{card['objection']}")}
    st.caption(t("guides.tags", industry=packs.get(card["industry"], card["industry"]), **tags))


def _judged(workspace: Workspace, pack: str, key: str, used: Mapping[str, Any]) -> None:
    """The card's code, what others made of it, how sure that is, and one's own verdict of this month."""
    counts = {name: used[name] for name in actions_guides.VERDICTS}
    bounds = {"low": parts.percent(used["low"]), "high": parts.percent(used["high"])}
    sure = t("guides.confidence_" + used["confidence"], **bounds)
    st.caption(f"{t('guides.counts', **counts)} {sure}")
    st.code(used["code"], language=None)
    st.caption(t("guides.code_why"))
    mine = used["mine"] or {"verdict": None, "reason": ""}
    verdicts = {name: t(f"guides.verdict_{name}") for name in actions_guides.VERDICTS}
    reasons = {name: t(f"guides.reason_{name or 'none'}") for name in actions_guides.REASONS}
    with st.form(f"judge-{pack}-{key}", enter_to_submit=False, border=False):
        verdict = st.segmented_control(
            t("guides.verdict"),
            list(verdicts),
            default=mine["verdict"],
            format_func=parts.named(verdicts),
            key=f"verdict-{pack}-{key}",
        )
        reason = st.selectbox(
            t("guides.reason"),
            list(reasons),
            index=list(reasons).index(mine["reason"]),
            format_func=parts.named(reasons),
            key=f"reason-{pack}-{key}",
            help=t("guides.reason_why"),
        )
        if st.form_submit_button(t("guides.keep")) and verdict:
            try:
                actions_guides.judge_card(workspace, pack=pack, card=key, verdict=verdict, reason=reason)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


if __name__ == "__main__":
    show()
