"""What the studio and the gate page show of a draft: findings, differences, previews, names of parts and places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from portal import charts_graph, parts
from portal.frame import draw, look
from portal.text import has_text, pick, t

AREAS = ("industry_packs", "templates", "calculators", "simulators", "privacy")


def part_name(name: str) -> str:
    """What a folder or file of a pack is called for people."""
    short = name.removesuffix(".yaml").partition("/")[0]
    return t(f"studio.parts.{short}")


def place_name(place: str) -> str:
    """The way to a value in words: "effects[0].likely" reads "Effects 1 · Likely"."""
    words: list[str] = []
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", place):
        if part.startswith("["):
            number = str(int(part[1:-1]) + 1)
            words = [*words[:-1], f"{words[-1]} {number}"] if words else [number]
        else:
            words.append(t(f"studio.keys.{part}") if has_text(f"studio.keys.{part}") else part)
    return " · ".join(words)


def findings_table(findings: Sequence[Mapping[str, Any]]) -> None:
    """What keeps a draft from passing, each with its place and the remedy."""
    if not findings:
        parts.note(t("studio.no_findings"), kind="done")
        return
    parts.table(
        [t("studio.document"), t("studio.place"), t("parts.what"), t("parts.remedy")],
        [(one["file"], _place(one["place"]), _said(one, "message"), _said(one, "remedy")) for one in findings],
    )


def _place(place: str) -> str:
    line, _, way = place.partition(": ")
    number = line.removeprefix("line ")
    if not way and not number.isdigit():
        return place
    return t("studio.line", number=number) + (f" · {place_name(way)}" if way else "")


def _said(finding: Mapping[str, Any], part: str) -> str:
    params = {str(key): value for key, value in dict(finding.get("params") or {}).items()}
    for area in AREAS:
        key = f"errors_{area}.{finding['code']}.{part}"
        if has_text(key):
            return t(key, **{"place": finding["place"], **params})
    return str(finding[part])


def differences(draft: Mapping[str, Any]) -> None:
    """Every value that differs from what the draft was begun from, and why it was changed."""
    rows = draft["differences"]
    if not rows:
        parts.note(t("studio.no_differences"))
        return
    why = {(one["file"], place): one for one in draft["changes"] for place in [*one["places"], ""]}
    parts.table(
        [t("studio.document"), t("studio.place"), t("studio.before"), t("studio.after"), t("studio.why")],
        [
            (
                row["file"],
                place_name(row["place"]) if row["place"] else t("studio.whole"),
                _short(row["before"]),
                _short(row["after"]),
                _reason(why.get((row["file"], row["place"])) or why.get((row["file"], ""))),
            )
            for row in rows[:200]
        ],
    )
    if len(rows) > 200:
        st.caption(t("studio.more", count=len(rows) - 200))


def _short(text: str | None) -> str:
    return "–" if text is None else text if len(text) <= 80 else f"{text[:77]}..."


def _reason(change: Mapping[str, Any] | None) -> str:
    return "–" if change is None else t("studio.because", reason=change["reason"], source=change["source"])


def preview(found: Mapping[str, Any]) -> None:
    """What one document gives."""
    if "refused" in found:
        one = {"file": "", **found["refused"]}
        parts.note(f"{_place(one['place'])} · {_said(one, 'message')} {_said(one, 'remedy')}", kind="warning")
        return
    match found["kind"]:
        case "calculator":
            _calculator(found)
        case "line":
            _line(found)
        case "module":
            _module(found)
        case "checklist":
            parts.note(
                t(
                    "studio.checklist",
                    controls=found["controls"],
                    sections=found["sections"],
                    vetoes=found["vetoes"],
                    low=parts.percent(found["score_none"]),
                    high=parts.percent(found["score_all"]),
                )
            )
        case "template":
            parts.table(
                [t("studio.figure"), t("studio.value")],
                [(name, parts.quantity(value)) for name, value in found["figures"].items()],
                numbers=[1],
            )
        case _:
            parts.note(t("studio.nothing_to_compute"))


def _calculator(found: Mapping[str, Any]) -> None:
    parts.table(
        [t("studio.output"), t("studio.unit"), "P10", "P50", "P90"],
        [
            (pick(one["title"]), parts.unit(one["unit"]), *(parts.quantity(one[key]) for key in ("p10", "p50", "p90")))
            for one in found["outputs"]
        ],
        numbers=[2, 3, 4],
    )
    titles = {one["name"]: pick(one["title"]) or one["name"] for one in (*found["inputs"], *found["formulas"])}
    titles |= {one["name"]: pick(one["title"]) for one in found["outputs"]}
    parts.section(t("studio.graph"), note=t("studio.graph_note"))
    outputs = [one["name"] for one in found["outputs"]]
    spec, height = charts_graph.dependencies(found["feeds"], titles, outputs=outputs, look=look())
    draw(spec, key="studio-graph", height=height, alt=t("studio.graph"))
    parts.table(
        [t("studio.formula"), t("studio.unit"), t("studio.is")],
        [(titles[one["name"]], parts.unit(one["unit"]), one["is"]) for one in found["formulas"]],
    )


def _line(found: Mapping[str, Any]) -> None:
    parts.table(
        [t("fields.station"), t("line.cycle"), t("fields.servers"), t("fields.buffer")],
        [
            (
                one["name"],
                parts.quantity(one["cycle_s"]),
                one["servers"],
                "∞" if one["buffer"] is None else one["buffer"],
            )
            for one in found["stations"]
        ],
        numbers=[1, 2, 3],
    )
    kpis = found["kpis"]
    parts.note(
        t("studio.line_gives", oee=parts.percent(kpis["oee"], digits=1), rate=parts.quantity(kpis["good_per_h"])),
        kind="done",
    )


def _module(found: Mapping[str, Any]) -> None:
    if not found["acts_on"]:
        parts.note(t("studio.acts_on_nothing"), kind="warning")
        return
    parts.table(
        [t("packs.kind_line"), t("fields.station"), t("studio.cause"), t("scenarios.effect")],
        [
            (row["line"], row["station"], row["cause"] or "–", t(f"scenarios.parameter_{row['parameter']}"))
            for row in found["acts_on"]
        ],
    )
    st.caption(t("studio.without_claims", count=found["without_claims"]))
