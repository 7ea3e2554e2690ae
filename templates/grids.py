"""A sheet of cells becomes tables: where each begins and ends, its title, its header rows, its totals and notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import numpy as np

from templates.cells import fold, shown
from templates.durations import one_duration
from templates.figures import one_number
from templates.tables import Cell, Note, RawTable
from templates.times import is_day, share_of_times
from templates.unitwords import is_unit_word

Row = Sequence[Cell]
Span = tuple[int, int, int, int]
"""A merged range: first row, first column, last row, last column, counted from 0."""

HEAD_ROWS = 15
_total_words = (
    r"合计|总计|小计|总和|汇总|共计|累计|平均值?|均值|总数|"
    r"(?:grand |sub-?|over-?all )?totals?|subtotals?|sums?|average|mean|summe|gesamt|zwischensumme"
)
_total = re.compile(
    rf"(?:(?:{_total_words})\s*[:：]?|.{{1,24}}\s(?:total|合计|小计)\s*[:：]?)(?:\s*\(.*\))?", re.IGNORECASE
)
_note = re.compile(
    r"(?:\(?[a-z0-9]{1,2}\)|[*※†]|注[:：1-9]?|备注[:：]|说明[:：]|notes?\b[:：]?|source[:：]|数据来源|来源[:：]|资料来源)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells as they stand, row by row; `first_row` is the spreadsheet's number of `rows[0]`, empty cells are None.

    `text` grids (CSV, paste) keep rows with a single filled cell: there they are broken data, not section titles.
    """

    rows: Sequence[Row]
    name: str
    place: str
    first_row: int = 1
    spans: tuple[Span, ...] = ()
    text: bool = False
    numbers: Sequence[int] = field(default=())

    def number(self, row: int) -> int:
        """The number that a spreadsheet shows for a row of the grid."""
        return self.numbers[row] if self.numbers else self.first_row + row


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """Where a block's header is: `first` to `last` row of the grid (last < first: none), names, units, title."""

    first: int
    last: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    title: str
    notes: tuple[Note, ...] = ()


def filled(cell: Cell) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def is_wordy(cell: Cell) -> bool:
    """A text that is neither a number nor a time nor a length of time: what headers are made of."""
    if not isinstance(cell, str):
        return False
    plain = fold(cell)
    if not plain:
        return False
    number = one_number(plain)
    if number is not None and (not number[1] or is_unit_word(number[1])):
        return False
    return one_duration(plain) is None and share_of_times((plain,)) == 0


def is_year(cell: Cell) -> bool:
    """A header cell that names a year: 2024, 2024年."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell).is_integer() and 1990 <= cell <= 2100
    return isinstance(cell, str) and re.fullmatch(r"(?:19|20)\d{2}年?", fold(cell)) is not None


def is_head(row: Row) -> bool:
    """Whether the filled cells of a row can be names of columns: words, years, or days in their order."""
    cells = [cell for cell in row if filled(cell)]
    rest = [cell for cell in cells if not is_wordy(cell)]
    if not cells or len(rest) == len(cells):
        return False
    if not rest:
        return True
    if all(map(is_year, rest)):
        return len({shown(cell) for cell in rest}) == len(rest)
    days = [shown(cell) for cell in rest]
    return len(rest) >= 3 and all(map(is_day, rest)) and len(set(days)) == len(days)


def letters(index: int) -> str:
    """A column's name in a spreadsheet.

    >>> letters(0), letters(25), letters(26)
    ('A', 'Z', 'AA')
    """
    name, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Header names made unique: a second "Qty" is "Qty (2)"."""
    seen: dict[str, int] = {}
    out: list[str] = []
    for given in names:
        seen[given] = count = seen.get(given, 0) + 1
        name = given if count == 1 else f"{given} ({count})"
        while count > 1 and name in seen:
            count += 1
            name = f"{given} ({count})"
        seen.setdefault(name, 1)
        out.append(name)
    return tuple(out)


def tables_of(grid: Grid) -> list[RawTable]:
    """The tables of a sheet from top to bottom."""
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
        if all(len(part) >= 2 for part in words) and all(len(part & words[0]) >= 2 for part in words[1:]):
            return parts
    return whole


def heading(grid: Grid, first: int, last: int, columns: Sequence[int]) -> Heading:
    """Find the header of a block of rows."""
    rows = [[row[k] if k < len(row) else None for k in columns] for row in grid.rows[first : min(last + 1, first + 60)]]
    width = len(columns)
    title: list[str] = []
    at = 0
    needed = 1 if width == 1 else max(2, int(np.ceil(0.5 * width)))
    best = max((sum(map(filled, row)) for row in rows[:HEAD_ROWS]), default=0)
    while at < min(len(rows) - 1, HEAD_ROWS) and sum(map(filled, rows[at])) < min(needed, best):
        if not grid.text and at + 1 < len(rows) and _is_group_row(rows, at):
            break
        title.extend(shown(cell).strip() for cell in rows[at] if filled(cell))
        at += 1
    head = rows[at] if at < len(rows) else []
    notes: list[Note] = []
    if not _is_header(rows, at, width):
        names = [f"Column {letters(k)}" for k in columns]
        if len(rows) > at:
            notes.append(Note(code="header_missing", row=grid.number(first + at)))
        return Heading(
            first=first + at, last=first + at - 1, names=tuple(names), units=("",) * width, title=" ".join(title),
            notes=tuple(notes),
        )  # fmt: skip
    labels = [[_label(cell)] for cell in head]
    end = at
    while end + 1 < len(rows) - 1 and end - at < 2:
        above: Row = [" ".join(parts) or None for parts in labels]
        if not _is_sub_header([above, *rows[end + 1 :]], 0, 1):
            break
        spread_over = _spread(grid, labels, rows[end + 1], first + at, columns)
        labels = [
            [*parts, _label(below)] if filled(below) else parts
            for parts, below in zip(spread_over, rows[end + 1], strict=True)
        ]
        end += 1
    units = [""] * width
    if end + 1 < len(rows) and _is_unit_row(rows[end + 1]):
        units = [fold(shown(cell)).strip("()[] ") if filled(cell) else "" for cell in rows[end + 1]]
        end += 1
    names = [" / ".join(dict.fromkeys(part for part in parts if part)) for parts in labels]
    missing = [letters(k) for k, name in zip(columns, names, strict=True) if not name]
    if missing:
        below = rows[end + 1 : end + 40]
        with_data = [letters(k) for j, k in enumerate(columns) if not names[j] and any(filled(row[j]) for row in below)]
        if with_data and (grid.text or len(with_data) > 1):
            params = {"columns": ", ".join(with_data), "headers": width - len(missing), "width": width}
            notes.append(Note(code="header_shorter", row=grid.number(first + end), params=params))
    names = [name or f"Column {letters(k)}" for k, name in zip(columns, names, strict=True)]
    return Heading(
        first=first + at, last=first + end, names=unique(names), units=tuple(units), title=" ".join(title),
        notes=tuple(notes),
    )  # fmt: skip


def _label(cell: Cell) -> str:
    """A header cell's words as the file has them, on one line."""
    return " ".join(shown(cell).split()) if filled(cell) else ""


def _is_header(rows: Sequence[Row], at: int, width: int) -> bool:
    if at >= len(rows):
        return False
    head = [cell for cell in rows[at] if filled(cell)]
    wordy = sum(map(is_wordy, head))
    if is_head(head):
        return True
    if wordy >= max(2, 0.7 * len(head)) and not any(isinstance(cell, (datetime, date)) for cell in head):
        below = rows[at + 1 : at + 20]
        firm = sum(1 for k in range(width) if is_wordy(rows[at][k]) and not any(is_wordy(row[k]) for row in below))
        return firm >= 1 or len(rows) <= at + 1
    below = [row for row in rows[at + 1 : at + 20] if any(map(filled, row))]
    if not wordy and below:  # numbers as names above a table of words
        words = sum(1 for row in below for cell in row if is_wordy(cell))
        cells = sum(1 for row in below for cell in row if filled(cell))
        return words > 0.5 * cells and len({shown(cell) for cell in head}) == len(head)
    return False


def _is_group_row(rows: Sequence[Row], at: int) -> bool:
    """Few cells, but each stands above several sub-headers of the next row."""
    places = [k for k, cell in enumerate(rows[at]) if filled(cell)]
    return len(places) >= 2 and all(is_wordy(rows[at][k]) for k in places) and _is_sub_header(rows, at, at + 1)


def _is_sub_header(rows: Sequence[Row], at: int, below: int) -> bool:
    cells = [cell for cell in rows[below] if filled(cell)]
    if not is_head(cells) or _is_unit_row(rows[below]):
        return False
    holes = [k for k, cell in enumerate(rows[below]) if filled(cell) and not filled(rows[at][k])]
    if not holes and len(cells) >= sum(map(filled, rows[at])):
        return False
    if not holes and len(set(map(shown, rows[at]))) == len(rows[at]):
        return False
    blanks = {k for k, cell in enumerate(rows[at]) if not filled(cell)}
    under = {k for k, cell in enumerate(rows[below]) if filled(cell)}
    groups = blanks | {k - 1 for k in blanks if k - 1 not in blanks}
    if blanks and blanks <= under <= groups and len(under) >= 2:  # every cell stands under a group, none elsewhere
        return True
    data = rows[below + 1 : below + 20]
    contrast = sum(
        1
        for k, cell in enumerate(rows[below])
        if filled(cell) and any(filled(row[k]) and not is_wordy(row[k]) for row in data)
    )
    return contrast >= max(1, len(cells) // 3)


def _spread(grid: Grid, labels: Sequence[list[str]], below: Row, row: int, columns: Sequence[int]) -> list[list[str]]:
    """Group names stand over all their sub-headers, not only over the first."""
    spans = [(c0, c1) for r0, c0, r1, c1 in grid.spans if r0 <= row <= r1]
    out = [list(parts) for parts in labels]
    for j in range(1, len(out)):
        if any(out[j]) or not filled(below[j]):
            continue
        within = any(c0 <= columns[j] <= c1 and c0 <= columns[j - 1] <= c1 for c0, c1 in spans)
        if within or (not spans and filled(below[j - 1])):
            out[j] = list(out[j - 1])[:1] if len(out[j - 1]) > 1 else list(out[j - 1])
    return out


def _is_unit_row(row: Row) -> bool:
    cells = [fold(cell).strip("()[] ") for cell in row if isinstance(cell, str) and fold(cell)]
    if not cells or any(filled(cell) and not isinstance(cell, str) for cell in row):
        return False
    known = sum(1 for cell in cells if is_unit_word(cell) or cell in {"-", "—", "/"})
    return known >= max(1, 0.6 * len(cells)) and any(is_unit_word(cell) for cell in cells)


def is_total(row: Row) -> bool:
    """A row of sums or means under or between data rows: its first words say so.

    >>> is_total(["合计", None, 12.5]), is_total(["Total", 632, "53,454"]), is_total(["Total station", "a", "b"])
    (True, True, False)
    """
    words = [fold(cell) for cell in row if isinstance(cell, str) and fold(cell)]
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
    body = [(k, grid.rows[k]) for k in range(start, last + 1)]
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
            if lone == 1 and _note.match(opening.strip()):
                sections.append(k)
                continue
        kept.append((k, row))
    if len(sections) > max(3, len(kept)):  # not titles after all: a column of words with gaps
        kept = sorted([*kept, *((k, grid.rows[k]) for k in sections)])
        sections = []
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


def _even(rows: Sequence[Row], width: int) -> bool:
    return bool(rows) and all(len(row) == width for row in rows)


def plain_cell(cell: object) -> Cell:
    """A cell as a reader's library gives it, in our terms: "" is None."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, (str, bool, int, float, datetime, date, time, timedelta)):
        return cell
    return str(cell)
