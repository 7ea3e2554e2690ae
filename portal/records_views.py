"""What the officer's report page shows of records: processing, assessments, breaches, the place of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from portal import actions_records, parts
from portal.actions_records import ASSESSMENT_PARTS
from portal.context import Visit
from portal.text import has_text, t


def take(kind: str, name: str = "") -> None:
    """Ways to take a report as a signed file."""
    links = "".join(
        f'<a class="ms-button" href="/files/report?kind={escape(kind)}&amp;name={escape(name)}&amp;form={form}" '
        f'target="_self">{escape(t(f"reports.take_{form}"))}</a> '
        for form in ("pdf", "json")
    )
    st.html(links)


def attempt(act: Callable[[], object]) -> None:
    """Do something and draw the page anew, or say why it cannot be done."""
    try:
        act()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


def record(visit: Visit) -> None:
    """The record of processing activities."""
    found = actions_records.processing_record(visit.workspace)
    parts.section(t("reports.kind_processing"), note=t("reports.record_why"))
    if found["location"] is None:
        parts.note(t("reports.no_location"), kind="warning")
    take("processing")
    parts.table(
        [t("log.purpose"), t("reports.basis"), t("inventory.class"), t("inventory.who")],
        [
            (
                t(f"log.purpose_{one['purpose']}") if has_text(f"log.purpose_{one['purpose']}") else one["purpose"],
                t(f"reports.basis_{one['basis']}"),
                t("data.comma").join(t(f"inventory.class_{name}") for name in one["classes"]),
                t("inventory.everybody")
                if len(one["roles"]) >= 11
                else t("data.comma").join(t(f"shell.roles.{role}") for role in one["roles"]),
            )
            for one in found["purposes"]
        ],
    )
    parts.section(t("reports.retention"))
    parts.table(
        [t("reports.figure"), t("reports.what")],
        [
            (
                t(f"reports.kept_{one['what']}"),
                t("reports.until_erased") if one["days"] is None else t("reports.days", days=one["days"]),
            )
            for one in found["retention"]
        ],
    )


def impact(visit: Visit) -> None:
    """Impact assessments: a form, and those that were made."""
    with st.form("impact", enter_to_submit=False, border=True):
        parts.section(t("reports.kind_impact"), note=t("reports.impact_why"))
        written = {
            name: st.text_area(t(f"reports.part_{name}"), max_chars=5000, height=80, key=f"impact-{name}")
            for name in ASSESSMENT_PARTS
        }
        if st.form_submit_button(t("reports.impact_keep"), type="primary"):
            attempt(lambda: actions_records.assess_impact(visit.workspace, **written))
    made = actions_records.impacts(visit.workspace)
    if not made:
        parts.note(t("reports.no_impacts"))
    for one in made:
        with st.container(border=True, key=f"ms-card-impact-{one['id']}"):
            kept = t("reports.kept_until", by=one["made_by"], until=one["keep_until"][:10])
            parts.section(one["subject"][:120], note=f"{one['made_at'][:10]} · {kept}")
            take("impact", one["id"])


def breach(visit: Visit, found: Sequence[Mapping[str, Any]]) -> None:
    """Breaches and their clock."""
    workspace = visit.workspace
    for one in found:
        with st.container(border=True, key=f"ms-card-breach-{one['id']}"):
            parts.section(one["title"], note=_clock(one))
            st.caption(one["about"])
            take("breach", one["id"])
            if one["closed_at"] is not None:
                continue
            if one["authority_told_at"] is None and st.button(t("reports.authority_told"), key=f"told-{one['id']}"):
                attempt(partial(actions_records.update_breach, workspace, one["id"], told_authority=True))
            with st.form(f"end-{one['id']}", enter_to_submit=False, border=False):
                outcome = st.text_input(t("reports.breach_outcome"), key=f"end-text-{one['id']}", max_chars=5000)
                if st.form_submit_button(t("reports.close")) and outcome.strip():
                    attempt(partial(actions_records.update_breach, workspace, one["id"], outcome=outcome))
    if not found:
        parts.note(t("reports.no_breaches"), kind="done")
    _new_breach(visit)


def _clock(one: Mapping[str, Any]) -> str:
    left = one["hours_left"]
    since = t("reports.known_at") + f": {one['known_at'][:16].replace('T', ' ')} UTC"
    if left is None:
        return f"{since} · {t('reports.clock_stopped')}"
    said = (
        t("reports.hours_left", hours=f"{left:,.0f}") if left >= 0 else t("reports.hours_late", hours=f"{-left:,.0f}")
    )
    return f"{since} · {said}"


def _new_breach(visit: Visit) -> None:
    with st.form("breach", enter_to_submit=False, border=True):
        parts.section(t("reports.breach_open"), note=t("reports.breach_why"))
        first, second = st.columns([3, 1])
        title = first.text_input(t("reports.breach_title"), max_chars=200)
        hours = second.number_input(t("reports.breach_known"), 0, 24 * 365, 0)
        about = st.text_area(t("reports.breach_about"), max_chars=5000, height=80)
        measures = st.text_area(t("reports.breach_measures"), max_chars=5000, height=80)
        names = actions_records.tenants_by_name(visit.workspace)
        tenants = st.multiselect(
            t("reports.breach_tenants"), list(names), format_func=parts.named(names), placeholder=t("reports.none")
        )
        if st.form_submit_button(t("reports.breach_open"), type="primary"):
            known = visit.workspace.clock() - timedelta(hours=int(hours))
            attempt(
                lambda: actions_records.report_breach(
                    visit.workspace, title=title, known_at=known, about=about, measures=measures, tenants=tenants
                )
            )


def location(visit: Visit) -> None:
    """Where data are kept, stated to every tenant."""
    stated = actions_records.processing_record(visit.workspace)["location"]
    names = ("country", "place", "contact", "others", "transfers")
    if stated is None:
        parts.note(t("reports.no_location"), kind="warning")
    else:
        parts.note(t("reports.stated", version=stated["version"]), kind="done")
    with st.form("location", enter_to_submit=False, border=True):
        parts.section(t("reports.tab_location"), note=t("reports.location_why"))
        written = {
            name: st.text_input(t(f"reports.{name}"), value="" if stated is None else stated[name], max_chars=1000)
            for name in names
        }
        if st.form_submit_button(t("reports.state_now"), type="primary"):
            attempt(lambda: actions_records.state_location(visit.workspace, **written))
