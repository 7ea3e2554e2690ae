"""Charts as vector drawings for documents: a few shapes that every writer draws in its own way.

The same rules as on the pages: direct labels in place of legends, bands drawn, the baseline grey, the scenario in the
accent colour, doing nothing dashed. A chart carries no title; the finding stands above it in the document.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

TEXT, MUTED, RULE, ACCENT, QUIET = "#1A1F26", "#5A6572", "#D5DAE0", "#0B6B75", "#8A94A0"
ORANGE, VERMILION, BLUE, GREEN = "#E69F00", "#D55E00", "#0072B2", "#009E73"
LOSSES = {"availability": VERMILION, "effectiveness": BLUE, "quality": ORANGE, "good": GREEN}
WIDTH = 660.0
SIZE = 12.0
LABELS = 128.0
"""Room on the right for what each line is called."""

Point = tuple[float, float]
Shown = Callable[[float], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One line with its bands: what may happen (`p10` to `p90`) and how well its mean is known (`low` to `high`)."""

    label: str
    mean: Sequence[float]
    colour: str
    p10: Sequence[float] = ()
    p90: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a tornado: the value where the input stands at its P10 and at its P90."""

    label: str
    at_p10: float
    at_p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points, `dashes` as lengths of stroke and gap."""

    points: tuple[Point, ...]
    colour: str
    width: float = 1.0
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A filled polygon."""

    points: tuple[Point, ...]
    colour: str
    opacity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words at a point of their base line; `anchor`: start, middle or end."""

    x: float
    y: float
    words: str
    colour: str = TEXT
    anchor: str = "start"


Shape = Line | Area | Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Shapes on a sheet of `WIDTH` by `height`, from the top left; `alt` says in words what they show."""

    height: float
    alt: str
    shapes: tuple[Shape, ...]


def svg(drawing: Drawing) -> str:
    """A drawing as SVG: no script, no font file, nothing fetched."""
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {WIDTH:g} {drawing.height:g}",
        "role": "img",
        "aria-label": drawing.alt,
        "font-size": f"{SIZE:g}",
    }
    root = Element("svg", attributes)
    for shape in drawing.shapes:
        match shape:
            case Line():
                drawn = {"points": _points(shape.points), "fill": "none", "stroke": shape.colour}
                drawn |= {"stroke-width": _n(shape.width), "stroke-linejoin": "round"}
                if shape.dashes:
                    drawn["stroke-dasharray"] = " ".join(_n(length) for length in shape.dashes)
                SubElement(root, "polyline", drawn)
            case Area():
                filled = {"points": _points(shape.points), "fill": shape.colour, "fill-opacity": _n(shape.opacity)}
                SubElement(root, "polygon", filled)
            case Label():
                place = {"x": _n(shape.x), "y": _n(shape.y), "fill": shape.colour, "text-anchor": shape.anchor}
                SubElement(root, "text", place).text = shape.words
    return tostring(root, encoding="unicode")


class _Paper:
    """A drawing under construction."""

    def __init__(self, height: float, alt: str) -> None:
        self.height, self.alt = height, alt
        self.shapes: list[Shape] = []

    def line(self, points: Iterable[Point], colour: str, *, width: float = 1.0, dashes: tuple[float, ...] = ()) -> None:
        self.shapes.append(Line(points=tuple(points), colour=colour, width=width, dashes=dashes))

    def area(self, points: Iterable[Point], colour: str, opacity: float = 1.0) -> None:
        self.shapes.append(Area(points=tuple(points), colour=colour, opacity=opacity))

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self.area([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], colour)

    def text(self, x: float, y: float, words: str, *, colour: str = TEXT, anchor: str = "start") -> None:
        self.shapes.append(Label(x=x, y=y, words=words, colour=colour, anchor=anchor))

    def drawn(self) -> Drawing:
        return Drawing(height=self.height, alt=self.alt, shapes=tuple(self.shapes))


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def width_of(words: str) -> float:
    """About how wide words are: Chinese characters are square, others half of that."""
    return sum(SIZE if ord(letter) > 0x2E7F else SIZE * 0.56 for letter in words)


def folded(words: str, room: float) -> list[str]:
    """Words in lines of a width, at most two; what does not fit ends in an ellipsis."""
    if width_of(words) <= room:
        return [words]
    lines, current = [], ""
    for piece in _pieces(words):
        if current and width_of(current + piece) > room:
            lines.append(current.strip())
            current = ""
        current += piece
    lines.append(current.strip())
    if len(lines) > 2:
        lines = [lines[0], lines[1].rstrip(",，；; ") + "…"]
    return lines


def _pieces(words: str) -> list[str]:
    """Where a line may be broken: behind a blank, and behind any Chinese character."""
    pieces, current = [], ""
    for letter in words:
        current += letter
        if letter == " " or ord(letter) > 0x2E7F:
            pieces.append(current)
            current = ""
    return [*pieces, current] if current else pieces


def ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Round numbers from at most `low` to at least `high`.

    >>> ticks(0, 94), ticks(-0.3, 1.2)
    ([0, 20, 40, 60, 80, 100], [-0.5, 0.0, 0.5, 1.0, 1.5])
    """
    size = max(abs(low), abs(high), 1.0)
    span = high - low if high - low > 1e-9 * size else size  # a flat line stands on a scale of its own size
    raw = span / most
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return [round(step * place, 12) for place in range(first, last + 1)]


def curves(
    drawn: Sequence[Curve], *, first: int, month: str, shown: Shown, alt: str, zero: bool = False, height: float = 230
) -> Drawing:
    """Lines over months with their bands and names; `first` is the number of the first month (0: now).

    `shown` writes a number at the axis; with `zero` the axis holds 0 and draws it.
    """
    values = [v for one in drawn for row in (one.mean, one.p10, one.p90, one.low, one.high) for v in row]
    scale = ticks(min([*values, 0.0] if zero else values), max([*values, 0.0] if zero else values))
    left = max(width_of(shown(tick)) for tick in scale) + 10
    top, bottom, right = 10.0, height - 24, WIDTH - LABELS
    months = max(len(one.mean) for one in drawn)

    def x(place: int) -> float:
        return left + (right - left) * place / max(months - 1, 1)

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - scale[0]) / (scale[-1] - scale[0])

    paper = _Paper(height, alt)
    for tick in scale:
        paper.line([(left, y(tick)), (right, y(tick))], MUTED if zero and tick == 0 else RULE)
        paper.text(left - 6, y(tick) + 4, shown(tick), colour=MUTED, anchor="end")
    every = next(step for step in (1, 2, 3, 6, 12, 24) if months / step <= 13)
    for place in range(months):
        if (place + first) % every == 0 and (x(place) < right - 30 or place == months - 1):
            paper.text(x(place), bottom + 16, str(place + first), colour=MUTED, anchor="middle")
    paper.text(right + 16, bottom + 16, month, colour=MUTED)
    for one in drawn:
        for low, high, opacity in ((one.p10, one.p90, 0.16), (one.low, one.high, 0.4)):
            if low:
                there = [(x(place), y(value)) for place, value in enumerate(high)]
                back = [(x(place), y(value)) for place, value in enumerate(low)]
                paper.area([*there, *reversed(back)], one.colour, opacity)
    ends = []
    for one in drawn:
        paper.line(
            [(x(place), y(value)) for place, value in enumerate(one.mean)],
            one.colour,
            width=2.2,
            dashes=(6, 4) if one.dashed else (),
        )
        ends.append((y(one.mean[-1]), one))
    _named(paper, ends, right + 8)
    return paper.drawn()


def _named(paper: _Paper, ends: Sequence[tuple[float, Curve]], x: float) -> None:
    """What each line is called, at its end; names that would lie on each other move apart."""
    below = -math.inf
    for at, one in sorted(ends, key=lambda end: end[0]):
        lines = folded(one.label, WIDTH - x)
        start = max(at + 4 - 7 * (len(lines) - 1), below)
        for place, words in enumerate(lines):
            paper.text(x, start + 14 * place, words, colour=one.colour if one.colour != QUIET else MUTED)
        below = start + 14 * len(lines) + 2


def tornado(bars: Sequence[Bar], *, base: float, shown: Shown, low: str, high: str, alt: str) -> Drawing:
    """What the value is most sensitive to, widest first; `low` and `high` name the two colours."""
    row, room = 34.0, 190.0
    height = 30 + row * len(bars) + 22
    ends = [value for bar in bars for value in (bar.at_p10, bar.at_p90)]
    scale = ticks(min([*ends, base]), max([*ends, base]), most=4)
    left, right = room + 8, WIDTH - 30

    def x(value: float) -> float:
        return left + (right - left) * (value - scale[0]) / (scale[-1] - scale[0])

    paper = _Paper(height, alt)
    at = left
    for words, colour in ((low, ORANGE), (high, ACCENT)):
        paper.box(at, 6, 11, 11, colour)
        paper.text(at + 16, 16, words, colour=MUTED)
        at += 16 + width_of(words) + 22
    for tick in scale:
        paper.line([(x(tick), 26), (x(tick), height - 22)], RULE)
        paper.text(x(tick), height - 6, shown(tick), colour=MUTED, anchor="middle")
    for place, bar in enumerate(bars):
        y = 30 + row * place
        lines = folded(bar.label, room)
        for number, words in enumerate(lines):
            paper.text(room, y + 17 - 7 * (len(lines) - 1) + 14 * number, words, anchor="end")
        for value, colour in ((bar.at_p10, ORANGE), (bar.at_p90, ACCENT)):
            paper.box(x(base), y + 4, x(value) - x(base), row - 14, colour)
    paper.line([(x(base), 26), (x(base), height - 22)], TEXT, width=1.2)
    return paper.drawn()


def waterfall(steps: Sequence[tuple[str, str, float, str]], *, alt: str) -> Drawing:
    """Losses from a total down to what is left: (label, colour, share of the total, words); shares add up to 1."""
    row, room = 24.0, 190.0
    height = row * len(steps) + 8
    left, right = room + 8, WIDTH - 110
    paper = _Paper(height, alt)
    reached = 1.0
    for place, (label, colour, share, words) in enumerate(steps):
        y = 4 + row * place
        last = place == len(steps) - 1
        start = 0.0 if last else reached - share
        end = start + share
        paper.text(room, y + 16, folded(label, room)[0], anchor="end")
        a, b = (left + (right - left) * min(max(one, 0.0), 1.0) for one in (start, end))
        paper.box(a, y + 4, b - a, row - 8, colour)
        paper.text(max(a, b) + 6, y + 16, words, colour=TEXT)
        reached = start
    return paper.drawn()
