"""Consensus: where the work stands, what the next step is worth, who is asked what, where people agree."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from portal import actions_consensus, parts
from portal.actions import READERS
from portal.consensus_book import STANCES
from portal.context import Visit, ui_context
from portal.frame import link, page_frame
from portal.identity import Role
from portal.objections import OTHER
from portal.text import pick, t
from portal.workspace import Workspace


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "consensus")
    if visit.member.role not in READERS:
        _mine(visit.workspace, alone=True)
        return
    found = actions_consensus.consensus(visit.workspace)
    if found["subjects"]:
        parts.answer(
            t("consensus.answer", agreed=found["agreed"], disputed=found["disputed"], open=found["open"]),
            note=t("consensus.note"),
        )
    else:
        parts.answer(t("consensus.answer_none"), note=t("consensus.answer_none_why"))
    _way(visit.workspace)
    _mine(visit.workspace, alone=False)
    _standing(found)
    if visit.member.role is Role.OWNER:
        _owner(visit, found)


def _way(workspace: Workspace) -> None:
    way = actions_consensus.way_map(workspace)
    marks = {"done": "✓", "current": "●", "open": "○", "locked": "○"}
    steps = "".join(
        f'<li class="ms-step ms-step-{escape(step["state"])}"><span aria-hidden="true">{marks[step["state"]]}</span> '
        f"{escape(t('shell.pages.' + step['id']))}"
        f'<span class="ms-sr">{escape(t("start.state_" + step["state"]))}</span></li>'
        for step in way["steps"]
    )
    worth = way["worth"]
    if worth:
        first = worth[0]
        title = t("consensus.worth", name=pick(first["title"]), amount=parts.money(first["at_most"], way["currency"]))
    else:
        title = t("consensus.worth_none")
    parts.section(title, note=t("consensus.worth_why"))
    st.html(f'<ol class="ms-steps">{steps}</ol>')
    if worth:
        parts.table(
            [t("consensus.measure"), t("scenarios.tier"), t("consensus.at_most")],
            [
                (pick(one["title"]), parts.tier_mark(one["tier"]), parts.money(one["at_most"], way["currency"]))
                for one in worth
            ],
            numbers=[2],
            html=[1],
        )
    for code in way["missing"]:
        parts.note(t(f"consensus.missing_{code}"))
    if way["next_step"]:
        link(
            way["next_step"],
            label=t("consensus.next", page=t(f"shell.pages.{way['next_step']}")),
            icon=":material/arrow_forward:",
        )


def _mine(workspace: Workspace, *, alone: bool) -> None:
    found = actions_consensus.my_questions(workspace)
    department = found["department"]
    if not found["allowed"]:
        parts.empty(t("consensus.closed"), t("consensus.closed_why"))
        return
    if not department:
        if alone:
            parts.empty(t("consensus.nobody"), t("consensus.nobody_why"))
        return
    left = sum(not one["stance"] for one in found["questions"])
    title = t("consensus.mine", department=t(f"consensus.{department}"), count=left)
    if alone:
        parts.answer(title, note=t("consensus.mine_why"))
    else:
        parts.section(title, note=t("consensus.mine_why"))
    for one in found["questions"]:
        _question(workspace, one)


def _question(workspace: Workspace, one: Mapping[str, Any]) -> None:
    on = one["on"]
    with (
        st.container(border=True, key=f"ms-card-question-{on}"),
        st.form(f"position-{on}", enter_to_submit=False, border=False),
    ):
        said = f" · {t('consensus.' + one['stance'])}" if one["stance"] else ""
        parts.section(_title(one) + said, note=t(f"consensus.ask_{on}") if on in OTHER else t("consensus.ask"))
        stance = st.segmented_control(
            t("consensus.stance"),
            STANCES,
            default=one["stance"] or None,
            format_func=lambda stance: t(f"consensus.{stance}"),
            key=f"stance-{on}",
        )
        text = st.text_area(t("consensus.words"), value=one["text"], max_chars=2000, height=68, key=f"words-{on}")
        if st.form_submit_button(t("consensus.keep")) and stance:
            try:
                actions_consensus.take_position(workspace, on=on, stance=str(stance), text=text)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()


def _title(one: Mapping[str, Any]) -> str:
    return pick(one["title"]) if one["title"] else t(f"assumptions.on_{one['on']}")


def _standing(found: Mapping[str, Any]) -> None:
    present = [one["id"] for one in found["departments"] if one["people"]]
    if not found["subjects"]:
        return
    parts.section(t("consensus.standing"), note=t("consensus.standing_why"))
    parts.table(
        [
            t("consensus.subject"),
            t("consensus.state"),
            *(t(f"consensus.{one}") for one in present),
            t("assumptions.doubts"),
        ],
        [
            (
                _title(row),
                t(f"consensus.state_{row['state']}"),
                *(_cell(row, one) for one in present),
                row["open_objections"] or "–",
            )
            for row in found["subjects"]
        ],
    )
    link("assumptions", label=t("consensus.to_assumptions"), icon=":material/arrow_forward:")


def _cell(row: Mapping[str, Any], department: str) -> str:
    counts = row["by_department"].get(department)
    if counts is None:
        return t("consensus.asked") if department in row["asked"] else "–"
    return t("data.comma").join(
        f"{t('consensus.' + stance)} {count}" if count > 1 else t(f"consensus.{stance}")
        for stance, count in counts.items()
        if count
    )


def _owner(visit: Visit, found: Mapping[str, Any]) -> None:
    parts.section(t("consensus.people"), note=t("consensus.people_why"))
    parts.table(
        [t("consensus.department"), t("consensus.count"), t("consensus.answered")],
        [
            (
                t(f"consensus.{one['id']}"),
                one["people"] or "–",
                f"{one['answered']} / {one['asked']}" if one["people"] else "–",
            )
            for one in found["departments"]
        ],
        numbers=[1, 2],
    )
    link("house", label=t("consensus.invite"), icon=":material/person_add:")
    on = found["respondents_open"]
    chosen = st.toggle(t("consensus.respondents"), value=on, key="respondents", help=t("consensus.respondents_why"))
    if chosen != on:
        actions_consensus.open_respondents(visit.workspace, on=chosen)
        st.rerun()


if __name__ == "__main__":
    show()
