"""Group labels that stand once above their rows (a day, a machine) stand in each of them, as people mean it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from templates.cells import fold, is_blank, shown
from templates.headers import scores
from templates.tables import Cell, Column, Note, RawTable

MOST_ROWS = 200_000
_LABELS = frozenset({"date", "station", "shift", "product", "site"})


def filled_down(raw: RawTable) -> RawTable:
    """The table with such columns filled, or as it is.

    A column is one of labels when its header names a day, machine, shift, product or place, its first cell is filled,
    many of its cells are empty in rows that hold something else, and no label comes back after another one.
    """
    if not 3 <= len(raw) <= MOST_ROWS:
        return raw
    columns = list(raw.columns)
    filled: list[str] = []
    for k, header in enumerate(raw.headers):
        if not _LABELS & {name for name, score in scores(header).items() if score >= 0.9}:
            continue
        cells = _cells(raw.columns[k])
        if not _is_label(cells):
            continue
        held: Cell = None
        out: list[Cell] = []
        for cell in cells:
            held = held if is_blank(cell) else cell
            out.append(held)
        columns[k] = out
        filled.append(header)
    if not filled:
        return raw
    note = Note(code="filled_down", params={"columns": ", ".join(filled)})
    return replace(raw, columns=tuple(columns), notes=(*raw.notes, note))


def _is_label(cells: Sequence[Cell]) -> bool:
    blanks = sum(map(is_blank, cells))
    if is_blank(cells[0]) or blanks < 0.3 * len(cells):
        return False
    labels = [fold(shown(cell)) for cell in cells if not is_blank(cell)]
    return len(labels) >= 2 and len(set(labels)) == len(labels)


def _cells(column: Column) -> Sequence[Cell]:
    return column.to_pylist() if isinstance(column, pa.ChunkedArray) else column
