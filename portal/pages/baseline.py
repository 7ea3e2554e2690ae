"""Baseline: what the records say of the past, with the loss waterfall on top."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from functools import partial
from typing import Any

import streamlit as st

from portal import actions_calendar, actions_runs, actions_study, charts, parts
from portal.context import Visit, ui_context
from portal.frame import draw, link, look, page_frame
from portal.identity import Role
from portal.parts import Number
from portal.text import t
from portal.workspace import Workspace
from simulators.line import Shift
from simulators.past import Baseline, Figures, Ratio

WEEK = 7 * 86400.0
VIEWS = ("causes", "machines", "weeks", "reliability")
RATIOS = ("availability", "effectiveness", "quality")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "baseline")
    try:
        document = actions_study.baseline(visit.workspace)
    except ValueError as error:
        if getattr(error, "code", "").startswith("quality_"):
            parts.problem(error)
            link("checks", label=t("baseline.to_quality"), icon=":material/arrow_forward:")
            return
        if getattr(error, "code", "") != "no_data":
            raise
        parts.empty(t("baseline.empty"), t("baseline.empty_why"))
        link("data", label=t("baseline.to_data"), icon=":material/arrow_forward:")
        return
    past = Baseline.from_json({name: document[name] for name in Baseline.__dataclass_fields__})
    sample = bool(document["sample"])
    parts.answer(_answer(past), note=t("baseline.window", first=_date(past.first), last=_date(past.last)))
    _hours(visit)
    parts.headline(_numbers(past))
    unit = _unit(past)
    figures = past.unit(unit)
    _waterfall(past, unit, figures, sample=sample)
    _views(past, sample=sample)
    if past.findings:
        with st.expander(t("data.findings", count=len(past.findings))):
            parts.findings([finding.to_json() for finding in past.findings])
    _back_test(visit.workspace)


def _hours(visit: Visit) -> None:
    """The working hours that the figures rest on, and where to change them."""
    hours = actions_calendar.working_calendar(visit.workspace)
    told = t("hours.and").join(_span(shift) for shift in hours.calendar.shifts) if hours.calendar else t("hours.always")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t(f"hours.source_{hours.source}", hours=told))
        if visit.member.role in {Role.OWNER, Role.ANALYST}:
            with st.popover(t("hours.change")):
                _change(visit.workspace, hours.source)


def _span(shift: Shift) -> str:
    days = shift.days
    whole = len(days) > 2 and days == tuple(range(days[0], days[-1] + 1))
    names = [t(f"hours.day_{day}") for day in days]
    named = f"{names[0]}–{names[-1]}" if whole else t("data.comma").join(names)
    return f"{named} {_clock(shift.start_s)}–{_clock(shift.end_s)}"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"


def _change(workspace: Workspace, source: str) -> None:
    st.write(t("hours.why"))
    days = st.pills(
        t("hours.days"),
        range(7),
        default=range(5),
        selection_mode="multi",
        format_func=lambda day: t(f"hours.day_{day}"),
        key="hours-days",
    )
    left, right = st.columns(2)
    start = left.time_input(t("hours.from"), time(6), key="hours-from", step=900)
    end = right.time_input(t("hours.to"), time(22), key="hours-to", step=900)
    wanted: tuple[list[dict[str, Any]] | None, bool] | None = None
    if st.button(t("hours.keep"), type="primary", key="hours-keep", disabled=not days):
        wanted = [{"days": sorted(days), "start_s": _seconds(start), "end_s": _seconds(end) or 86_400.0}], False
    if st.button(t("hours.always_button"), key="hours-always"):
        wanted = None, False
    elif source == "typed" and st.button(t("hours.recorded_button"), key="hours-recorded"):
        wanted = None, True
    if wanted is not None:
        try:
            actions_calendar.set_calendar(workspace, wanted[0], as_recorded=wanted[1])
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()


def _seconds(at: time) -> float:
    return at.hour * 3600.0 + at.minute * 60.0


def _answer(past: Baseline) -> str:
    weeks = f"{(past.last - past.first) / WEEK:.0f}"
    worst = _largest(past.line)
    line = past.line.oee
    if line is not None and line.value is not None:
        return t("baseline.answer", oee=parts.percent(line.value), weeks=weeks, loss=t(f"loss.{worst}").lower())
    return t(
        "baseline.answer_partly",
        availability=parts.percent(past.line.availability.value),
        weeks=weeks,
        loss=t(f"loss.{worst}").lower(),
    )


def _largest(figures: Figures) -> str:
    inside = ("planned", "setup", "breakdown", "minor", "idle", "speed", "scrap")
    return max(inside, key=lambda loss: figures.seconds[loss])


def _numbers(past: Baseline) -> list[Number]:
    line = past.line
    numbers = [_ratio("oee", line.oee)] if line.oee else []
    numbers += [_ratio(name, getattr(line, name)) for name in RATIOS if getattr(line, name) is not None]
    worst = min(
        (machine for machine in past.reliability if machine.mtbf_s),
        key=lambda machine: machine.mtbf_s or 0.0,
        default=None,
    )
    if worst is not None and worst.mtbf_s is not None:
        low, high = worst.mtbf_interval_s
        numbers.append(
            Number(
                label=t("baseline.lowest_mtbf"),
                value=parts.duration(worst.mtbf_s),
                note=t("baseline.range", low=parts.duration(low), high=parts.duration(high)) + f" · {worst.station}",
                tier="A",
                key="mtbf",
                why=partial(_why_reliability, worst.station, worst.failures, worst.operating_s),
            )
        )
    return numbers


def _ratio(name: str, ratio: Ratio | None) -> Number:
    assert ratio is not None
    warn = t("baseline.above_one") if (ratio.value or 0) > 1 else ""
    return Number(
        label=t(f"baseline.{name}"),
        value=parts.percent(ratio.value),
        note=warn or t(f"baseline.{name}_note"),
        tier=ratio.tier,
        key=name,
        why=partial(_why_ratio, name, ratio),
    )


def _why_ratio(name: str, ratio: Ratio) -> None:
    @st.dialog(t(f"baseline.{name}"))
    def opened() -> None:
        hours = 3600.0 if ratio.unit == "s" else 1.0
        unit = {"s": "h", "parts": t("baseline.pieces")}.get(ratio.unit, "")
        st.write(t(f"baseline.{name}_formula"))
        parts.table(
            [t("baseline.part"), t("baseline.amount")],
            [
                (t("baseline.numerator"), f"{ratio.numerator / hours:,.1f} {unit}"),
                (t("baseline.denominator"), f"{ratio.denominator / hours:,.1f} {unit}"),
                (t("baseline.value"), f"{100 * (ratio.value or 0):.4f} %"),
            ],
            numbers=[1],
        )
        st.write(t(f"parts.tier_{ratio.tier.lower()}"))
        st.caption(t("baseline.standard"))

    opened()


def _why_reliability(station: str, failures: int, operating_s: float) -> None:
    @st.dialog(t("baseline.lowest_mtbf"))
    def opened() -> None:
        st.write(t("baseline.mtbf_formula"))
        parts.table(
            [t("baseline.part"), t("baseline.amount")],
            [
                (t("fields.station"), station),
                (t("baseline.failures"), f"{failures:,}"),
                (t("baseline.operating"), parts.duration(operating_s)),
            ],
            numbers=[1],
        )
        st.caption(t("baseline.mtbf_source"))

    opened()


def _unit(past: Baseline) -> str | None:
    names = [figures.label for figures in past.stations]
    if len(names) < 2:
        return None
    chosen = st.selectbox(
        t("baseline.of"), ["", *names], format_func=lambda name: name or t("baseline.whole_line"), key="baseline-unit"
    )
    return chosen or None


def _waterfall(past: Baseline, unit: str | None, figures: Figures, *, sample: bool) -> None:
    worst = _largest(figures)
    share = figures.seconds[worst] / max(figures.planned_busy_s, 1e-9)
    parts.section(
        t("baseline.waterfall", loss=t(f"loss.{worst}"), share=parts.percent(share)), note=t("baseline.closes")
    )
    steps = [(loss, t(f"loss.{loss}"), round(seconds / 3600, 1)) for loss, seconds in past.waterfall(unit)]
    steps = [step for step in steps if step[0] != "good" or step[2] > 0]
    draw(
        charts.waterfall(steps, unit="h", look=look()),
        key="waterfall",
        height=_height(len(steps)),
        sample=sample,
        alt=t("baseline.waterfall_alt"),
    )


def _views(past: Baseline, *, sample: bool) -> None:
    chosen = st.segmented_control(
        t("baseline.view"),
        VIEWS,
        default="causes",
        format_func=lambda name: t(f"baseline.view_{name}"),
        key="baseline-view",
        label_visibility="collapsed",
    )
    view = chosen or "causes"
    if view == "causes":
        causes = past.by_reason()
        total = sum(cause.seconds for cause in causes) or 1.0
        top = causes[0] if causes else None
        if top is not None:
            parts.section(t("baseline.pareto", cause=_reason(top.reason), share=parts.percent(top.seconds / total)))
        items = [(f"{_reason(cause.reason)} ({cause.stops:,})", round(cause.seconds / 3600, 1)) for cause in causes]
        draw(charts.ranked(items, unit="h", look=look()), key="pareto", height=_height(len(items)), sample=sample)
    elif view == "machines":
        bars = past.by_station()
        if bars:
            parts.section(t("baseline.worst_machine", machine=bars[0].station))
        items = [(cause.station, round(cause.seconds / 3600, 1)) for cause in bars]
        spec = charts.ranked(items, unit="h", colour=charts.VERMILION, look=look())
        draw(spec, key="machines", height=_height(len(items)), sample=sample)
    elif view == "weeks":
        _weeks(past, sample=sample)
    else:
        _reliability(past)


def _reason(reason: str) -> str:
    return reason or t("baseline.no_reason")


def _height(bars: int) -> int:
    return 60 + 30 * min(max(bars, 1), 12)


def _weeks(past: Baseline, *, sample: bool) -> None:
    name = "oee" if any(week.oee for week in past.weeks) else "availability"
    values = [
        ratio.value for week in past.weeks if (ratio := getattr(week, name)) is not None and ratio.value is not None
    ]
    if not values:
        parts.note(t("baseline.no_weeks"))
        return
    shares = [100 * value for value in values]
    parts.section(
        t("baseline.weeks", figure=t(f"baseline.{name}"), low=f"{min(shares):.0f}", high=f"{max(shares):.0f}")
    )
    curve = charts.Curve(label=t(f"baseline.{name}"), mean=[round(share, 2) for share in shares])
    draw(
        charts.ramp([curve], unit="%", month=t("baseline.week"), outcome=t("baseline.per_week"), look=look()),
        key="weeks",
        sample=sample,
    )


def _reliability(past: Baseline) -> None:
    parts.section(t("baseline.reliability"), note=t("baseline.reliability_note"))
    rows = []
    for machine in past.reliability:
        low, high = machine.mtbf_interval_s
        repair = machine.mttr_interval_s
        rows.append(
            (
                machine.station,
                f"{machine.failures:,}",
                parts.duration(machine.mtbf_s),
                f"{parts.duration(low)} – {parts.duration(high)}",
                parts.duration(machine.mttr_s),
                f"{parts.duration(repair[0])} – {parts.duration(repair[1])}" if repair else "–",
                t("baseline.weak") if machine.weak else "",
            )
        )
    heads = ("fields.station", "baseline.failures", "baseline.mtbf", "baseline.interval", "baseline.mttr")
    parts.table([*(t(head) for head in heads), t("baseline.interval"), ""], rows, numbers=[1, 2, 3, 4, 5])


def _back_test(workspace: Any) -> None:
    parts.section(t("baseline.history"))
    verdict: Mapping[str, Any] | None = actions_runs.back_test(workspace)
    if verdict is None:
        parts.note(t("baseline.history_none"))
    else:
        parts.note(t(f"baseline.verdict_{verdict['verdict']}", grade=verdict["grade"]))
    link("line", label=t("baseline.next"), icon=":material/arrow_forward:")


def _date(seconds: float) -> str:
    return parts.day(datetime.fromtimestamp(seconds, tz=UTC))


if __name__ == "__main__":
    show()
