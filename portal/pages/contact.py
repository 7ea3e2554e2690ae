"""Contact rules: whom one may contact now, and the rules, which both sides see alike."""

from __future__ import annotations

import streamlit as st

from portal import actions_contact, parts
from portal.contacting import CHANNELS
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.pages.seen import rules
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "contact")
    made = actions_contact.contacts_made(visit.workspace)
    parts.answer(
        t("contact.answer", count=len(made)) if made else t("contact.answer_none"), note=t("contact.rule_no_override")
    )
    parts.section(t("contact.rule_title"))
    rules()
    _new(visit)
    if made:
        parts.section(t("contact.made"))
        rows = [(parts.moment(one.at), t(f"contact.channel_{one.channel}")) for one in made]
        parts.table([t("contact.when"), t("contact.channel")], rows)


def _new(visit: Visit) -> None:
    workspace = visit.workspace
    with st.container(border=True, key="ms-card-contact"):
        parts.section(t("contact.new"))
        left, right = st.columns([3, 1])
        email = left.text_input(t("contact.email"), max_chars=254, key="contact-email")
        words = {name: t(f"contact.channel_{name}") for name in CHANNELS}
        channel = right.selectbox(t("contact.channel"), list(words), format_func=words.__getitem__, key="channel")
        if not email.strip():
            return
        try:
            verdict = actions_contact.may_be_contacted(workspace, email)
        except ValueError as error:
            parts.problem(error)
            return
        if not verdict.allowed:
            parts.note(t(f"contact.refused_{verdict.code}", until=parts.moment(verdict.next_at)), kind="warning")
            return
        parts.note(t("contact.allowed"), kind="done")
        subject = text = ""
        if channel == "mail":
            subject = st.text_input(t("contact.subject"), max_chars=200, key="contact-subject")
            text = st.text_area(t("contact.text"), max_chars=5000, help=t("contact.text_why"), key="contact-text")
        if st.button(t("contact.send"), type="primary", key="contact-now"):
            try:
                actions_contact.contact_prospect(
                    workspace, email=email, channel=channel or "", subject=subject, text=text,
                    origin=visit.portal.settings.origin,
                )  # fmt: skip
            except ValueError as error:
                parts.problem(error)
            else:
                st.toast(t("contact.done"))
                st.rerun()


if __name__ == "__main__":
    show()
