"""Usage and rejections: which versions work for customers, and which defaults they do not believe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from industry_packs.usage import FEWEST_SHOWN, FEWEST_TENANTS
from portal import actions_guides, actions_releases, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import pick, t

COLUMNS = ("pack", "version", "workspaces", "given_up", "rejected", "failed", "first_result")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "usage")
    found = actions_releases.pack_usage(visit.workspace)
    rule = t("studio.usage_rule", least=FEWEST_TENANTS)
    for one in found["canaries"]:
        measure = t(f"studio.measure_{one['measure']}") if one["measure"] else ""
        parts.note(
            t(f"studio.advice_{one['advice']}", pack=one["pack"], version=one["version"], measure=measure),
            kind="warning" if one["advice"] == "stop" else "note",
        )
    if found["versions"]:
        parts.answer(t("studio.usage_answer", count=len(found["versions"])), note=rule)
        _versions(found)
    else:
        parts.answer(t("studio.usage_few", least=FEWEST_TENANTS), note=rule)
    _cards(actions_guides.card_usage(visit.workspace))


def _versions(found: Mapping[str, Any]) -> None:
    parts.section(t("studio.usage_by_version"))
    parts.table(
        [
            t(f"studio.{key}")
            for key in ("pack", "version", "workspaces", "given_up", "rejected", "failed", "first_result")
        ],
        [
            (
                pick(row["title"]),
                row["version"],
                row["tenants"],
                t("studio.of", part=row["given_up"], all=row["studies"]),
                t("studio.of", part=row["defaults_rejected"], all=row["defaults_shown"]),
                t("studio.of", part=row["backtests_failed"], all=row["backtests"]),
                _usual(row["verdict_hours"]),
            )
            for row in found["versions"]
        ],
        numbers=[2],
    )
    parts.section(t("studio.usage_rejected"), note=t("studio.usage_rejected_why"))
    if not found["weak"]:
        parts.note(t("studio.usage_none"), kind="done")
        return
    parts.table(
        [t("studio.default"), t("studio.version"), t("studio.replaced"), t("studio.workspaces")],
        [(pick(row["title"]), row["version"], parts.percent(row["share"]), row["tenants"]) for row in found["weak"]],
        numbers=[2, 3],
    )
    st.caption(t("studio.usage_next"))


def _cards(found: Mapping[str, Any]) -> None:
    """Guide cards that reps turned down: a proposal with what it rests on; whoever edits the pack decides."""
    parts.section(t("studio.cards"), note=t("studio.cards_why", least=FEWEST_SHOWN, count=found["uses"]))
    if not found["weak"]:
        parts.note(t("studio.cards_none"), kind="done")
        return
    parts.table(
        [t(f"studio.{key}") for key in ("pack", "version", "guide_card", "card_counts", "card_reason", "card_sure")],
        [
            (
                pick(row["title"]),
                row["version"],
                pick(row["says"]),
                f"{row['adopted']} / {row['partly']} / {row['rejected']}",
                t(f"guides.reason_{row['reason'] or 'none'}"),
                t("studio.card_range", low=parts.percent(row["low"]), high=parts.percent(row["high"])),
            )
            for row in found["weak"]
        ],
    )
    st.caption(t("studio.cards_next"))


def _usual(hours: list[int]) -> str:
    """The band of time in which most first results came."""
    return t(f"studio.band_{hours.index(max(hours))}") if any(hours) else "–"


if __name__ == "__main__":
    show()
