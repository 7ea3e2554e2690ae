"""Documents: the decision as papers for the boss, seen before they are taken."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from portal import actions_documents, actions_runs, actions_study, actions_value, parts
from portal.context import ui_context
from portal.frame import link, page_frame, shown_name
from portal.text import LANGUAGES, language, pick, t
from portal.workspace import Workspace
from templates.dossier import FORMS

FRONT = 2


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "documents")
    found = actions_runs.result(workspace)
    if found is None:
        parts.empty(t("documents.empty"), t("documents.empty_why"))
        link("scenarios", label=t("value.to_scenarios"), icon=":material/arrow_forward:")
        return
    head = st.container()
    record, claims = _scenario(workspace, found)
    valued = _valued(workspace, record, claims=claims)
    with head:
        parts.answer(t("documents.answer" if valued else "documents.answer_unvalued"), note=t("documents.note"))
    if not valued:
        link("value", label=t("documents.to_value"), icon=":material/arrow_forward:")
    tag = _language()
    asked = {"scenario": record, "claims": int(claims), "language": tag}
    _take(asked)
    _look(workspace, asked, record, claims=claims)


def _scenario(workspace: Workspace, found: Mapping[str, Any]) -> tuple[str, bool]:
    names = {view.id: shown_name(view) for view in actions_study.scenarios(workspace)}
    records = list(dict.fromkeys(one["record"] for one in found["scenarios"] if one["record"]))
    record, claims = records[0], False
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(records) > 1:
            titles = {one["record"]: pick(one["title"]) for one in found["scenarios"]}
            record = st.selectbox(
                t("scenarios.shown"),
                records,
                format_func=parts.named({key: names.get(key, titles[key]) for key in records}),
                key="documents-scenario",
                width=320,
            )
        if any(one["claims"] for one in found["scenarios"] if one["record"] == record):
            claims = st.toggle(t("scenarios.claims"), key="claims", help=t("scenarios.claims_help"))
    return record, claims


def _valued(workspace: Workspace, record: str, *, claims: bool) -> bool:
    try:
        actions_value.appraise(workspace, scenario=record, claims=claims)
    except ValueError:
        return False
    return True


def _language() -> str:
    chosen = st.segmented_control(
        t("documents.language"),
        list(LANGUAGES),
        default=language(),
        format_func=LANGUAGES.__getitem__,
        key="documents-language",
    )
    return str(chosen or language())


def _take(asked: Mapping[str, Any]) -> None:
    parts.section(t("documents.take"), note=t("documents.take_why"))
    items = "".join(
        f'<li><a class="ms-button" href="/files/document?{escape(urlencode({**asked, "form": form}))}" target="_self">'
        f"{escape(t(f'documents.form_{form}'))}</a>"
        f'<span class="ms-muted">{escape(t(f"documents.for_{form}"))}</span></li>'
        for form in FORMS
    )
    st.html(f'<ul class="ms-takes">{items}</ul>')


def _look(workspace: Workspace, asked: Mapping[str, Any], record: str, *, claims: bool) -> None:
    parts.section(t("documents.look"), note=t("documents.look_why"))
    pages = FRONT
    if st.toggle(t("documents.annex"), key="documents-annex"):
        pages = actions_documents.document_pages(workspace, language=asked["language"], scenario=record, claims=claims)
    images = "".join(
        f'<img src="/files/page?{escape(urlencode({**asked, "page": number}))}" loading="lazy" '
        f'alt="{escape(t("documents.page_alt", number=number), quote=True)}">'
        for number in range(1, pages + 1)
    )
    st.html(f'<div class="ms-papers">{images}</div>')


if __name__ == "__main__":
    show()
