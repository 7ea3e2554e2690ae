"""Assumptions: what the value rests on, who doubts what, what the vendor proposes; the largest say first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from portal import actions_assumptions, parts
from portal.actions import EDITORS
from portal.context import ui_context
from portal.frame import page_frame
from portal.inputs_form import in_force
from portal.objections import OTHER
from portal.text import pick, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "assumptions")
    claims = st.toggle(t("scenarios.claims"), key="claims", help=t("scenarios.claims_help"))
    found = actions_assumptions.assumptions(workspace, claims=claims)
    items: Sequence[Mapping[str, Any]] = found["items"]
    titles = {one["name"]: pick(one["title"]) for one in items}
    _answer(found, titles)
    edits = visit.member.role in EDITORS
    waiting = [(one, proposal) for one in items for proposal in one["proposals"] if proposal["state"] == "open"]
    for one, proposal in waiting:
        _proposal(workspace, one, proposal, edits=edits)
    _register(items, found["currency"])
    _objections(workspace, items, found["others"], titles)
    _object(workspace, titles)
    decided = [(one, proposal) for one in items for proposal in one["proposals"] if proposal["state"] != "open"]
    if decided:
        with st.expander(t("assumptions.decided", count=len(decided))):
            parts.table(
                [t("value.input"), t("assumptions.proposed"), t("assumptions.by"), t("assumptions.state")],
                [
                    (
                        titles[one["name"]],
                        proposal["value"],
                        proposal["by"],
                        f"{t('assumptions.' + proposal['state'])} · {proposal['answer']['by']}",
                    )
                    for one, proposal in decided
                ],
            )


def _answer(found: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    still = sum(one["open"] for one in found["items"]) + sum(one["state"] == "open" for one in found["others"])
    if not found["computed"]:
        parts.answer(t("assumptions.answer_early"), note=t("assumptions.note"))
    elif found["weakest"]:
        parts.answer(
            t("assumptions.answer", name=titles[found["weakest"]], count=still), note=t("assumptions.answer_why")
        )
    else:
        parts.answer(t("assumptions.answer_none", count=still), note=t("assumptions.note"))


def _register(items: Sequence[Mapping[str, Any]], currency: str) -> None:
    parts.section(t("assumptions.register"), note=t("assumptions.register_why"))
    top = [one for one in items if one["swing"] or one["objections"] or one["from"] != "default"]
    rest = [one for one in items if one not in top]
    _table(top, currency)
    if rest:
        with st.expander(t("value.defaults", count=len(rest))):
            _table(rest, currency)


def _shown(item: Mapping[str, Any]) -> str:
    """The value in force; a dash where nobody has said one yet."""
    return "–" if item["value"] is None and item["from"] != "simulation" else in_force(item)


def _table(items: Sequence[Mapping[str, Any]], currency: str) -> None:
    headers = ("input", "value", "swing", "source", "age", "doubts")
    parts.table(
        [t(f"assumptions.{name}") for name in headers],
        [
            (
                f'<div class="ms-wide">{escape(pick(one["title"]))} {parts.tier_mark(one["tier"] or "")}</div>',
                _shown(one),
                parts.money(one["swing"], currency) if one["swing"] else "–",
                one["reason"] or pick(one["source"]),
                _age(one),
                _doubts(one),
            )
            for one in items
        ],
        numbers=[1, 2],
        html=[0],
    )


def _doubts(one: Mapping[str, Any]) -> str:
    said = [t("assumptions.open", count=one["open"])] if one["open"] else []
    if one["contradiction"]:
        said.append(t("assumptions.contradicted"))
    return " · ".join(said) or str(len(one["objections"]) or "–")


def _age(one: Mapping[str, Any]) -> str:
    if one["age_days"] is None:
        return "–"
    days = t("assumptions.days", count=round(one["age_days"]))
    return f"{days} · {t('assumptions.stale')}" if one["stale"] else days


def _objections(
    workspace: Workspace,
    items: Sequence[Mapping[str, Any]],
    others: Sequence[Mapping[str, Any]],
    titles: Mapping[str, str],
) -> None:
    found = [objection for one in items for objection in one["objections"]] + list(others)
    if not found:
        return
    parts.section(t("assumptions.objections", count=len(found)), note=t("assumptions.objections_why"))
    for one in sorted(found, key=lambda one: (one["state"] != "open", one["at"])):
        objection(workspace, one, titles.get(one["on"]) or t(f"assumptions.on_{one['on']}"))


def objection(workspace: Workspace, one: Mapping[str, Any], on: str) -> None:
    """Draw one objection word for word, with who has it, its answers, and the way to answer."""
    with st.container(border=True, key=f"ms-card-objection-{one['id']}"):
        who = t(f"assumptions.of_{one['department']}") if one["department"] else t(f"shell.roles.{one['role']}")
        st.html(
            f'<div class="ms-label">{escape(on)} · {escape(t("assumptions.state_" + one["state"]))}</div>'
            f'<blockquote class="ms-quote">{escape(one["text"])}</blockquote>'
            f'<div class="ms-muted">{escape(one["by"])} · {escape(who)} · {escape(one["at"][:10])}</div>'
        )
        for answer in one["answers"]:
            st.html(
                f'<div class="ms-answered">{escape(answer["text"])}'
                f'<div class="ms-muted">{escape(answer["by"])} · {escape(answer["at"][:10])}</div></div>'
            )
        with st.popover(t("assumptions.answer_now")):
            text = st.text_area(t("assumptions.your_answer"), key=f"answer-{one['id']}", max_chars=2000)
            if st.button(t("assumptions.keep_answer"), key=f"keep-answer-{one['id']}", type="primary"):
                _try(lambda: actions_assumptions.answer_objection(workspace, one["id"], text=text))


def _object(workspace: Workspace, titles: Mapping[str, str]) -> None:
    with st.expander(t("assumptions.object")), st.form("objection", enter_to_submit=False, border=False):
        st.caption(t("assumptions.object_why"))
        names = {**titles, **{name: t(f"assumptions.on_{name}") for name in OTHER}}
        on = st.selectbox(t("assumptions.on"), list(names), format_func=parts.named(names), key="objection-on")
        text = st.text_area(t("assumptions.words"), max_chars=2000, key="objection-text")
        if st.form_submit_button(t("assumptions.object_now"), type="primary"):
            _try(lambda: actions_assumptions.object_to(workspace, on=on, text=text))


def _proposal(workspace: Workspace, one: Mapping[str, Any], proposal: Mapping[str, Any], *, edits: bool) -> None:
    with st.container(border=True, key=f"ms-card-proposal-{proposal['id']}"):
        parts.section(
            t("assumptions.proposal", by=proposal["by"], name=pick(one["title"])), note=t("assumptions.proposal_why")
        )
        parts.table(
            [t("assumptions.yours"), t("assumptions.proposed"), t("assumptions.reason"), t("assumptions.source")],
            [(_shown(one), proposal["value"], proposal["reason"], proposal["source"])],
        )
        if not edits:
            return
        with st.container(horizontal=True):
            for accept, name in ((True, "accept"), (False, "reject")):
                if st.button(t(f"assumptions.{name}"), key=f"{name}-{proposal['id']}"):
                    _try(
                        lambda accept=accept: actions_assumptions.decide_proposal(
                            workspace, proposal["id"], accept=accept
                        )
                    )


def _try(call: Any) -> None:
    try:
        call()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


if __name__ == "__main__":
    show()
