"""Scenarios: which modules, with which effects and prices; the study, and what OEE would become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from portal import actions_runs, actions_study, catalogue, charts, parts
from portal.actions import EDITORS
from portal.actions_study import ScenarioView
from portal.context import ui_context
from portal.frame import draw, link, look, page_frame, shown_name
from portal.pages.comparison import compare
from portal.pages.curves import curve
from portal.parts import Number
from portal.studies import find_scenario
from portal.text import pick, t
from portal.workspace import Workspace
from simulators.effects import Effect
from simulators.scenario import Module
from templates.exhibits import gained

MONTHS = (12, 24, 36, 60)
LEAST_GAIN = 0.0005
"""Half a tenth of a point of OEE reads as none."""
SHORT = 16  # letters that fit beside a curve


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "scenarios")
    line = actions_study.line(workspace)
    if line is None:
        parts.empty(t("scenarios.no_line"), t("scenarios.no_line_why"))
        link("line", label=t("scenarios.to_line"), icon=":material/arrow_forward:")
        return
    planned = actions_study.scenarios(workspace)
    found = actions_runs.result(workspace)
    running = _running(workspace)
    if found is None and running:
        found = actions_runs.result(workspace, running) if running != "-" else None
    if found is not None:
        _result(found, planned)
    else:
        parts.answer(t("scenarios.answer_none"), note=t("scenarios.answer_none_why"))
    edits = visit.member.role in EDITORS
    _study(workspace, planned, edits=edits)
    _planned(workspace, planned, edits=edits)
    if edits:
        _offer(workspace, line.stations, open_=not planned)
    if found is not None:
        link("value", label=t("scenarios.next"), icon=":material/arrow_forward:")


def _running(workspace: Workspace) -> str:
    """The rough result of a study that is still running; "-" where it has none yet; "" where nothing runs."""
    status = actions_runs.run_status(workspace)
    if status is None or not status.open:
        return ""
    return status.rough or "-"


# --- what came out ---------------------------------------------------------------------------------------------------


def _result(found: Mapping[str, Any], planned: Sequence[ScenarioView]) -> None:
    names = {view.id: shown_name(view) for view in planned}
    records = list(dict.fromkeys(one["record"] for one in found["scenarios"] if one["record"]))
    record = records[0] if records else ""
    claims = False
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(records) > 1:
            record = st.selectbox(
                t("scenarios.shown"),
                records,
                format_func=parts.named({key: names.get(key, key) for key in records}),
                key="scenario-shown",
                width=320,
            )
        if any(one["claims"] for one in found["scenarios"] if one["record"] == record):
            claims = st.toggle(t("scenarios.claims"), key="claims", help=t("scenarios.claims_help"))
    chosen = find_scenario(found, record, claims=claims)
    if chosen is None:
        return
    base = found["scenarios"][0]
    last = found["months"] - 1
    band, before = chosen["bands"]["oee"], base["bands"]["oee"]
    parts.answer(
        t(
            "scenarios.answer",
            name=names.get(record) or pick(chosen["title"]),
            before=parts.percent(before["mean"][last], digits=1),
            after=parts.percent(band["mean"][last], digits=1),
            low=parts.percent(band["p10"][last], digits=1),
            high=parts.percent(band["p90"][last], digits=1),
            month=found["months"],
        ),
        note=t("scenarios.rough")
        if found["rough"]
        else t("scenarios.claims_in" if chosen["claims"] else "scenarios.claims_out"),
    )
    _numbers(chosen, found)
    gain, there = gained(before["mean"], band["mean"])
    key = "scenarios.ramp" if gain > LEAST_GAIN else "scenarios.ramp_flat"
    finding = t(key, points=parts.signed(100 * gain).lstrip("+"), month=there)
    parts.section(finding, note=t("scenarios.ramp_note"))
    name = names.get(record) or pick(chosen["title"])
    curves = [
        curve(t("scenarios.baseline"), before, baseline=True),
        curve(name if len(name) <= SHORT else t("value.with"), band),
    ]
    spec = charts.ramp(curves, unit="%", month=t("scenarios.month"), outcome=t("scenarios.oee_axis"), look=look())
    draw(spec, key="ramp", height=380, alt=finding, sample=found["sample"])
    _bottleneck(chosen, found)
    parts.note(_decided(chosen, found))
    st.caption(_method(found))
    compare(found, names, above=chosen["id"])


def _numbers(chosen: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    differences = chosen["differences"]
    numbers = []
    for kpi in ("oee", "availability", "effectiveness", "quality"):
        change = differences[kpi]
        numbers.append(
            Number(
                label=t(f"baseline.{kpi}"),
                value=parts.signed(100 * change["mean"]),
                unit=t("scenarios.points"),
                note=t("baseline.range", low=parts.signed(100 * change["p10"]), high=parts.signed(100 * change["p90"])),
                tier="D" if chosen["claims"] else "C",
                key=f"d-{kpi}",
                why=partial(_why, kpi, change, found),
            )
        )
    good = differences["good_per_h"]
    numbers.append(
        Number(
            label=t("scenarios.good"),
            value=parts.signed(good["mean"]),
            unit=t("scenarios.per_hour"),
            note=t("baseline.range", low=parts.signed(good["p10"]), high=parts.signed(good["p90"])),
            tier="D" if chosen["claims"] else "C",
            key="d-good",
            why=partial(_why, "good_per_h", good, found),
        )
    )
    parts.headline(numbers)


def _why(kpi: str, change: Mapping[str, float], found: Mapping[str, Any]) -> None:
    @st.dialog(t("scenarios.why_title"))
    def opened() -> None:
        st.write(t("scenarios.why_words", draws=found["draws"], months=found["months"]))
        scale = 1.0 if kpi == "good_per_h" else 100.0
        full = {name: parts.signed(scale * change[name], digits=4) for name in ("mean", "low", "high", "p10", "p90")}
        rows = [
            (t("scenarios.mean"), full["mean"]),
            (t("scenarios.interval"), f"{full['low']} … {full['high']}"),
            (t("scenarios.outcomes"), f"{full['p10']} … {full['p90']}"),
            (t("scenarios.better"), parts.percent(change["probability_better"])),
            (t("scenarios.pairing"), f"{change['variance_ratio']:.3g}"),
            (t("scenarios.unknown"), parts.percent(change["parameter_share"])),
        ]
        parts.table([t("baseline.part"), t("baseline.amount")], rows, numbers=[1])
        st.caption(_method(found))

    opened()


def _method(found: Mapping[str, Any]) -> str:
    numbers = {name: parts.quantity(value, digits=3) for name, value in found["method_numbers"].items()}
    return t(f"scenarios.method_{found['method']}", draws=found["draws"], seed=found["seed"], **numbers)


def _decided(chosen: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Whether the draws are enough to say that the scenario helps or harms, in plain words."""
    change = chosen["differences"]["good_per_h"]
    low, high = change["low"], change["high"]
    if low > 0 or high < 0:
        return t("scenarios.decided_more" if low > 0 else "scenarios.decided_less", draws=found["draws"])
    half = (high - low) / 2
    if half <= 0 or abs(change["mean"]) < half / 20:
        return t("scenarios.decided_none", draws=found["draws"])
    return t(
        "scenarios.decided_open", draws=found["draws"], more=f"{found['draws'] * (half / change['mean']) ** 2:.0f}"
    )


def _bottleneck(chosen: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    stations: Sequence[str] = chosen["bottlenecks"]
    moves = [month for month in range(1, len(stations)) if stations[month] != stations[month - 1]]
    if moves:
        month = moves[0]
        parts.note(
            t("scenarios.moves", before=stations[month - 1], after=stations[month], month=month + 1), kind="warning"
        )
    elif stations:
        parts.note(t("scenarios.stays", station=stations[0], months=found["months"]))


# --- the study -------------------------------------------------------------------------------------------------------


def _study(workspace: Workspace, planned: Sequence[ScenarioView], *, edits: bool) -> None:
    status = actions_runs.run_status(workspace)
    if status is not None and status.open:
        _progress(status.rough, edits=edits)
        return
    if status is not None and status.state in {"failed", "cancelled"}:
        parts.note(t(f"scenarios.run_{status.state}"), kind="warning")
    if not planned or not edits:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        months = st.selectbox(
            t("scenarios.horizon"),
            MONTHS,
            index=2,
            key="months",
            width=200,
            format_func=lambda m: t("scenarios.months", months=m),
        )
        if st.button(t("scenarios.run"), type="primary", key="run-study"):
            try:
                actions_runs.run_study(workspace, months=months)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


@st.fragment(run_every=1.0)
def _progress(rough: str, *, edits: bool) -> None:
    """How far the run is; the page is drawn again when a rough result comes and when it is over."""
    workspace = ui_context().workspace
    status = actions_runs.run_status(workspace)
    if status is None or not status.open or status.rough != rough:
        st.rerun()
    left = "" if status.seconds_left is None else t("scenarios.left", time=parts.duration(status.seconds_left))
    words = (
        t("scenarios.waiting")
        if status.state == "queued"
        else t("scenarios.working", share=parts.percent(status.progress))
    )
    st.progress(min(max(status.progress, 0.0), 1.0), text=f"{words} {left}")
    if edits and st.button(t("scenarios.cancel"), key="cancel-run"):
        actions_runs.cancel_run(workspace, status.id)
        st.toast(t("scenarios.stopping"))


# --- scenarios and modules -------------------------------------------------------------------------------------------


def _planned(workspace: Workspace, planned: Sequence[ScenarioView], *, edits: bool) -> None:
    if not planned:
        return
    offer = catalogue.modules_on_offer()
    parts.section(t("scenarios.planned"))
    for view in planned:
        with st.container(border=True, key=f"ms-card-{view.id}", horizontal=True, vertical_alignment="center"):
            titles = " + ".join(pick(offer[m["id"]].title) for m in view.modules if m["id"] in offer)
            name = shown_name(view)
            named = "" if name == titles else f'<span class="ms-muted"> · {escape(titles)}</span>'
            st.html(f"<b>{escape(name)}</b>{named}")
            if edits and st.button(t("scenarios.remove"), key=f"remove-{view.id}", type="tertiary"):
                actions_study.remove_scenario(workspace, view.id)
                st.rerun()


def _offer(workspace: Workspace, machines: Sequence[str], *, open_: bool) -> None:
    with st.expander(t("scenarios.new"), expanded=open_):
        st.write(t("scenarios.new_why"))
        chosen: list[Mapping[str, Any]] = []
        packs = {pack.manifest.id: pick(pack.manifest.title) for pack in catalogue.packs_by_likeness(machines)}
        pack = next(iter(packs))
        if len(packs) > 1:
            pack = st.selectbox(
                t("scenarios.from_pack"), list(packs), format_func=parts.named(packs), key="offer-pack", width=360
            )
        for name, module in catalogue.modules_on_offer().items():
            if name.partition("/")[0] != pack:
                continue
            with st.container(border=True, key=f"ms-card-module-{name.replace('/', '-')}"):
                if st.checkbox(f"**{pick(module.title)}**", key=f"take-{name}"):
                    st.caption(pick(module.about))
                    chosen.append(_module(name, module, catalogue.station_words(name, machines)))
                else:
                    st.caption(pick(module.about))
        label = st.text_input(
            t("scenarios.name"), key="scenario-name", placeholder=t("scenarios.name_example"), max_chars=80
        )
        if st.button(t("scenarios.plan"), key="plan", disabled=not chosen):
            try:
                actions_study.plan_scenario(workspace, name=label, modules=chosen)
            except ValueError as error:
                parts.problem(error)
            else:
                for name in catalogue.modules_on_offer():
                    st.session_state.pop(f"take-{name}", None)
                st.rerun()


def _module(name: str, module: Module, stations: Mapping[str, str]) -> Mapping[str, Any]:
    wish: dict[str, Any] = {"id": name}
    parts.table(
        [t("scenarios.effect"), t("scenarios.size"), t("scenarios.tier"), t("scenarios.source")],
        [
            (_effect(effect, stations), _size(effect), parts.tier_mark(effect.tier), pick(effect.source))
            for effect in module.effects
        ],
        html=[2],
    )
    parts.table(
        [t("scenarios.price"), t("scenarios.size"), t("scenarios.tier"), t("scenarios.source")],
        [
            (
                f"{pick(price.title)} · {t(f'scenarios.every_{price.every}')}",
                f"{price.low:,.0f} … {price.likely:,.0f} … {price.high:,.0f} {price.currency}",
                parts.tier_mark(price.tier),
                pick(price.source),
            )
            for price in module.prices
        ],
        html=[2],
    )
    own = {}
    with st.popover(t("scenarios.own")):
        st.write(t("scenarios.own_why"))
        for number, effect in enumerate(module.effects):
            low, likely, high = st.columns(3)
            values = [
                place.number_input(
                    f"{_effect(effect, stations)} · {t(f'scenarios.{word}')} %",
                    value=round(100 * getattr(effect, word), 2),
                    min_value=-99.0,
                    max_value=500.0,
                    step=1.0,
                    key=f"{name}-{number}-{word}",
                )
                / 100
                for place, word in ((low, "low"), (likely, "likely"), (high, "high"))
            ]
            given = [getattr(effect, word) for word in ("low", "likely", "high")]
            if any(abs(a - b) > 5e-5 for a, b in zip(values, given, strict=True)):
                own[str(number)] = values
        reason = st.text_input(t("scenarios.reason"), key=f"{name}-reason", max_chars=300)
    if own:
        wish |= {"effects": own, "reason": reason}
    start = st.number_input(t("scenarios.start"), 0, 36, int(module.adoption.start), key=f"{name}-start", width=200)
    if start != int(module.adoption.start):
        wish["start"] = start
    return wish


def _effect(effect: Effect, stations: Mapping[str, str]) -> str:
    where = t("scenarios.everywhere") if effect.station == "*" else stations.get(effect.station, effect.station)
    return f"{t(f'scenarios.parameter_{effect.parameter}')} · {where}"


def _size(effect: Effect) -> str:
    sign = "−" if effect.change == "reduction" else "+"
    return f"{sign}{100 * effect.likely:.3g} % ({100 * effect.low:.3g} … {100 * effect.high:.3g})"


if __name__ == "__main__":
    show()
