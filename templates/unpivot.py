"""Tables that spread one thing over many columns become long: days as columns, and matrices from product to product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from templates.cells import fold, is_blank, shown
from templates.durations import one_duration
from templates.figures import one_number
from templates.grids import is_total
from templates.headers import scores
from templates.tables import Cell, Column, Note, RawTable
from templates.times import is_day
from templates.unitwords import split_unit

MOST_CELLS = 2_000_000


def unpivoted(raw: RawTable) -> RawTable:
    """The table in long form, or as it is. `facts["rows"]` keeps the number of rows that the file shows."""
    if not 0 < len(raw) <= 20_000 or len(raw) * len(raw.headers) > MOST_CELLS:
        return raw
    return _days(raw) or _matrix(raw) or _turned(raw) or raw


def _cells(column: Column) -> Sequence[Cell]:
    return column.to_pylist() if isinstance(column, pa.ChunkedArray) else column


def _numeric(columns: Sequence[Sequence[Cell]]) -> bool:
    cells = [fold(cell) if isinstance(cell, str) else cell for column in columns for cell in column]
    full = [cell for cell in cells if not is_blank(cell)]
    good = sum(one_number(cell) is not None or one_duration(cell) is not None for cell in full)
    return bool(full) and good >= 0.8 * len(full)


def _days(raw: RawTable) -> RawTable | None:
    """Columns headed by days: each of their cells becomes a row with its day."""
    places = [k for k, header in enumerate(raw.headers) if is_day(header)]
    labels = [k for k in range(len(raw.headers)) if k not in places and not is_total([raw.headers[k]])]
    if len(places) < 3 or not labels:
        return None
    values = [_cells(raw.columns[k]) for k in places]
    if not _numeric(values):
        return None
    names = [raw.headers[k] for k in labels]
    measure = next((name for name in (raw.title, raw.name, raw.place) if scores(name)), "value")
    return _long(raw, labels, names, places, "date", measure, [raw.headers[k] for k in places])


def _matrix(raw: RawTable) -> RawTable | None:
    """The same names down the first column and along the header: times to change from one to the other."""
    if len(raw.headers) < 3:
        return None
    down = [fold(shown(cell)) for cell in _cells(raw.columns[0])]
    along = [fold(header) for header in raw.headers[1:]]
    common = set(down) & set(along)
    if len(common) < 2 or len(common) < 0.8 * max(len(set(down)), len(along)):
        return None
    places = list(range(1, len(raw.headers)))
    if not _numeric([_cells(raw.columns[k]) for k in places]):
        return None
    unit = next((unit for text in (raw.headers[0], raw.title, raw.name) if (unit := split_unit(text)[1])), "")
    measure = f"changeover time ({unit})" if unit else "changeover time"
    return _long(raw, [0], ["from product"], places, "to product", measure, list(raw.headers[1:]))


def _turned(raw: RawTable) -> RawTable | None:
    """Parameters down the first column and machines along the header, as data sheets have it: one row a machine."""
    if len(raw) > 60 or not 2 <= len(raw.headers) <= 200:
        return None
    names = [shown(cell).strip() for cell in _cells(raw.columns[0])]
    known = sum(max(scores(name).values(), default=0.0) >= 0.75 for name in names)
    if known < 2 or known < 0.5 * len(names) or len(set(names)) < len(names):
        return None
    if any(max(scores(header).values(), default=0.0) >= 0.75 for header in raw.headers[1:]):
        return None
    machines: list[list[Cell]] = [list(_cells(column)) for column in raw.columns[1:]]
    size = len(machines)
    return replace(
        raw,
        headers=("station", *(name or f"Row {row}" for name, row in zip(names, raw.rows, strict=True))),
        columns=([*raw.headers[1:]], *([machine[k] for machine in machines] for k in range(len(names)))),
        rows=np.full(size, int(raw.rows[0]) - 1, dtype=np.int64),
        units=("",) * (len(names) + 1),
        facts={**raw.facts, "rows": size},
        notes=(*raw.notes, Note(code="turned", params={"count": size})),
    )


def _long(
    raw: RawTable,
    labels: Sequence[int],
    names: Sequence[str],
    places: Sequence[int],
    key: str,
    measure: str,
    keys: Sequence[str],
) -> RawTable:
    size, width = len(raw), len(places)
    repeated = [[cell for cell in _cells(raw.columns[k]) for _ in range(width)] for k in labels]
    values = [_cells(raw.columns[k]) for k in places]
    cells = [values[j][k] for k in range(size) for j in range(width)]
    keep = [k for k, cell in enumerate(cells) if not is_blank(cell)]
    columns: list[Sequence[Cell]] = [*repeated, list(keys) * size, cells]
    note = Note(code="unpivoted", params={"first": keys[0], "last": keys[-1]})
    return replace(
        raw,
        headers=(*names, key, measure),
        columns=tuple([column[k] for k in keep] for column in columns),
        rows=np.repeat(raw.rows, width)[keep],
        units=("",) * (len(names) + 2),
        facts={**raw.facts, "rows": size},
        notes=(*raw.notes, note),
    )
