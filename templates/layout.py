"""From what a drawing shows to stations and their places: a proposal that a person confirms, never a fact.

Stations are outlines with a text inside, else blocks (named by the nearest text), else texts on a layer of equipment.
Doors, walls, columns and frames are none. Their order is that of the longest way (a polyline on a layer of conveyors or
flow), else of the numbers in their names, else from each to the nearest. Distances run along the way, else at right
angles, as aisles do.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from templates.cells import fold

METRES: Mapping[str, float] = {"mm": 0.001, "cm": 0.01, "dm": 0.1, "m": 1.0, "in": 0.0254, "ft": 0.3048}
MOST_STATIONS = 200

_nothing = re.compile(
    r"door|window|wall|column|stair|toilet|north|title|frame|border|logo|grid|axis|wipeout|arrow|dim|"
    r"门|窗|墙|柱|楼梯|厕|图框|标题|轴|指北针|尺寸",
    re.IGNORECASE,
)
_equipment = re.compile(r"equip|machine|station|device|asset|设备|机台|工位|机器|设施", re.IGNORECASE)
_way = re.compile(
    r"flow|convey|route|path|agv|track|aisle|transport|物流|流向|流程|输送|通道|路线|轨道|动线", re.IGNORECASE
)
_number = re.compile(r"\d+")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A proposed station: its name, where it stands (metres), and what says so: outline, block or text."""

    name: str
    x: float
    y: float
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Stations in the order of the flow; `distances` (metres) lead from each to the next; `order` is way, number or
    nearest; `way` is the polyline that the order follows, empty where there is none."""

    stations: tuple[Place, ...]
    distances: tuple[float, ...]
    order: str
    way: tuple[Point, ...]


def plan_of(columns: Mapping[str, NDArray[Any]], *, unit: str) -> Plan:
    """Propose a plan from the columns of a layout (element, layer, label, x, y, path). `unit`: that of the drawing."""
    scale = METRES[unit]
    size = len(columns["x"])
    empty = np.full(size, "", dtype=object)
    element, layer = columns["element"], columns.get("layer", empty)
    label, path = columns.get("label", empty), columns.get("path", empty)
    paths = [read_path(text) for text in path.tolist()]
    texts: list[tuple[str, Point]] = []
    blocks: list[tuple[str, Point]] = []
    outlines: list[tuple[Point, ...]] = []
    ways: list[tuple[Point, ...]] = []
    marked: list[tuple[str, Point]] = []
    for k in range(size):
        at, named = (float(columns["x"][k]), float(columns["y"][k])), fold(str(label[k]))
        if element[k] in {"TEXT", "MTEXT"} and named and not math.isnan(at[0]):
            texts.append((named, at))
            if _equipment.search(layer[k]):
                marked.append((named, at))
        elif element[k] == "INSERT" and not math.isnan(at[0]):
            if not (_nothing.search(named) or _nothing.search(layer[k])):
                blocks.append((named, at))
        elif len(paths[k]) >= 2:
            if _way.search(layer[k]):
                ways.append(paths[k])
            elif is_closed(paths[k]) and not _nothing.search(layer[k]):
                outlines.append(paths[k])
    found = _outlined(outlines, texts) or _of_blocks(blocks, texts) or [(name, at, "text") for name, at in marked]
    way = max(ways, key=_length, default=())
    placed, order = _ordered(found[:MOST_STATIONS], way)
    names = _unique([name for name, _, _ in placed])
    stations = tuple(
        Place(name=name, x=round(at[0] * scale, 3), y=round(at[1] * scale, 3), evidence=why)
        for name, (_, at, why) in zip(names, placed, strict=True)
    )
    points = [at for _, at, _ in placed]
    along = [_along(way, at) for at in points] if order == "way" else []
    distances = tuple(
        round(scale * (along[k + 1] - along[k] if along else _right_angled(points[k], points[k + 1])), 2)
        for k in range(len(points) - 1)
    )
    return Plan(stations=stations, distances=distances, order=order, way=tuple((x * scale, y * scale) for x, y in way))


def write_path(points: Sequence[Point]) -> str:
    """Points as a short text, so that a table can hold them: "0 0;12.5 0;12.5 8"."""
    step = max(1, math.ceil(len(points) / 60))
    kept = [*points[::step], *([points[-1]] if (len(points) - 1) % step else [])]
    return ";".join(f"{x:.6g} {y:.6g}" for x, y in kept)


def read_path(text: str) -> tuple[Point, ...]:
    """Points of such a text; () where it is none."""
    try:
        return tuple((float(x), float(y)) for x, y in (part.split(" ") for part in text.split(";"))) if text else ()
    except ValueError:
        return ()


def is_closed(points: Sequence[Point]) -> bool:
    """Whether a polyline ends where it begins and holds a surface."""
    return len(points) >= 4 and math.dist(points[0], points[-1]) <= 1e-6 * max(1.0, _length(points))


def _outlined(outlines: Sequence[Sequence[Point]], texts: Sequence[tuple[str, Point]]) -> list[tuple[str, Point, str]]:
    """Outlines with a text inside; an outline around other stations is a hall and none."""
    found: list[tuple[str, Point, str]] = []
    used: set[int] = set()
    for outline in sorted(outlines, key=_area):
        inside = [k for k, (_, at) in enumerate(texts) if _contains(outline, at)]
        fresh = [k for k in inside if k not in used]
        if inside and len(fresh) == len(inside):
            middle = (float(np.mean([x for x, _ in outline[:-1]])), float(np.mean([y for _, y in outline[:-1]])))
            nearest = min(fresh, key=lambda k: math.dist(texts[k][1], middle))
            found.append((texts[nearest][0], middle, "outline"))
        used |= set(inside)
    return found if len(found) >= 2 else []


def _of_blocks(blocks: Sequence[tuple[str, Point]], texts: Sequence[tuple[str, Point]]) -> list[tuple[str, Point, str]]:
    """Blocks, each named by the text that is nearest to it and to no other, else by the block's name."""
    if len(blocks) < 2:
        return []
    spacing = float(np.median([_next(at, blocks) for _, at in blocks]))
    found = []
    for name, at in blocks:
        near = min(texts, key=lambda text: math.dist(text[1], at), default=None)
        fits = near is not None and math.dist(near[1], at) <= 0.6 * spacing
        found.append((near[0] if fits and near is not None else name, at, "block"))
    return found


def _next(at: Point, blocks: Sequence[tuple[str, Point]]) -> float:
    """How far the nearest other block is."""
    return min((math.dist(at, other) for _, other in blocks if other != at), default=0.0)


def _ordered(found: Sequence[tuple[str, Point, str]], way: Sequence[Point]) -> tuple[list[tuple[str, Point, str]], str]:
    if way and len(found) > 1:
        return sorted(found, key=lambda one: _along(way, one[1])), "way"
    numbers = [_number.findall(name) for name, _, _ in found]
    if found and all(numbers) and len({tuple(map(int, parts)) for parts in numbers}) == len(found):
        return sorted(found, key=lambda one: [int(part) for part in _number.findall(one[0])]), "number"
    rest = sorted(found, key=lambda one: (one[1][0], -one[1][1]))
    out = [rest.pop(0)] if rest else []
    while rest:
        here = out[-1][1]
        out.append(rest.pop(min(range(len(rest)), key=lambda k: math.dist(rest[k][1], here))))
    return out, "nearest"


def _along(way: Sequence[Point], at: Point) -> float:
    """How far along a way the place is that is nearest to a point."""
    best, passed, found = math.inf, 0.0, 0.0
    for (ax, ay), (bx, by) in itertools.pairwise(way):
        length = math.dist((ax, ay), (bx, by))
        if length:
            share = min(max(((at[0] - ax) * (bx - ax) + (at[1] - ay) * (by - ay)) / length**2, 0.0), 1.0)
            away = math.dist(at, (ax + share * (bx - ax), ay + share * (by - ay)))
            if away < best:
                best, found = away, passed + share * length
        passed += length
    return found


def _right_angled(a: Point, b: Point) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _length(points: Sequence[Point]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(points))


def _area(points: Sequence[Point]) -> float:
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in itertools.pairwise(points))) / 2


def _contains(outline: Sequence[Point], at: Point) -> bool:
    """Whether a point lies within a closed polyline (even-odd rule)."""
    x, y = at
    inside = False
    for (ax, ay), (bx, by) in itertools.pairwise(outline):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def _unique(names: Sequence[str]) -> list[str]:
    counts, seen = Counter(names), Counter[str]()
    out = []
    for name in names:
        seen[name] += 1
        out.append(f"{name} {seen[name]}" if counts[name] > 1 else name)
    return out
