"""What each number is made of, drawn from inputs on the left to outputs on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from portal.charts import FONT, LIGHT, Spec, Theme

ROW_PIXELS = 40
BOX = (150, 28)
MOST_LETTERS = 22


def dependencies(
    feeds: Mapping[str, Sequence[str]], titles: Mapping[str, str], *, outputs: Sequence[str], look: Theme = LIGHT
) -> tuple[Spec, int]:
    """A graph of names and what each is made of, and the height in pixels that it needs.

    `feeds` leads from a formula to the names in it (no cycles), `titles` gives the words in the boxes. Only what leads
    to one of the `outputs` is drawn; a name stands one column right of the last thing it is made of.
    """

    @cache
    def column(name: str) -> int:
        return 1 + max((column(part) for part in feeds[name]), default=0) if name in feeds else 0

    shown = _ancestors(feeds, outputs)
    last = max((column(name) for name in shown), default=0)
    columns: dict[int, list[str]] = {}
    for name in sorted(shown, key=lambda one: (column(one), titles.get(one, one))):
        columns.setdefault(last if name in outputs else column(name), []).append(name)
    tallest = max((len(names) for names in columns.values()), default=1)
    nodes = []
    for place, names in columns.items():
        step = tallest / len(names)
        for row, name in enumerate(names):
            nodes.append(_box(name, titles.get(name, name), place, (row + 0.5) * step, name in outputs, look))
    spec: Spec = {
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT, "color": look.text, "fontSize": 12},
        "animation": False,
        "tooltip": {"confine": True, "backgroundColor": look.ground, "textStyle": {"color": look.text, "fontSize": 12}},
        "grid": {"left": BOX[0] // 2 + 4, "right": BOX[0] // 2 + 4, "top": 4, "bottom": 4},
        "xAxis": {"type": "value", "show": False, "min": 0, "max": max(last, 1)},
        "yAxis": {"type": "value", "show": False, "min": 0, "max": tallest, "inverse": True},
        "series": [
            {
                "type": "graph",
                "coordinateSystem": "cartesian2d",
                "edgeSymbol": ["none", "arrow"],
                "edgeSymbolSize": 6,
                "lineStyle": {"color": look.quiet, "width": 1, "curveness": 0.06},
                "emphasis": {"focus": "adjacency"},
                "data": nodes,
                "links": [
                    {"source": part, "target": name} for name in shown for part in feeds.get(name, ()) if part in shown
                ],
            }
        ],
    }
    return spec, max(160, ROW_PIXELS * tallest)


def _ancestors(feeds: Mapping[str, Sequence[str]], outputs: Sequence[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(feeds.get(name, ()))
    return found


def _box(name: str, title: str, column: int, row: float, output: bool, look: Theme) -> dict[str, Any]:
    short = title if len(title) <= MOST_LETTERS else f"{title[: MOST_LETTERS - 1]}…"
    return {
        "name": name,
        "value": [column, row],
        "symbol": "rect",
        "symbolSize": list(BOX),
        "itemStyle": {
            "color": look.accent if output else look.ground,
            "borderColor": look.accent if output else look.quiet,
            "borderWidth": 1,
        },
        "label": {"show": True, "formatter": short, "color": look.ground if output else look.text, "fontSize": 11},
        "tooltip": {"formatter": title},
    }
