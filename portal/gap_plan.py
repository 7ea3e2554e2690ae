"""The gaps of a check list, drawn: who closes which by when and for how much, frozen states, what changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from portal import actions_closings, parts
from portal.text import pick, t
from portal.workspace import Workspace


def gap_plan(workspace: Workspace, name: str, gaps: Sequence[Mapping[str, Any]], *, edits: bool) -> None:
    """Draw the gaps with owner and date, the form that changes them, and the frozen states of the list."""
    since = str(st.session_state.get(f"since-{name}") or "")
    known = actions_closings.closing_state(workspace, checklist=name, since=since)
    plans = known["plans"]
    if gaps:
        with st.expander(t("checks.gaps", count=len(gaps))):
            parts.table(
                [t(f"checks.{key}") for key in ("control", "status", "points", "whose", "due", "cost", "remedy")],
                [_row(gap, plans.get(gap["control"]), late=known["budget"]["overdue"]) for gap in gaps],
                numbers=[2, 5],
            )
            _budget(known["budget"])
            if edits:
                _form(workspace, name, gaps, known)
    _frozen(workspace, name, known, edits=edits)


def _row(gap: Mapping[str, Any], plan: Mapping[str, Any] | None, *, late: Sequence[str]) -> list[str]:
    due = "–"
    if plan is not None and plan["due"]:
        due = t("checks.overdue", due=plan["due"]) if gap["control"] in late else plan["due"]
    why = gap["why"] if gap["why"] in {"evidence_missing", "evidence_old"} else gap["status"]
    return [
        pick(gap["title"]),
        t(f"checks.{why}"),
        f"{gap['points_lost']:.3g}",
        "–" if plan is None else t(f"owners.{plan['owner']}"),
        due,
        "–" if plan is None or not plan["cost"][2] else parts.money(plan["cost"][1]),
        pick(gap["remediation"]),
    ]


def _budget(budget: Mapping[str, Any]) -> None:
    """What the planned closings cost together, and how long those hold things up that block."""
    if budget["cost"][2] > 0:
        low, middle, high = (parts.money(value) for value in budget["cost"])
        first, _, last = (f"{value:.1f}" for value in budget["delay_months"])
        parts.note(t("checks.budget", low=low, middle=middle, high=high, first=first, last=last))
        flow = [(month, value) for month, value in enumerate(budget["flow"]) if value]
        st.caption(t("checks.flow", flow=t("data.comma").join(
            t("checks.flow_month", month=month, value=parts.money(value)) for month, value in flow
        )))  # fmt: skip
    if budget["unplanned"]:
        st.caption(t("checks.unplanned", count=len(budget["unplanned"])))


def _form(workspace: Workspace, name: str, gaps: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> None:
    titles = {gap["control"]: f"{gap['control']} · {pick(gap['title'])}" for gap in gaps}
    roles = {gap["control"]: gap["owner_role"] for gap in gaps}
    control = st.selectbox(
        t("checks.plan_which"), list(titles), format_func=parts.named(titles), key=f"plan-which-{name}"
    )
    plan = known["plans"].get(control)
    owners: list[str] = known["owners"]
    suggested = roles[control] if roles[control] in owners else owners[0]
    key = f"{name}-{control}"
    with st.form(f"plan-{key}", enter_to_submit=False, border=True):
        left, right = st.columns(2)
        owner = left.selectbox(
            t("checks.whose"),
            owners,
            index=owners.index(suggested if plan is None else plan["owner"]),
            format_func=parts.named({one: t(f"owners.{one}") for one in owners}),
            key=f"plan-owner-{key}",
        )
        day = date.fromisoformat(plan["due"]) if plan is not None and plan["due"] else None
        due = right.date_input(t("checks.due"), value=day, format="YYYY-MM-DD", key=f"plan-due-{key}")
        cost = _three(t("checks.plan_cost"), [0.0] * 3 if plan is None else plan["cost"], step=1000.0, key=f"c-{key}")
        months = _three(
            t("checks.plan_months"), [0.0] * 3 if plan is None else plan["months"], step=0.5, key=f"m-{key}"
        )
        blocks = st.checkbox(t("checks.blocks"), value=bool(plan and plan["blocks"]), key=f"plan-blocks-{key}")
        if st.form_submit_button(t("checks.plan_keep"), type="primary"):
            try:
                actions_closings.plan_closing(
                    workspace,
                    control=control,
                    owner=owner,
                    due=due.isoformat() if isinstance(due, date) else "",
                    cost=cost,
                    months=months,
                    blocks=blocks,
                    checklist=name,
                )
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


def _three(label: str, values: Sequence[float], *, step: float, key: str) -> list[float]:
    st.caption(label)
    return [
        float(place.number_input(t(f"checks.{end}"), min_value=0.0, value=value, step=step, key=f"plan-{end}-{key}"))
        for place, end, value in zip(st.columns(3), ("low", "likely", "high"), values, strict=True)
    ]


def _frozen(workspace: Workspace, name: str, known: Mapping[str, Any], *, edits: bool) -> None:
    """States of a day, never changed afterwards, and what became of each control since one of them."""
    kept = known["snapshots"]
    with st.expander(t("checks.frozen", count=len(kept))):
        st.caption(t("checks.frozen_why"))
        if edits and st.button(t("checks.freeze"), key=f"freeze-{name}"):
            try:
                actions_closings.freeze_assessment(workspace, checklist=name)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()
        if not kept:
            return
        days = parts.distinct({one["id"]: _state(one) for one in kept})
        st.selectbox(t("checks.since"), list(days), format_func=parts.named(days), key=f"since-{name}")
        if not known["changes"]:
            parts.note(t("checks.unchanged"), kind="done")
            return
        words = {None: t("checks.not_assessed")}
        parts.table(
            [t("checks.control"), t("checks.became"), t("checks.was"), t("checks.is_now")],
            [
                (
                    pick(one["title"]),
                    t(f"checks.change_{one['what']}"),
                    words.get(one["before"]) or t(f"checks.{one['before']}"),
                    words.get(one["after"]) or t(f"checks.{one['after']}"),
                )
                for one in known["changes"]
            ],
        )


def _state(one: Mapping[str, Any]) -> str:
    low, high = (parts.percent(share) for share in one["score"])
    return t("checks.state", day=one["at"][:16].replace("T", " "), version=one["version"], low=low, high=high)
