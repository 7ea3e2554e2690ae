"""What the rep sees: everything the vendor's sales side knows of this tenant, and what it has looked at."""

from __future__ import annotations

import streamlit as st

from portal import actions_contact, actions_preview, actions_recall, parts
from portal.actions_preview import VIEWABLE
from portal.actions_recall import Recall, Seen
from portal.contacting import RULES
from portal.context import VIEW_AS, ui_context
from portal.frame import link, page_frame
from portal.identity import Role
from portal.text import has_text, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "seen")
    seen = actions_recall.seen_by_rep(visit.workspace)
    parts.answer(t("seen.answer", count=seen.live) if seen.live else t("seen.answer_none"), note=t("seen.rule"))
    parts.table([t("seen.what"), t("seen.state")], _rows(seen))
    link("release", label=t("seen.to_release"), icon=":material/arrow_forward:")
    parts.section(t("seen.looks"), note=t("seen.looks_why"))
    if seen.looks:
        with st.container(height=min(420, 90 + 38 * len(seen.looks)), border=False):
            parts.table(
                [t("trust.when"), t("trust.person"), t("trust.action")],
                [
                    (
                        parts.moment(look.at),
                        look.who,
                        t(f"actions.{look.action}") if has_text(f"actions.{look.action}") else look.action,
                    )
                    for look in seen.looks
                ],
            )
    else:
        parts.note(t("seen.no_looks"), kind="done")
    _recalls(seen)
    _contact(visit.workspace)
    if visit.member.role is Role.OWNER:
        _view_as(visit.workspace)


def _view_as(workspace: Workspace) -> None:
    """Look as somebody else of one's own organisation does."""
    parts.section(t("seen.view_as"), note=t("seen.view_as_why"))
    with st.container(horizontal=True):
        for role in VIEWABLE:
            if st.button(t(f"shell.roles.{role}"), key=f"view-as-{role}"):
                actions_preview.view_as(workspace, role)
                st.session_state[VIEW_AS] = str(role)
                st.rerun()


def _contact(workspace: Workspace) -> None:
    """The contact rules, as they hold for whoever looks."""
    standing = actions_contact.contact_rules(workspace)
    verdict = standing.verdict
    parts.section(t("contact.mine"))
    state = "allowed" if verdict.allowed else verdict.code
    parts.note(
        t(f"contact.mine_{state}", until=parts.moment(verdict.next_at)), kind="note" if verdict.allowed else "done"
    )
    rules()
    if verdict.code == "suppressed":
        if st.button(t("contact.allow"), key="allow-contact"):
            actions_contact.allow_contact(workspace)
            st.rerun()
    elif st.button(t("contact.stop"), key="stop-contact"):
        actions_contact.stop_contact(workspace)
        st.rerun()
    if standing.made:
        rows = [(parts.moment(one.at), t(f"contact.channel_{one.channel}")) for one in standing.made]
        parts.table([t("contact.when"), t("contact.channel")], rows)
    else:
        parts.note(t("contact.never"))


def rules() -> None:
    """The rules in words, the same on both sides."""
    hours = round(RULES.cooling_off.total_seconds() / 3600)
    said = (
        t("contact.rule_cooling", hours=hours),
        t("contact.rule_cap", count=RULES.max_in_window, days=RULES.window.days),
        t("contact.rule_stop"),
        t("contact.rule_no_override"),
    )
    st.markdown("\n".join(f"- {one}" for one in said))


def _rows(seen: Seen) -> list[tuple[str, str]]:
    if seen.progress_shared is None:
        progress = t("seen.progress_nobody")
    elif seen.progress_shared:
        progress = t("seen.progress_yes", step=t(f"seen.step_{seen.progress}"))
    else:
        progress = t("seen.progress_no")
    came = t("data.comma").join(parts.moment(at) for at in seen.came)
    return [
        (t("seen.results"), t("seen.results_live", count=seen.live) if seen.live else t("seen.nothing")),
        (t("seen.progress"), progress),
        (t("seen.came"), came or t("seen.nothing")),
        (t("seen.values"), t("seen.never")),
        (t("seen.tracking"), t("seen.no_tracking")),
    ]


def _recalls(seen: Seen) -> None:
    if not seen.over:
        return
    open_ones = sum(one.confirmed_at is None for one in seen.over)
    parts.section(t("seen.over"), note=t("seen.over_open", count=open_ones) if open_ones else t("seen.over_done"))
    recalls_table(seen.over)


def recalls_table(found: tuple[Recall, ...]) -> None:
    """Releases that are over: when, why, and whether the recipient has confirmed that no copy is left."""
    parts.table(
        [t("seen.released"), t("release.purpose"), t("seen.ended"), t("seen.why"), t("seen.confirmed")],
        [
            (
                parts.moment(one.released_at),
                t(f"release.purpose_{one.purpose}") if one.purpose else "–",
                parts.moment(one.over_at),
                t("release.state_withdrawn" if one.withdrawn else "release.state_ended"),
                parts.moment(one.confirmed_at) if one.confirmed_at else t("seen.not_confirmed"),
            )
            for one in found
        ],
    )


if __name__ == "__main__":
    show()
