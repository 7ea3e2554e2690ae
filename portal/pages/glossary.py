"""Glossary: every figure with its formula, every word, and what the model does not know."""

from __future__ import annotations

import streamlit as st

from portal import catalogue, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import names_under, pick, t
from templates.report import general_limits


def show() -> None:
    """Draw the page."""
    page_frame(ui_context(), "glossary")
    parts.answer(t("glossary.answer"), note=t("glossary.note"))
    parts.section(t("glossary.metrics"))
    parts.table(
        [t("glossary.metric"), t("glossary.formula"), t("glossary.means"), t("glossary.source")],
        [
            tuple(t(f"metrics.{name}.{part}") for part in ("name", "formula", "means", "source"))
            for name in names_under("metrics")
        ],
    )
    parts.section(t("glossary.words"))
    parts.table(
        [t("glossary.word"), t("glossary.means")],
        [
            (t(f"glossary.terms.{name}.name"), t(f"glossary.terms.{name}.says"))
            for name in names_under("glossary.terms")
        ],
    )
    with st.container(border=True, key="ms-card-limits"):
        parts.section(t("glossary.limits"), note=t("glossary.limits_why"))
        st.markdown("\n".join(f"- {pick(text)}" for text in general_limits()))
        for pack in catalogue.packs():
            with st.expander(pick(pack.manifest.title)):
                st.markdown("\n".join(f"- {pick(text)}" for text in pack.limits.not_modelled))


if __name__ == "__main__":
    show()
