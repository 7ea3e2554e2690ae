"""What every page of a workspace starts with: the page's name and the trust strip."""

from __future__ import annotations

from html import escape

import streamlit as st

from portal import actions_journey, charts
from portal.actions_study import ScenarioView
from portal.context import Visit, ui_context
from portal.navigation import pages_of
from portal.text import pick, t


def page_frame(visit: Visit, name: str) -> None:
    """Draw the trust strip (for a tenant's people) and the page's name above its answer."""
    if not visit.member.vendor and not visit.locked:
        st.html(_strip(visit))
    st.html(f'<div class="ms-title">{escape(t(f"shell.pages.{name}"))}</div>')


def _strip(visit: Visit) -> str:
    trust = actions_journey.who_can_see(visit.workspace)
    whose = t("shell.strip.sample") if trust.sample else t("shell.strip.yours")
    who = t("shell.strip.only_you") if trust.members <= 1 else t("shell.strip.who", count=trust.members)
    released = t("shell.strip.released", count=trust.released) if trust.released else t("shell.strip.nothing_released")
    grade = t("shell.strip.grade", grade=trust.grade) if trust.grade else t("shell.strip.no_test")
    facts = "".join(f"<span>{escape(fact)}</span>" for fact in (who, released, grade))
    link = f'<a href="/trust" target="_self">{escape(t("shell.strip.link"))}</a>'
    sample = " ms-sample" if trust.sample else ""
    return f'<div class="ms-strip{sample}"><b>{escape(whose)}</b>{facts}{link}</div>'


def link(name: str, *, label: str, icon: str | None = None) -> None:
    """The way to another page, where it is one of this person's pages."""
    entry = next((entry for entry in pages_of(ui_context().member.role) if entry.name == name), None)
    if entry is not None:
        st.page_link(entry.file, label=label, icon=icon)


def look() -> charts.Theme:
    """The theme of charts that fits the browser's."""
    return charts.theme(str(getattr(st.context.theme, "type", None) or "light"))


def draw(spec: charts.Spec, *, key: str, height: int = 340, alt: str = "", sample: bool = False) -> None:
    """Draw a chart; charts of sample data say so on their face."""
    if sample:
        mark = {"type": "text", "right": 8, "top": 0, "silent": True, "z": -1}
        style = {"text": t("data.sample_mark"), "fill": look().quiet, "fontSize": 12, "fontFamily": charts.FONT}
        spec = {**spec, "graphic": [{**mark, "style": style}]}
    st.echarts_chart(spec, height=height, key=key, theme=None, alt=alt or None)


def shown_name(view: ScenarioView) -> str:
    """A scenario's name for the reader: as it was typed, or the titles of its modules in his language."""
    return pick(view.scenario["title"]) or view.name
