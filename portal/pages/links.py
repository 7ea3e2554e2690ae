"""Links: invite a prospect into a workspace of his own, and see only what he agreed to show."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from portal import actions_assumptions, actions_links, actions_packs, parts
from portal.actions_links import LinkView
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.text import pick, t

NEW = "new-link"


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "links")
    links = actions_links.list_links(visit.workspace)
    live = [link for link in links if link.state == "open"]
    parts.answer(t("links.answer", count=len(live)) if live else t("links.answer_none"), note=t("links.rule"))
    _new(visit)
    if links:
        _list(visit, links)
        _propose(visit)


def _new(visit: Visit) -> None:
    made = st.session_state.pop(NEW, None)
    if made:
        with st.container(border=True, key="ms-card-made"):
            parts.section(t("links.made"), note=t("links.made_once"))
            st.code(made, language=None, wrap_lines=True)
    packs = {row["id"]: pick(row["title"]) for row in actions_packs.list_packs(visit.workspace)}
    with st.form("invite", enter_to_submit=False, border=True):
        parts.section(t("links.new"))
        left, right = st.columns(2)
        label = left.text_input(t("links.label"), help=t("links.label_why"), max_chars=120)
        email = right.text_input(t("links.email"), help=t("links.email_why"), max_chars=200)
        first, second, third, fourth = st.columns(4)
        domain = first.text_input(
            t("links.domain"), help=t("links.domain_why"), placeholder="company.com", max_chars=200
        )
        days = second.number_input(t("links.days"), 1, 90, 14)
        uses = third.number_input(t("links.uses"), 1, 50, 1)
        pack = fourth.selectbox(t("links.pack"), list(packs), format_func=parts.named(packs))
        wide, narrow = st.columns([3, 1])
        agreement = wide.text_area(t("links.agreement"), help=t("links.agreement_why"), max_chars=8000, height=80)
        runs = narrow.number_input(t("links.runs"), 0, 1000, 0, help=t("links.runs_why"))
        if st.form_submit_button(t("links.create"), type="primary"):
            try:
                link = actions_links.invite(
                    visit.workspace, label=label, days=int(days), uses=int(uses), domain=domain, pack=pack or "",
                    agreement=agreement, runs=int(runs), email=email, origin=visit.portal.settings.origin,
                )  # fmt: skip
            except ValueError as error:
                parts.problem(error)
            else:
                st.session_state[NEW] = f"{visit.portal.settings.origin}/s/{link.token}"
                st.rerun()


def _list(visit: Visit, links: Sequence[LinkView]) -> None:
    parts.section(t("links.list"))
    for link in links:
        with st.container(border=True, key=f"ms-card-link-{link.id}"):
            ends = t("links.ends", day=parts.moment(link.expires_at))
            used = t("links.used", uses=link.uses, most=link.max_uses)
            where = t("links.only", domain=link.domain) if link.domain else t("links.anybody")
            parts.section(f"{link.label} · {t(f'links.state_{link.state}')}", note=f"{ends} · {used} · {where}")
            progress = t(f"shell.pages.{link.progress}") if link.progress else ""
            st.caption(t("links.progress", step=progress) if progress else t("links.no_progress"))
            facts = [t("links.pinned", pack=link.pack)] if link.pack else []
            facts += [t("links.runs_of", count=link.runs)] if link.runs else []
            facts += [t("links.accepted", count=link.accepted)] if link.agreement else []
            if facts:
                st.caption(" · ".join(facts))
            if link.state == "open" and st.toggle(t("links.as_guest"), key=f"guest-{link.id}"):
                _as_guest(visit, link.id)
            if link.state == "open" and st.button(t("links.revoke"), key=f"revoke-{link.id}"):
                actions_links.revoke_link(visit.workspace, link.id)
                st.rerun()


def _propose(visit: Visit) -> None:
    offer = actions_assumptions.proposable(visit.workspace)
    with st.expander(t("assumptions.propose")):
        if not offer["accounts"]:
            parts.note(t("assumptions.propose_nobody"))
            return
        st.caption(t("assumptions.propose_why"))
        with st.form("proposal", enter_to_submit=False, border=False, clear_on_submit=True):
            left, right = st.columns(2)
            account = left.selectbox(
                t("assumptions.account"), list(offer["accounts"]), format_func=parts.named(offer["accounts"])
            )
            titles = {
                name: f"{pick(one['title'])} ({parts.unit(one['unit'])})" for name, one in offer["inputs"].items()
            }
            name = right.selectbox(t("assumptions.propose_input"), list(titles), format_func=parts.named(titles))
            value = left.text_input(t("assumptions.propose_value"), placeholder="10 / 12 / 15 CNY/piece", max_chars=100)
            source = right.text_input(t("assumptions.source"), max_chars=200)
            reason = st.text_input(t("assumptions.reason"), max_chars=500)
            if not st.form_submit_button(t("assumptions.propose_now"), type="primary"):
                return
        try:
            actions_assumptions.propose_value(
                visit.workspace, account=account, name=name, value=value, reason=reason, source=source
            )
        except ValueError as error:
            parts.problem(error)
        else:
            parts.note(t("assumptions.proposal_sent"), kind="done")


def _as_guest(visit: Visit, link: str) -> None:
    """What a guest of a link meets, without opening it."""
    shown = actions_links.preview_link(visit.workspace, link)
    parts.note(t("links.as_guest_why"))
    with st.container(border=True, key=f"ms-card-guest-{link}"):
        parts.section(t("shell.link_title"), note=t("shell.link_lead"))
        st.markdown("\n".join(f"- {t(f'shell.link_{name}')}" for name in ("you", "sender", "others")))
        if shown["domains"]:
            st.caption(t("links.only", domain=", ".join(shown["domains"])))
        if shown["agreement"]:
            parts.section(t("shell.agreement_title"), note=t("shell.agreement_lead"))
            st.text(shown["agreement"])


if __name__ == "__main__":
    show()
