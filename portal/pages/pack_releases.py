"""Releases: what waits for a second pair of eyes, what is in force where, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from portal import actions_releases, actions_studio, parts
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.identity import Role
from portal.studio_views import differences
from portal.text import pick, t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "pack_releases")
    found = actions_releases.pack_releases(visit.workspace)
    judges = visit.member.role is Role.REVIEWER
    parts.answer(
        t("studio.releases_answer", waiting=len(found["waiting"]), count=len(found["rows"])),
        note=t("studio.releases_rule"),
    )
    for one in found["waiting"]:
        _waiting(visit, one, judges=judges)
    parts.section(t("studio.in_force"))
    parts.table(
        [t("packs.pack"), t("packs.version"), t("packs.state"), t("studio.share"), t("packs.signed_by")],
        [
            (
                pick(row["title"]),
                row["version"],
                t("studio.shipped") if row["shipped"] else t(f"packs.state_{row['state']}"),
                parts.percent(row["share"]),
                row["signed_by"] or "–",
            )
            for row in found["rows"]
        ],
        numbers=[3],
    )
    for row in found["rows"]:
        if not row["shipped"] and row["state"] != "retired":
            _steps(visit, row, judges=judges)
    _history(found["history"])


def _waiting(visit: Visit, one: Mapping[str, Any], *, judges: bool) -> None:
    draft = actions_studio.open_draft(visit.workspace, one["id"])
    with st.container(border=True, key=f"ms-card-wait-{one['id']}"):
        parts.section(
            t("studio.waits", title=pick(one["title"]), version=draft["version"]),
            note=t("studio.waits_note", name=one["author_name"], count=len(draft["differences"])),
        )
        with st.expander(t("studio.see_differences")):
            differences(draft)
        if not judges or one["mine"]:
            st.caption(t("studio.second_person"))
            return
        with st.form(f"review-{one['id']}", enter_to_submit=False, border=False):
            reason = st.text_input(t("studio.review_reason"), max_chars=1000, help=t("studio.reason_help"))
            left, right = st.columns(2)
            yes = left.form_submit_button(t("studio.approve"), type="primary", width="stretch")
            no = right.form_submit_button(t("studio.return"), width="stretch")
            if yes or no:
                _done(
                    lambda: actions_releases.review_pack(
                        visit.workspace, one["id"], turn=draft["turn"], approve=bool(yes), reason=reason
                    )
                )


def _steps(visit: Visit, row: Mapping[str, Any], *, judges: bool) -> None:
    identity, version, state = row["id"], row["version"], row["state"]
    title = f"{pick(row['title'])} {version} · {t(f'packs.state_{state}')}"
    with st.expander(title, expanded=state in {"sandbox", "canary"}):
        key = f"shadow-{identity}-{version}"
        if st.button(t("studio.shadow"), key=f"go-{key}", help=t("studio.shadow_why")):
            with st.spinner(t("studio.computing")):
                try:
                    st.session_state[key] = actions_releases.compare_release(visit.workspace, identity, version=version)
                except ValueError as error:
                    parts.problem(error)
        if key in st.session_state:
            _shadow(st.session_state[key])
        if not judges:
            st.caption(t("studio.only_reviewer"))
            return
        with st.form(f"step-{identity}-{version}", enter_to_submit=False, border=False):
            reason = st.text_input(t("studio.step_reason"), max_chars=400, help=t("studio.reason_help"))
            columns = st.columns(4)
            share = actions_releases.CANARY_SHARE
            canary = columns[0].form_submit_button(
                t("studio.canary", share=parts.percent(share)), disabled=state != "sandbox", width="stretch"
            )
            publish = columns[1].form_submit_button(
                t("studio.publish"),
                type="primary",
                disabled=state not in {"sandbox", "canary", "deprecated"},
                width="stretch",
            )
            back = columns[2].form_submit_button(
                t("studio.rollback"), disabled=state not in {"published", "canary"}, width="stretch"
            )
            retire = columns[3].form_submit_button(t("studio.retire"), width="stretch")
            if canary or publish:
                _done(
                    lambda: actions_releases.publish_pack(
                        visit.workspace, identity, version=version, share=share if canary else 1.0, reason=reason
                    )
                )
            elif back:
                _done(lambda: actions_releases.rollback_pack(visit.workspace, identity, reason=reason))
            elif retire:
                _done(lambda: actions_releases.retire_pack(visit.workspace, identity, version=version, reason=reason))


def _shadow(rows: list[Mapping[str, Any]]) -> None:
    moved = [row for row in rows if row["before"] != row["after"]]
    parts.note(t("studio.shadow_found", count=len(moved), all=len(rows)), kind="note" if moved else "done")
    if moved:
        parts.table(
            [t("packs.template"), t("studio.figure"), t("studio.before"), t("studio.after")],
            [
                (
                    pick(row["title"]) or row["template"],
                    row["figure"],
                    parts.quantity(row["before"]),
                    parts.quantity(row["after"]),
                )
                for row in moved
            ],
            numbers=[2, 3],
        )


def _history(history: Mapping[str, list[Mapping[str, Any]]]) -> None:
    if not history:
        return
    parts.section(t("studio.history"))
    parts.table(
        [t("studio.when"), t("packs.pack"), t("packs.version"), t("packs.state"), t("studio.why")],
        [
            (step["at"][:16].replace("T", " "), step["pack"], step["version"], t(f"packs.state_{step['state']}"),
             step["reason"] or "–")
            for steps in history.values()
            for step in steps
        ],
    )  # fmt: skip


def _done(action: Callable[[], object]) -> None:
    try:
        with st.spinner(t("studio.working")):
            action()
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


if __name__ == "__main__":
    show()
