"""Risks and checks: what the runs warn of, and a self-check whose gaps are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from math import isinf
from typing import Any

import streamlit as st

from calculators.checklist import CheckList
from portal import actions_checks, actions_closings, actions_quality, catalogue, parts
from portal.actions import EDITORS, ActionError
from portal.actions_quality import RecordQuality
from portal.context import ui_context
from portal.frame import page_frame
from portal.gap_plan import gap_plan
from portal.text import has_text, pick, t
from portal.workspace import Workspace

STATUSES = ("met", "partly", "not_met", "not_applicable")
OPEN = "open"
RECORD_COLUMNS = ("file", "score", "blank", "copies", "impossible", "overlaps", "days", "age")


def show() -> None:
    """Draw the page."""
    visit = ui_context()
    workspace = visit.workspace
    page_frame(visit, "checks")
    offer = catalogue.checklists_on_offer()
    name = next(iter(offer))
    if len(offer) > 1:
        names = _names(offer)
        name = st.selectbox(t("checks.which"), list(offer), format_func=names.__getitem__, key="checklist")
    found = actions_checks.assess(workspace, checklist=name)
    low, high = found["score"]
    begun = found["answered"] > 0
    gaps = [gap for gap in found["gaps"] if gap["status"] != "not_assessed"]
    parts.answer(
        t(
            "checks.answer",
            low=parts.percent(low),
            high=parts.percent(high),
            gaps=len(gaps),
            open=parts.percent(found["open_share"]),
        )
        if begun
        else t("checks.answer_none", count=found["applicable"]),
        note=pick(found["notice"]),
    )
    _records(workspace, edits=visit.member.role in EDITORS)
    _risks(workspace)
    parts.section(
        pick(found["title"]), note=t("checks.edition", edition=pick(found["source"]), as_of=str(found["as_of"]))
    )
    st.progress(
        found["answered"] / max(found["applicable"], 1),
        text=t("checks.answered", answered=found["answered"], applicable=found["applicable"]),
    )
    _section(workspace, name, found, edits=visit.member.role in EDITORS)
    gap_plan(workspace, name, gaps, edits=visit.member.role in EDITORS)


def _names(offer: Mapping[str, CheckList]) -> dict[str, str]:
    """Titles of the check lists; where two packs bring the same list, the pack stands behind it."""
    packs = {pack.manifest.id: pick(pack.manifest.title) for pack in catalogue.packs()}
    titles = {key: pick(one.title) for key, one in offer.items()}
    twice = Counter(titles.values())
    return parts.distinct(
        {
            key: f"{title} · {packs.get(key.split('/')[0], '')}".rstrip(" ·") if twice[title] > 1 else title
            for key, title in titles.items()
        }
    )


def _records(workspace: Workspace, *, edits: bool) -> None:
    """How fit the records are for a verdict, what to do where they are not, and what one click can correct."""
    kept = actions_quality.record_quality(workspace)
    if not kept:
        return
    ready = all(one.quality["verdict"] for one in kept)
    parts.section(t("quality.title" if ready else "quality.title_bad"), note=t("quality.why"))
    parts.table(
        [t(f"quality.{name}") for name in RECORD_COLUMNS],
        [_record_row(one) for one in kept],
        numbers=range(1, 8),
    )
    for one in kept:
        for reason in one.quality["reasons"]:
            fields = t("data.comma").join(
                t("data.or").join(t(f"fields.{part}") for part in name.split("/")) for name in reason["fields"]
            )
            share = parts.percent(reason["share"])
            told = t(f"quality.reason_{reason['code']}", name=one.name, share=share, fields=fields)
            parts.note(told, kind="warning")
        if edits and (one.offers or one.fixed):
            _corrections(workspace, one)


def _record_row(one: RecordQuality) -> list[str]:
    found = one.quality
    shares = [parts.percent(found[name], digits=1) for name in ("blank", "copies", "impossible", "overlaps")]
    days = "–" if found["coverage"] is None else parts.percent(found["coverage"])
    age = "–" if one.age_days is None else t("quality.age_days", days=f"{one.age_days:,.0f}")
    named = f"{t(f'data.kind_{one.kind}')} · {one.name}"
    return [named, f"{found['score']:.0f}", *shares, days, age]


def _corrections(workspace: Workspace, one: RecordQuality) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(one.name)
        for fix, rows in one.offers.items():
            if st.button(t(f"quality.fix_{fix}", rows=f"{rows:,}"), key=f"fix-{one.dataset}-{fix}"):
                actions_quality.fix_dataset(workspace, one.dataset, fix=fix)
                st.rerun()
        if one.fixed:
            last = one.fixed[-1]
            done = t(f"quality.fixed_{last['fix']}", rows=f"{last['rows']:,}")
            if st.button(t("quality.undo", what=done), key=f"unfix-{one.dataset}"):
                actions_quality.undo_fix(workspace, one.dataset)
                st.rerun()


def _risks(workspace: Workspace) -> None:
    try:
        told = actions_checks.risks(workspace)
    except ActionError:
        return
    warnings: Sequence[Mapping[str, Any]] = told["warnings"]
    raised = list({(pick(one["title"]), _because(one)): one for one in warnings if not one["trap"]}.values())
    traps = [one for one in warnings if one["trap"]]
    if raised:
        parts.section(t("checks.risks", count=len(raised)), note=t("checks.risks_note"))
        parts.table(
            [t("checks.level"), t("checks.warning"), t("checks.value"), t("checks.owner"), t("checks.next_step")],
            [
                (
                    _level(one["level"]),
                    pick(one["title"]),
                    _because(one),
                    t(f"owners.{one['owner_role']}"),
                    pick(one["next_step"]),
                )
                for one in sorted(raised, key=lambda one: -one["level"])
            ],
            html=[0],
        )
    else:
        parts.note(t("checks.no_risks"))
    if traps:
        with st.expander(t("checks.traps", count=len(traps))):
            for one in traps:
                parts.section(pick(one["title"]), note=pick(one["question"] or {}))
                st.caption(pick(one["next_step"]))


def _because(one: Mapping[str, Any]) -> str:
    """The figure that raised a warning, in words."""
    value, name = one["value"], f"figures.{one['figure']}"
    shown = parts.quantity(value, digits=3) if isinstance(value, int | float) else str(value)
    if shown == "∞" or (isinstance(value, float) and isinf(value)):
        shown = t("checks.never")
    return f"{t(name) if has_text(name) else one['figure']}: {shown}"


def _level(level: int) -> str:
    return f'<span class="ms-level ms-level-{int(level)}">{int(level)}</span>'


def _section(workspace: Workspace, name: str, found: Mapping[str, Any], *, edits: bool) -> None:
    sections = {one["id"]: one for one in found["sections"]}
    chosen = st.segmented_control(
        t("checks.section"),
        list(sections),
        default=next(iter(sections)),
        format_func=lambda key: (
            f"{pick(sections[key]['title'])} {sections[key]['answered']}/{sections[key]['applicable']}"
        ),
        key=f"section-{name}",
    )
    left_out = 0
    for control in found["controls"]:
        if control["section"] == chosen:
            left_out += not control["asked"]
            if control["asked"]:
                _control(workspace, name, control, edits=edits)
    if left_out:
        parts.note(t("checks.left_out", count=left_out))


def _control(workspace: Workspace, name: str, control: Mapping[str, Any], *, edits: bool) -> None:
    answer = control["answer"] or {}
    key = f"{name}-{control['id']}".replace("/", "-")
    undone = int(st.session_state.get(f"undone-{key}", 0))
    fields = f"{key}-{undone}" if undone else key  # new fields after an undo, that show what is kept again
    with st.container(border=True, key=f"ms-card-{key}"):
        veto = f' · <b class="ms-veto">{escape(t("checks.veto"))}</b>' if control["veto"] else ""
        st.html(
            f'<div class="ms-muted">{escape(control["reference"])} · {escape(pick(control["title"]))}{veto}</div>'
            f'<div class="ms-question">{escape(pick(control["question"]))}</div>'
        )
        with st.container(horizontal=True, gap="small"):
            status, level = _answered(control, answer, fields, edits=edits)
            if edits:
                _evidence(name, control, answer, key)
                if answer.get("before") is not None:
                    _undo(workspace, name, control["id"], key)
        reason = answer.get("reason", "")
        if status is not None or reason:
            label = t("checks.reason_needed") if status == "not_applicable" else t("checks.reason")
            reason = st.text_input(label, reason, key=f"reason-{fields}", max_chars=2000, disabled=not edits)
        value = answer.get("value", "")
        if control["kind"] in {"field", "action"}:
            value = st.text_input(
                t(f"checks.{control['kind']}"), value, key=f"value-{fields}", max_chars=2000, disabled=not edits
            )
        said = {"status": status, "reason": reason, "level": level, "value": value}
        if edits and said != {word: answer.get(word, None if word == "status" else "") for word in said}:
            _keep(workspace, name, control, **said)


def _answered(
    control: Mapping[str, Any], answer: Mapping[str, Any], key: str, *, edits: bool
) -> tuple[str | None, str]:
    """The status, or the level of a choice, that somebody has picked."""
    levels = {one["id"]: pick(one["title"]) for one in control["levels"]}
    words = {word: t(f"checks.{word}") for word in STATUSES}
    if levels:
        words = {**levels, "not_applicable": words["not_applicable"]}
    elif control["kind"] != "statement":
        words = {word: words[word] for word in ("not_met", "not_applicable")}
    before = answer.get("status") if answer.get("status") in words else answer.get("level") or None
    chosen = st.segmented_control(
        t("checks.answer_label"),
        list(words),
        default=before if before in words else None,
        format_func=parts.named(words),
        key=f"status-{key}",
        label_visibility="collapsed",
        width="content",
        disabled=not edits,
    )
    return (None, str(chosen)) if chosen in levels else (chosen, "")


def _undo(workspace: Workspace, name: str, control: str, key: str) -> None:
    if st.button(t("checks.undo"), key=f"undo-{key}", type="tertiary"):
        try:
            actions_closings.undo_answer(workspace, control=control, checklist=name)
        except ValueError as error:
            parts.problem(error)
        else:
            st.session_state[f"undone-{key}"] = int(st.session_state.get(f"undone-{key}", 0)) + 1
            st.rerun()


def _keep(
    workspace: Workspace,
    name: str,
    control: Mapping[str, Any],
    *,
    status: str | None,
    reason: str,
    level: str,
    value: str,
) -> None:
    if status == "not_applicable" and not reason.strip():
        parts.note(t("checks.reason_missing"), kind="warning")
        return
    try:
        actions_checks.answer_control(
            workspace, control=control["id"], status=status, reason=reason, level=level, value=value, checklist=name
        )
    except ValueError as error:
        parts.problem(error)
    else:
        st.rerun()


def _evidence(name: str, control: Mapping[str, Any], answer: Mapping[str, Any], key: str) -> None:
    kept: Sequence[Mapping[str, Any]] = answer.get("evidence", ())
    label = t("checks.evidence", count=len(kept)) if kept else t("checks.no_evidence")
    with st.popover(label, key=f"evidence-{key}"):
        if control["evidence_wanted"]:
            st.write(t("checks.wanted"))
            for wanted in control["evidence_wanted"]:
                st.markdown(f"- {pick(wanted)}")
        for one in kept:
            st.caption(f"{one['name']} · {one['bytes'] / 1024:,.0f} KiB")
        words = {name: t(f"data.{name}") for name in ("cancel", "failed", "cancelled")}
        words |= {
            "choose": t("checks.attach"), "hint": t("checks.attach_hint"), "arrived": t("checks.attached"),
            "large": t("data.large", most=20), "most": str(actions_checks.MOST_EVIDENCE), "accept": "",
            "to": f"/files/evidence?checklist={name}&control={control['id']}&",
        }  # fmt: skip
        attributes = " ".join(f'data-{word}="{escape(text, quote=True)}"' for word, text in words.items())
        st.html(f'<div class="ms-upload" {attributes}></div>')


if __name__ == "__main__":
    show()
