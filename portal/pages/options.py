"""Options: the status quo, ours, a rival, building it oneself, on the same inputs and the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from portal import actions_options, charts, parts
from portal.actions import EDITORS, ActionError
from portal.context import ui_context
from portal.frame import draw, link, look, page_frame
from portal.option_book import KINDS, SHARE
from portal.text import pick, t
from portal.workspace import Workspace

STATED = (SHARE, "iso22400", "tpm", "nee", "ooe", "teep", "semi_e79")
TIERS = ("B", "C", "D")
MONEY = ("price_once", "price_monthly", "training", "refund_promise")
UNITS = {
    "price_once": "CNY",
    "price_monthly": "CNY/month",
    "internal_hours": "person*h",
    "running_hours": "person*h/month",
    "training": "CNY",
    "refund_share": "%",
    "refund_promise": "CNY",
}


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "options")
    claims = st.toggle(t("scenarios.claims"), key="claims", help=t("scenarios.claims_help"))
    try:
        found = actions_options.options(workspace, claims=claims)
    except ActionError as error:
        if error.code in {"no_result", "not_simulated", "inputs_missing"}:
            parts.empty(t("options.empty"), t("options.empty_why"))
            link("value", label=t("options.to_value"), icon=":material/arrow_forward:")
        else:
            parts.problem(error)
        return
    _compared(found)
    if visit.member.role in EDITORS:
        _add(workspace)
        _remove(workspace, found["options"])


def _compared(found: Mapping[str, Any]) -> None:
    options, currency = found["options"], found["currency"]
    first = options[0]
    parts.answer(
        t("options.answer", name=_name(first), share=parts.percent(first["best"][0])),
        note=t("options.note", years=f"{found['periods'] / 12:.3g}", draws=f"{found['draws']:,}"),
    )
    items: list[tuple[str, float, float, float]] = []
    for one in options:
        npv = one["outputs"]["npv"]
        items.append((_name(one), npv["p10"] or 0.0, npv["p50"] or 0.0, npv["p90"] or 0.0))
    draw(
        charts.ranges(items, unit=currency, look=look()),
        key="options-npv",
        height=80 + 44 * len(items),
        alt=t("options.chart"),
        sample=found["sample"],
    )
    headers = ("option", "npv", "best", "ahead", "payback", "tco", "eac")
    parts.table(
        [t(f"options.{name}") for name in headers],
        [_row(one, currency) for one in options],
        numbers=[1, 2, 3, 4, 5, 6],
        html=[0],
    )
    parts.note(t(f"options.definition_{found['definition']}"))
    idle = found["do_nothing"]
    if idle["p50"]:
        parts.note(
            t("options.do_nothing", npv=parts.money(idle["p50"], currency), low=parts.money(idle["p10"], ""),
              high=parts.money(idle["p90"], "")),
            kind="warning",
        )  # fmt: skip
    else:
        parts.note(t("options.do_nothing_free"))


def _row(one: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    outputs = one["outputs"]
    npv, months = outputs["npv"], outputs["payback"]
    quo = one["kind"] == "status_quo"
    never = months["p50"] is None
    name = f"{escape(_name(one))} {parts.tier_mark(one['tier'])}"
    spread = "" if quo else f" ({parts.money(npv['p10'], '')} … {parts.money(npv['p90'], '')})"
    return (
        f'<div class="ms-wide">{name}</div>',
        parts.money(npv["p50"], currency) + spread,
        parts.percent(one["best"][0]),
        parts.money(one["ahead"][1], ""),
        "–" if quo or never else f"{months['p50']:.0f} {t('value.months')}",
        parts.money(outputs["pv_costs"]["p50"], ""),
        parts.money(outputs["equal_annual_cost"]["p50"], ""),
    )


def _name(one: Mapping[str, Any]) -> str:
    kind, title = t(f"options.{one['kind']}"), pick(one["title"]) if one["title"] else ""
    return title if one["kind"] == "ours" else f"{kind} · {title}".rstrip(" ·")


def _add(workspace: Workspace) -> None:
    with st.expander(t("options.add")):
        st.caption(t("options.add_why"))
        with st.form("option", enter_to_submit=False, border=False):
            left, right = st.columns(2)
            kind = left.selectbox(t("options.kind"), KINDS, format_func=lambda one: t(f"options.{one}"))
            name = right.text_input(t("options.name"), max_chars=80)
            effect = left.text_input(t("options.effect"), placeholder="60 / 80 / 100", help=t("options.effect_why"))
            stated = right.selectbox(
                t("options.stated"),
                STATED,
                format_func=lambda one: t(f"options.in_{one}"),
                help=t("options.stated_why"),
            )
            written = {
                key: (left if number % 2 == 0 else right).text_input(
                    f"{t(f'options.{key}')} ({parts.unit(unit)})", key=f"option-{key}", placeholder=t("value.example")
                )
                for number, (key, unit) in enumerate(UNITS.items())
            }
            later = right.number_input(t("options.later"), min_value=0, max_value=60, value=0, step=1)
            tier = left.selectbox(t("scenarios.tier"), TIERS, format_func=lambda one: t(f"options.tier_{one.lower()}"))
            source = right.text_input(t("options.source"), max_chars=200, help=t("options.source_why"))
            if not st.form_submit_button(t("options.keep"), type="primary"):
                return
        try:
            actions_options.save_option(
                workspace,
                name=name,
                kind=kind,
                effect=_three(effect),
                values={key: _with_unit(text, UNITS[key]) for key, text in written.items() if text.strip()},
                source=source,
                stated_in=stated,
                tier=tier,
                later=int(later),
            )
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()


def _three(text: str) -> list[float]:
    """One number or three, as typed with slashes; anything else is left for the action to refuse."""
    try:
        numbers = [float(part.strip().rstrip("%％")) for part in text.replace("／", "/").split("/")]
    except ValueError:
        return []
    return numbers * 3 if len(numbers) == 1 else numbers


def _with_unit(text: str, unit: str) -> str:
    return text if any(one.isalpha() or one == "%" for one in text) else f"{text} {unit}"


def _remove(workspace: Workspace, options: Sequence[Mapping[str, Any]]) -> None:
    own = {one["id"]: _name(one) for one in options if one["kind"] in KINDS}
    if not own:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(t("options.which"), list(own), format_func=parts.named(own), key="option-gone", width=320)
        if st.button(t("options.remove"), key="remove-option"):
            actions_options.remove_option(workspace, chosen)
            st.rerun()


if __name__ == "__main__":
    show()
