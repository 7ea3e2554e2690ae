"""Tables without ruled lines on a PDF page: words that stand under each other with clear gaps between them.

Only pages without ruled tables come here. A block counts as a table when several lines in a row fall into the same
columns and most of what stands right of the first column is numbers or short words; running text does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GAP = 0.75
"""A gap of this many letter heights parts two cells; words of one sentence stand closer."""

MIN_LINES = 4
_number = re.compile(r"[-+–—(]?[$€¥£]?\s?[\d.,'’ ]*\d[\d.,]*\s?%?\)?|[-–—]+|n/?a|\.{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    x0: float
    x1: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    top: float
    height: float
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedTable:
    """Cells row by row (None where nothing stands), and where on the page: x0, top, x1, bottom in points;
    `edges` is where its columns begin."""

    rows: tuple[tuple[str | None, ...], ...]
    box: tuple[float, float, float, float]
    edges: tuple[float, ...]


def aligned_tables(words: Sequence[Mapping[str, Any]]) -> list[AlignedTable]:
    """Find tables among words as pdfplumber's `extract_words` gives them (text, x0, x1, top, bottom)."""
    lines = _lines(words)
    return [table for block in _blocks(lines) if (table := _table(block)) is not None]


def _lines(words: Sequence[Mapping[str, Any]]) -> list[_Line]:
    rows: list[list[Mapping[str, Any]]] = []
    for word in sorted(words, key=lambda w: (w["top"], w["x0"])):
        middle = (word["top"] + word["bottom"]) / 2
        if rows and rows[-1][0]["top"] <= middle <= rows[-1][0]["bottom"]:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [_line(sorted(row, key=lambda w: float(w["x0"]))) for row in rows]


def _line(row: Sequence[Mapping[str, Any]]) -> _Line:
    height = max(float(word["bottom"] - word["top"]) for word in row)
    cells: list[_Cell] = []
    for word in row:
        x0, x1, text = float(word["x0"]), float(word["x1"]), str(word["text"])
        if re.fullmatch(r"[.·…_]{3,}", text):  # dot leaders
            continue
        if cells and x0 - cells[-1].x1 < GAP * height:
            last = cells.pop()
            cells.append(_Cell(x0=last.x0, x1=x1, text=f"{last.text} {text}"))
        else:
            cells.append(_Cell(x0=x0, x1=x1, text=text))
    return _Line(top=float(row[0]["top"]), height=height, cells=tuple(cells))


def _blocks(lines: Sequence[_Line]) -> list[list[_Line]]:
    """Runs of lines of which most have several cells; two lines of one cell, or a wide gap, end a run."""
    blocks: list[list[_Line]] = []
    block: list[_Line] = []
    lone = 0
    for line in lines:
        far = bool(block) and line.top - block[-1].top > 3.5 * max(line.height, block[-1].height)
        lone = lone + 1 if len(line.cells) < 2 else 0
        if block and (far or lone > 2):
            blocks.append(block)
            block = []
        if len(line.cells) >= 2 or block:
            block.append(line)
    blocks.append(block)
    trimmed = []
    for found in blocks:
        while found and _is_prose(found[-1]):
            found.pop()
        while found and _is_prose(found[0]):
            found.pop(0)
        if sum(len(line.cells) >= 2 for line in found) >= MIN_LINES:
            trimmed.append(found)
    return trimmed


def _is_prose(line: _Line) -> bool:
    """A title or a footnote at the edge of a block: a single cell, or one too long for a table."""
    return len(line.cells) < 2 or any(len(cell.text) > 60 for cell in line.cells)


def _columns(block: Sequence[_Line]) -> list[tuple[float, float]]:
    """Where the columns stand: the intervals that cells of the fuller lines cover, merged where they overlap."""
    most = sorted(len(line.cells) for line in block)[int(0.8 * (len(block) - 1))]
    spans = sorted((cell.x0, cell.x1) for line in block if len(line.cells) >= max(2, most) for cell in line.cells)
    merged: list[tuple[float, float]] = []
    for x0, x1 in spans:
        if merged and x0 <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], x1))
        else:
            merged.append((x0, x1))
    return merged


def _table(block: Sequence[_Line]) -> AlignedTable | None:
    columns = _columns(block)
    if len(columns) < 2:
        return None
    rows: list[tuple[str | None, ...]] = []
    for line in block:
        row: list[str | None] = [None] * len(columns)
        for cell in line.cells:
            shares = [min(cell.x1, x1) - max(cell.x0, x0) for x0, x1 in columns]
            place = max(range(len(columns)), key=shares.__getitem__)
            row[place] = cell.text if row[place] is None else f"{row[place]} {cell.text}"
        rows.append(tuple(row))
    right = [cell for row in rows for cell in row[1:] if cell]
    figures = sum(_number.fullmatch(cell) is not None for cell in right)
    if not right or figures < 0.45 * len(right) or any(len(cell) > 90 for cell in right):
        return None
    full = [row for row in rows if sum(cell is not None for cell in row) >= max(2, 0.5 * len(columns))]
    if len(full) < MIN_LINES:
        return None
    boxes = [cell for line in block for cell in line.cells]
    box = (
        min(cell.x0 for cell in boxes),
        block[0].top,
        max(cell.x1 for cell in boxes),
        block[-1].top + block[-1].height,
    )
    return AlignedTable(rows=tuple(rows), box=box, edges=tuple(x0 for x0, _ in columns))
