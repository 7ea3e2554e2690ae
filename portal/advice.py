"""What a case speaks for, drawn: the verdict, what must be true for it to turn, what is worth measuring first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st

from portal import parts
from portal.text import pick, t

SHOWN = 5


def verdict(case: Mapping[str, Any]) -> None:
    """Draw the verdict under the headline; nothing where the case was kept before there was any."""
    found = case.get("insights")
    if found and found["verdict"] is not None:
        _verdict(found, case["currency"])


def advice(case: Mapping[str, Any]) -> None:
    """Draw what must be true for the verdict to turn, and what is worth measuring first."""
    found = case.get("insights")
    if not found:
        return
    titles = {name: pick(number["title"]) for name, number in case["numbers"].items()}
    currency = case["currency"]
    _what_must_be_true(found, titles)
    gains = [one for one in found["worth_measuring"] if one["input"] in titles and one["at_most"] >= 1][:3]
    if gains:
        parts.section(t("value.measure"), note=t("value.measure_why"))
        parts.table(
            [t("value.input"), t("value.measure_worth")],
            [(titles[one["input"]], parts.money(one["at_most"], currency)) for one in gains],
            numbers=[1],
        )


def take_along(case: Mapping[str, Any]) -> None:
    """Offer the case as a spreadsheet whose formulas anybody can follow."""
    where = f"/files/value?scenario={quote(str(case['scenario']), safe='')}&claims={int(case['claims'])}"
    parts.section(t("value.take"), note=t("value.take_why"))
    st.html(f'<a class="ms-button" href="{escape(where)}" target="_self">{escape(t("value.take_now"))}</a>')


def _verdict(found: Mapping[str, Any], currency: str) -> None:
    said = found["verdict"]
    parts.section(t(f"value.verdict_{said['verdict']}"), note=t(f"value.reason_{said['reason']}"))
    worst = parts.money(found["worst_5_percent"], currency)
    limits = {"buy": parts.percent(said["buy_below"]), "refuse": parts.percent(said["refuse_above"])}
    parts.note(t("value.worst", worst=worst) + " " + t("value.verdict_rule", **limits))


def _what_must_be_true(found: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    shares = {one["input"]: one["total"] for one in found["drivers"]}
    rows = sorted(
        (one for one in found["break_even"] if one["values"] and one["input"] in titles),
        key=lambda one: -shares.get(one["input"], 0.0),
    )[:SHOWN]
    if not rows:
        return
    parts.section(t("value.must_be_true"), note=t("value.must_be_true_why"))
    parts.table(
        [t("value.input"), t("value.turns_at"), t("value.expected"), t("value.plausible")],
        [
            (
                titles[one["input"]],
                _amounts(", ", one["values"], one["unit"]),
                _amounts(" … ", [one["p10"], one["p90"]], one["unit"]),
                t("value.within" if one["plausible"] else "value.outside"),
            )
            for one in rows
        ],
        numbers=[1, 2],
    )


def _amounts(between: str, values: Sequence[float], unit: str) -> str:
    shown = dict.fromkeys(parts.quantity(value) for value in values)
    return f"{between.join(shown)} {parts.unit(unit)}"
