"""Packs: what is known of an industry, who signed it, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_packs, parts
from portal.catalogue import station_words
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import pick, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "packs")
    listed = actions_packs.list_packs(visit.workspace)
    titles = {row["id"]: pick(row["title"]) for row in listed}
    templates = sum(len(row["templates"]) for row in listed)
    parts.answer(t("packs.answer", packs=len(listed), templates=templates), note=t("packs.rule"))
    parts.table(
        [t("packs.pack"), t("packs.version"), t("packs.state"), t("packs.signed_by"), t("packs.templates")],
        [
            (
                pick(row["title"]),
                row["version"],
                t(f"packs.state_{row['state']}"),
                row["signed_by"] or "–",
                len(row["templates"]),
            )
            for row in listed
        ],
        numbers=[4],
    )
    chosen = next(iter(titles))
    if len(titles) > 1:
        chosen = st.selectbox(t("packs.which"), list(titles), format_func=parts.named(titles), key="pack")
    pack = actions_packs.open_pack(visit.workspace, chosen)
    parts.section(f"{pick(pack['title'])} {pack['version']}", note=pick(pack["summary"]))
    st.caption(t("packs.by", owner=pack["owner"], reviewer=pack["reviewer"], review_by=pack["review_by"]))
    modules, models, questions, limits = st.tabs(
        [t("packs.tab_modules"), t("packs.tab_models"), t("packs.tab_questions"), t("packs.tab_limits")]
    )
    with modules:
        _modules(pack)
    with models:
        _models(pack)
    with questions:
        _questions(pack)
    with limits:
        _limits(pack)
    st.caption(t("packs.digest", digest=pack["digest"]))


def _modules(pack: Mapping[str, Any]) -> None:
    names = {"*": t("scenarios.everywhere"), **station_words(pack["id"])}
    for module in pack["modules"]:
        parts.section(pick(module["title"]), note=pick(module["about"]))
        parts.table(
            [
                t("scenarios.effect"),
                t("packs.low"),
                t("packs.likely"),
                t("packs.high"),
                t("scenarios.tier"),
                t("scenarios.source"),
            ],
            [
                (
                    t(f"scenarios.parameter_{effect['parameter']}")
                    + " · "
                    + names.get(effect["station"], effect["station"]),
                    *(parts.percent(effect[word]) for word in ("low", "likely", "high")),
                    parts.tier_mark(effect["tier"]),
                    pick(effect["source"]),
                )
                for effect in module["effects"]
            ],
            numbers=[1, 2, 3],
            html=[4],
        )


def _models(pack: Mapping[str, Any]) -> None:
    names = station_words(pack["id"])
    rows = [
        (t("packs.kind_line"), line["name"], " → ".join(names.get(station, station) for station in line["stations"]))
        for line in pack["lines"]
    ]
    rows += [(t("packs.kind_calculator"), pick(one["title"]), one["id"]) for one in pack["calculators"]]
    rows += [
        (t("packs.kind_checklist"), pick(one["title"]), t("packs.controls", count=one["controls"]))
        for one in pack["checklists"]
    ]
    rows += [(t("packs.kind_upload"), pick(one["title"]), one["kind"]) for one in pack["uploads"]]
    rows += [(t("packs.kind_risk"), pick(rule["title"]), f"{rule['level']}") for rule in pack["risks"]]
    parts.table([t("packs.kind"), t("packs.name"), t("packs.holds")], rows)


def _questions(pack: Mapping[str, Any]) -> None:
    parts.table(
        [t("packs.template"), t("packs.question"), t("packs.whose")],
        [(pick(one["title"]), pick(one["question"]), t(f"owners.{one['owner_role']}")) for one in pack["templates"]],
    )
    parts.section(t("packs.obstacles"))
    parts.table(
        [t("packs.doubt"), t("packs.whose"), t("packs.evidence")],
        [
            (
                pick(one["title"]),
                t(f"owners.{one['owner_role']}"),
                t("data.comma").join(pick(item) for item in one["evidence"]),
            )
            for one in pack["obstacles"]
        ],
    )


def _limits(pack: Mapping[str, Any]) -> None:
    limits = pack["limits"]
    for key in ("valid", "not_modelled"):
        parts.section(t(f"packs.{key}"))
        st.markdown("\n".join(f"- {pick(item)}" for item in limits[key]))
    for key in ("accuracy", "use"):
        parts.section(t(f"packs.{key}"), note=pick(limits[key]))


if __name__ == "__main__":
    show()
