"""Tenders and data sheets on a page: each proposed line beside its place on the document, and what was confirmed."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from portal import actions_requirements, parts
from portal.actions import EDITORS
from portal.actions_data import UploadView
from portal.actions_requirements import Matrix, Proposal
from portal.text import t
from portal.workspace import Workspace

SAYS = ("", "confirm", "reject")
WIDTHS = {"place": 45, "strength": 55, "name": 150, "value": 65, "upper": 65, "unit": 75, "text": 420}
OPERATORS = ("", "≥", "≤", ">", "<", "=", "..")


def draw(workspace: Workspace, upload: UploadView, *, password: str | None, tables: int) -> None:
    """Draw what a staged PDF proposes; read when somebody asks for it, or at once where the file holds no table."""
    if not upload.name.lower().endswith(".pdf"):
        return
    if not st.toggle(t("requirements.look"), value=not tables, key=f"look-{upload.id}", help=t("requirements.why")):
        return
    try:
        with st.spinner(t("data.reading")):
            proposal = actions_requirements.propose_requirements(workspace, upload.id, password=password)
    except ValueError as error:
        parts.problem(error, place=upload.name)
        return
    parts.section(t("requirements.title"), note=t("requirements.lead"))
    if proposal.looked_through < proposal.pages:
        parts.note(t("requirements.part", most=proposal.looked_through, pages=proposal.pages), kind="warning")
    if proposal.confirmed or proposal.rejected:
        parts.note(t("requirements.so_far", confirmed=proposal.confirmed, rejected=proposal.rejected), kind="done")
    if not proposal.lines:
        parts.note(t("requirements.all_done" if proposal.confirmed or proposal.rejected else "requirements.none"))
        return
    pages = sorted({line["page"] for line in proposal.lines.values()})
    counts = {page: sum(line["page"] == page for line in proposal.lines.values()) for page in pages}
    labels = {str(page): t("requirements.page", page=page, count=counts[page]) for page in pages}
    page = st.selectbox(
        t("requirements.choose_page"), list(labels), format_func=parts.named(labels), key=f"page-{upload.id}"
    )
    if page is not None:
        _page(workspace, proposal, int(page), password=password)


def _page(workspace: Workspace, proposal: Proposal, page: int, *, password: str | None) -> None:
    lines = {number: line for number, line in proposal.lines.items() if line["page"] == page}
    try:
        drawn = actions_requirements.requirement_page(workspace, proposal.upload, page=page, password=password)
    except ValueError as error:
        parts.problem(error)
    else:
        st.html(_picture(drawn, lines, page=page))
    said, changes = _said(lines, _editor(proposal.upload, page, lines))
    upload = proposal.upload
    with st.container(horizontal=True):
        label = t("requirements.keep", count=len(said))
        some = st.button(label, type="primary", disabled=not said, key=f"keep-lines-{upload}")
        rest = st.button(t("requirements.keep_page"), key=f"keep-page-{upload}", help=t("requirements.rest"))
    if some or rest:
        decisions = {**dict.fromkeys(lines, "confirm"), **said} if rest else said
        try:
            actions_requirements.decide_requirements(workspace, upload, decisions=decisions, changes=changes)
        except ValueError as error:
            parts.problem(error)
        else:
            st.rerun()


def _editor(upload: str, page: int, lines: Mapping[int, Mapping[str, Any]]) -> pd.DataFrame:
    said = {name: t(f"requirements.say_{name or 'wait'}") for name in SAYS}
    rows = list(lines.values())
    frame = pd.DataFrame(
        {
            "place": [number + 1 for number in lines],
            "say": [said[""]] * len(rows),
            "strength": [t(f"requirements.is_{line['strength']}") for line in rows],
            "name": [line["name"] for line in rows],
            "operator": [line["operator"] for line in rows],
            "value": pd.Series([line["value"] for line in rows], dtype="float64"),
            "upper": pd.Series([line["upper"] for line in rows], dtype="float64"),
            "unit": [line["unit"] for line in rows],
            "text": [line["text"] for line in rows],
        }
    )
    edited: pd.DataFrame = st.data_editor(
        frame,
        hide_index=True,
        placeholder="–",
        disabled=["place", "strength"],
        column_config={
            **{name: st.column_config.Column(t(f"requirements.{name}"), width=width) for name, width in WIDTHS.items()},
            "say": st.column_config.SelectboxColumn(
                t("requirements.say"), options=list(said.values()), required=True, width=70
            ),
            "operator": st.column_config.SelectboxColumn(t("requirements.operator"), options=list(OPERATORS), width=60),
        },
        key=f"lines-{upload}-{page}-{len(lines)}",
    )
    return edited


def _said(
    lines: Mapping[int, Mapping[str, Any]], edited: pd.DataFrame
) -> tuple[dict[int, str], dict[int, dict[str, Any]]]:
    """What a person decided and corrected, by the number of the line."""
    by_word = {t(f"requirements.say_{name}"): name for name in SAYS if name}
    said: dict[int, str] = {}
    changes: dict[int, dict[str, Any]] = {}
    for row in edited.to_dict("records"):
        number = int(row["place"]) - 1
        if row["say"] in by_word:
            said[number] = by_word[row["say"]]
        given = {key: None if pd.isna(row[key]) else row[key] for key in ("value", "upper")}
        told = {key: str(row[key] or "") for key in ("text", "name", "operator", "unit")}
        changes[number] = {key: value for key, value in {**given, **told}.items() if value != lines[number][key]}
    return said, changes


def _picture(png: bytes, lines: Mapping[int, Mapping[str, Any]], *, page: int) -> str:
    """The page with a numbered box around each line, wide enough to be read; the rest is scrolled to."""
    marks = []
    boxes: dict[tuple[float, ...], list[int]] = {}
    for number, line in lines.items():
        boxes.setdefault(tuple(line["box"]), []).append(number + 1)
    for (left, top, right, bottom), numbers in boxes.items():
        told = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
        marks.append(
            f'<div style="position:absolute;left:{left:.2%};top:{top - 0.003:.2%};width:{right - left:.2%};'
            f"height:{bottom - top + 0.006:.2%};border:1.5px solid #0b6b75;background:rgba(11,107,117,.12);"
            f'border-radius:3px"><span style="position:absolute;left:-2px;top:0;transform:translateX(-100%);'
            f'background:#0b6b75;color:#fff;font-size:10px;line-height:14px;padding:0 3px;border-radius:3px">'
            f"{told}</span></div>"
        )
    source = base64.b64encode(png).decode()
    alt = escape(t("requirements.picture", page=page, count=len(lines)), quote=True)
    return (
        '<div tabindex="0" style="max-height:460px;overflow:auto;border:1px solid var(--ms-line);border-radius:8px">'
        '<div style="position:relative;min-width:560px">'
        f'<img alt="{alt}" src="data:image/png;base64,{source}" style="display:block;width:100%">'
        f"{''.join(marks)}</div></div>"
    )


def draw_kept(workspace: Workspace) -> None:
    """Draw the confirmed requirements of each document."""
    matrices = actions_requirements.requirements(workspace)
    if not matrices:
        return
    parts.section(t("requirements.kept"), note=t("requirements.kept_words"))
    for one in matrices:
        with st.expander(t("requirements.matrix", name=one.name, count=len(one.lines))):
            _matrix(one)
            if workspace.member.role in EDITORS and st.button(t("data.remove"), key=f"remove-matrix-{one.id}"):
                actions_requirements.remove_requirements(workspace, one.id)
                st.rerun()


def _matrix(one: Matrix) -> None:
    heads = ("place_on_page", "number", "strength", "name", "asked", "text")
    parts.table([t(f"requirements.{name}") for name in heads], [_row(line) for line in one.lines])
    st.caption(t("requirements.from_file", digest=one.sha256[:16], rejected=one.rejected))


def _row(line: Mapping[str, Any]) -> Sequence[object]:
    asked = ""
    if line["value"] is not None:
        value = f"{line['value']:.10g}"
        asked = f"{value} – {line['upper']:.10g}" if line["upper"] is not None else f"{line['operator']} {value}"
        asked = f"{asked} {line['unit']}".strip()
    mark = t("requirements.corrected") if line.get("as_read") else ""
    return (
        t("requirements.at", page=line["page"], down=parts.percent(line["box"][1])), line["number"] or "–",
        t(f"requirements.is_{line['strength']}"), line["name"] or "–", asked or "–", f"{line['text']} {mark}".strip(),
    )  # fmt: skip
