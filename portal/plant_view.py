"""The machines of a plant on a page: which file names which, which spellings are one, one click to say so."""

from __future__ import annotations

import streamlit as st

from portal import actions_machines, parts
from portal.actions import EDITORS
from portal.actions_machines import Plant
from portal.text import t
from portal.workspace import Workspace

MOST_SHOWN = 60


def draw(workspace: Workspace) -> None:
    """Draw the part, where there are files that name machines."""
    plant = actions_machines.plant_machines(workspace)
    if not plant.machines:
        return
    parts.section(
        t("plant.title", count=len(plant.machines)), note=t("plant.why" if len(plant.kinds) > 1 else "plant.why_one")
    )
    if workspace.member.role in EDITORS:
        _proposals(workspace, plant)
    with st.expander(t("plant.list"), expanded=len(plant.machines) <= 12):
        parts.table(
            [t("fields.station"), *(t(f"data.kind_{kind}") for kind in plant.kinds), t("plant.also")],
            [
                [
                    one.name,
                    *(f"{one.rows[kind]:,}" if kind in one.rows else "–" for kind in plant.kinds),
                    t("data.comma").join(one.spellings),
                ]
                for one in plant.machines[:MOST_SHOWN]
            ],
            numbers=range(1, len(plant.kinds) + 1),
        )
        if len(plant.machines) > MOST_SHOWN:
            st.caption(t("plant.more", count=len(plant.machines) - MOST_SHOWN))
    if workspace.member.role in EDITORS:
        _joined(workspace, plant)


def _proposals(workspace: Workspace, plant: Plant) -> None:
    for place, one in enumerate(plant.proposals):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"ms-card-same-{place}"):
            st.markdown(t("plant.sure" if one.sure else "plant.maybe", name=_plain(one.name), other=_plain(one.other)))
            if st.button(t("plant.same"), key=f"same-{place}", type="primary" if one.sure else "secondary"):
                actions_machines.join_machines(workspace, name=one.name, other=one.other)
                st.rerun()
            if st.button(t("plant.apart"), key=f"apart-{place}"):
                actions_machines.part_machines(workspace, name=one.name, other=one.other)
                st.rerun()


def _joined(workspace: Workspace, plant: Plant) -> None:
    pairs = {f"{one.name}\0{spelling}": (one.name, spelling) for one in plant.machines for spelling in one.spellings}
    if not pairs:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels = {key: f"{spelling} → {name}" for key, (name, spelling) in pairs.items()}
        chosen = st.selectbox(t("plant.undo_which"), list(pairs), format_func=parts.named(labels), key="joined-machine")
        if st.button(t("plant.undo"), key="undo-join") and chosen:
            name, other = pairs[chosen]
            actions_machines.part_machines(workspace, name=name, other=other)
            st.rerun()


def _plain(name: str) -> str:
    """A name as it is: signs that Markdown would read are put out of action."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>$~:" else sign for sign in name)
