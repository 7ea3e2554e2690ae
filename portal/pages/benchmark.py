"""Benchmark: how others of an industry stand, beside one's own figures; and whether one lets oneself be counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_benchmark, actions_packs, actions_release, parts
from portal.actions_benchmark import Standing, shown_digest
from portal.context import Visit, ui_context
from portal.frame import link, page_frame
from portal.identity import Role
from portal.notices import BENCHMARK
from portal.text import pick, t
from privacy.benchmark import GROUP, MEASURES, PRICES


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "benchmark")
    standing = actions_benchmark.benchmarks(visit.workspace)
    packs = {row["id"]: pick(row["title"]) for row in actions_packs.list_packs(visit.workspace)}
    counted = t("benchmark.counted", pack=packs.get(standing.counted, standing.counted))
    parts.answer(
        t("benchmark.answer", count=len(standing.answers)) if standing.answers else t("benchmark.answer_none"),
        note=counted if standing.counted else t("benchmark.not_counted"),
    )
    _answers(standing, packs)
    left, right = st.columns([3, 2])
    with left, st.container(border=True, key="ms-card-take-part"):
        _part(visit, standing, packs)
    with right, st.container(border=True, key="ms-card-year"):
        _year(standing, packs)


def _answers(standing: Standing, packs: Mapping[str, str]) -> None:
    if not standing.answers:
        parts.empty(t("benchmark.empty"), t("benchmark.empty_why", group=GROUP))
        return
    parts.table(
        [t(f"benchmark.{name}") for name in ("figure", "yours", "place", "mean", "interval", "industry", "group")],
        [
            (
                pick(MEASURES[one["measure"]].title),
                parts.percent(standing.own.get(one["measure"]), digits=1),
                _place(standing.own.get(one["measure"]), one),
                parts.percent(one["mean"], digits=1),
                f"{parts.percent(one['low'], digits=1)} – {parts.percent(one['high'], digits=1)}",
                f"{packs.get(one['pack'], one['pack'])} · {one['year']}",
                one["group"],
            )
            for one in standing.answers
        ],
        numbers=[1, 3, 4, 6],
    )
    parts.note(t("benchmark.noise"))


def _place(own: float | None, one: Mapping[str, Any]) -> str:
    if own is None:
        return t("benchmark.place_unknown")
    if own < one["low"]:
        return t("benchmark.place_below")
    return t("benchmark.place_above" if own > one["high"] else "benchmark.place_within")


def _part(visit: Visit, standing: Standing, packs: Mapping[str, str]) -> None:
    parts.section(t("benchmark.take_part"), note=t("benchmark.take_part_why"))
    owner = visit.member.role is Role.OWNER
    if standing.counted:
        parts.note(t("benchmark.since", until=parts.day(standing.until)), kind="done")
        if owner and st.button(t("benchmark.stop"), key="stop", help=t("benchmark.stop_why")):
            actions_release.withdraw_consent(visit.workspace, standing.consent)
            st.toast(t("benchmark.stopped"))
            st.rerun()
        return
    if not standing.own:
        parts.note(t("benchmark.no_baseline"))
        link("data", label=t("benchmark.to_data"), icon=":material/arrow_forward:")
        return
    parts.table(
        [t("benchmark.figure"), t("benchmark.yours"), t("benchmark.range")],
        [
            (
                pick(MEASURES[name].title),
                parts.percent(value, digits=1),
                f"{parts.percent(MEASURES[name].low)} – {parts.percent(MEASURES[name].high)}",
            )
            for name, value in standing.own.items()
        ],
        numbers=[1, 2],
    )
    st.markdown("\n".join(f"- {t(f'benchmark.rule_{number}', group=GROUP)}" for number in range(1, 6)))
    if standing.sample:
        parts.note(t("benchmark.sample"), kind="warning")
    elif not owner:
        parts.note(t("benchmark.owner_only"))
    else:
        _agree(visit, standing, packs)


def _agree(visit: Visit, standing: Standing, packs: Mapping[str, str]) -> None:
    pack = st.selectbox(t("benchmark.industry"), list(packs), format_func=parts.named(packs), key="industry") or ""
    parts.notice(BENCHMARK)
    digest = shown_digest(standing.own, pack)
    read = st.checkbox(t("benchmark.read"), key=f"agree-{digest}")
    if st.button(t("benchmark.agree"), type="primary", disabled=not read, key="agree"):
        try:
            actions_benchmark.contribute(visit.workspace, pack=pack, digest=digest)
        except ValueError as error:
            parts.problem(error)
        else:
            st.toast(t("benchmark.agreed"))
            st.rerun()


def _year(standing: Standing, packs: Mapping[str, str]) -> None:
    parts.section(t("benchmark.year", year=standing.year), note=t("benchmark.year_why"))
    share = standing.spent / standing.most
    room = (standing.most - standing.spent) // PRICES["usual"]
    st.progress(share, text=t("benchmark.gauge", used=parts.percent(share), room=room))
    if not standing.paid:
        parts.note(t("benchmark.nothing_spent"))
        return
    parts.table(
        [t("benchmark.when"), t("benchmark.for_what"), t("benchmark.price")],
        [
            (
                parts.moment(at),
                f"{pick(MEASURES[measure].title)} · {packs.get(pack, pack)}",
                parts.percent(price / standing.most, digits=1),
            )
            for at, measure, pack, price in standing.paid
        ],
        numbers=[2],
    )


if __name__ == "__main__":
    show()
