"""Data: bring files, say what their columns hold, see what is wrong with which row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from portal import actions_data, layout_view, parts, plant_view, requirements_view
from portal.actions_data import DatasetView, UploadView
from portal.context import ui_context
from portal.frame import link, page_frame
from portal.text import t
from portal.workspace import Workspace
from templates import catalogue
from templates.forms import forms
from templates.tables import Caps

KINDS = ("stops", "runs", "counts", "equipment", "work_orders", "events")
TIMEZONES = (
    "Asia/Shanghai",
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
)
ACCEPT = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.json,.ndjson,.pdf,.dxf"


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    kept = actions_data.datasets(workspace)
    page_frame(visit, "data")
    parts.answer(_answer(kept), note=t("data.who"))
    waiting = actions_data.uploads(workspace)
    _bring(workspace, kept)
    _poll(workspace, len(waiting))
    for upload in waiting:
        _confirm(workspace, upload)
    requirements_view.draw_kept(workspace)
    if kept:
        _kept(workspace, kept)


def _answer(kept: Sequence[DatasetView]) -> str:
    own = [one for one in kept if not one.sample]
    if own:
        return t("data.answer_own", tables=len(own), rows=f"{sum(one.rows for one in own):,}")
    return t("data.answer_sample") if kept else t("data.answer_empty")


def _bring(workspace: Workspace, kept: Sequence[DatasetView]) -> None:
    most = Caps().file_bytes
    words = {name: t(f"data.{name}") for name in ("choose", "hint", "cancel", "arrived", "failed", "cancelled")}
    words |= {"large": t("data.large", most=most >> 20), "most": str(most), "accept": ACCEPT}
    attributes = " ".join(f'data-{name}="{escape(text, quote=True)}"' for name, text in words.items())
    st.html(f'<div class="ms-upload" {attributes}></div>')
    left, right = st.columns(2)
    with (
        left,
        st.expander(t("data.paste_title")),
        st.form("paste", enter_to_submit=False, clear_on_submit=True, border=False),
    ):
        text = st.text_area(t("data.paste_label"), placeholder=t("data.paste_example"), height=160)
        if st.form_submit_button(t("data.paste_button")) and text.strip():
            try:
                actions_data.paste_rows(workspace, text, name=t("data.paste_name"))
                st.rerun()
            except ValueError as error:
                parts.problem(error)
    with right, st.expander(t("data.sample_title"), expanded=not kept):
        links = " · ".join(
            f'<a href="/files/form?kind={kind}" target="_self">{escape(t(f"data.kind_{kind}"))}</a>' for kind in forms()
        )
        st.html(f"<p>{escape(t('data.forms'))} {links}</p>")
        st.write(t("data.sample_words"))
        if st.button(t("data.sample_button"), key="load-sample", disabled=any(one.sample for one in kept)):
            with st.spinner(t("data.reading")):
                try:
                    actions_data.load_sample(workspace)
                except ValueError as error:
                    parts.problem(error)
                else:
                    st.rerun()


@st.fragment(run_every=1.5)
def _poll(workspace: Workspace, known: int) -> None:
    """Notice a file that has just arrived by the upload route."""
    del workspace  # of the run that drew the page; this one is later
    if len(actions_data.uploads(ui_context().workspace)) != known:
        st.rerun()


def _confirm(workspace: Workspace, upload: UploadView) -> None:
    with st.container(border=True, key=f"ms-card-upload-{upload.id}"):
        parts.section(upload.name, note=t("data.confirm_lead"))
        zone = st.selectbox(t("data.timezone"), TIMEZONES, key=f"zone-{upload.id}", help=t("data.timezone_why"))
        password = st.session_state.get(f"password-{upload.id}") or None
        order = st.session_state.get(f"order-{upload.id}")
        try:
            with st.spinner(t("data.reading")):
                read = actions_data.read_upload(
                    workspace, upload.id, timezone=zone, password=password, date_order=order
                )
        except ValueError as error:
            parts.problem(error, place=upload.name)
            if getattr(error, "code", "") == "password":
                st.text_input(t("data.password"), type="password", key=f"password-{upload.id}")
            _discard(workspace, upload)
            return
        if read["findings"]:
            with st.expander(t("data.findings", count=len(read["findings"])), expanded=True):
                parts.findings(read["findings"][:50])
        if order or any(found["code"] == "date_order_unclear" for found in read["findings"]):
            st.radio(t("data.date_order"), ("dmy", "mdy"), index=None, key=f"order-{upload.id}", horizontal=True,
                     format_func=lambda way: t(f"data.order_{way}"))  # fmt: skip
        tables: Sequence[Mapping[str, Any]] = read["tables"]
        for number, table in enumerate(tables):
            _table(
                workspace, upload, number, table, zone=zone, password=password, order=order, more=len(tables) > 1,
                unsure={one["column"] for one in read["findings"] if one["code"] == "unit_missing"},
            )  # fmt: skip
        requirements_view.draw(workspace, upload, password=password, tables=len(tables))
        _discard(workspace, upload)


def _table(
    workspace: Workspace, upload: UploadView, number: int, table: Mapping[str, Any], *, zone: str,
    password: str | None, order: str | None, more: bool, unsure: Collection[str],
) -> None:  # fmt: skip
    key = f"{upload.id}-{number}"
    if more:
        parts.section(f"{table['name']} · {table['page_or_sheet']}")
    kinds = [*KINDS, *([table["kind"]] if table["kind"] and table["kind"] not in KINDS else [])]
    kind = st.selectbox(
        t("data.kind"),
        kinds,
        index=kinds.index(table["kind"]) if table["kind"] else None,
        placeholder=t("data.kind_choose"),
        format_func=lambda name: t(f"data.kind_{name}"),
        key=f"kind-{key}",
    )
    if kind is None:
        return
    _remembered(workspace, table)
    parts.section(t("data.mapping"), note=t("data.mapping_words"))
    mapping = _mapping(key, kind, table)
    _preview(table, mapping)
    units = _units(key, table, mapping, unsure)
    lacking = _lacking(kind, set(mapping.values()))
    if lacking:
        parts.note(t("data.lacking", fields=t("data.comma").join(lacking)), kind="warning")
    left_out = [header for header, name in mapping.items() if not name]
    if left_out:
        parts.note(t("data.left_out", headers=t("data.comma").join(left_out)))
    if st.button(t("data.keep"), type="primary", key=f"keep-{key}", disabled=bool(lacking)):
        try:
            with st.spinner(t("data.sealing")):
                actions_data.upload_dataset(
                    workspace, upload.id, mapping=mapping, kind=kind, table=number, timezone=zone,
                    password=password, date_order=order, units=units, keep_upload=more,
                )  # fmt: skip
        except ValueError as error:
            parts.problem(error, place=upload.name)
        else:
            st.rerun()


def _remembered(workspace: Workspace, table: Mapping[str, Any]) -> None:
    """Say that this header was confirmed before, and let it be forgotten."""
    template = table.get("remembered")
    if not template:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("data.remembered", day=template["at"][:10], zone=template["timezone"]))
        if st.button(t("data.forget"), key=f"forget-{template['id']}"):
            actions_data.forget_mapping(workspace, template["id"])
            st.rerun()


def _mapping(key: str, kind: str, table: Mapping[str, Any]) -> dict[str, str]:
    about = catalogue.kinds()[kind]
    fields = ["", *dict.fromkeys([*about.needed, *(name for group in about.one_of for name in group), *about.optional])]
    mapping: dict[str, str] = {}
    columns = list(table["columns"])
    for start in range(0, len(columns), 4):
        for place, column in zip(st.columns(4), columns[start : start + 4], strict=False):
            proposed = column["field"] if column["field"] in fields else ""
            sure = t("data.sure", share=parts.percent(column["confidence"])) if proposed else t("data.not_needed")
            with place:
                chosen = st.selectbox(
                    column["header"],
                    fields,
                    index=fields.index(proposed),
                    format_func=lambda name: t(f"fields.{name}") if name else t("data.drop"),
                    key=f"map-{key}-{kind}-{column['header']}",
                    help=f"{sure} {column['unit'] or ''}",
                )
            mapping[column["header"]] = chosen or ""
    return mapping


def _units(key: str, table: Mapping[str, Any], mapping: Mapping[str, str], unsure: Collection[str]) -> dict[str, str]:
    """Ask for the unit of each column that has none; nothing is taken for granted in silence."""
    units: dict[str, str] = {}
    for column in table["columns"]:
        header = column["header"]
        if header not in unsure or not mapping.get(header):
            continue
        choices = ["pcs/h", "pcs/min", "s"] if column["unit"] == "pcs/h" else ["s", "min", "h"]
        units[header] = st.radio(
            t("data.unit_of", column=header),
            choices,
            index=choices.index(column["unit"]) if column["unit"] in choices else 0,
            key=f"unit-{key}-{header}",
            horizontal=True,
        )
    return units


def _lacking(kind: str, have: set[str]) -> list[str]:
    """Say which fields are still needed: all of the needed ones, and one of each group."""
    about = catalogue.kinds()[kind]
    lacking = [t(f"fields.{name}") for name in about.needed if name not in have]
    groups = (group for group in about.one_of if not have & set(group))
    return lacking + [t("data.or").join(t(f"fields.{name}") for name in group) for group in groups]


def _preview(table: Mapping[str, Any], mapping: Mapping[str, str]) -> None:
    """The first rows, and those that something is wrong with: fields above the columns, findings beside the rows."""
    kept = [place for place, column in enumerate(table["columns"]) if mapping.get(column["header"])]
    rows = table.get("preview") or ()
    if not rows or not kept:
        return
    numbers = table.get("rows") or [""] * len(rows)
    said = table.get("row_findings") or [()] * len(rows)
    heads = [f"{t(f'fields.{mapping[h]}')} ← {h}" for h in (table["columns"][place]["header"] for place in kept)]
    wrong = any(said)
    parts.table(
        [t("parts.row"), *heads, *([t("data.wrong")] if wrong else [])],
        [
            [number, *(row[place] for place in kept), *([_told(found)] if wrong else [])]
            for number, row, found in zip(numbers, rows, said, strict=True)
        ],
        numbers=[0],
    )


def _told(found: Sequence[Mapping[str, Any]]) -> str:
    return " · ".join(dict.fromkeys(parts.finding_text(one, "message") for one in found))


def _discard(workspace: Workspace, upload: UploadView) -> None:
    if st.button(t("data.discard"), key=f"discard-{upload.id}"):
        actions_data.discard_upload(workspace, upload.id)
        st.rerun()


def _kept(workspace: Workspace, kept: Sequence[DatasetView]) -> None:
    parts.section(t("data.kept"), note=t("data.kept_words"))
    for one in kept:
        with st.container(border=True, key=f"ms-card-set-{one.id}"):
            sample = t("data.sample_mark") if one.sample else ""
            used = t("data.in_force") if one.in_force else t("data.not_in_force")
            st.html(
                f'<div class="ms-h2">{escape(t(f"data.kind_{one.kind}"))} · {escape(one.name)} {escape(sample)}</div>'
                f'<div class="ms-muted">{escape(t("data.rows", rows=f"{one.rows:,}"))} · {escape(used)} · '
                f"{escape(parts.moment(one.created_at))}{escape(_score(one))}</div>"
            )
            with st.expander(t("data.findings", count=len(one.findings)) if one.findings else t("data.clean")):
                parts.findings(one.findings[:100])
                st.html(f'<p class="ms-muted">{escape(t("data.columns_kept"))}</p>')
                parts.table(
                    [t("data.header"), t("data.field"), t("data.unit")],
                    [(c["header"], t(f"fields.{c['field']}"), c["unit"] or "–") for c in one.columns],
                )
                if one.dropped:
                    parts.note(t("data.dropped", headers=t("data.comma").join(one.dropped)))
                if st.button(t("data.remove"), key=f"remove-{one.id}"):
                    actions_data.remove_dataset(workspace, one.id)
                    st.rerun()
    plant_view.draw(workspace)
    layout_view.draw(workspace)
    link("baseline", label=t("data.next"), icon=":material/arrow_forward:")


def _score(one: DatasetView) -> str:
    return " · " + t("data.score", score=f"{one.quality['score']:.0f}") if one.quality else ""


if __name__ == "__main__":
    show()
