"""The inputs of the value, drawn: what is in force and why, what is missing, and the form that changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from calculators.units import CURRENCIES
from portal import actions_gap_costs, actions_orders, actions_value, parts
from portal.text import pick, t
from portal.workspace import Workspace


def inputs_in_force(workspace: Workspace, record: str, *, edits: bool, missing: bool) -> None:
    """Draw every input with value, tier and source, what is missing first; cautious defaults are folded."""
    items = actions_value.inputs(workspace, scenario=record)
    parts.section(t("value.inputs"), note=t("value.inputs_why"))
    lacking = [item for item in items if item["from"] == "missing"]
    rest = [item for item in items if item["from"] != "missing"]
    if lacking and edits:
        _form(workspace, lacking, key="missing", button=t("value.compute"))
    elif lacking:
        parts.note(t("value.ask_owner"), kind="warning")
    if missing and not rest:
        return
    told = [item for item in rest if item["from"] != "default"]
    quiet = [item for item in rest if item["from"] == "default"]
    if told:
        _table(told)
    if quiet:
        with st.expander(t("value.defaults", count=len(quiet))):
            _table(quiet)
    if edits:
        with st.expander(t("value.change")):
            _form(
                workspace,
                [item for item in rest if item["from"] != "simulation"],
                key="rest",
                button=t("value.recompute"),
            )


def other_sources(workspace: Workspace, *, edits: bool) -> None:
    """Draw what the uploaded orders say about the margin, and the declared rates of other currencies."""
    found = actions_orders.from_orders(workspace)
    if found is not None:
        _orders(workspace, found, edits=edits)
    for gaps in actions_gap_costs.gap_costs(workspace):
        _gaps(workspace, gaps, edits=edits)
    if edits:
        _rates(workspace)


def _orders(workspace: Workspace, found: Mapping[str, Any], *, edits: bool) -> None:
    numbers, unit = found["numbers"], parts.unit(found["unit"])
    low, likely, high = (parts.quantity(value, digits=4) for value in found["three_points"])
    with st.container(border=True, key="ms-card-orders"):
        parts.section(
            t("value.orders", value=likely, unit=unit),
            note=t("value.orders_why", count=found["orders"], low=low, high=high,
                   all=parts.quantity(found["all_orders"], digits=4)),
        )  # fmt: skip
        with st.popover(t("value.why")):
            for name in ("last_three", "margin_each", "all_orders"):
                if name in numbers:
                    one = numbers[name]
                    st.caption(pick(one["title"]))
                    st.code(pick(one["formula"]), language=None, wrap_lines=True)
        if edits and st.button(t("value.orders_take"), key="take-orders"):
            _try(lambda: actions_orders.take_from_orders(workspace))


def _gaps(workspace: Workspace, gaps: Mapping[str, Any], *, edits: bool) -> None:
    """What closing the gaps of a check list costs: one switch, off until somebody turns it."""
    low, middle, high = (parts.money(value) for value in gaps["cost"])
    name = gaps["checklist"]
    with st.container(border=True, key=f"ms-card-gaps-{name}".replace("/", "-")):
        title = pick(gaps["title"])
        parts.section(
            t("value.gaps", title=title, middle=middle),
            note=t("value.gaps_why", low=low, high=high, later=gaps["later"]),
        )
        if gaps["unplanned"]:
            st.caption(t("value.gaps_open", count=gaps["unplanned"]))
        if not edits:
            st.caption(t("value.gaps_in" if gaps["counted"] else "value.gaps_out"))
            return
        on = st.toggle(t("value.gaps_count"), value=gaps["counted"], key=f"count-gaps-{name}")
        if on != gaps["counted"]:
            _try(lambda: actions_gap_costs.count_gaps(workspace, checklist=name, on=on))
        elif on and st.button(t("value.gaps_again"), key=f"again-gaps-{name}"):
            _try(lambda: actions_gap_costs.count_gaps(workspace, checklist=name, on=True))


def _rates(workspace: Workspace) -> None:
    rates = actions_orders.currency_rates(workspace)
    with st.expander(t("value.rates", count=len(rates))):
        st.caption(t("value.rates_why"))
        if rates:
            parts.table(
                [t("value.currency"), "CNY", t("scenarios.source"), t("value.rate_at")],
                [(code, f"{one['value']:.6g}", one["source"], one["at"][:10]) for code, one in rates.items()],
                numbers=[1],
            )
        with st.form("rate", enter_to_submit=False, border=False):
            left, middle, right = st.columns(3)
            code = left.selectbox(t("value.currency"), [one for one in CURRENCIES if one != "CNY"], key="rate-currency")
            value = middle.number_input(t("value.rate"), min_value=0.0, step=0.01, format="%.4f", key="rate-value")
            source = right.text_input(t("scenarios.source"), max_chars=200, key="rate-source")
            if st.form_submit_button(t("value.rate_keep")):
                _try(lambda: actions_orders.declare_rate(workspace, currency=code, value=value, source=source))


def contradictions(case: Mapping[str, Any]) -> None:
    """Say where an upload speaks against what was typed, and what the value does about it."""
    for one in case.get("contradictions") or ():
        number = case["numbers"][one["input"]]
        shown = {key: parts.quantity(one[key], digits=3) for key in ("typed", "measured", "low", "high")}
        parts.note(
            t("value.contradiction", name=pick(number["title"]), unit=parts.unit(number["unit"]), **shown),
            kind="warning",
        )


def _try(call: Callable[[], object]) -> None:
    try:
        call()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


def _table(items: Sequence[Mapping[str, Any]]) -> None:
    parts.table(
        [t("value.input"), t("value.in_force"), t("scenarios.tier"), t("scenarios.source")],
        [
            (
                pick(item["title"]),
                in_force(item),
                parts.tier_mark(item["tier"] or ""),
                item["reason"] or pick(item["source"]),
            )
            for item in items
        ],
        numbers=[1],
        html=[2],
    )


def in_force(item: Mapping[str, Any]) -> str:
    """Return the value in force as people read it, with its unit and spread."""
    if item["from"] == "simulation":
        return t("value.simulated")
    value = item["value"]
    if isinstance(value, str):  # as it was typed, with its unit
        return parts.unit(value)
    if isinstance(value, list | tuple):
        return t("value.series", unit=parts.unit(item["unit"]))
    spread = (
        f" ({item['low']:,.7g} … {item['high']:,.7g})" if item["low"] is not None and item["high"] is not None else ""
    )
    return f"{value:,.7g} {parts.unit(item['unit'])}{spread}"


def _form(workspace: Workspace, items: Sequence[Mapping[str, Any]], *, key: str, button: str) -> None:
    seen = st.session_state.get(
        f"seen-{key}", {}
    )  # when this person last looked, which is before the button was pressed
    st.session_state[f"seen-{key}"] = {item["name"]: item["at"] for item in items}
    with st.form(f"inputs-{key}", enter_to_submit=False, border=False):
        written = {}
        for start in range(0, len(items), 2):
            for place, item in zip(st.columns(2), items[start : start + 2], strict=False):
                written[item["name"]] = place.text_input(
                    f"{pick(item['title'])} ({parts.unit(item['unit'])})",
                    placeholder=t("value.example"),
                    help=pick(item["purpose"]),
                    key=f"input-{item['name']}",
                )
        if st.form_submit_button(button, type="primary"):
            values: dict[str, Any] = {}
            for item in items:
                text = written[item["name"]].strip()
                if text:
                    values[item["name"]] = (
                        text if any(c.isalpha() or c in "%/" for c in text) else f"{text} {item['unit']}"
                    )
            try:
                if values:
                    actions_value.set_inputs(workspace, values, seen=seen)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()
