"""Log proof: compute the whole log again, and take it home to check it there."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from portal import actions_audit, parts
from portal.context import ui_context
from portal.frame import page_frame
from portal.text import t


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "proof")
    proof = actions_audit.today(visit.workspace)["proof"]
    if st.session_state.pop("verify-now", False):
        with st.spinner(t("proof.working")):
            proof = actions_audit.verify_log(visit.workspace)
    if proof is None:
        parts.answer(t("proof.answer_none"), note=t("proof.rule"))
    elif proof["passed"]:
        parts.answer(t("proof.answer_good", entries=f"{proof['entries']:,}"), note=t("proof.rule"))
    else:
        where = "–" if proof["index"] is None else str(proof["index"])
        parts.answer(t("proof.answer_bad", index=where), note=t(f"proof.code_{proof['code']}"))
    if proof is not None:
        rows = [
            (t("proof.at"), str(proof["at"])[:19].replace("T", " ")),
            (t("proof.entries"), f"{proof['entries']:,}"),
            (t("proof.checkpoints"), f"{proof['checkpoints']:,}"),
            (t("proof.root"), proof["root"]),
            (t("proof.key"), proof["key"]),
            (t("proof.witness"), t("proof.witness_yes" if proof["witnessed"] else "proof.witness_no")),
        ]
        parts.table([t("proof.item"), t("proof.found")], rows)
        _tables(proof)
    with st.container(horizontal=True):
        if st.button(t("proof.verify"), type="primary", key="verify"):
            st.session_state["verify-now"] = True
            st.rerun()
        st.html(f'<a class="ms-button" href="/files/log" target="_self">{escape(t("proof.export"))}</a>')
    parts.section(t("proof.offline"), note=t("proof.offline_why"))
    st.code("mingsuan audit verify log.ndjson --key KEY", language=None)
    st.html(f'<a class="ms-button" href="/verify" target="_self">{escape(t("verify.title"))}</a>')


def _tables(proof: Mapping[str, Any]) -> None:
    """Say whether consents, releases and links stand as the log says, and name the rows that do not."""
    found = proof.get("differences", [])
    if not found:
        parts.note(t("proof.tables_agree"))
        return
    parts.section(t("proof.tables_differ", rows=len(found)), note=t("proof.tables_why"))
    head = [t("proof.row_kind"), t("proof.row_id"), t("proof.row_tenant"), t("proof.row_what")]
    parts.table(
        head, [(t(f"proof.{row['kind']}"), row["id"], row["tenant"], t(f"proof.{row['code']}")) for row in found]
    )


if __name__ == "__main__":
    show()
