"""Beyond the five headline numbers: two inputs at once, every other figure of merit, and how a number is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_value, parts
from portal.charts import FONT, Spec, Theme
from portal.frame import draw, look
from portal.text import pick, t
from portal.workspace import Workspace

HEADLINE = ("npv", "payback", "irr", "exposure")
DEPTH = 12


def beyond(workspace: Workspace, case: Mapping[str, Any], record: str, *, claims: bool) -> None:
    """Draw the three, each folded; they are computed when they are opened."""
    if st.toggle(t("value.more"), key="more-figures", help=t("value.more_why")):
        _more(case)
    bars = [bar for bar in case["outputs"]["npv"].get("tornado") or () if bar["at_p10"] != bar["at_p90"]]
    if len(bars) > 1 and st.toggle(t("value.grid"), key="grid", help=t("value.grid_why")):
        _grid(workspace, case, record, bars, claims=claims)
    if st.toggle(t("value.graph"), key="graph", help=t("value.graph_why")):
        _graph(case)


def _more(case: Mapping[str, Any]) -> None:
    outputs = {name: one for name, one in case["outputs"].items() if name not in HEADLINE}
    single = {name: one for name, one in outputs.items() if not isinstance(one["p50"], list)}
    parts.table(
        [t("value.figure"), "P10", "P50", "P90", t("scenarios.tier"), t("value.action"), t("value.acceptance")],
        [
            (
                pick(one["title"]),
                *(_cell(one, at) for at in ("p10", "p50", "p90")),
                parts.tier_mark(one["tier"]),
                pick(one["action"]),
                pick(one["acceptance"]),
            )
            for one in single.values()
        ],
        numbers=[1, 2, 3],
        html=[4],
    )
    found = case.get("insights")
    if found:
        parts.note(t("value.tei", amount=parts.money(found["at_means"], case["currency"])))


def _cell(one: Mapping[str, Any], at: str) -> str:
    if one[at] is None:
        return "–"
    if one["unit"] == "CNY":
        return parts.money(one[at])
    return f"{parts.quantity(one[at], digits=3)} {parts.unit(one['unit']) if one['unit'] != '1' else ''}".strip()


def _grid(
    workspace: Workspace, case: Mapping[str, Any], record: str, bars: list[Mapping[str, Any]], *, claims: bool
) -> None:
    titles = {bar["input"]: f"{pick(bar['title'])} ({parts.unit(bar['unit'])})" for bar in bars}
    left, right = st.columns(2)
    names = list(titles)
    first = left.selectbox(t("value.down"), names, format_func=parts.named(titles), key="grid-first")
    second = right.selectbox(t("value.across"), names, index=1, format_func=parts.named(titles), key="grid-second")
    try:
        found = actions_value.two_way(workspace, first=first, second=second, scenario=record, claims=claims)
    except ValueError as error:
        parts.problem(error)
        return
    parts.table(
        [f"{titles[first]} ↓ / {titles[second]} →", *(parts.quantity(value, digits=3) for value in found["second"])],
        [
            (parts.quantity(value, digits=3), *(parts.money(npv, "") for npv in row))
            for value, row in zip(found["first"], found["npv"], strict=True)
        ],
        numbers=range(1, len(found["second"]) + 1),
    )
    losses = sum(npv is not None and npv < 0 for row in found["npv"] for npv in row)
    cells = sum(len(row) for row in found["npv"])
    st.caption(t("value.grid_note", losses=losses, cells=cells, currency=case["currency"]))


def _graph(case: Mapping[str, Any]) -> None:
    numbers = case["numbers"]
    names = {name: pick(case["outputs"][name]["title"]) for name in case["outputs"]}
    root = st.selectbox(t("value.figure"), list(names), format_func=parts.named(names), key="graph-root")
    st.code(pick(numbers[root]["formula"]), language=None, wrap_lines=True)
    draw(_tree(numbers, root, look()), key=f"graph-{root}", height=520, alt=t("value.graph"), sample=case["sample"])


def _tree(numbers: Mapping[str, Mapping[str, Any]], root: str, look: Theme) -> Spec:
    """A number with what it is made of, each again opened by a click."""

    def node(name: str, depth: int) -> dict[str, Any]:
        one = numbers[name]
        leaf = one["kind"] == "input"
        made: dict[str, Any] = {
            "name": f"{one['tier']} · {pick(one['title'])}" if leaf else pick(one["title"]),
            "itemStyle": {"color": look.quiet if leaf else look.accent},
        }
        if depth < DEPTH:
            children = [node(used, depth + 1) for used in one["uses"] if used in numbers]
            if children:
                made["children"] = children
        return made

    return {
        "textStyle": {"fontFamily": FONT, "color": look.text},
        "animation": False,
        "tooltip": {"trigger": "item", "formatter": "{b}"},
        "series": [
            {
                "type": "tree",
                "data": [node(root, 0)],
                "left": 150,
                "right": 190,
                "top": 8,
                "bottom": 8,
                "initialTreeDepth": 2,
                "symbolSize": 9,
                "lineStyle": {"color": look.rule},
                "label": {
                    "position": "left",
                    "align": "right",
                    "color": look.text,
                    "width": 140,
                    "overflow": "break",
                    "fontSize": 12,
                },
                "leaves": {"label": {"position": "right", "align": "left", "width": 180}},
                "expandAndCollapse": True,
            }
        ],
    }
