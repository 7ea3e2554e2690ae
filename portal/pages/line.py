"""Line: stations and buffers as a table beside a drawn flow; a template or the records fill it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from portal import actions_study, catalogue, gains_view, parts, replay_view
from portal.actions import EDITORS
from portal.actions_study import LineView
from portal.context import ui_context
from portal.frame import link, page_frame
from portal.text import t
from portal.workspace import Workspace
from simulators.line import Line, Station
from templates.line_document import read_line, write_line


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "line")
    edits = visit.member.role in EDITORS
    view = actions_study.line(workspace)
    if view is None:
        parts.empty(t("line.empty"), t("line.empty_why"))
        if edits:
            _fill(workspace, first=True)
        return
    model = read_line(view.text, name="line.yaml")
    slowest = _constraint(model)
    parts.answer(
        t("line.answer", stations=len(model.stations), constraint=slowest.name, pace=f"{_pace(slowest):.0f}"),
        note=t(f"line.source_{view.source}"),
    )
    _flow(model, slowest)
    replay_view.draw(workspace)
    gains_view.draw(workspace)
    _editor(workspace, model, view, edits=edits)
    _failures(model, view)
    if noted := list(view.fit.get("findings", ())):
        with st.expander(t("data.findings", count=len(noted))):
            parts.findings(noted)
    if edits:
        with st.expander(t("line.again")):
            _fill(workspace, first=False)
        with st.expander(t("line.yaml")):
            _yaml(workspace, view)
    link("scenarios", label=t("line.next"), icon=":material/arrow_forward:")


def _constraint(model: Line) -> Station:
    """The station with the largest ideal cycle for each of its machines, the first on ties (contract section 2)."""
    return max(model.stations, key=lambda station: _ideal(station) / station.servers)


def _ideal(station: Station) -> float:
    return station.ideal_cycle or station.cycle.mean


def _pace(station: Station) -> float:
    return 3600.0 * station.servers / _ideal(station)


def _fill(workspace: Workspace, *, first: bool) -> None:
    left, right = st.columns(2)
    with left, st.container(border=True, key="ms-card-fit"):
        parts.section(t("line.fit"), note=t("line.fit_why"))
        if st.button(t("line.fit_button"), type="primary" if first else "secondary", key="fit-line"):
            _try(lambda: actions_study.fit_line(workspace))
    with right, st.container(border=True, key="ms-card-template"):
        parts.section(t("line.template"), note=t("line.template_why"))
        offer = list(catalogue.lines_on_offer())
        chosen = st.selectbox(t("line.template_choose"), offer, key="line-template", label_visibility="collapsed")
        if chosen and st.button(t("line.template_button"), key="use-template"):
            _try(lambda: actions_study.use_line_template(workspace, chosen))


def _try(action: Any) -> None:
    try:
        with st.spinner(t("line.working")):
            action()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


def _flow(model: Line, slowest: Station) -> None:
    parts.section(t("line.flow", constraint=slowest.name), note=t("line.flow_note"))
    items = []
    for number, station in enumerate(model.stations):
        machines = f" × {station.servers}" if station.servers > 1 else ""
        mark = " ms-flow-slowest" if station is slowest else ""
        cycle = f"<span>{_ideal(station):.3g} s{machines}</span>"
        items.append(f'<li class="ms-flow-station{mark}"><b>{escape(station.name)}</b>{cycle}</li>')
        if number < len(model.stations) - 1 or model.pallets is not None:
            room = "∞" if station.buffer is None else str(station.buffer)
            label = escape(t("line.room", room=room), quote=True)
            items.append(f'<li class="ms-flow-room" aria-label="{label}" title="{label}"><span>{room}</span></li>')
    st.html(f'<ol class="ms-flow">{"".join(items)}</ol>')


def _editor(workspace: Workspace, model: Line, view: LineView, *, edits: bool) -> None:
    parts.section(t("line.table"), note=t("line.table_note") if edits else "")
    before = pd.DataFrame(
        [
            {
                "name": station.name,
                "cycle": round(station.cycle.mean, 4),
                "ideal": round(_ideal(station), 4),
                "servers": station.servers,
                "scrap": round(100 * station.scrap, 4),
                "buffer": station.buffer,
            }
            for station in model.stations
        ]
    )
    config: Mapping[str, Any] = {
        "name": st.column_config.TextColumn(t("fields.station"), required=True),
        "cycle": st.column_config.NumberColumn(t("line.cycle"), min_value=0.001, required=True, format="%.3g"),
        "ideal": st.column_config.NumberColumn(t("line.ideal"), min_value=0.001, required=True, format="%.3g"),
        "servers": st.column_config.NumberColumn(t("fields.servers"), min_value=1, step=1, required=True),
        "scrap": st.column_config.NumberColumn(t("line.scrap"), min_value=0.0, max_value=99.0, required=True),
        "buffer": st.column_config.NumberColumn(t("fields.buffer"), min_value=0, step=1, help=t("line.buffer_help")),
    }
    after = st.data_editor(
        before, column_config=config, hide_index=True, key=f"stations-{view.id}", width="stretch", disabled=not edits
    )
    if not after.equals(before) and st.button(t("line.save"), type="primary", key="save-line"):
        _try(lambda: actions_study.save_line(workspace, write_line(_edited(model, before, after))))


def _edited(model: Line, before: pd.DataFrame, after: pd.DataFrame) -> Line:
    stations: list[Station] = []
    for number, station in enumerate(model.stations):
        old, new = before.iloc[number], after.iloc[number]
        last = number == len(model.stations) - 1 and model.pallets is None
        cycle = (
            station.cycle if new["cycle"] == old["cycle"] else station.cycle.scaled(new["cycle"] / station.cycle.mean)
        )
        stations.append(
            replace(
                station,
                name=str(new["name"]).strip(),
                cycle=cycle,
                ideal_cycle=float(new["ideal"]),
                servers=int(new["servers"]),
                scrap=float(new["scrap"]) / 100,
                buffer=0 if last else None if pd.isna(new["buffer"]) else int(new["buffer"]),
            )
        )
    return replace(model, stations=tuple(stations))


def _failures(model: Line, view: LineView) -> None:
    rows: list[Sequence[str]] = []
    weak = {
        (machine["station"], cause["name"])
        for machine in view.fit.get("machines", ())
        for cause in machine["causes"]
        if cause["uptime"]["weak"]
    }
    for station in model.stations:
        rows += [
            (
                station.name,
                _cause(failure.name),
                f"{parts.duration(failure.uptime.mean)} · {t(f'line.kind_{failure.uptime.kind}')}",
                f"{parts.duration(failure.repair.mean)} · {t(f'line.kind_{failure.repair.kind}')}",
                t(f"line.clock_{failure.clock}"),
                t("baseline.weak") if (station.name, failure.name) in weak else "",
            )
            for failure in station.failures
        ]
    parts.section(t("line.failures"), note=t("line.failures_note"))
    if rows:
        heads = ("fields.station", "fields.reason", "line.uptime", "line.repair", "line.clock")
        parts.table([*(t(head) for head in heads), ""], rows)
    else:
        parts.note(t("line.no_failures"))


def _cause(name: str) -> str:
    """A cause in words; the fit puts the kind of stop in front of some."""
    kind, colon, rest = name.partition(": ")
    known = colon and kind in {"minor", "setup", "planned", "breakdown"}
    return f"{rest if rest != 'other' else t('line.other')} ({t(f'loss.{kind}')})" if known else name


def _yaml(workspace: Workspace, view: LineView) -> None:
    st.caption(t("line.yaml_why"))
    text = st.text_area(t("line.yaml"), view.text, height=420, key=f"yaml-{view.id}", label_visibility="collapsed")
    if st.button(t("line.save"), key="save-yaml", disabled=text == view.text):
        _try(lambda: actions_study.save_line(workspace, text))


if __name__ == "__main__":
    show()
