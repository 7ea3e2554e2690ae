"""Results as chart specifications (Apache ECharts options): plain dictionaries, one theme, no page in sight.

Rules of the eye: direct labels instead of legends, bands drawn and named, the baseline grey, the scenario in the
accent colour, do-nothing dashed, machine states in the same colour everywhere. The finding is the page's heading, so
no chart carries a title of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

#: Okabe and Ito, safe for colour-blind readers.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#999999"
FONT = 'Inter, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The few colours that differ between light and dark."""

    ground: str
    text: str
    muted: str
    rule: str
    accent: str
    quiet: str
    off: str


LIGHT = Theme(
    ground="#FFFFFF", text="#1A1F26", muted="#5A6572", rule="#E3E6EA", accent="#0B6B75", quiet="#8A94A0", off="#CBD1D8"
)
DARK = Theme(
    ground="#11151A", text="#E8EBEF", muted="#9AA5B1", rule="#2A323C", accent="#4FB3BF", quiet="#7D8894", off="#46505C"
)


def theme(name: str) -> Theme:
    """Light or dark by name."""
    return DARK if name == "dark" else LIGHT


def state_colour(state: str, look: Theme = LIGHT) -> str:
    """The colour of a machine state or of a loss, the same in editor, waterfall and charts."""
    colours = {
        "working": GREEN, "good": GREEN, "starved": SKY, "blocked": ORANGE, "down": VERMILION, "breakdown": VERMILION,
        "setup": PURPLE, "minor": YELLOW, "speed": BLUE, "unexplained": BLUE, "scrap": ORANGE, "planned": look.quiet,
        "closed": look.off, "off": look.off, "calendar": look.muted,
    }  # fmt: skip
    return colours.get(state, look.quiet)


def _base(look: Theme, *, left: int = 8, right: int = 24, top: int = 16, bottom: int = 8) -> Spec:
    return {
        "backgroundColor": "transparent",
        "textStyle": {"fontFamily": FONT, "color": look.text, "fontSize": 12},
        "grid": {"left": left, "right": right, "top": top, "bottom": bottom, "containLabel": True},
        "animation": False,
        "tooltip": {
            "trigger": "axis",
            "axisPointer": {"type": "line", "lineStyle": {"color": look.rule}},
            "backgroundColor": look.ground,
            "borderColor": look.rule,
            "textStyle": {"color": look.text, "fontSize": 12},
            "confine": True,
        },
    }


def _axis(look: Theme, kind: str, **more: Any) -> Spec:
    axis: Spec = {
        "type": kind,
        "axisLine": {"show": kind == "category", "lineStyle": {"color": look.rule}},
        "axisTick": {"show": False},
        "axisLabel": {"color": look.muted, "fontSize": 12, "hideOverlap": True},
        "splitLine": {"show": kind == "value", "lineStyle": {"color": look.rule}},
        "nameTextStyle": {"color": look.muted, "fontSize": 12, "align": "left"},
    }
    axis["axisLabel"].update(more.pop("axisLabel", {}))
    axis.update(more)
    return axis


def printf(number: str, unit: str) -> str:
    """A printf format of a number with its unit."""
    return f"{number} {unit.replace('%', '%%')}"


def figure(value: float) -> str:
    """A number on a chart: whole from a hundred on, else one decimal; nothing is 0."""
    shown = f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:,.1f}"
    return "0" if not shown.strip("-0.") else shown.removesuffix(".0")


def _bar(value: float, unit: str = "", **more: Any) -> Spec:
    """A bar's value and what is written at its end."""
    return {"value": round(value, 4), "label": {"formatter": f"{figure(value)} {unit}".strip()}, **more}


def waterfall(steps: Sequence[tuple[str, str, float]], *, unit: str, look: Theme = LIGHT) -> Spec:
    """Losses from the first total down to what is left, one under the other so that every word fits on a phone.

    `steps`: (state, label, amount); the first is the total, the last what remains, those between are losses.
    """
    remaining, bases, shown = 0.0, [], []
    for index, (state, _, amount) in enumerate(steps):
        total = index in {0, len(steps) - 1}
        remaining = amount if total else remaining - amount
        bases.append(0.0 if total else remaining)
        shown.append(_bar(amount, unit, itemStyle={"color": state_colour(state, look)}))
    spec = _base(look, right=72)
    spec["tooltip"].update({"trigger": "item", "formatter": "{b}: {c} " + unit})
    spec["xAxis"] = _axis(look, "value", axisLabel={"show": False}, splitLine={"show": False})
    spec["yAxis"] = _axis(
        look,
        "category",
        inverse=True,
        data=[label for _, label, _ in steps],
        axisLabel={"interval": 0, "width": 150, "overflow": "truncate"},
    )
    spec["series"] = [
        {
            "type": "bar",
            "stack": "w",
            "silent": True,
            "itemStyle": {"color": "transparent"},
            "data": bases,
            "tooltip": {"show": False},
        },
        {
            "type": "bar",
            "stack": "w",
            "barMaxWidth": 22,
            "data": shown,
            "label": {"show": True, "position": "right", "color": look.text},
        },
    ]
    return spec


def ranked(
    items: Sequence[tuple[str, float]], *, unit: str, colour: str = "", look: Theme = LIGHT, most: int = 12
) -> Spec:
    """Largest first, as horizontal bars with the figure at the end of each (a Pareto of losses or causes)."""
    top = sorted(items, key=lambda item: -item[1])[:most]
    spec = _base(look, right=72)
    spec["tooltip"].update({"trigger": "item", "formatter": "{b}: {c} " + unit})
    spec["xAxis"] = _axis(look, "value", axisLabel={"show": False}, splitLine={"show": False})
    spec["yAxis"] = _axis(
        look,
        "category",
        inverse=True,
        data=[label for label, _ in top],
        axisLabel={"width": 150, "overflow": "truncate"},
    )
    spec["series"] = [
        {
            "type": "bar",
            "barMaxWidth": 18,
            "data": [_bar(value, unit) for _, value in top],
            "itemStyle": {"color": colour or look.accent},
            "label": {"show": True, "position": "right", "color": look.text},
        }
    ]
    return spec


def _band(name: str, low: Sequence[float], high: Sequence[float], colour: str, opacity: float) -> list[Spec]:
    """An area between two curves; ECharts draws it as a stack of an unseen line and the difference."""
    hidden = {"lineStyle": {"opacity": 0}, "symbol": "none", "silent": True, "tooltip": {"show": False}}
    return [
        {"type": "line", "stack": name, "stackStrategy": "all", "data": list(low), **hidden},
        {
            "type": "line",
            "stack": name,
            "stackStrategy": "all",
            "data": [b - a for a, b in zip(low, high, strict=True)],
            "areaStyle": {"color": colour, "opacity": opacity},
            **hidden,
        },
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One curve over months with its two bands: what may happen (P10 to P90) and how well its mean is known."""

    label: str
    mean: Sequence[float]
    p10: Sequence[float] = ()
    p90: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dashed: bool = False
    baseline: bool = False


def ramp(curves: Sequence[Curve], *, unit: str, month: str, outcome: str, look: Theme = LIGHT) -> Spec:
    """OEE over the months: baseline grey, scenario in the accent, both bands of each drawn.

    `month` and `outcome` are words: the name of the axis and of the wide band.
    """
    months = max((len(curve.mean) for curve in curves), default=0)
    accents = iter((look.accent, ORANGE, PURPLE, BLUE))
    series: list[Spec] = []
    for index, curve in enumerate(curves):
        colour = look.quiet if curve.baseline or curve.dashed else next(accents)
        if curve.p10:
            series += _band(f"o{index}", curve.p10, curve.p90, colour, 0.14 if curve.baseline else 0.18)
        if curve.low:
            series += _band(f"m{index}", curve.low, curve.high, colour, 0.45)
        series.append(
            {
                "type": "line",
                "name": curve.label,
                "data": list(curve.mean),
                "symbol": "none",
                "lineStyle": {"color": colour, "width": 2.5, "type": "dashed" if curve.dashed else "solid"},
                "itemStyle": {"color": colour},
                "endLabel": {
                    "show": True,
                    "formatter": "{a}",
                    "color": colour,
                    "width": 96,
                    "overflow": "break",
                    "lineHeight": 15,
                },
                "labelLayout": {"moveOverlap": "shiftY"},
                "emphasis": {"disabled": True},
                "tooltip": {"valueFormatter": printf("%.1f", unit)},
            }
        )
    spec = _base(look, right=104, top=28)
    spec["xAxis"] = _axis(
        look,
        "category",
        data=[str(number) for number in range(1, months + 1)],
        boundaryGap=False,
        name=month,
        nameGap=14,
    )
    spec["xAxis"]["axisLine"]["onZero"] = False
    spec["xAxis"]["nameTextStyle"]["verticalAlign"] = "top"
    spec["yAxis"] = _axis(look, "value", scale=True, name=f"{outcome} ({unit})")
    spec["series"] = series
    return spec


def tornado(
    bars: Sequence[tuple[str, float, float]], *, base: float, unit: str, low: str, high: str, look: Theme = LIGHT
) -> Spec:
    """What a result is most sensitive to: for each input the result at its P10 and at its P90, widest first."""
    top = list(bars)[:10]
    spec = _base(look, right=32, top=28, bottom=28)
    spec["tooltip"].update({"axisPointer": {"type": "shadow"}})
    spec["xAxis"] = _axis(look, "value", name=unit, nameLocation="middle", nameGap=26, splitNumber=4)
    spec["xAxis"]["nameTextStyle"]["align"] = "center"
    spec["yAxis"] = _axis(
        look,
        "category",
        inverse=True,
        data=[label for label, _, _ in top],
        axisLabel={"width": 150, "overflow": "break", "lineHeight": 14},
    )
    spec["yAxis"]["axisLine"] = {"show": False}
    spec["series"] = []
    sides = ((low, [bar[1] for bar in top], ORANGE), (high, [bar[2] for bar in top], look.accent))
    for name, values, colour in sides:
        common = {"type": "bar", "stack": name, "stackStrategy": "all", "barMaxWidth": 18}
        hidden = {"silent": True, "itemStyle": {"color": "transparent"}, "tooltip": {"show": False}}
        spec["series"] += [
            {**common, **hidden, "barGap": "-100%", "data": [base] * len(top)},
            {
                **common,
                "name": name,
                "itemStyle": {"color": colour},
                "data": [value - base for value in values],
                "tooltip": {"valueFormatter": printf("%+.3g", unit)},
            },
        ]
    spec["legend"] = {
        "data": [low, high],
        "top": 0,
        "left": 0,
        "textStyle": {"color": look.muted},
        "itemWidth": 12,
        "itemHeight": 12,
    }
    return spec


def cash_fan(curve: Curve, nothing: Curve, *, unit: str, month: str, outcome: str, look: Theme = LIGHT) -> Spec:
    """Cumulative cash over the months with its band, and the do-nothing line dashed."""
    spec = ramp([curve, nothing], unit=unit, month=month, outcome=outcome, look=look)
    spec["xAxis"]["data"] = [str(number) for number in range(len(curve.mean))]  # month 0 is now
    spec["yAxis"]["scale"] = False
    spec["series"][-2]["markLine"] = {
        "silent": True,
        "symbol": "none",
        "label": {"show": False},
        "lineStyle": {"color": look.muted, "type": "solid", "width": 1},
        "data": [{"yAxis": 0}],
    }
    return spec


def states(
    stations: Sequence[str], shares: Sequence[Mapping[str, float]], words: Mapping[str, str], look: Theme = LIGHT
) -> Spec:
    """Share of time of each machine in each state, as stacked bars that fill 100 %."""
    spec = _base(look, top=32)
    spec["tooltip"].update({"axisPointer": {"type": "shadow"}})
    spec["xAxis"] = _axis(look, "value", max=100, axisLabel={"formatter": "{value} %"})
    spec["yAxis"] = _axis(
        look, "category", inverse=True, data=list(stations), axisLabel={"width": 120, "overflow": "truncate"}
    )
    spec["legend"] = {"top": 0, "left": 0, "textStyle": {"color": look.muted}, "itemWidth": 12, "itemHeight": 12}
    spec["series"] = [
        {
            "type": "bar",
            "name": word,
            "stack": "all",
            "barMaxWidth": 22,
            "itemStyle": {"color": state_colour(state, look)},
            "data": [round(100 * share.get(state, 0.0), 2) for share in shares],
            "tooltip": {"valueFormatter": "%.1f %%"},
        }
        for state, word in words.items()
        if any(share.get(state, 0.0) > 0 for share in shares)
    ]
    return spec


def share_over_months(
    names: Sequence[str], shares: Sequence[Sequence[float]], *, month: str, look: Theme = LIGHT
) -> Spec:
    """Which station was the bottleneck, month by month: [month][station] shares, stacked to 100 %."""
    colours = (look.accent, ORANGE, PURPLE, BLUE, GREEN, SKY, VERMILION, YELLOW)
    spec = _base(look, top=32)
    spec["xAxis"] = _axis(look, "category", data=[str(m + 1) for m in range(len(shares))], name=month, nameGap=14)
    spec["xAxis"]["nameTextStyle"]["verticalAlign"] = "top"
    spec["yAxis"] = _axis(look, "value", max=100, axisLabel={"formatter": "{value} %"})
    spec["legend"] = {"top": 0, "left": 0, "textStyle": {"color": look.muted}, "itemWidth": 12, "itemHeight": 12}
    spec["series"] = [
        {
            "type": "bar",
            "name": name,
            "stack": "all",
            "barCategoryGap": "10%",
            "itemStyle": {"color": colours[index % len(colours)] if index < len(colours) else look.off},
            "data": [round(100 * row[index], 1) for row in shares],
            "tooltip": {"valueFormatter": "%.0f %%"},
        }
        for index, name in enumerate(names)
    ]
    return spec


def ranges(items: Sequence[tuple[str, float, float, float]], *, unit: str, look: Theme = LIGHT) -> Spec:
    """A label with its P10, P50 and P90 a line: a bar from low to high, a dot with the figure in the middle."""
    spec = _base(look, right=40, bottom=28)
    spec["tooltip"].update({"axisPointer": {"type": "shadow"}})
    spec["xAxis"] = _axis(look, "value", name=unit, nameLocation="middle", nameGap=26, splitNumber=4)
    spec["xAxis"]["nameTextStyle"]["align"] = "center"
    labels = [label for label, *_ in items]
    wide = {"width": 150, "overflow": "break", "lineHeight": 14}
    spec["yAxis"] = _axis(look, "category", inverse=True, data=labels, axisLabel=wide)
    common = {"type": "bar", "stack": "range", "stackStrategy": "all", "barMaxWidth": 16}
    hidden = {"silent": True, "itemStyle": {"color": "transparent"}, "tooltip": {"show": False}}
    spec["series"] = [
        {**common, **hidden, "data": [low for _, low, _, _ in items]},
        {**common, "tooltip": {"show": False}, "itemStyle": {"color": look.accent, "opacity": 0.35},
         "data": [high - low for _, low, _, high in items]},
        {"type": "scatter", "symbolSize": 9, "itemStyle": {"color": look.accent}, "z": 3, "name": "P50",
         "data": [middle for _, _, middle, _ in items], "tooltip": {"valueFormatter": printf("%.3g", unit)}},
    ]  # fmt: skip
    return spec


def marked_bars(labels: Sequence[str], values: Sequence[float], marked: Sequence[int], *, outcome: str,
                look: Theme = LIGHT) -> Spec:  # fmt: skip
    """A bar for each label; those whose numbers are marked stand out."""
    spec = _base(look, top=28)
    spec["xAxis"], spec["yAxis"] = _axis(look, "category", data=list(labels)), _axis(look, "value", name=outcome)
    colours = [ORANGE if number in marked else look.quiet for number in range(len(values))]
    bars = [{"value": value, "itemStyle": {"color": one}} for value, one in zip(values, colours, strict=True)]
    spec["series"] = [{"type": "bar", "name": outcome, "barMaxWidth": 18, "data": bars}]
    return spec


def steps(points: Sequence[tuple[float, float]], *, across: str, up: str, look: Theme = LIGHT) -> Spec:
    """A share that falls in steps over time: (time, share from there on)."""
    spec = _base(look, right=24, top=28)
    spec["xAxis"] = _axis(look, "value", min=0, name=across, nameLocation="middle", nameGap=24)
    spec["xAxis"]["nameTextStyle"]["align"] = "center"
    spec["yAxis"] = _axis(look, "value", min=0, max=100, name=up, axisLabel={"formatter": "{value} %"})
    spec["series"] = [
        {
            "type": "line",
            "step": "end",
            "symbol": "none",
            "data": [[round(time, 3), round(100 * share, 2)] for time, share in points],
            "lineStyle": {"color": look.accent, "width": 2.5},
            "itemStyle": {"color": look.accent},
        }
    ]
    return spec
