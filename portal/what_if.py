"""A slider on one assumption: what the value would be, at once, without keeping anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from portal import actions_value, parts
from portal.text import pick, t
from portal.workspace import Workspace

SHOWN = 8
WIDER = 0.5
"""The slider goes beyond P10 and P90 by this share of their distance."""


def what_if(workspace: Workspace, case: Mapping[str, Any], record: str, *, claims: bool) -> None:
    """Draw the slider for the inputs that move the net present value most."""
    bars = {
        bar["input"]: bar
        for bar in case["outputs"]["npv"].get("tornado") or ()
        if bar["input"] != "extra_good" and bar["input_p10"] < bar["input_p90"]
    }
    if not bars:
        return
    parts.section(t("value.what_if"), note=t("value.what_if_why"))
    _slider(workspace, case, record, dict(list(bars.items())[:SHOWN]), claims=claims)


@st.fragment
def _slider(
    workspace: Workspace, case: Mapping[str, Any], record: str, bars: Mapping[str, Mapping[str, Any]], *, claims: bool
) -> None:
    left, right = st.columns([1, 2])
    titles = {name: pick(bar["title"]) for name, bar in bars.items()}
    name = left.selectbox(t("value.input"), list(titles), format_func=parts.named(titles), key="what-if")
    bar, middle = bars[name], case["numbers"][name]["p50"]
    low, high = bar["input_p10"], bar["input_p90"]
    reach = WIDER * (high - low)
    low, high = (max(low - reach, 0.0) if low >= 0 else low - reach), high + reach
    value = right.slider(
        f"{titles[name]} ({parts.unit(bar['unit'])})",
        min_value=float(low),
        max_value=float(high),
        value=float(min(max(middle, low), high)),
        step=float(f"{(high - low) / 40:.1g}"),
        key=f"what-if-{name}",
    )
    try:
        found = actions_value.try_value(workspace, name=name, value=value, scenario=record, claims=claims)
    except ValueError as error:
        parts.problem(error)
        return
    npv, before, currency = found["npv"], case["outputs"]["npv"], case["currency"]
    loss = npv["chance"][0] if npv["chance"] else 0.0
    months = found["payback"]["p50"]
    parts.table(
        ["", t("value.npv"), "P10 … P90", t("value.loss"), t("value.payback")],
        [
            (
                t("value.as_it_is"),
                parts.money(before["p50"], currency),
                f"{parts.money(before['p10'], '')} … {parts.money(before['p90'], '')}",
                parts.percent(before["chance"][0] if before["chance"] else 0.0),
                _months(case["outputs"]["payback"]["p50"]),
            ),
            (
                t("value.then"),
                parts.money(npv["p50"], currency),
                f"{parts.money(npv['p10'], '')} … {parts.money(npv['p90'], '')}",
                parts.percent(loss),
                _months(months),
            ),
        ],
        numbers=[1, 2, 3, 4],
    )


def _months(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} {t('value.months')}"
