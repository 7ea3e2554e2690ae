"""Pack studio: build a pack without code; every change with its reason, every number computed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from portal import actions_packs, actions_studio, parts
from portal.context import Visit, ui_context
from portal.frame import link, page_frame
from portal.identity import Role
from portal.studio_views import differences, findings_table, part_name, place_name, preview
from portal.text import pick, t
from templates.documents import load
from templates.edits import leaves

OPEN = "studio-draft"
FOLDERS = (
    "pack.yaml", "stations.yaml", "lines", "modules", "calculators", "checklists", "templates", "decision_map.yaml",
    "uploads", "risks", "guide", "policies", "limits.yaml", "tests", "samples",
)  # fmt: skip
COPIED = ("lines", "modules", "calculators", "checklists", "templates", "uploads")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    page_frame(visit, "studio")
    writes = visit.member.role is Role.ARCHITECT
    listed = actions_studio.list_drafts(visit.workspace)
    chosen = st.session_state.get(OPEN)
    if chosen in {row["id"] for row in listed}:
        _draft(visit, str(chosen), writes=writes)
        return
    passed = sum(bool(row["passed"]) for row in listed)
    parts.answer(t("studio.answer", count=len(listed), passed=passed), note=t("studio.rule"))
    for row in listed:
        with st.container(border=True, key=f"ms-card-draft-{row['id']}"):
            state = t(f"studio.state_{row['state']}")
            parts.section(
                f"{pick(row['title'])} {row['version']} · {state}",
                note=t("studio.card", start=row["from"], count=row["changes"], name=row["author_name"]),
            )
            if st.button(t("studio.open"), key=f"open-{row['id']}", type="primary"):
                st.session_state[OPEN] = row["id"]
                st.rerun()
    if writes:
        _new(visit)
    elif not listed:
        parts.empty(t("studio.empty"), t("studio.empty_why"))


def _new(visit: Visit) -> None:
    packs = {row["id"]: pick(row["title"]) for row in actions_packs.list_packs(visit.workspace)}
    with st.form("new-draft", enter_to_submit=False, border=True):
        parts.section(t("studio.new"), note=t("studio.new_why"))
        first, second = st.columns(2)
        like = first.selectbox(t("studio.like"), list(packs), format_func=parts.named(packs))
        name = second.text_input(t("studio.id"), help=t("studio.id_why"), max_chars=40, placeholder="paint-shop")
        left, middle, right = st.columns(3)
        title_zh = left.text_input(t("studio.title_zh"), max_chars=60)
        title_en = middle.text_input(t("studio.title_en"), max_chars=60)
        reviewer = right.text_input(t("studio.reviewer"), help=t("studio.reviewer_why"), max_chars=60)
        st.caption(t("studio.next_version"))
        if st.form_submit_button(t("studio.begin"), type="primary"):
            _done(
                lambda: actions_studio.draft_pack(
                    visit.workspace, pack=name or "", like=str(like), title_zh=title_zh, title_en=title_en,
                    reviewer=reviewer,
                ),
                opens=name.strip(),
            )  # fmt: skip


def _draft(visit: Visit, name: str, *, writes: bool) -> None:
    draft = actions_studio.open_draft(visit.workspace, name)
    edits = writes and draft["state"] in {"draft", "returned"}
    parts.answer(
        t("studio.headline", title=pick(draft["title"]), version=draft["version"], count=len(draft["differences"])),
        note=t("studio.headline_note", start=draft["from"], findings=len(draft["findings"])),
    )
    if draft["review"] is not None and not draft["review"]["approved"]:
        parts.note(t("studio.returned", name=draft["review"]["by"], reason=draft["review"]["reason"]), kind="warning")
    if not edits:
        parts.note(t("studio.read_only"))
    with st.container(horizontal=True, key="studio-ways"):
        if st.button(t("studio.back"), key="studio-back"):
            del st.session_state[OPEN]
            st.rerun()
        link("gate_tests", label=t("studio.to_gate"), icon=":material/rule:")
    file = _file(draft)
    fields, shown, found, changed, text = st.tabs(
        [
            t("studio.tab_fields"),
            t("studio.tab_preview"),
            t("studio.tab_findings", count=len(draft["findings"])),
            t("studio.tab_differences", count=len(draft["differences"])),
            t("studio.tab_text"),
        ]
    )
    with fields:
        _fields(visit, draft, file, edits=edits)
    with shown:
        _preview(visit, draft, file)
    with found:
        findings_table(draft["findings"])
    with changed:
        differences(draft)
    with text:
        _text(visit, draft, file, edits=edits)


def _file(draft: Mapping[str, Any]) -> str:
    files = list(draft["files"])
    folders = [name for name in FOLDERS if any(file == name or file.startswith(f"{name}/") for file in files)]
    left, right = st.columns(2)
    folder = left.selectbox(
        t("studio.part"), folders, format_func=parts.named({name: part_name(name) for name in folders}), key="part"
    )
    inside = [file for file in files if file == folder or file.startswith(f"{folder}/")]
    titles = {file: _title(draft["files"][file], file) for file in inside}
    return str(right.selectbox(t("studio.document"), inside, format_func=parts.named(titles), key=f"in-{folder}"))


def _title(text: str, file: str) -> str:
    short = file.rpartition("/")[2]
    if not file.endswith(".yaml"):
        return short
    try:
        title = load(text, name=file).find("title").plain()
    except ValueError:
        return short
    return f"{pick(title)} · {short}" if isinstance(title, dict) else short


def _fields(visit: Visit, draft: Mapping[str, Any], file: str, *, edits: bool) -> None:
    if not file.endswith(".yaml"):
        parts.note(t("studio.no_fields"))
        return
    rows = list(leaves(load(draft["files"][file], name=file)))
    before = pd.DataFrame({"place": [place_name(leaf.path) for leaf in rows], "value": [_shown(leaf) for leaf in rows]})
    after = st.data_editor(
        before,
        column_config={
            "place": st.column_config.TextColumn(t("studio.field"), disabled=True, width="medium"),
            "value": st.column_config.TextColumn(t("studio.value"), width="large"),
        },
        hide_index=True,
        width="stretch",
        height=min(36 * (len(rows) + 1) + 2, 560),
        disabled=not edits,
        key=f"fields-{draft['id']}-{file}-{draft['turn']}",
    )
    if not edits:
        return
    values = {
        leaf.path: _typed(leaf.value, str(new))
        for leaf, old, new in zip(rows, before["value"], after["value"], strict=True)
        if old != new
    }
    if values:
        with st.form(f"keep-{file}", enter_to_submit=False, border=True):
            reason, source = _why(t("studio.keep_why", count=len(values)))
            if st.form_submit_button(t("studio.keep"), type="primary"):
                _edit(visit, draft, file, {"values": values}, reason, source)
    else:
        st.caption(t("studio.change_first"))
    _items(visit, draft, file, [leaf.path for leaf in rows])


def _why(words: str) -> tuple[str, str]:
    left, right = st.columns([2, 1])
    reason = left.text_input(words, max_chars=1000, help=t("studio.reason_help"))
    source = right.text_input(t("studio.source"), max_chars=400, help=t("studio.source_help"))
    return reason, source


def _items(visit: Visit, draft: Mapping[str, Any], file: str, places: list[str]) -> None:
    items = list(dict.fromkeys(place[: place.index("]") + 1] for place in places if "]" in place))
    folder = file.partition("/")[0]
    with (
        st.expander(t("studio.structure")),
        st.form(f"structure-{file}", enter_to_submit=False, border=False),
    ):
        ways = {"repeat": t("studio.repeat"), "remove": t("studio.remove")} if items else {}
        if folder in COPIED:
            ways |= {"copy": t("studio.copy"), "drop": t("studio.drop")}
        ways["undo"] = t("studio.undo")
        left, middle, right = st.columns(3)
        way = left.selectbox(t("studio.way"), list(ways), format_func=parts.named(ways))
        item = middle.selectbox(
            t("studio.item"), items or [""], format_func=parts.named({one: place_name(one) for one in items or [""]})
        )
        new = right.text_input(t("studio.copy_name"), max_chars=60, placeholder="paint-changeover")
        reason, source = _why(t("studio.structure_why"))
        if st.form_submit_button(t("studio.do")):
            if way == "undo":
                _done(lambda: actions_studio.undo_draft(visit.workspace, draft["id"], turn=draft["turn"], file=file))
                return
            change = {"repeat": item, "remove": item, "copy": new, "drop": True}[str(way)]
            _edit(visit, draft, file, {str(way): change}, reason, source)


def _preview(visit: Visit, draft: Mapping[str, Any], file: str) -> None:
    key = f"preview-{draft['id']}-{file}-{draft['turn']}"
    if st.button(t("studio.compute"), key=f"go-{file}", type="primary", help=t("studio.compute_why")):
        try:
            with st.spinner(t("studio.computing")):
                st.session_state[key] = actions_studio.preview_draft(visit.workspace, draft["id"], file=file)
        except ValueError as error:
            parts.problem(error)
    if key in st.session_state:
        preview(st.session_state[key])
    else:
        st.caption(t("studio.preview_why"))


def _text(visit: Visit, draft: Mapping[str, Any], file: str, *, edits: bool) -> None:
    st.caption(t("studio.text_why"))
    with st.form(f"text-{file}", enter_to_submit=False, border=False):
        text = st.text_area(
            file,
            draft["files"][file],
            height=480,
            disabled=not edits,
            key=f"text-{draft['id']}-{file}-{draft['turn']}",
        )
        reason, source = _why(t("studio.text_reason"))
        if st.form_submit_button(t("studio.keep"), type="primary", disabled=not edits):
            _edit(visit, draft, file, {"text": text}, reason, source)


def _edit(
    visit: Visit, draft: Mapping[str, Any], file: str, change: Mapping[str, Any], reason: str, source: str
) -> None:
    _done(
        lambda: actions_studio.edit_draft(
            visit.workspace, draft["id"], turn=draft["turn"], file=file, change=change, reason=reason, source=source
        )
    )


def _done(action: Callable[[], object], *, opens: str = "") -> None:
    try:
        action()
    except ValueError as error:
        parts.problem(error)
    else:
        if opens:
            st.session_state[OPEN] = opens
        st.rerun()


def _shown(leaf: Any) -> str:
    return "" if leaf.value is None else leaf.written


def _typed(before: Any, new: str) -> str | float | bool | None:
    """What a person typed, of the kind that stood there before; a text stays a text."""
    text = new.strip()
    if isinstance(before, bool) and text in {"true", "false"}:
        return text == "true"
    if before is None and not text:
        return None
    if isinstance(before, int | float) and not isinstance(before, bool):
        try:
            return int(text) if text.lstrip("+-").isdigit() else float(text)
        except ValueError:
            return text
    return new


if __name__ == "__main__":
    show()
