"""Tables that spread one thing over many columns become long: days as columns, and matrices from product to product."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from templates.catalogue import fields
from templates.cells import fold, is_blank, shown
from templates.day_headers import DayHeader, day_headers
from templates.durations import one_duration
from templates.figures import one_number
from templates.grids import is_total
from templates.headers import scores
from templates.tables import Cell, Column, Note, RawTable
from templates.times import is_day
from templates.unitwords import split_unit

MOST_CELLS = 2_000_000
_shift = re.compile(r"[白夜早中晚甲乙丙丁A-D]班|\b(?:day|night|early|late|morning|evening|shift)\b", re.IGNORECASE)


def unpivoted(raw: RawTable, *, file: str = "") -> RawTable:
    """The table in long form, or as it is. `facts["rows"]` keeps the number of rows that the file shows.

    `file` is the file's name, which may say what is counted, or the month.
    """
    if not 0 < len(raw) <= 20_000 or len(raw) * len(raw.headers) > MOST_CELLS:
        return raw
    texts = (raw.title, raw.name, raw.place, file.rpartition(".")[0])
    return _days(raw, texts) or _matrix(raw) or _turned(raw) or _machines(raw, texts) or raw


def _cells(column: Column) -> Sequence[Cell]:
    return column.to_pylist() if isinstance(column, pa.ChunkedArray) else column


def _numeric(columns: Sequence[Sequence[Cell]]) -> bool:
    cells = [fold(cell) if isinstance(cell, str) else cell for column in columns for cell in column]
    full = [cell for cell in cells if not is_blank(cell)]
    good = sum(one_number(cell) is not None or one_duration(cell) is not None for cell in full)
    return bool(full) and good >= 0.8 * len(full)


def _days(raw: RawTable, texts: Sequence[str]) -> RawTable | None:
    """Columns headed by days: each of their cells becomes a row with its day.

    Under a day there may stand shifts (白班, 夜班) or several measures (产量, 合格数); measures may also stand in the
    rows, under a heading such as 项目.
    """
    days = day_headers(raw.headers, texts)
    labels = [k for k in range(len(raw.headers)) if k not in days and not is_total([raw.headers[k]])]
    if len(days) < 3 or not labels:
        return None
    if not _numeric([_cells(raw.columns[k]) for k in days]):
        return None
    places = list(days)
    names = [raw.headers[k] for k in labels]
    rests = list(dict.fromkeys(one.rest for one in days.values()))
    measure = _measure(texts) or "value"
    if rests == [""]:
        long = _long(raw, labels, names, places, "date", measure, [days[k].day for k in places])
        return _measures_in_rows(long, len(names))
    if all(_named(rest) for rest in rests):
        return _measures_side_by_side(raw, labels, days, rests)
    if all(_shift.search(fold(rest)) for rest in rests):
        keys = [days[k].day for k in places]
        return _long(raw, labels, names, places, "date", measure, keys, also=("shift", [days[k].rest for k in places]))
    return None


def _measures_side_by_side(
    raw: RawTable, labels: Sequence[int], days: Mapping[int, DayHeader], rests: Sequence[str]
) -> RawTable:
    """Several measures under each day: one row for each day, one column for each measure."""
    by_day: dict[str, dict[str, int]] = {}
    for k, one in days.items():
        by_day.setdefault(one.day, {})[one.rest] = k
    size = len(raw)
    values = {k: _cells(raw.columns[k]) for k in days}
    rows = [
        (r, day, [values[found[rest]][r] if rest in found else None for rest in rests])
        for r in range(size)
        for day, found in by_day.items()
    ]
    rows = [row for row in rows if not all(map(is_blank, row[2]))]
    held = [_cells(raw.columns[k]) for k in labels]
    columns: list[Sequence[Cell]] = [[column[r] for r, _, _ in rows] for column in held]
    columns.append([day for _, day, _ in rows])
    columns += [[cells[j] for _, _, cells in rows] for j in range(len(rests))]
    listed = list(by_day)
    return replace(
        raw,
        headers=(*(raw.headers[k] for k in labels), "date", *rests),
        columns=tuple(columns),
        rows=raw.rows[[r for r, _, _ in rows]],
        units=("",) * len(columns),
        facts={**raw.facts, "rows": size},
        notes=(*raw.notes, Note(code="unpivoted", params={"first": listed[0], "last": listed[-1]})),
    )


def _measures_in_rows(long: RawTable, labels: int) -> RawTable:
    """A label column that names measures (产量, 合格数) is spread: one column for each measure."""
    for k in range(labels):
        words = [fold(shown(cell)) for cell in _cells(long.columns[k])]
        measures = list(dict.fromkeys(words))
        fields = {_named(word) for word in measures}
        if not 2 <= len(measures) <= 8 or None in fields or len(fields) < len(measures):
            continue
        others = [j for j in range(labels + 1) if j != k]
        held = [_cells(long.columns[j]) for j in others]
        values = _cells(long.columns[labels + 1])
        rows: dict[tuple[Cell, ...], dict[str, Cell]] = {}
        first: dict[tuple[Cell, ...], int] = {}
        for place, word in enumerate(words):
            key = tuple(column[place] for column in held)
            rows.setdefault(key, {})[word] = values[place]
            first.setdefault(key, place)
        if sum(map(len, rows.values())) < len(words):
            continue
        columns: list[Sequence[Cell]] = [[key[j] for key in rows] for j in range(len(others))]
        columns += [[found.get(word) for found in rows.values()] for word in measures]
        return replace(
            long,
            headers=(*(long.headers[j] for j in others), *measures),
            columns=tuple(columns),
            rows=long.rows[list(first.values())],
            units=("",) * len(columns),
        )
    return long


def _machines(raw: RawTable, texts: Sequence[str]) -> RawTable | None:
    """Days down the side and machines along the header, under a title that says what is counted."""
    measure = _measure(texts)
    if measure is None or len(raw) < 2:
        return None
    labels, places = [], []
    dated = 0
    for k, (header, column) in enumerate(zip(raw.headers, raw.columns, strict=True)):
        if is_total([header]):
            continue
        if all(is_blank(cell) or is_day(cell) for cell in _cells(column)):
            dated += 1
            labels.append(k)
        elif _named(header) is None and _numeric([_cells(column)]):
            places.append(k)
        elif _shift.search(fold(header)) or max(scores(header), key=scores(header).__getitem__, default="") == "shift":
            labels.append(k)
        else:
            return None
    if dated != 1 or len(places) < 2 or len(labels) > 2:
        return None
    names = [raw.headers[k] for k in labels]
    return _long(raw, labels, names, places, "station", measure, [raw.headers[k] for k in places])


def _measure(texts: Sequence[str]) -> str | None:
    """The text among these that names something counted or a length of time."""
    for text in texts:
        if any(score >= 0.5 and fields()[name].type in {"count", "duration"} for name, score in scores(text).items()):
            return text
    return None


def _named(header: str) -> str | None:
    """The field that a header surely names, or None."""
    found = scores(header)
    best = max(found, key=found.__getitem__, default=None)
    return best if best is not None and found[best] >= 0.75 else None


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
    *,
    also: tuple[str, Sequence[str]] | None = None,
) -> RawTable:
    size, width = len(raw), len(places)
    repeated = [[cell for cell in _cells(raw.columns[k]) for _ in range(width)] for k in labels]
    values = [_cells(raw.columns[k]) for k in places]
    cells = [values[j][k] for k in range(size) for j in range(width)]
    keep = [k for k, cell in enumerate(cells) if not is_blank(cell)]
    second = [] if also is None else [list(also[1]) * size]
    columns: list[Sequence[Cell]] = [*repeated, list(keys) * size, *second, cells]
    note = Note(code="unpivoted", params={"first": keys[0], "last": keys[-1]})
    return replace(
        raw,
        headers=(*names, key, *([] if also is None else [also[0]]), measure),
        columns=tuple([column[k] for k in keep] for column in columns),
        rows=np.repeat(raw.rows, width)[keep],
        units=("",) * len(columns),
        facts={**raw.facts, "rows": size},
        notes=(*raw.notes, note),
    )
