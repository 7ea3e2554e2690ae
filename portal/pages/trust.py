"""Trust: who can see what, who did what, and how anybody can check it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from portal import actions_custody, actions_journey, actions_recall, actions_records, parts
from portal.actions_journey import Access
from portal.context import Visit, ui_context
from portal.frame import link, page_frame
from portal.identity import Role
from portal.text import has_text, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "trust")
    trust = actions_journey.who_can_see(workspace)
    parts.answer(
        t("trust.answer_released", count=trust.released) if trust.released else t("trust.answer"),
        note=t("trust.note", tenant=trust.tenant, members=trust.members),
    )
    parts.section(t("trust.who"))
    shared = t("trust.progress_yes") if trust.progress_shared else t("trust.progress_no")
    parts.table(
        [t("trust.person"), t("trust.sees")],
        [
            (t("trust.you"), t("trust.you_sees")),
            (
                t("trust.rep"),
                t("trust.rep_sees", count=trust.released) + " " + (shared if trust.progress_shared is not None else ""),
            ),
            (t("trust.staff"), t("trust.staff_sees")),
            (t("trust.officer"), t("trust.officer_sees")),
        ],
    )
    if trust.notices:
        parts.section(t("trust.notices"), note=t("trust.notices_why"))
        _grants(visit)
    else:
        parts.note(t("trust.no_notices"), kind="done")
    _stated(workspace)
    parts.section(t("trust.how"))
    st.markdown("\n".join(f"- {t(f'trust.how_{number}')}" for number in range(1, 7)))
    parts.note(t("own_key.trust_held" if actions_custody.own_key(workspace).held else "own_key.trust_not"))
    link("seen", label=t("shell.pages.seen"), icon=":material/visibility:")
    if visit.member.role is not Role.GUEST:
        _ledger(workspace)
    _log(visit.workspace)


def _grants(visit: Visit) -> None:
    """Each look of the vendor's staff, until when, and the way to end it."""
    found = actions_recall.grants(visit.workspace)
    parts.table(
        [t("trust.when"), t("trust.person"), t("trust.reason"), t("trust.until")],
        [
            (
                parts.moment(one.at),
                f"{one.who} · {t(f'shell.roles.{one.role}')}",
                one.reason,
                parts.moment(one.until) if one.open else t("trust.over"),
            )
            for one in found
        ],
    )
    for one in found:
        if one.open and visit.member.role is Role.OWNER and st.button(t("trust.end"), key=f"end-{one.id}"):
            actions_recall.end_grant(visit.workspace, one.id)
            st.rerun()


def _stated(workspace: Workspace) -> None:
    """Where the data are, as the operator states it; and breaches that concern this workspace."""
    stated = actions_records.trust_statements(workspace)
    for told in stated["breaches"]:
        since = told["known_at"][:16].replace("T", " ")
        parts.section(t("reports.breach_notice"), note=f"{told['title']} · {since} UTC")
        words = [(t(f"reports.breach_{name}"), told[name]) for name in ("about", "measures", "outcome") if told[name]]
        parts.table([t("reports.figure"), t("reports.what")], words)
    parts.section(t("reports.trust_location"))
    place = stated["location"]
    if place is None:
        parts.note(t("reports.trust_location_none"), kind="warning")
        return
    names = ("country", "place", "contact", "others", "transfers")
    rows = [(t(f"reports.{name}"), place[name] or t("reports.none_stated")) for name in names]
    parts.table([t("reports.figure"), t("reports.what")], rows)


def _ledger(workspace: Workspace) -> None:
    """Who used which data for which result."""
    uses = actions_recall.data_use(workspace)
    if not uses:
        return
    parts.section(t("seen.ledger", count=len(uses)), note=t("seen.ledger_why"))

    def named(things: Sequence[str]) -> str:
        words = [t(f"seen.kind_{one}") if has_text(f"seen.kind_{one}") else one for one in things]
        return t("data.comma").join(dict.fromkeys(words)) or t("seen.none")

    with st.container(height=360, border=False):
        parts.table(
            [t("trust.when"), t("trust.person"), t("trust.action"), t("log.purpose"), t("seen.used"), t("seen.result")],
            [
                (
                    parts.moment(use.at),
                    use.who,
                    t(f"actions.{use.action}") if has_text(f"actions.{use.action}") else use.action,
                    t(f"log.purpose_{use.purpose}") if has_text(f"log.purpose_{use.purpose}") else use.purpose,
                    named(use.on),
                    named(use.result),
                )
                for use in uses[:200]
            ],
        )


def _log(workspace: Workspace) -> None:
    entries = actions_journey.access_log(workspace)
    parts.section(t("trust.log", count=len(entries)), note=t("trust.log_why"))
    st.html(f'<a class="ms-button" href="/files/own-log" target="_self">{escape(t("trust.take_log"))}</a>')
    st.caption(t("trust.take_log_why"))
    with st.container(height=480, border=False):
        _entries(entries)


def _entries(entries: Sequence[Access]) -> None:
    parts.table(
        [t("trust.when"), t("trust.person"), t("trust.role"), t("trust.action"), t("trust.decision")],
        [
            (
                parts.moment(entry.at),
                entry.who,
                t(f"shell.roles.{entry.role}") if has_text(f"shell.roles.{entry.role}") else entry.role,
                t(f"actions.{entry.action}") if has_text(f"actions.{entry.action}") else entry.action,
                t(f"trust.{entry.decision}"),
            )
            for entry in entries[:100]
        ],
    )


if __name__ == "__main__":
    show()
