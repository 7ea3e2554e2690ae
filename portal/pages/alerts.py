"""Alerts: what calls for attention in three levels, how it arrives, and whether a rule would have been right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from portal import actions_alerts, charts, parts
from portal.context import Visit, ui_context
from portal.frame import draw, link, look, page_frame
from portal.text import error_text, has_text, pick, t
from portal.workspace import Workspace
from templates.alert_document import shipped_alerts


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "alerts")
    found = actions_alerts.alerts(visit.workspace)
    alerts: Sequence[Mapping[str, Any]] = found["alerts"]
    grave = sum(one["level"] == 3 for one in alerts)
    note = t("alerts.note", rules=found["rules"], unknown=found["unknown"], week=found["week"] or "–")
    words = "alerts.answer" if grave else "alerts.answer_calm" if alerts else "alerts.answer_none"
    parts.answer(t(words, count=len(alerts), grave=grave), note=note)
    for level in (3, 2, 1):
        of_level = [one for one in alerts if one["level"] == level]
        if of_level:
            _level(level, of_level)
    _digest(visit, on=found["digest"])
    _tester(visit.workspace)
    _library()


def _level(level: int, alerts: Sequence[Mapping[str, Any]]) -> None:
    parts.section(t(f"alerts.level_{level}", count=len(alerts)))
    for one in alerts:
        with st.container(border=True, key=f"ms-card-alert-{one['id']}"):
            mark = f'<span class="ms-level ms-level-{level}">{level}</span>'
            week = f" · {one['week']}" if one["week"] else ""
            because = f"{_figures(one['figures'])} · {rule_text(one['when'])}{week}"
            st.html(
                f"<div><b>{mark} {escape(pick(one['title']))}</b></div>"
                f'<div class="ms-muted">{escape(because)}</div>'
                f"<div>{escape(t('alerts.next', owner=t('owners.' + one['owner_role'])))} "
                f"{escape(pick(one['next_step']))}</div>"
            )
            link(
                one["page"], label=t("alerts.go", page=t(f"shell.pages.{one['page']}")), icon=":material/arrow_forward:"
            )


def _figures(figures: Mapping[str, Any]) -> str:
    return t("data.comma").join(f"{_name(name)} {_shown(value)}" for name, value in figures.items())


def _name(name: str) -> str:
    return t(f"figures.{name}") if has_text(f"figures.{name}") else name


def _shown(value: Any) -> str:
    return parts.quantity(value, digits=3) if isinstance(value, int | float) else str(value)


def rule_text(when: str) -> str:
    """A condition with its figures in words."""
    return " ".join(_name(word) if word.replace("_", "").isalpha() else word for word in when.split())


def _digest(visit: Visit, *, on: bool) -> None:
    chosen = st.toggle(t("alerts.digest"), value=on, key="digest", help=t("alerts.digest_why"))
    if chosen != on:
        try:
            actions_alerts.subscribe_digest(visit.workspace, on=chosen, origin=visit.portal.settings.origin)
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()


def _tester(workspace: Workspace) -> None:
    rules = {one.id: one for one in shipped_alerts() if one.about == "history"}
    parts.section(t("alerts.test"), note=t("alerts.test_why"))
    names = {key: f"{rule.level} · {pick(rule.title)}" for key, rule in rules.items()}
    left, middle, right = st.columns([3, 3, 1], vertical_alignment="bottom")
    chosen = left.selectbox(t("alerts.rule"), list(names), format_func=parts.named(names), key="rule")
    when = middle.text_input(
        t("alerts.condition"), value=rules[chosen].when, key=f"when-{chosen}", help=t("alerts.condition_why")
    )
    ahead = right.number_input(t("alerts.ahead"), 1, 8, 1, key="ahead")
    try:
        told = actions_alerts.try_rule(workspace, rule=chosen, when=when, ahead=int(ahead))
    except ValueError as error:
        if getattr(error, "code", "") == "too_few_weeks":  # nobody's mistake: there are no records yet
            parts.note(" ".join(error_text(error)))
        else:
            parts.problem(error)
        return
    _told(told)


def _told(told: Mapping[str, Any]) -> None:
    precision, caught = told["precision"], told["caught"]
    money = told["at_stake_money"]
    finding = (
        t("alerts.found", raised=len(told["raised"]), weeks=len(told["weeks"]), right=len(told["right"]))
        if told["raised"]
        else t("alerts.found_none", weeks=len(told["weeks"]))
    )
    parts.section(finding, note=t("alerts.found_why"))
    parts.table(
        [t("alerts.raised"), t("alerts.precision"), t("alerts.caught"), t("alerts.at_stake")],
        [
            (
                len(told["raised"]),
                _share(precision),
                _share(caught),
                f"{parts.quantity(told['at_stake'], digits=3)} {parts.unit('piece')}"
                + (f" · {parts.money(money, told['currency'])}" if money is not None else ""),
            )
        ],
        numbers=[0, 1, 2, 3],
    )
    spec = charts.marked_bars(
        told["weeks"], [round(lost) for lost in told["lost"]], told["raised"], outcome=t("alerts.lost"), look=look()
    )
    draw(spec, key="replay", height=240, alt=finding)
    st.caption(t("alerts.chart_note"))


def _share(share: Sequence[float] | None) -> str:
    if share is None:
        return "–"
    return f"{parts.percent(share[0])} ({parts.percent(share[1])} … {parts.percent(share[2])})"


def _library() -> None:
    rules = shipped_alerts()
    with st.expander(t("alerts.library", count=len(rules))):
        parts.table(
            [t("checks.level"), t("checks.warning"), t("alerts.condition"), t("checks.owner"), t("checks.next_step"),
             t("scenarios.source")],
            [
                (
                    f'<span class="ms-level ms-level-{rule.level}">{rule.level}</span>',
                    pick(rule.title),
                    rule_text(rule.when),
                    t(f"owners.{rule.owner_role}"),
                    pick(rule.next_step),
                    pick(rule.source),
                )
                for rule in sorted(rules, key=lambda rule: (-rule.level, rule.id))
            ],
            html=[0],
        )  # fmt: skip


if __name__ == "__main__":
    show()
