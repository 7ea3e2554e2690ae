"""The inputs of the value, drawn: what is in force and why, what is missing, and the form that changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from portal import actions_value, parts
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
                    actions_value.set_inputs(workspace, values)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()
