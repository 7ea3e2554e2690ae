"""The header of a block of cells: title rows above it, one or two rows of names, a row of units below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from templates.cells import fold, shown
from templates.day_headers import is_run, month_of
from templates.durations import one_duration
from templates.figures import one_number
from templates.tables import Cell, Note
from templates.times import is_day, share_of_times
from templates.unitwords import is_unit_word

Row = Sequence[Cell]
Span = tuple[int, int, int, int]
"""A merged range: first row, first column, last row, last column, counted from 0."""

HEAD_ROWS = 15


_signed = re.compile(
    r"[^:：]{0,12}(?:人|员|签名|签字|审核|审批|批准|主管|负责|operator|prepared|checked|approved|signed|name|by)\s*[:：]",
    re.IGNORECASE,
)
"""A line that names a person; titles go without it."""

_form = re.compile(r"[^\d:][^:]{0,14}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells as they stand, row by row, empty ones None or ""; `first_row` is the spreadsheet's number of `rows[0]`.

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
    """Whether anything stands in a cell."""
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


def is_form_line(row: Row) -> bool:
    """A line of a form above or below a table: every filled cell is a label with its value.

    >>> is_form_line(["部门：一车间", None, "日期：2026年3月"]), is_form_line(["Machine", "Start"])
    (True, False)
    """
    cells = [cell for cell in row if filled(cell)]
    return bool(cells) and all(isinstance(cell, str) and _form.match(fold(cell)) for cell in cells)


def _has_values(row: Row) -> bool:
    return any(isinstance(cell, str) and not fold(cell).endswith(":") for cell in row)


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


def heading(grid: Grid, first: int, last: int, columns: Sequence[int]) -> Heading:
    """Find the header of a block of rows."""
    rows = [[row[k] if k < len(row) else None for k in columns] for row in grid.rows[first : min(last + 1, first + 60)]]
    width = len(columns)
    title: list[str] = []
    at = 0
    needed = 1 if width == 1 else max(2, int(np.ceil(0.5 * width)))
    best = max((sum(map(filled, row)) for row in rows[:HEAD_ROWS]), default=0)
    while at < min(len(rows) - 1, HEAD_ROWS) and (
        sum(map(filled, rows[at])) < min(needed, best) or (is_form_line(rows[at]) and _has_values(rows[at]))
    ):
        if not grid.text and at + 1 < len(rows) and not is_form_line(rows[at]) and _is_group_row(rows, at):
            break
        title.extend(words for cell in rows[at] if filled(cell) and not _signed.match(words := shown(cell).strip()))
        at += 1
    head = rows[at] if at < len(rows) else []
    notes: list[Note] = []
    days = _is_day_header(head, [*title, grid.name, grid.place])
    if not days and not _is_header(rows, at, width):
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


def _is_day_header(head: Row, texts: Sequence[str]) -> bool:
    """Days of a month as bare numbers (5, 6, 7) beside a word or two, under a title that names the month."""
    cells = [cell for cell in head if filled(cell)]
    words = [cell for cell in cells if is_wordy(cell) and not is_total_word(cell)]
    rest = [cell for cell in cells if not is_wordy(cell)]
    return 1 <= len(words) <= 3 and len(rest) >= 5 and is_run(rest) and month_of(texts) is not None


def is_total_word(cell: Cell) -> bool:
    """A header such as 合计 or Total: its column holds sums."""
    return (
        isinstance(cell, str) and re.fullmatch(r"合计|总计|小计|累计|total|sum", fold(cell), re.IGNORECASE) is not None
    )


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
