"""Release: exactly what would leave, to whom, for what and until when; and how to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from html import escape

import streamlit as st

from portal import actions_links, actions_release, actions_runs, actions_share, actions_study, parts
from portal.actions_release import ConsentView, Preview, ReleaseView
from portal.catalogue import in_words, titled
from portal.context import Visit, ui_context
from portal.frame import link, page_frame, shown_name
from portal.notices import RELEASE
from portal.text import pick, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "release")
    released = actions_release.releases(workspace)
    live = [one for one in released if one.state == "released"]
    if actions_runs.result(workspace) is None:
        parts.answer(t("release.answer_nothing"), note=t("release.rule"))
        status = actions_runs.run_status(workspace)
        busy = status is not None and status.open
        parts.empty(t("release.empty"), t("value.running_why" if busy else "release.empty_why"))
        link("scenarios", label=t("value.to_scenarios"), icon=":material/arrow_forward:")
        return
    parts.answer(
        t("release.answer_live", count=len(live)) if live else t("release.answer_nothing"), note=t("release.rule")
    )
    _offer(workspace)
    _progress(workspace)
    _given(visit, released)


def _offer(workspace: Workspace) -> None:
    scenario = _scenario(workspace)
    try:
        shown = actions_release.preview_release(workspace, scenario=scenario)
        shown = _chosen(workspace, shown, scenario)
    except ValueError as error:
        parts.problem(error)
        return
    if shown.sample:
        parts.note(t("release.sample"), kind="warning")
    left, right = st.columns([3, 2])
    with left, st.container(border=True, key="ms-card-payload"):
        parts.section(t("release.exactly"), note=t("release.exactly_why"))
        parts.table([t("release.field"), t("release.sent")], [(titled(item), in_words(item)) for item in shown.items])
        with st.expander(t("release.bytes")):
            st.json(dict(shown.payload), expanded=True)
            st.caption(t("release.digest", digest=shown.digest))
    with right, st.container(border=True, key="ms-card-not-sent"):
        parts.section(t("release.not_sent"))
        items = "".join(f"<li>{escape(pick(item))}</li>" for item in shown.not_sent)
        st.html(f'<ul class="ms-list">{items}</ul>')
    _approve(workspace, shown, scenario)


def _scenario(workspace: Workspace) -> str:
    found = actions_runs.result(workspace) or {"scenarios": []}
    names = {view.id: shown_name(view) for view in actions_study.scenarios(workspace)}
    records = list(dict.fromkeys(one["record"] for one in found["scenarios"] if one["record"]))
    if len(records) < 2:
        return records[0] if records else ""
    chosen = st.selectbox(
        t("scenarios.shown"),
        records,
        format_func=parts.named({key: names.get(key, key) for key in records}),
        key="release-scenario",
    )
    return str(chosen or records[0])


def _chosen(workspace: Workspace, whole: Preview, scenario: str) -> Preview:
    """The preview with only the fields that the owner wants to send."""
    titles = {item.field: pick(item.title) for item in whole.items}
    with st.expander(t("release.choose")):
        wanted = st.pills(
            t("release.fields"), list(titles), default=list(titles), selection_mode="multi",
            format_func=titles.__getitem__, key=f"fields-{scenario}", label_visibility="collapsed",
        )  # fmt: skip
    if not wanted or len(wanted) == len(titles):
        st.session_state["release-fields"] = ()
        return whole
    st.session_state["release-fields"] = tuple(wanted)
    return actions_release.preview_release(workspace, scenario=scenario, fields=wanted)


def _approve(workspace: Workspace, shown: Preview, scenario: str) -> None:
    names = {key: name or t("release.sales_side") for key, name in shown.recipients}
    today = workspace.clock().date()
    with st.container(border=True, key="ms-card-approve"):
        parts.section(t("release.approve"), note=t("release.approve_why"))
        who, what, when = st.columns(3)
        recipient = who.selectbox(t("release.recipient"), list(names), format_func=parts.named(names), key="recipient")
        purpose = what.selectbox(
            t("release.purpose"), shown.purposes, format_func=lambda word: t(f"release.purpose_{word}"), key="purpose"
        )
        until = when.date_input(
            t("release.until"), today + timedelta(days=30), min_value=today + timedelta(days=1),
            max_value=today + timedelta(days=shown.days_at_most), format="YYYY-MM-DD", key="until",
        )  # fmt: skip
        parts.notice(RELEASE)
        read = st.checkbox(
            t("release.read", name=names.get(recipient, ""), until=until.isoformat()), key=f"read-{shown.digest}"
        )
        if st.button(t("release.button"), type="primary", disabled=not read, key="release-now"):
            end = datetime.combine(until, time(23, 59, 59), tzinfo=UTC)
            try:
                given = actions_release.give_consent(
                    workspace, purpose=purpose, until=end, digest=shown.digest, recipient=recipient, scenario=scenario,
                    fields=st.session_state.get("release-fields", ()),
                )  # fmt: skip
                actions_release.disclose(workspace, consent=given.id, digest=shown.digest)
            except ValueError as error:
                parts.problem(error)
            else:
                st.session_state.pop(f"read-{shown.digest}", None)  # the next release is read anew
                st.toast(t("release.done"))
                st.rerun()


def _progress(workspace: Workspace) -> None:
    shared = actions_links.progress_shared(workspace)
    if shared is None:
        return
    wanted = st.toggle(t("release.progress"), value=shared, key="share-progress", help=t("release.progress_why"))
    if wanted != shared:
        actions_links.share_progress(workspace, show=wanted)
        st.rerun()


def _given(visit: Visit, released: Sequence[ReleaseView]) -> None:
    workspace = visit.workspace
    consents = {one.id: one for one in actions_release.consents(workspace)}
    if not released:
        return
    parts.section(t("release.given"))
    for one in released:
        with st.container(border=True, key=f"ms-card-release-{one.id}"):
            ends = t("release.until_day", day=parts.day(one.until))
            head = f"{t(f'release.state_{one.state}')} · {parts.moment(one.released_at)}"
            parts.section(head, note=f"{t(f'release.purpose_{one.purpose}')} · {ends}")
            with st.expander(t("release.what")):
                parts.table([t("release.field"), t("release.sent")], [(titled(i), in_words(i)) for i in one.items])
                consent = consents.get(one.consent)
                if consent is not None:
                    st.caption(t("release.receipt"))
                    st.code(consent.receipt, language=None, wrap_lines=True)
            if one.state == "released":
                parts.downloads("/files/released", one.id)
                _share(visit, one)
            _withdraw(workspace, one, consents.get(one.consent))
    with st.expander(t("release.as_rep")):
        feed = actions_links.preview_as_rep(workspace)
        if not feed:
            parts.note(t("release.as_rep_empty"))
        for item in feed:
            st.json(dict(item.payload), expanded=False)


def _share(visit: Visit, one: ReleaseView) -> None:
    """Let one address read a release, and take that back."""
    workspace = visit.workspace
    with st.expander(t("links.share")):
        st.caption(t("links.share_why"))
        with st.form(f"share-{one.id}", enter_to_submit=False, border=False):
            email = st.text_input(t("links.share_email"), max_chars=254, key=f"share-to-{one.id}")
            if st.form_submit_button(t("links.share_now")) and email.strip():
                try:
                    actions_share.share(workspace, one.id, email=email, origin=visit.portal.settings.origin)
                except ValueError as error:
                    parts.problem(error)
                else:
                    st.toast(t("links.shared"))
                    st.rerun()
        for link in actions_share.shared_links(workspace):
            if link.disclosure != one.id:
                continue
            used = t("links.opened", uses=link.uses, most=link.max_uses)
            st.caption(f"{link.recipient} · {t(f'links.state_{link.state}')} · {used}")
            if link.state == "open" and st.button(t("links.stop_sharing"), key=f"stop-{link.id}"):
                actions_share.revoke_share(workspace, link.id)
                st.rerun()


def _withdraw(workspace: Workspace, one: ReleaseView, consent: ConsentView | None) -> None:
    if one.state != "released" or consent is None:
        return
    if st.button(t("release.withdraw"), key=f"withdraw-{one.id}", help=t("release.withdraw_why")):
        actions_release.withdraw_consent(workspace, consent.id)
        st.toast(t("release.withdrawn"))
        st.rerun()


if __name__ == "__main__":
    show()
