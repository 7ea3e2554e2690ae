"""Releases and budgets: every disclosure with its consent and digest, every benchmark with what it cost; no content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_audit, actions_benchmark, actions_packs, parts
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.text import pick, t
from privacy.benchmark import APPROVAL_ABOVE, GROUP, MEASURES, PRICES, YEAR_BUDGET


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "budgets")
    found = actions_audit.release_overview(visit.workspace)
    live = sum(row["state"] == "released" for row in found)
    parts.answer(t("budgets.answer", live=live, all=len(found)), note=t("budgets.rule"))
    releases, benchmarks = st.tabs([t("benchmark.tab_releases"), t("benchmark.tab_benchmarks")])
    with releases:
        _releases(found)
    with benchmarks:
        _benchmarks(visit)


def _releases(found: Any) -> None:
    if not found:
        parts.empty(t("budgets.empty"), t("budgets.empty_why"))
        return
    parts.table(
        [
            t("log.tenant"),
            t("budgets.released"),
            t("release.until"),
            t("consents.withdrawn"),
            t("packs.state"),
            t("budgets.digest"),
        ],
        [
            (
                row["tenant"],
                parts.moment(row["released_at"]),
                parts.day(row["until"]),
                parts.moment(row["withdrawn_at"]),
                t(f"release.state_{row['state']}"),
                row["digest"][:16] + "…",
            )
            for row in found
        ],
    )


def _benchmarks(visit: Visit) -> None:
    ledger = actions_benchmark.budget_ledger(visit.workspace)
    packs = {row["id"]: pick(row["title"]) for row in actions_packs.list_packs(visit.workspace)}
    parts.section(t("benchmark.ledger"), note=t("benchmark.ledger_why"))
    if not ledger["can_draw"]:
        parts.note(t("benchmark.no_noise"), kind="warning")
    _ask(visit, packs)
    _questions(visit, ledger, packs)
    parts.section(t("benchmark.tenants"))
    if not ledger["tenants"]:
        parts.note(t("benchmark.nobody"))
        return
    parts.table(
        [t(f"benchmark.{name}") for name in ("tenant", "is_counted", "spent", "left")],
        [
            (
                row["tenant"],
                t("benchmark.yes_" if row["counted"] else "benchmark.no_"),
                parts.percent(row["spent"] / ledger["most"], digits=1),
                parts.percent(row["left"] / ledger["most"], digits=1),
            )
            for row in ledger["tenants"]
        ],
        numbers=[2, 3],
    )


def _ask(visit: Visit, packs: Mapping[str, str]) -> None:
    with st.form("ask", enter_to_submit=False, border=True):
        above = parts.percent(APPROVAL_ABOVE / YEAR_BUDGET)
        parts.section(t("benchmark.ask"), note=t("benchmark.ask_why", group=GROUP, above=above))
        first, second, third = st.columns(3)
        titles = {name: pick(measure.title) for name, measure in MEASURES.items()}
        measure = first.selectbox(t("benchmark.figure"), list(titles), format_func=titles.__getitem__)
        pack = second.selectbox(t("benchmark.industry"), list(packs), format_func=parts.named(packs))
        words = {name: t(f"benchmark.precision_{name}") for name in PRICES}
        precision = third.selectbox(t("benchmark.precision"), list(words), index=1, format_func=words.__getitem__)
        if st.form_submit_button(t("benchmark.ask_now"), type="primary"):
            try:
                actions_benchmark.ask_benchmark(
                    visit.workspace, measure=measure or "", pack=pack or "", precision=precision or ""
                )
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


def _questions(visit: Visit, ledger: Mapping[str, Any], packs: Mapping[str, str]) -> None:
    parts.section(t("benchmark.questions"))
    if not ledger["draws"]:
        parts.note(t("benchmark.no_draws"))
        return

    def found(answer: Mapping[str, Any] | None) -> str:
        if answer is None:
            return "–"
        low, high = (parts.percent(answer[end], digits=1) for end in ("low", "high"))
        return f"{parts.percent(answer['mean'], digits=1)} ({low} – {high})"

    parts.table(
        [t(f"benchmark.{name}") for name in ("when", "figure", "industry", "price", "state", "mean", "group")],
        [
            (
                parts.moment(one["asked_at"]),
                pick(MEASURES[one["measure"]].title),
                f"{packs.get(one['pack'], one['pack'])} · {one['year']}",
                parts.percent(one["price"] / ledger["most"], digits=1),
                t(f"benchmark.state_{one['state']}"),
                found(one["answer"]),
                one["answer"]["group"] if one["answer"] else "–",
            )
            for one in ledger["draws"]
        ],
        numbers=[3, 5, 6],
    )
    for one in ledger["draws"]:
        if one["state"] == "waiting":
            _decide(visit, one)


def _decide(visit: Visit, one: Mapping[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{pick(MEASURES[one['measure']].title)} · {t('benchmark.state_waiting')}")
        agreed = not one["mine"] and st.button(t("benchmark.approve"), key=f"approve-{one['id']}", type="primary")
        dropped = st.button(t("benchmark.decline"), key=f"decline-{one['id']}")
    try:
        if agreed:
            actions_benchmark.approve_benchmark(visit.workspace, one["id"])
        elif dropped:
            actions_benchmark.decline_benchmark(visit.workspace, one["id"])
    except ValueError as error:
        parts.problem(error)
    else:
        if agreed or dropped:
            st.rerun()


if __name__ == "__main__":
    show()
