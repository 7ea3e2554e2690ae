"""Which of the customer's machines is which station of a pack: by name, by synonym, then by order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from industry_packs.content import StationName
from industry_packs.errors import PackError
from simulators.line import Line
from simulators.scenario import Module

LIKELY = 82.0
_noise = re.compile(r"[\W_\d]+|(?<=[a-z])\d+", re.UNICODE)


def match_stations(stations: Sequence[StationName], machines: Sequence[str]) -> dict[str, str | None]:
    """For each station of the pack the customer's machine that it is, or None; no machine is used twice.

    Names and synonyms decide, best fit first; what is left over is filled in by order where as many machines as
    stations remain. A person confirms the result before anything is simulated.
    """
    scores = sorted(
        (
            (-_score(station, machine), row, column)
            for row, station in enumerate(stations)
            for column, machine in enumerate(machines)
        ),
    )
    chosen: dict[int, int] = {}
    for score, row, column in scores:
        if -score >= LIKELY and row not in chosen and column not in chosen.values():
            chosen[row] = column
    rows = [row for row in range(len(stations)) if row not in chosen]
    columns = [column for column in range(len(machines)) if column not in chosen.values()]
    if len(rows) == len(columns):
        chosen.update(zip(rows, columns, strict=True))
    return {station.name: machines[chosen[row]] if row in chosen else None for row, station in enumerate(stations)}


def likeness(stations: Sequence[StationName], machines: Sequence[str]) -> float:
    """How much the customer's machines sound like a pack's: the share of its stations that one of them names."""
    named = sum(any(_score(station, machine) >= LIKELY for machine in machines) for station in stations)
    return named / len(stations) if stations else 0.0


def line_for(line: Line, chosen: Mapping[str, str | None]) -> Line:
    """The pack's line with the customer's machine names; a station that is none of his keeps the pack's name."""
    return replace(
        line, stations=tuple(replace(item, name=chosen.get(item.name) or item.name) for item in line.stations)
    )


def module_for(module: Module, chosen: Mapping[str, str | None]) -> Module:
    """The module with effects on the customer's machines; an effect on a station that he does not have is left out.

    Raises PackError `module_without_target` when no effect is left.
    """
    effects = tuple(
        replace(effect, station=chosen.get(effect.station, effect.station) or "")
        for effect in module.effects
        if chosen.get(effect.station, effect.station)
    )
    if not effects:
        raise PackError(
            f"module {module.id!r} changes none of the customer's machines",
            code="module_without_target",
            place="effects",
            remedy="Match its station to a machine first, or leave the module out.",
            id=module.id,
        )
    return replace(module, effects=effects)


def _score(station: StationName, machine: str) -> float:
    wanted = _plain(machine)
    words = {_plain(word) for word in (station.name, *station.title.values(), *station.synonyms)} - {""}
    if not wanted:
        return 0.0
    if wanted in words:
        return 100.0
    inside = max((90.0 + len(word) / 10 for word in words if len(word) > 1 and word in wanted), default=0.0)
    return max(inside, max((fuzz.ratio(word, wanted) for word in words), default=0.0))


def _plain(text: str) -> str:
    return _noise.sub("", unicodedata.normalize("NFKC", text).casefold())
