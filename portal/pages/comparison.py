"""Any two futures side by side, doing nothing among them: a part of the scenarios page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from portal import charts, parts
from portal.frame import draw, look
from portal.pages.curves import curve
from portal.text import pick, t

KPIS = ("oee", "availability", "effectiveness", "quality")
SHORT = 14  # letters that fit beside a curve
SURE = 0.95
MOST_STATIONS = 3


def compare(found: Mapping[str, Any], names: Mapping[str, str], *, above: str) -> None:
    """Two boxes, what tells the two apart, how sure that is, and both ramps unless they are drawn `above` already."""
    futures = {one["id"]: one for one in found["scenarios"]}
    labels = {key: _label(one, names) for key, one in futures.items()}
    ids = list(futures)
    parts.section(t("scenarios.compare"), note=t("scenarios.compare_note"))
    left, right = st.columns(2)
    shown = parts.named(labels)
    first = left.selectbox(t("scenarios.compare_first"), ids, index=0, format_func=shown, key="compare-first")
    others = [one["id"] for one in found["scenarios"][1:] if not one["claims"]] or ids[1:]
    beside = ids.index(next((key for key in others if key != above), others[0]))
    second = right.selectbox(
        t("scenarios.compare_second"), ids, index=beside, format_func=shown, key="compare-second"
    )  # fmt: skip
    if first == second:
        parts.note(t("scenarios.compare_same"))
        return
    a, b = futures[first], futures[second]
    if (told := _told(found, a, b, labels)) is not None:
        st.html(f"<p><b>{told}</b></p>")
    _table(found, a, b, labels)
    if {first, second} != {ids[0], above}:
        _ramps(found, a, b, labels)
    _states(found, a, b)


def _ramps(found: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    near = _short(a, b, labels)
    curves = [curve(near[a["id"]], a["bands"]["oee"], baseline=True), curve(near[b["id"]], b["bands"]["oee"])]
    spec = charts.ramp(curves, unit="%", month=t("scenarios.month"), outcome=t("scenarios.oee_axis"), look=look())
    draw(spec, key="ramp-compare", height=320, alt=t("scenarios.compare"), sample=found["sample"])


def _short(a: Mapping[str, Any], b: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    """Names that fit beside a curve and over a column on a phone."""
    near = {a["id"]: t("scenarios.compare_first"), b["id"]: t("scenarios.compare_second")}
    return near | {key: labels[key] for key in near if len(labels[key]) <= SHORT}


def _label(one: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if not one["record"]:
        return t("scenarios.nothing")
    name = names.get(one["record"]) or pick(one["title"])
    return t("scenarios.with_claims", name=name) if one["claims"] else name


def _told(
    found: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any], labels: Mapping[str, str]
) -> str | None:
    """Which of the two makes more good parts, and in how many of the draws: one sentence."""
    pair = next((one for one in found.get("pairs", ()) if {one["first"], one["second"]} == {a["id"], b["id"]}), None)
    if pair is None:  # kept by an earlier version
        return None
    sign = 1 if pair["first"] == a["id"] else -1
    gain, better = -sign * pair["mean"], pair["probability"] if sign < 0 else 1 - pair["probability"]
    ahead, behind = (b, a) if gain >= 0 else (a, b)
    share = better if gain >= 0 else 1 - better
    word = "open" if not pair["clear"] else "sure" if share >= SURE else "likely"
    return escape(
        t(
            f"scenarios.compare_{word}",
            ahead=labels[ahead["id"]],
            behind=labels[behind["id"]],
            parts=parts.quantity(abs(gain), digits=3),
            share=parts.percent(share),
        )
    )


def _table(found: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    last = found["months"] - 1

    def band(one: Mapping[str, Any], kpi: str, scale: float) -> str:
        values = {name: scale * one["bands"][kpi][name][last] for name in ("mean", "p10", "p90")}
        return f"{values['mean']:.1f} ({values['p10']:.1f}–{values['p90']:.1f})"

    def worse(one: Mapping[str, Any]) -> str:
        risk = found["risks"].get(f"probability_worse:{one['id']}")
        return "–" if risk is None else parts.percent(risk)

    rows = [(f"{t(f'baseline.{kpi}')} %", band(a, kpi, 100.0), band(b, kpi, 100.0)) for kpi in KPIS]
    rows.append((t("scenarios.good_hour"), band(a, "good_per_h", 1.0), band(b, "good_per_h", 1.0)))
    rows.append((t("scenarios.end_bottleneck"), a["bottlenecks"][last], b["bottlenecks"][last]))
    rows.append((t("scenarios.worse"), worse(a), worse(b)))
    st.caption(t("scenarios.in_month", month=found["months"]))
    parts.table(["", *_short(a, b, labels).values()], rows, numbers=[1, 2])


def _states(found: Mapping[str, Any], a: Mapping[str, Any], b: Mapping[str, Any]) -> None:
    """Where the time of the bottlenecks goes in the last month, one future under the other."""
    if not a.get("states") or not b.get("states"):
        return
    last = found["months"] - 1
    wanted = list(dict.fromkeys([a["bottlenecks"][last], b["bottlenecks"][last], a["bottlenecks"][0]]))[:MOST_STATIONS]
    rows, shares = [], []
    for station in wanted:
        for word, one in ((t("scenarios.compare_first"), a), (t("scenarios.compare_second"), b)):
            rows.append(f"{station} · {word}")
            shares.append(one["states"][station])
    words = {state: t(f"scenarios.state_{state}") for state in found["states"]}
    parts.section(t("scenarios.time_at", stations=t("scenarios.comma").join(wanted)))
    spec = charts.states(rows, shares, words, look=look())
    draw(spec, key="states-compare", height=90 + 44 * len(rows), alt=t("scenarios.compare"), sample=found["sample"])
