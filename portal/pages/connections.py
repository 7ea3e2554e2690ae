"""Connections: accounts for the programs that bring records, start studies, or read the feed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from portal import actions_service, parts
from portal.actions_service import AccountView, NewAccount
from portal.context import Visit, ui_context
from portal.frame import page_frame
from portal.text import t

NEW = "new-account"


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "connections")
    accounts = actions_service.service_accounts(visit.workspace)
    live = [one for one in accounts if one.revoked_at is None]
    side = visit.member.role
    parts.answer(
        t("connections.answer", count=len(live)) if live else t(f"connections.answer_none_{side}"),
        note=t(f"connections.rule_{side}"),
    )
    _made()
    _new(visit)
    if accounts:
        _list(visit, accounts)
    parts.section(t("connections.how"), note=t("connections.how_why"))
    st.code(_example(visit.portal.settings.origin, feed=visit.member.role != "owner"), language="sh")
    st.caption(t("connections.document", address=f"{visit.portal.settings.origin}/api/v1/openapi.json"))


def _made() -> None:
    """Show a new secret, once: it is gone with the next look at the page."""
    made: NewAccount | None = st.session_state.pop(NEW, None)
    if made is None:
        return
    with st.container(border=True, key="ms-card-made"):
        parts.section(t("connections.made"), note=t("connections.made_once"))
        left, right = st.columns(2)
        left.caption(t("connections.account"))
        left.code(made.id, language=None, wrap_lines=True)
        right.caption(t("connections.secret"))
        right.code(made.secret, language=None, wrap_lines=True)


def _new(visit: Visit) -> None:
    offer = actions_service.scopes_on_offer(visit.member.role)
    with st.form("account", enter_to_submit=False, border=True, clear_on_submit=True):
        parts.section(t("connections.new"))
        label = st.text_input(
            t("connections.label"), placeholder=t("connections.label_example"), max_chars=120, key="account-label"
        )
        st.caption(t("connections.may"))
        chosen = [
            scope
            for scope in offer
            if st.checkbox(
                t(f"connections.scope_{scope.replace(':', '_')}"),
                value=scope in {"data:write", "data:read", "disclosures:read"},
                key=f"scope-{scope}",
            )
        ]
        if st.form_submit_button(t("connections.create"), type="primary"):
            try:
                made = actions_service.open_service_account(visit.workspace, label=label, scopes=chosen)
            except ValueError as error:
                parts.problem(error)
            else:
                st.session_state[NEW] = made
                st.rerun()


def _list(visit: Visit, accounts: Sequence[AccountView]) -> None:
    parts.section(t("connections.list"))
    for one in accounts:
        with st.container(border=True, key=f"ms-card-account-{one.id}"):
            used = parts.moment(one.used_at) if one.used_at else t("connections.never")
            state = t("connections.revoked" if one.revoked_at else "connections.live")
            parts.section(
                f"{one.label} · {state}",
                note=t("connections.since", made=parts.moment(one.created_at), used=used),
            )
            may = t("data.comma").join(t(f"connections.scope_{scope.replace(':', '_')}") for scope in one.scopes)
            st.caption(f"{may} · {one.id}")
            if one.revoked_at is None and st.button(t("connections.revoke"), key=f"revoke-{one.id}"):
                actions_service.revoke_service_account(visit.workspace, one.id)
                st.rerun()


def _example(origin: str, *, feed: bool) -> str:
    """Two calls that somebody can paste into a shell: a token, then the first thing to do with it."""
    fetch = f"curl -s -u ACCOUNT:SECRET -d grant_type=client_credentials {origin}/api/v1/oauth/token"
    if feed:
        return f'{fetch}\ncurl -s -H "Authorization: Bearer TOKEN" {origin}/api/v1/disclosures'
    return (
        f'{fetch}\ncurl -s -H "Authorization: Bearer TOKEN" -H "Idempotency-Key: $(uuidgen)" \\\n'
        f"  -H 'Content-Type: text/csv' --data-binary @stops.csv '{origin}/api/v1/stops?source=line-3'"
    )


if __name__ == "__main__":
    show()
