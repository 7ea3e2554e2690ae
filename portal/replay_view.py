"""One shift of the line on a page: what every machine did, and the shift to be played (`shell/replay.js`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from itertools import groupby
from typing import Any

import streamlit as st

from portal import actions_replay, charts, parts
from portal.frame import look
from portal.text import t
from portal.workspace import Workspace
from simulators.states import OFF, STATES


def draw(workspace: Workspace) -> None:
    """Draw the section: the shift that is kept, or the offer to simulate one."""
    seen = actions_replay.replay(workspace)
    if seen is None:
        parts.section(t("replay.offer"), note=t("replay.offer_why"))
        if st.button(t("replay.make"), key="replay-line"):
            try:
                with st.spinner(t("line.working")):
                    actions_replay.replay_line(workspace)
            except ValueError as error:
                parts.problem(error)
            else:
                st.rerun()
        return
    parts.section(_finding(seen), note=_note(seen))
    st.html(_legend(seen) + _chart(seen))


def _finding(seen: Mapping[str, Any]) -> str:
    """Who waited longest, for what, and who held the line up meanwhile."""
    held_up = seen["bottleneck_s"]
    neck = seen["stations"][held_up.index(max(held_up))]
    share = f"{max(held_up) / max(sum(held_up), 1e-9):.0%}"
    machines = [seen["machines"].count(station) for station in range(len(seen["stations"]))]
    waits = [
        (seconds[state] / machines[station], state, seen["stations"][station])
        for station, seconds in enumerate(seen["seconds"])
        for state in ("starved", "blocked")
    ]
    longest, state, name = max(waits)
    if longest < 60.0:
        return str(t("replay.nobody", bottleneck=neck, share=share))
    return str(t(f"replay.{state}", name=name, time=parts.duration(longest), bottleneck=neck, share=share))


def _note(seen: Mapping[str, Any]) -> str:
    length = seen["end"] - seen["begin"]
    return str(
        t(
            "replay.note_ran_in" if seen["runs_in"] else "replay.note_empty",
            begin=_clock(seen["begin"]),
            end=_clock(seen["end"]),
            pieces=f"{seen['pieces']:,.0f}",
            slice=parts.duration(length / len(seen["bottleneck"])),
        )
    )


def _clock(seconds: float) -> str:
    """Time of day of a moment of the run."""
    minutes = round(seconds / 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _words() -> list[str]:
    return [t(f"scenarios.state_{state}") for state in STATES]


def _legend(seen: Mapping[str, Any]) -> str:
    met = sorted({int(digit) for row in seen["states"] for digit in row})
    words = _words()
    items = "".join(f'<li><i style="background:{_colour(state)}"></i>{escape(words[state])}</li>' for state in met)
    return f'<ul class="ms-states">{items}</ul>'


def _colour(state: int) -> str:
    return charts.state_colour(STATES[state], look())


def _chart(seen: Mapping[str, Any]) -> str:
    """The flow in its first moment and the rows of the machines; the script adds the button and the slider."""
    frames = {name: seen[name] for name in ("begin", "end", "states", "levels", "bottleneck", "machines", "rooms")}
    names = seen["stations"]
    words = {"names": names, "states": _words(), "colours": [_colour(state) for state in range(len(STATES))]}
    said = ("play", "pause", "moment", "holds", "level", "off")
    words |= {name: t(f"replay.{name}") for name in said}
    flow = []
    for station, name in enumerate(names):
        mine = [number for number, of in enumerate(seen["machines"]) if of == station]
        lamps = "".join(
            f'<i data-machine="{one}" style="background:{_colour(int(seen["states"][one][0]))}"></i>' for one in mine
        )
        flow.append(
            f'<li class="ms-replay-station" data-station="{station}"><b>{escape(name)}</b>'
            f'<span class="ms-replay-lamps">{lamps}</span>'
            f'<span class="ms-replay-state">{escape(_words()[int(seen["states"][mine[0]][0])])}</span></li>'
        )
        if seen["rooms"][station] != 0:
            flow.append(
                f'<li class="ms-replay-room" data-room="{station}"><span class="ms-replay-tank"><i></i></span>'
                f"<span>{_level(seen, station)}</span></li>"
            )
    data = escape(json.dumps(frames, separators=(",", ":")), quote=True)
    told = escape(json.dumps(words, ensure_ascii=False, separators=(",", ":")), quote=True)
    return (
        f'<div class="ms-replay" data-frames="{data}" data-words="{told}">'
        f'<ol class="ms-replay-flow">{"".join(flow)}</ol><div class="ms-replay-controls"></div>'
        f'<div class="ms-gantt">{_rows(seen)}</div>'
        f'<div class="ms-gantt-time"><span>{_clock(seen["begin"])}</span>'
        f"<span>{_clock((seen['begin'] + seen['end']) / 2)}</span><span>{_clock(seen['end'])}</span></div></div>"
    )


def _level(seen: Mapping[str, Any], station: int) -> str:
    room = seen["rooms"][station]
    return f"{seen['levels'][station][0]:.0f} / {'∞' if room is None else room}"


def _rows(seen: Mapping[str, Any]) -> str:
    """One row for each machine; a picture with its shares in words for those who cannot see it."""
    made = []
    for number, station in enumerate(seen["machines"]):
        row, name = seen["states"][number], seen["stations"][station]
        if seen["machines"].count(station) > 1:
            name = f"{name} {number - seen['machines'].index(station) + 1}"
        stops, at = [], 0
        for digit, run in groupby(row):
            until = at + len(list(run))
            stops.append(f"{_colour(int(digit))} {100 * at / len(row):.2f}% {100 * until / len(row):.2f}%")
            at = until
        told = t("replay.row", name=name, shares=t("scenarios.comma").join(_shares(row)))
        made.append(
            f'<span class="ms-gantt-name" title="{escape(name, quote=True)}">{escape(name)}</span>'
            f'<span class="ms-gantt-row" role="img" aria-label="{escape(told, quote=True)}" '
            f'style="background:linear-gradient(to right,{",".join(stops)})"></span>'
        )
    return "".join(made)


def _shares(row: str) -> list[str]:
    words = _words()
    counted = sorted(((row.count(str(state)), state) for state in range(OFF + 1)), reverse=True)
    return [f"{words[state]} {count / len(row):.0%}" for count, state in counted if count]
