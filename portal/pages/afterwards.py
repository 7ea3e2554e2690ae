"""After the decision: the locked forecast beside what came of it, and how often it was right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from portal import actions_forecast, actions_runs, actions_study, catalogue, charts, parts
from portal.actions import EDITORS
from portal.charts import Curve
from portal.context import ui_context
from portal.forecast_book import BY_MONTH, first_of_month, read_rows
from portal.frame import draw, link, look, page_frame, shown_name
from portal.text import pick, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "afterwards")
    edits = visit.member.role in EDITORS
    try:
        found = actions_forecast.forecasts(workspace)
    except ValueError as error:
        parts.problem(error)
        return
    kept: Sequence[Mapping[str, Any]] = found["forecasts"]
    if not kept:
        parts.empty(t("afterwards.empty"), t("afterwards.empty_why"))
    else:
        _answer(found)
        names = {one["id"]: f"{pick(one['title'])} · {one['at'][:10]}" for one in kept}
        chosen = kept[0]["id"]
        if len(kept) > 1:
            chosen = st.selectbox(t("afterwards.which"), list(names), format_func=parts.named(names), key="forecast")
        one = next(one for one in kept if one["id"] == chosen)
        _forecast(one)
        if edits:
            _actuals(workspace, one)
        _modules(found["modules"])
        parts.note(t("afterwards.release"))
    if edits:
        _lock(workspace, open_now=not kept)


def _answer(found: Mapping[str, Any]) -> None:
    figures = sum(one["figures"] for one in found["forecasts"])
    inside = sum((one["inside"] or 0.0) * one["figures"] for one in found["forecasts"])
    if not figures:
        parts.answer(t("afterwards.answer_none", count=len(found["forecasts"])), note=t("afterwards.note"))
        return
    parts.answer(
        t("afterwards.answer", share=parts.percent(inside / figures), count=figures), note=t("afterwards.note")
    )


def _forecast(one: Mapping[str, Any]) -> None:
    forecast = one["forecast"]
    parts.section(
        t("afterwards.locked", decision=t(f"afterwards.{one['decision']}"), day=one["at"][:10], by=one["by"]),
        note=one["reason"],
    )
    st.html(f'<div class="ms-muted">{t("afterwards.digest")} <code>{forecast["digest"]}</code></div>')
    figure = st.segmented_control(
        t("afterwards.figure"),
        [name for name in BY_MONTH if name in forecast["figures"]],
        default="oee",
        format_func=lambda name: t(f"afterwards.{name}"),
        key=f"figure-{one['id']}",
    )
    if figure:
        _chart(one, str(figure))


def _chart(one: Mapping[str, Any], figure: str) -> None:
    bands = one["forecast"]["figures"][figure]
    factor, unit = (100.0, "%") if figure == "oee" else (1.0, parts.unit(bands["unit"]))
    rows = {at: [(value or 0.0) * factor for value in bands[at][1:]] for at in ("p10", "p50", "p90")}
    curve = Curve(label=t("afterwards.forecast"), mean=rows["p50"], p10=rows["p10"], p90=rows["p90"])
    spec = charts.ramp([curve], unit=unit, month=t("scenarios.month"), outcome=t(f"afterwards.{figure}"), look=look())
    actual = one["actuals"].get(figure, {})
    spec["series"].append(
        {
            "type": "scatter",
            "name": t("afterwards.actual"),
            "symbolSize": 9,
            "itemStyle": {"color": charts.ORANGE},
            "data": [[int(month) - 1, entry["value"] * factor] for month, entry in actual.items()],
            "tooltip": {"valueFormatter": charts.printf("%.4g", unit)},
        }
    )
    hits = [hit for hit in one["hits"] if hit.output == figure]
    inside = sum(hit.inside for hit in hits)
    finding = t("afterwards.chart", inside=inside, count=len(hits)) if hits else t("afterwards.chart_none")
    parts.section(finding, note=t("afterwards.chart_note", day=one["go_live"]))
    draw(spec, key=f"actual-{figure}", height=320, alt=finding, sample=one["sample"])


def _modules(modules: Mapping[str, Mapping[str, Any]]) -> None:
    scored = {name: one for name, one in modules.items() if one["figures"]}
    if not scored:
        return
    titles = {name: pick(module.title) for name, module in catalogue.modules_on_offer().items()}
    parts.section(t("afterwards.by_module"), note=t("afterwards.by_module_why"))
    parts.table(
        [t("afterwards.module"), t("afterwards.figures"), t("afterwards.inside"), t("afterwards.bias")],
        [
            (
                titles.get(name, name),
                one["figures"],
                (
                    f"{parts.percent(one['inside'])} ({parts.percent(one['inside_interval'][0])} … "
                    f"{parts.percent(one['inside_interval'][1])})"
                ),
                _side(one["bias"]),
            )
            for name, one in scored.items()
        ],
        numbers=[1, 2],
    )


def _side(bias: float | None) -> str:
    if bias is None:
        return "–"
    side = "below" if bias < -0.5 else "above" if bias > 0.5 else "centred"
    return f"{t(f'afterwards.{side}')} ({parts.signed(bias)})"


def _actuals(workspace: Workspace, one: Mapping[str, Any]) -> None:
    with st.expander(t("afterwards.enter")):
        st.caption(t("afterwards.enter_why"))
        with st.form(f"actuals-{one['id']}", enter_to_submit=False, border=False):
            left, right = st.columns(2)
            figure = left.selectbox(
                t("afterwards.figure"), BY_MONTH, format_func=lambda name: t(f"afterwards.{name}"), key="actual-of"
            )
            source = right.text_input(t("afterwards.source"), max_chars=200, key="actual-source")
            rows = st.text_area(
                t("afterwards.rows"), placeholder="1, 71.5\n2, 72.0\n3, 73.4", help=t("afterwards.rows_why"), key="rows"
            )
            kept = st.form_submit_button(t("afterwards.keep"), type="primary")
        measure = st.button(t("afterwards.measure"), key="measure", help=t("afterwards.measure_why"))
        try:
            if kept:
                values = {figure: read_rows(rows, percent=figure == "oee")}
                actions_forecast.enter_actuals(workspace, one["id"], values=values, source=source)
                st.rerun()
            if measure:
                actions_forecast.enter_actuals(workspace, one["id"], from_records=True)
                st.rerun()
        except ValueError as error:
            parts.problem(error)


def _lock(workspace: Workspace, *, open_now: bool) -> None:
    result = actions_runs.result(workspace)
    if result is None:
        link("value", label=t("options.to_value"), icon=":material/arrow_forward:")
        return
    names = {view.id: shown_name(view) for view in actions_study.scenarios(workspace)}
    records = list(dict.fromkeys(one["record"] for one in result["scenarios"] if one["record"]))
    with st.expander(t("afterwards.lock"), expanded=open_now), st.form("lock", enter_to_submit=False, border=False):
        st.caption(t("afterwards.lock_why"))
        left, right = st.columns(2)
        record = left.selectbox(
            t("afterwards.scenario"),
            records,
            format_func=parts.named({key: names.get(key, key) for key in records}),
            key="lock-scenario",
        )
        decision = right.selectbox(
            t("afterwards.decision"),
            actions_forecast.DECISIONS,
            format_func=lambda one: t(f"afterwards.{one}"),
            key="lock-decision",
        )
        begin = left.date_input(
            t("afterwards.go_live"),
            value=date.fromisoformat(first_of_month(workspace.clock())),
            format="YYYY-MM-DD",
            key="lock-begin",
        )
        reason = st.text_area(t("afterwards.reason"), max_chars=1000, key="lock-reason")
        if not st.form_submit_button(t("afterwards.lock_now"), type="primary"):
            return
        try:
            actions_forecast.lock_forecast(
                workspace, decision=decision, reason=reason, go_live=str(begin), scenario=record
            )
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()


if __name__ == "__main__":
    show()
