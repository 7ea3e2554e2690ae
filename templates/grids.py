"""A sheet of cells becomes tables: where each begins and ends, its title, its totals and its notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from templates.cells import fold, shown
from templates.figures import one_number
from templates.headings import HEAD_ROWS, Grid, Row, filled, heading, is_form_line, is_head, is_wordy
from templates.tables import Cell, Note, RawTable
from templates.traditional import simplified

LARGE = 1_000
"""Rows from which a sheet is tried as one regular table."""

_total_words = (
    r"合计|总计|小计|总和|汇总|共计|累计|平均值?|均值|总数|"
    r"(?:grand |sub-?|over-?all )?totals?|subtotals?|sums?|average|mean|summe|gesamt|zwischensumme"
)
_total = re.compile(
    rf"(?:(?:{_total_words})\s*[:：]?|.{{1,24}}\s(?:total|合计|小计)\s*[:：]?)(?:\s*\(.*\))?", re.IGNORECASE
)
_rule = re.compile(r":?-{2,}:?|[=_]{2,}|[─—-]{2,}")
_note = re.compile(
    r"(?:\(?[a-z0-9]{1,2}\)|[*※†]|注[:：1-9]?|备注[:：]|说明[:：]|notes?\b[:：]?|source[:：]|数据来源|来源[:：]|资料来源)",
    re.IGNORECASE,
)


def tables_of(grid: Grid) -> list[RawTable]:
    """The tables of a sheet from top to bottom."""
    if (regular := _regular(grid)) is not None:
        return [regular]
    blocks = _blocks(grid)
    tables: list[RawTable] = []
    caption = ""
    k = 0
    while k < len(blocks):
        first, last = blocks[k]
        while k + 1 < len(blocks) and _belong(grid, (first, last), blocks[k + 1]):
            k += 1
            last = blocks[k][1]
        k += 1
        width = max(_width(row) for row in grid.rows[first : last + 1])
        lone = all(sum(map(filled, row)) <= 1 for row in grid.rows[first : last + 1])
        if lone and last - first < 4 and not (width == 1 and len(blocks) == 1):
            words = [shown(cell) for row in grid.rows[first : last + 1] for cell in row if filled(cell)]
            if k < len(blocks):
                caption = " ".join(words)
            continue
        for left, right in _sides(grid, first, last):
            table = _table(grid, first, last, left, right, caption, len(tables))
            if table is not None:
                tables.append(table)
        caption = ""
    return tables


def _regular(grid: Grid) -> RawTable | None:
    """The quick way for a large sheet that is one table without gaps: no row is looked at on its own."""
    rows = grid.rows
    if len(rows) < LARGE or len(set(map(len, rows))) != 1:
        return None
    top = next((k for k, row in enumerate(rows[:HEAD_ROWS]) if sum(map(filled, row)) == len(row)), None)
    if top is None or not is_head(rows[top]):
        return None
    if any(any(map(filled, row)) for row in rows[top + 1 : top + 2] if not filled(row[0])):
        return None
    columns: list[Sequence[Cell]] = list(zip(*rows[top + 1 :], strict=True))
    whole = [_is_whole(column) for column in columns]
    if not whole[0] or sum(whole) < min(2, len(columns)):
        return None
    head = heading(grid, 0, min(len(rows), 60) - 1, range(len(columns)))
    words = {cell for cell in columns[0] if isinstance(cell, str)}
    if head.first != top or head.last != top or any(is_total([word]) or fold(word) == head.names[0] for word in words):
        return None
    return RawTable(
        name=head.title[:120] or grid.name,
        place=grid.place,
        headers=head.names,
        columns=tuple(columns),
        rows=np.fromiter(map(grid.number, range(top + 1, len(rows))), dtype=np.int64, count=len(rows) - top - 1),
        units=head.units,
        title=head.title,
        notes=head.notes,
    )


def _is_whole(column: Sequence[Cell]) -> bool:
    """Whether no cell is empty; types are asked first because comparing a hundred thousand dates with "" takes long."""
    kinds = set(map(type, column))
    return type(None) not in kinds and (str not in kinds or "" not in column)


def _width(row: Row) -> int:
    return next((k + 1 for k in range(len(row) - 1, -1, -1) if filled(row[k])), 0)


def _blocks(grid: Grid) -> list[tuple[int, int]]:
    blocks: list[tuple[int, int]] = []
    begin = -1
    for k, row in enumerate(grid.rows):
        if any(map(filled, row)):
            begin = k if begin < 0 else begin
        elif begin >= 0:
            blocks.append((begin, k - 1))
            begin = -1
    if begin >= 0:
        blocks.append((begin, len(grid.rows) - 1))
    return blocks


def _header_like(row: Row) -> bool:
    return sum(map(is_wordy, row)) >= 2 and is_head(row)


def _belong(grid: Grid, block: tuple[int, int], later: tuple[int, int]) -> bool:
    """Whether the rows behind an empty row go on with the table before it."""
    rows = grid.rows
    head, tail = rows[block[0] : block[1] + 1], rows[later[0] : later[1] + 1]
    ours, theirs = _places(head), _places(tail)
    if len(ours) < 2 or len(theirs) < 2 or not theirs & ours:
        return False
    starts_anew = _header_like(tail[0]) or sum(map(filled, tail[0])) <= 1
    if all(_header_like(row) or sum(map(filled, row)) <= 1 for row in head) and _header_like(head[-1]):
        return not starts_anew and len(theirs - ours) <= max(1, len(theirs) // 3)  # a header, a gap, its data
    if starts_anew:
        return False
    return theirs <= ours and (grid.text or len(theirs) >= 0.6 * len(ours))


def _places(rows: Sequence[Row]) -> set[int]:
    return {k for row in rows for k, cell in enumerate(row) if filled(cell)}


def _sides(grid: Grid, first: int, last: int) -> list[tuple[int, int]]:
    """Tables that stand side by side: an empty column between two parts that carry the same headers."""
    used = sorted(_places(grid.rows[first : last + 1]))
    if not used:
        return []
    whole = [(used[0], used[-1])]
    gaps = [(a, b) for a, b in pairwise(used) if b - a > 1]
    if not gaps or grid.text:
        return whole
    edges = [used[0], *(edge for gap in gaps for edge in gap), used[-1]]
    parts = list(zip(edges[::2], edges[1::2], strict=True))
    for row in grid.rows[first : min(last + 1, first + HEAD_ROWS)]:
        words = [
            {fold(str(row[k])).lower() for k in range(a, min(b + 1, len(row))) if is_wordy(row[k])} for a, b in parts
        ]
        if not all(len(part) >= 2 for part in words):
            continue
        common = [len(part & words[0]) for part in words[1:]]
        if all(count >= 2 for count in common) or (all(common) and _uneven(grid, first, last, parts)):
            return parts
    return whole


def _uneven(grid: Grid, first: int, last: int, parts: Sequence[tuple[int, int]]) -> bool:
    """Whether parts side by side are of very different length: then they are tables of their own."""
    rows = grid.rows[first : last + 1]
    sizes = [sum(any(map(filled, row[a : b + 1])) for row in rows) for a, b in parts]
    return min(sizes) < 0.8 * max(sizes)


def is_total(row: Row) -> bool:
    """A row of sums or means under or between data rows: its first words say so.

    >>> is_total(["合计", None, 12.5]), is_total(["Total", 632, "53,454"]), is_total(["Total station", "a", "b"])
    (True, True, False)
    """
    words = [fold(simplified(cell)) for cell in row if isinstance(cell, str) and fold(cell)]
    if not words or not _total.fullmatch(words[0]):
        return False
    return sum(map(is_wordy, row)) <= 2 or len(words) <= 2


def _table(grid: Grid, first: int, last: int, left: int, right: int, caption: str, count: int) -> RawTable | None:
    block = grid.rows[first : last + 1]
    places = _places(block)
    columns = [k for k in range(left, right + 1) if k in places]
    if not columns:
        return None
    head = heading(grid, first, last, columns)
    start = max(head.last + 1, head.first)
    body = [(k, row) for k, row in enumerate(_filled_down(grid, start, last), start=start)]
    whole = len(columns) == max(map(len, block)) and columns[0] == 0
    kept: list[tuple[int, Row]] = []
    totals: list[int] = []
    repeated: list[int] = []
    sections: list[int] = []
    header_cells = [fold(shown(cell)) for cell in grid.rows[head.last]] if head.last >= head.first else []
    for k, row in body:
        lone = sum(map(filled, row)) if len(columns) >= 3 else 3
        if lone == 0:
            continue
        opening = next((cell for cell in row if filled(cell)), None)
        if isinstance(opening, str) and _rule.fullmatch(opening.strip()) and _is_rule(row):
            continue
        if isinstance(opening, str):
            if is_total(row):
                totals.append(k)
                continue
            if header_cells and fold(opening) in header_cells and [fold(shown(c)) for c in row] == header_cells:
                repeated.append(k)
                continue
            if lone == 1 and not grid.text and is_wordy(opening):
                sections.append(k)
                continue
            if not grid.text and is_form_line(row) and 2 * sum(map(filled, row)) <= len(columns):
                sections.append(k)
                continue
            if lone == 1 and _note.match(opening.strip()):
                sections.append(k)
                continue
        kept.append((k, row))
    if len(sections) > max(3, len(kept)):  # not titles after all: a column of words with gaps
        kept = sorted([*kept, *((k, grid.rows[k]) for k in sections)])
        sections = []
    if kept and _is_sum([row for _, row in kept]):
        totals.append(kept.pop()[0])
    notes = list(head.notes)
    if totals:
        params = {"count": len(totals), "rows": ", ".join(str(grid.number(k)) for k in totals[:5])}
        notes.append(Note(code="totals_left_out", row=grid.number(totals[0]), params=params))
    if repeated:
        notes.append(Note(code="header_repeated", row=grid.number(repeated[0]), params={"count": len(repeated)}))
    if not kept and head.last < head.first:
        return None
    numbers = np.fromiter((grid.number(k) for k, _ in kept), dtype=np.int64, count=len(kept))
    if whole:
        rows = [row for _, row in kept]
        cells: list[Sequence[Cell]] = list(zip(*rows, strict=True)) if _even(rows, len(columns)) else []
        cells = cells or [[row[k] if k < len(row) else None for row in rows] for k in columns]
    else:
        cells = [[row[k] if k < len(row) else None for _, row in kept] for k in columns]
    cells = cells or [() for _ in columns]
    title = " ".join(part for part in (caption, head.title) if part)
    suffix = "" if count == 0 else f" ({count + 1})"
    return RawTable(
        name=title[:120] if title else f"{grid.name}{suffix}",
        place=grid.place,
        headers=head.names,
        columns=tuple(cells),
        rows=numbers,
        units=head.units,
        title=title,
        notes=tuple(notes),
        facts={"sections": len(sections)} if sections else {},
    )


def _is_sum(rows: Sequence[Row]) -> bool:
    """Whether the last row holds the sums of the rows above and names nothing: a total without the word."""
    last = rows[-1]
    places = [k for k, cell in enumerate(last) if filled(cell)]
    if not 3 <= len(rows) <= 20_000 or not places or len(places) == len(last) or any(is_wordy(last[k]) for k in places):
        return False
    if filled(last[0]) or not all(filled(row[0]) for row in rows[:3] if row):
        return False
    for k in places:
        found = [one_number(row[k]) for row in rows if k < len(row) and filled(row[k])]
        values = [number[0] for number in found if number is not None and not number[1]]
        if len(values) != len(found) or len(values) < 3 or abs(sum(values[:-1]) - values[-1]) > 1e-6 * abs(values[-1]):
            return False
    return True


def _is_rule(row: Row) -> bool:
    """A line drawn with signs under the header, as in text tables."""
    return all(isinstance(cell, str) and _rule.fullmatch(cell.strip()) for cell in row if filled(cell))


def _filled_down(grid: Grid, start: int, last: int) -> list[Row]:
    """Data rows in which a cell merged over several rows stands in each of them, as people mean it."""
    rows = list(grid.rows[start : last + 1])
    for r0, c0, r1, c1 in grid.spans:
        if c0 != c1 or not start <= r0 < r1 <= last or c0 >= len(rows[r0 - start]):
            continue
        value = rows[r0 - start][c0]
        for k in range(r0 + 1 - start, r1 + 1 - start):
            row = list(rows[k])
            if c0 < len(row) and not filled(row[c0]):
                row[c0] = value
                rows[k] = row
    return rows


def _even(rows: Sequence[Row], width: int) -> bool:
    return bool(rows) and all(len(row) == width for row in rows)
