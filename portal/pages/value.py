"""Value: what a scenario is worth, how sure that is, and what every number rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from portal import actions_runs, actions_study, actions_value, charts, parts
from portal.advice import advice, take_along, verdict
from portal.charts import Curve
from portal.context import Visit, ui_context
from portal.figures_beyond import beyond
from portal.frame import draw, link, look, page_frame, shown_name
from portal.identity import Role
from portal.inputs_form import contradictions, inputs_in_force, other_sources
from portal.parts import Number
from portal.text import pick, t
from portal.what_if import what_if
from portal.workspace import Workspace

SKIPPED = "guess-skipped"


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "value")
    found = actions_runs.result(workspace)
    if found is None:
        status = actions_runs.run_status(workspace)
        busy = status is not None and status.open
        parts.empty(
            t("value.running" if busy else "value.empty"), t("value.running_why" if busy else "value.empty_why")
        )
        if visit.member.role in {Role.OWNER, Role.ANALYST}:
            link("scenarios", label=t("value.to_scenarios"), icon=":material/arrow_forward:")
        return
    record, claims = _choice(workspace, found)
    edits = visit.member.role in {Role.OWNER, Role.ANALYST}
    try:
        case = actions_value.appraise(workspace, scenario=record, claims=claims)
    except ValueError as error:
        if getattr(error, "code", "") != "inputs_missing":
            parts.problem(error)
            return
        parts.answer(t("value.almost"), note=t("value.almost_why"))
        inputs_in_force(workspace, record, edits=edits, missing=True)
        return
    if case["guess"] is None and not st.session_state.get(SKIPPED):
        _guess(workspace, case["currency"])
        return
    _case(workspace, case, record, claims=claims)
    inputs_in_force(workspace, record, edits=edits, missing=False)
    other_sources(workspace, edits=edits)
    take_along(case)
    _next(visit)


def _choice(workspace: Workspace, found: Mapping[str, Any]) -> tuple[str, bool]:
    names = {view.id: shown_name(view) for view in actions_study.scenarios(workspace)}
    records = list(dict.fromkeys(one["record"] for one in found["scenarios"] if one["record"]))
    record, claims = records[0], False
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(records) > 1:
            record = st.selectbox(
                t("scenarios.shown"),
                records,
                format_func=parts.named({key: names.get(key, key) for key in records}),
                key="value-shown",
                width=320,
            )
        if any(one["claims"] for one in found["scenarios"] if one["record"] == record):
            claims = st.toggle(t("scenarios.claims"), key="claims", help=t("scenarios.claims_help"))
    return record, claims


# --- guess first -----------------------------------------------------------------------------------------------------


def _guess(workspace: Workspace, currency: str) -> None:
    parts.answer(t("value.guess"), note=t("value.guess_why"))
    with st.form("guess", enter_to_submit=False, border=True):
        amount = st.number_input(
            t("value.guess_label", currency=currency), step=10_000.0, format="%.0f", key="guess-npv"
        )
        with st.container(horizontal=True):
            kept = st.form_submit_button(t("value.guess_keep"), type="primary")
            skipped = st.form_submit_button(t("value.guess_skip"))
    if kept:
        actions_value.record_guess(workspace, npv=amount, currency=currency)
        st.rerun()
    if skipped:
        st.session_state[SKIPPED] = True
        st.rerun()


# --- the case --------------------------------------------------------------------------------------------------------


def _case(workspace: Workspace, case: Mapping[str, Any], record: str, *, claims: bool) -> None:
    outputs, currency = case["outputs"], case["currency"]
    npv = outputs["npv"]
    loss = npv["chance"][0] if npv["chance"] else 0.0
    years = f"{case['periods'] / (12 if case['period'] == 'month' else 1):.3g}"
    words = "value.answer" if npv["p50"] >= 0 else "value.answer_loss"
    parts.answer(
        t(words, npv=parts.money(npv["p50"], currency), years=years, loss=_odds(loss)),
        note=t("scenarios.claims_in" if claims else "scenarios.claims_out"),
    )
    opened = partial(_why, workspace, record, claims)
    parts.headline(_numbers(case, loss, opened))
    guess = case["guess"]
    if guess is not None:
        gap = npv["p50"] - guess["npv"]
        parts.note(t("value.gap", guess=parts.money(guess["npv"], currency), gap=parts.money(abs(gap), currency),
                     side=t("value.above" if gap >= 0 else "value.below")))  # fmt: skip
    contradictions(case)
    verdict(case)
    _tornado(case, currency)
    what_if(workspace, case, record, claims=claims)
    _fan(case, currency)
    advice(case)
    beyond(workspace, case, record, claims=claims)
    capped = [one for one in case["capped"] if one["share_of_draws"] >= 0.0005]
    if capped:
        parts.section(t("value.capped"), note=t("value.capped_why"))
        numbers = case["numbers"]
        parts.table(
            [t("value.benefit"), t("value.cap"), t("value.capped_share"), t("value.capped_lost")],
            [
                (
                    pick(numbers[one["benefit"]]["title"]) if one["benefit"] in numbers else one["benefit"],
                    pick(numbers[one["cap"]]["title"]) if one["cap"] in numbers else one["cap"],
                    parts.percent(one["share_of_draws"]),
                    parts.money(one["mean_lost"], currency),
                )
                for one in capped
            ],
            numbers=[2, 3],
        )


def _odds(share: float) -> str:
    """A chance in words: one in six."""
    if share < 0.005:
        return t("value.never")
    if share > 0.995:
        return t("value.always")
    if 0.05 <= share <= 0.5:
        return t("value.one_in", count=f"{1 / share:.0f}")
    return t("value.share", share=parts.percent(share))


def _numbers(case: Mapping[str, Any], loss: float, opened: Any) -> list[Number]:
    outputs, currency = case["outputs"], case["currency"]
    numbers = [
        Number(
            label=t("value.npv"),
            value=parts.money(outputs["npv"]["p50"], currency),
            note=_range(outputs["npv"], lambda value: parts.money(value, "")),
            tier=outputs["npv"]["tier"],
            key="npv",
            why=partial(opened, "npv"),
        ),
        Number(
            label=t("value.loss"),
            value=parts.percent(loss),
            note=t("value.loss_note"),
            tier=outputs["npv"]["tier"],
            key="loss",
            why=partial(opened, "npv"),
        ),
    ]
    months = outputs["payback"]
    numbers.append(
        Number(
            label=t("value.payback"),
            value="–" if months["p50"] is None else f"{months['p50']:.0f}",
            unit=t("value.months") if months["p50"] is not None else "",
            note=_range(months, lambda value: f"{value:.0f}") + _undefined(months, "value.payback_never"),
            tier=months["tier"],
            key="payback",
            why=partial(opened, "payback"),
        )
    )
    rate = outputs["irr"]
    numbers.append(
        Number(
            label=t("value.irr"),
            value="–" if rate["p50"] is None else f"{rate['p50']:.0f}",
            unit="%" if rate["p50"] is not None else "",
            note=_range(rate, lambda value: f"{value:.0f} %".replace("-", "−")) + _undefined(rate, "value.irr_none"),
            tier=rate["tier"],
            key="irr",
            why=partial(opened, "irr"),
        )
    )
    if "exposure" in outputs:
        numbers.append(
            Number(
                label=t("value.exposure"),
                value=parts.money(outputs["exposure"]["p50"], currency),
                note=_range(outputs["exposure"], lambda value: parts.money(value, "")),
                tier=outputs["exposure"]["tier"],
                key="exposure",
                why=partial(opened, "exposure"),
            )
        )
    return numbers


def _range(figure: Mapping[str, Any], shown: Any) -> str:
    if figure["p10"] is None or figure["p90"] is None:
        return ""
    return t("baseline.range", low=shown(figure["p10"]), high=shown(figure["p90"]))


def _undefined(figure: Mapping[str, Any], key: str) -> str:
    share = figure["undefined"] or 0.0
    return f" · {t(key, share=parts.percent(share))}" if share >= 0.005 else ""


def _tornado(case: Mapping[str, Any], currency: str) -> None:
    bars: Sequence[Mapping[str, Any]] = case["outputs"]["npv"].get("tornado") or ()
    shown = [bar for bar in bars if bar["at_p10"] is not None and abs(bar["at_p90"] - bar["at_p10"]) > 0]
    if not shown:
        return
    top = shown[0]
    swing = parts.money(abs(top["at_p90"] - top["at_p10"]), currency)
    parts.section(t("value.tornado", name=pick(top["title"]), swing=swing), note=t("value.tornado_note"))
    items = [(f"{bar['tier']} · {pick(bar['title'])}", bar["at_p10"], bar["at_p90"]) for bar in shown]
    spec = charts.tornado(
        items,
        base=case["outputs"]["npv"]["p50"],
        unit=currency,
        low=t("value.at_low"),
        high=t("value.at_high"),
        look=look(),
    )
    draw(spec, key="tornado", height=110 + 34 * min(len(items), 10), alt=t("value.tornado_alt"), sample=case["sample"])


def _fan(case: Mapping[str, Any], currency: str) -> None:
    flow = case["outputs"].get("cumulative_flow")
    if not flow:
        return
    parts.section(t("value.fan"), note=t("value.fan_note"))
    curve = Curve(label=t("value.with"), mean=flow["p50"], p10=flow["p10"], p90=flow["p90"])
    alone = case["outputs"].get("do_nothing_flow")
    nothing = Curve(label=t("value.nothing"), mean=alone["p50"] if alone else [0.0] * len(flow["p50"]), dashed=True)
    spec = charts.cash_fan(
        curve, nothing, unit=currency, month=t("scenarios.month"), outcome=t("value.cumulative"), look=look()
    )
    draw(spec, key="fan", height=340, alt=t("value.fan"), sample=case["sample"])


# --- why -------------------------------------------------------------------------------------------------------------


def _why(workspace: Workspace, record: str, claims: bool, name: str) -> None:
    @st.dialog(t("value.why"), width="large")
    def opened() -> None:
        here = st.session_state.get("why-at", name) or name
        _opened(workspace, record, here, claims=claims)

    st.session_state["why-at"] = name
    opened()


def _opened(workspace: Workspace, record: str, name: str, *, claims: bool) -> None:
    told = actions_value.why(workspace, name, scenario=record, claims=claims)
    trace = told["trace"]
    parts.section(pick(trace["title"]))
    tier = trace["tier"]
    st.html(
        f'<div class="ms-number">{escape(_cell(trace, "p50"))} {parts.tier_mark(tier)}</div>'
        f'<div class="ms-muted">{escape(t(f"parts.tier_{tier.lower()}"))}</div>'
    )
    formula = pick(trace["formula"])
    if formula:
        st.code(formula, language=None, wrap_lines=True)
    source = pick(trace["source"])
    if source:
        st.write(t("value.source", source=source))
    if trace["claim_off"]:
        parts.note(t("value.claim_off"), kind="warning")
    if trace["stale"]:
        parts.note(t("value.stale"), kind="warning")
    if told["parts"]:
        parts.table(
            [t("value.made_of"), "P10", "P50", "P90", t("scenarios.tier")],
            [
                (pick(p["title"]), _cell(p, "p10"), _cell(p, "p50"), _cell(p, "p90"), parts.tier_mark(p["tier"]))
                for p in told["parts"]
            ],
            numbers=[1, 2, 3],
            html=[4],
        )
        st.pills(
            t("value.open"),
            [p["name"] for p in told["parts"]],
            format_func={p["name"]: pick(p["title"]) for p in told["parts"]}.__getitem__,
            key=f"why-of-{name}",
            on_change=lambda: st.session_state.update({"why-at": st.session_state.get(f"why-of-{name}") or name}),
        )
    for one in told["objections"]:
        quote = f'<blockquote class="ms-quote">{escape(one["text"])}</blockquote>'
        st.html(f'{quote}<div class="ms-muted">{escape(one["by"])} · {escape(one["at"][:10])}</div>')
    if told["tornado"]:
        st.caption(t("value.sensitive", names=t("data.comma").join(pick(bar["title"]) for bar in told["tornado"][:3])))


def _cell(trace: Mapping[str, Any], at: str) -> str:
    value = trace[at]
    if isinstance(value, list):
        value = value[-1] if value else None
    return f"{parts.quantity(value, digits=4)} {parts.unit(trace['unit'])}"


def _next(visit: Visit) -> None:
    link("documents", label=t("documents.go"), icon=":material/description:")
    if visit.member.role is Role.OWNER:
        link("release", label=t("value.next"), icon=":material/arrow_forward:")


if __name__ == "__main__":
    show()
